"""Small documents for tests, written operator by operator, so that each shows exactly one thing."""

from __future__ import annotations

import zlib
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf
from PIL import Image, ImageDraw, ImageFont

LETTER = (0, 0, 612, 792)


def text_at(x: float, y: float, text: str, *, size: float = 12, before: str = "") -> str:
    """Return the operators that write `text` with its baseline starting at (x, y), in points."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"q {before} BT /F1 {size} Tf {x} {y} Td ({escaped}) Tj ET Q\n"


def pdf(
    *contents: str,
    media_box: tuple[float, ...] = LETTER,
    rotate: int = 0,
    image: Image.Image | None = None,
    encryption: pikepdf.Encryption | None = None,
) -> bytes:
    """Return a PDF with one page per content stream; `/Im1` is `image` and `/F1` Helvetica (WinAnsi)."""
    with Pdf.new() as document:
        font = Dictionary(
            Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding
        )
        resources = Dictionary(Font=Dictionary(F1=document.make_indirect(font)))
        if image is not None:
            resources.XObject = Dictionary(Im1=_image(document, image))
        for content in contents:
            page = Dictionary(
                Type=Name.Page,
                MediaBox=Array(media_box),
                Rotate=rotate,
                Resources=resources,
                Contents=_stream(document, content.encode("cp1252")),
            )
            document.pages.append(pikepdf.Page(document.make_indirect(page)))
        saved = BytesIO()
        # The same pages are the same file: documents are split and routed by their hash.
        document.save(saved, encryption=encryption or False, deterministic_id=encryption is None)
    return saved.getvalue()


def _stream(document: Pdf, data: bytes) -> pikepdf.Object:
    untyped: Any = document
    return untyped.make_stream(data)


def _image(document: Pdf, image: Image.Image) -> pikepdf.Object:
    gray = image.convert("L")
    stream = _stream(document, zlib.compress(gray.tobytes()))
    stream.Type, stream.Subtype, stream.Filter = Name.XObject, Name.Image, Name.FlateDecode
    stream.Width, stream.Height = gray.size
    stream.ColorSpace, stream.BitsPerComponent = Name.DeviceGray, 8
    return stream


def picture_of(*lines: str, size: tuple[int, int] = (1240, 700), height_px: int = 48) -> Image.Image:
    """Return a white page with large black lines of text, as a good scan has them."""
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    for i, line in enumerate(lines):
        draw.text((80, 80 + 2 * height_px * i), line, fill=0, font=ImageFont.load_default(height_px))
    return image


def drawn(x: float, y: float, text: str, *, size: float = 12) -> str:
    """Return the operators that fill the shapes of `text`, as outlines do, with its foot at (x, y)."""
    scale = 8  # pixels a point
    font = ImageFont.load_default(size * scale)
    image = Image.new("L", (round(font.getlength(text)) + 2 * scale, round(1.5 * size * scale)), 0)
    ImageDraw.Draw(image).text((scale, 0), text, fill=255, font=font)
    shapes: list[str] = []
    for row, pixels in enumerate(np.asarray(image) > 127):
        edges = np.flatnonzero(np.diff(pixels, prepend=False, append=False)).reshape(-1, 2)
        bottom = y + (image.height - row) / scale
        shapes += [
            f"{x + a / scale:.2f} {bottom:.2f} {(b - a) / scale:.2f} {1 / scale:.3f} re" for a, b in edges
        ]
    return f"q {' '.join(shapes)} f Q\n"


def encoded(image: Image.Image, format: str, **options: object) -> bytes:  # noqa: A002 # Pillow's name for it
    """Return the image as a file of `format`."""
    saved = BytesIO()
    image.save(saved, format=format, **options)
    return saved.getvalue()


def ink_share(gray: np.ndarray, left: float, top: float, right: float, bottom: float) -> float:
    """Return the share of all dark pixels of `gray` that lie in a box of page fractions."""
    height, width = gray.shape
    dark = gray < 128
    inside = dark[int(top * height) : int(bottom * height) + 1, int(left * width) : int(right * width) + 1]
    return float(inside.sum() / max(dark.sum(), 1))


@cache
def flate_bomb(n_bytes: int = 1 << 28) -> bytes:
    """Return a PDF whose content stream inflates to `n_bytes` (256 MiB in 0.3 MB)."""
    packer = zlib.compressobj(9)
    chunk = b"q Q\n" * (1 << 18)
    body = b"".join(packer.compress(chunk) for _ in range(n_bytes // len(chunk))) + packer.flush()
    return _one_page(b"<< /Filter /FlateDecode /Length %d >>\nstream\n" % len(body) + body + b"\nendstream")


def nested_forms_bomb(depth: int = 12, width: int = 10, *, n_blank_pages: int = 0) -> bytes:
    """Return a PDF of `depth` forms, each drawing the next `width` times: 10^12 drawings in 3 kB.

    `n_blank_pages` harmless pages follow.
    """
    draw = b"/F Do " * width
    page = b"<< /Length %d >>\nstream\n" % len(draw) + draw + b"\nendstream"
    forms: list[bytes] = []
    for level in range(depth):
        number = 5 + level
        last = level == depth - 1
        inner = b"0 0 1 1 re f" if last else draw
        resources = b"<< >>" if last else b"<< /XObject << /F %d 0 R >> >>" % (number + 1)
        head = b"<< /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources " + resources
        forms.append(head + b" /Length %d >>\nstream\n" % len(inner) + inner + b"\nendstream")
    blank = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>"
    kids = b"3 0 R" + b" %d 0 R" % (5 + depth) * n_blank_pages
    resources = b"<< /XObject << /F 5 0 R >> >>"
    return _one_page(page, *forms, blank, resources=resources, kids=kids, n_pages=1 + n_blank_pages)


def _one_page(
    content: bytes, *more: bytes, resources: bytes = b"<< >>", kids: bytes = b"3 0 R", n_pages: int = 1
) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources " + resources
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [" + kids + b"] /Count %d >>" % n_pages,
        page + b" >>",
        content,
        *more,
    ]
    out = BytesIO()
    out.write(b"%PDF-1.7\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % offset for offset in offsets))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


def giant_page(side_pt: int = 144_000) -> bytes:
    """Return a PDF whose page is `side_pt` points a side and shows an image, so that it needs rendering."""
    image = picture_of("Total")
    return pdf(f"q {side_pt} 0 0 {side_pt} 0 0 cm /Im1 Do Q", media_box=(0, 0, side_pt, side_pt), image=image)


def many_pages(n_pages: int = 65_536) -> bytes:
    """Return a PDF whose page tree lists one page `n_pages` times."""
    empty = b"<< /Length 0 >>\nstream\n\nendstream"
    return _one_page(empty, kids=b"3 0 R " * n_pages, n_pages=n_pages)


def png_bomb(side_px: int = 20_000) -> bytes:
    """Return a PNG of `side_px` squared black pixels (400 megapixels in 50 kB)."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + crc

    packer = zlib.compressobj(9)
    row = bytes(1 + side_px // 8)
    body = b"".join(packer.compress(row) for _ in range(side_px)) + packer.flush()
    size = side_px.to_bytes(4, "big")
    header = chunk(b"IHDR", size + size + bytes([1, 0, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", body) + chunk(b"IEND", b"")
