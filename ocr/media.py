"""What kind of file some bytes are, by their magic bytes; names and declared types are not trusted."""

from __future__ import annotations

import re
from typing import Final, Literal

from schemas.errors import EmptyDocumentError, UnsupportedMediaTypeError

MediaType = Literal[
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/tiff",
    "image/webp",
    "image/bmp",
    "image/gif",
    "image/heic",
    "application/xml",
]

_IMAGE_MAGIC: Final[tuple[tuple[bytes, MediaType], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
# The length of the header that follows a bitmap's own tells it from a text that begins with "BM".
_BMP_HEADER_BYTES = frozenset({12, 40, 52, 56, 64, 108, 124})
# Brands of ISO 23008-12 whose pictures are coded in HEVC; a file names several.
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_MAX_BRANDS_BYTES = 256
# All that `sniff` looks at.
SNIFFED_BYTES: Final = 8192
# Readers find a PDF's header anywhere in its first 1024 bytes (PDF 32000-1, annex H, note 13).
_PDF_HEADER_WINDOW = 1024
# Known and refused, so that the message can name them.
_REFUSED: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\xd0\xcf\x11\xe0", "a legacy office document"),
    (b"{\\rtf", "an RTF document"),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg")
# The root of an e-invoice, after a declaration and comments; other XML is no document.
_EINVOICE = re.compile(
    r"<(?:[\w.-]+:)?(?:CrossIndustryInvoice|CrossIndustryDocument|Invoice|CreditNote)[\s>]", re.ASCII
)


def sniff(data: bytes) -> MediaType:
    """Return the media type that the first bytes of `data` show.

    Raises
    ------
    EmptyDocumentError
        If there are no bytes.
    UnsupportedMediaTypeError
        If they are of no type that can be read.

    Examples
    --------
    >>> sniff(b"%PDF-1.7 ...")
    'application/pdf'
    """
    if not data:
        raise EmptyDocumentError("the file has no bytes")
    for magic, media_type in _IMAGE_MAGIC:
        if data.startswith(magic):
            return media_type
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADER_BYTES:
        return "image/bmp"
    if _HEIC_BRANDS & _brands(data):
        return "image/heic"
    if _is_pdf(data):
        return "application/pdf"
    if _is_einvoice(data):
        return "application/xml"
    raise UnsupportedMediaTypeError(
        f"the file is {_describe(data)}, which cannot be read",
        hint="send a PDF, PNG, JPEG, TIFF, WebP, HEIC, BMP or GIF file, or an e-invoice's XML",
    )


def _brands(data: bytes) -> frozenset[bytes]:
    """Return the brands that a file of boxes says it is of, the first and those it is compatible with."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), _MAX_BRANDS_BYTES)
    return frozenset(data[i : i + 4] for i in (8, *range(16, end, 4)))


def _is_pdf(data: bytes) -> bool:
    if b"%PDF-" in data[:_PDF_HEADER_WINDOW]:
        return True
    # A PDF whose header was lost can still be repaired from its objects.
    return b" 0 obj" in data[:_PDF_HEADER_WINDOW] and b"endobj" in data


def _is_einvoice(data: bytes) -> bool:
    """Return whether it is XML whose root is named as that of an e-invoice; its parser has the last word."""
    head = data[:SNIFFED_BYTES]
    if head.startswith((b"\xff\xfe", b"<\x00")):
        text = head.decode("utf-16-le", errors="replace")
    elif head.startswith((b"\xfe\xff", b"\x00<")):
        text = head.decode("utf-16-be", errors="replace")
    else:
        text = head.decode("utf-8", errors="replace")
    return text.lstrip("\ufeff \t\r\n").startswith("<") and _EINVOICE.search(text) is not None


def _describe(data: bytes) -> str:
    for magic, name in _REFUSED:
        if data.startswith(magic):
            return name
    if data[4:8] == b"ftyp":
        return "an AVIF or video file, or a HEIF file without HEVC"
    if data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        return "an HTML or XML document"
    return "of an unknown type"
