"""Image files to RGB pixels."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from ocr.image_file import DecodedImage, open_image
from ocr.limits import ReadLimits
from ocr.media import MediaType, sniff
from schemas.errors import DocumentTooLargeError, UnreadableDocumentError
from tests.ocr.files import encoded, png_bomb

LIMITS = ReadLimits()
# White, 64 x 64 pixels, its top left quarter black: what is installed decodes such files and writes none.
HEIC = b64decode(
    "AAAAHGZ0eXBoZWl4AAAAAG1pZjFoZWl4bWlhZgAAAU5tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA"
    "AAAAACJpbG9jAAAAAERAAAEAAQAAAAABcgABAAAAAAAAABsAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAA"
    "AA5waXRtAAAAAAABAAAAzmlwcnAAAACvaXBjbwAAAHJodmNDAQQIAAAAn/gAAAAAHvAA/Pz4+AAADwNgAAEAF0ABDAH//wQI"
    "AAADAJ/4AAADAAAeugJAYQABACZCAQEECAAAAwCf+AAAAwAAHsCCBBZbqSSmubAgAAADAyAAAAMAIWIAAQAHRAHBcrAiQAAA"
    "ABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAAAABAAAAAQAAAAA5waXhpAAAAAAEIAAAAF2lwbWEAAAAAAAAAAQABBIEC"
    "AwQAAAAjbWRhdAAAABcoAa4nw/Qp///dcdFK396IPp//5qYVXg=="
)


def decode(data: bytes, *, limits: ReadLimits = LIMITS, page_index: int = 0) -> DecodedImage:
    return open_image(data, sniff(data), limits=limits).decode(page_index)


def corner_page(mode: str = "RGB") -> Image.Image:
    """Return a white page of 40 x 20 pixels whose top left quarter is black."""
    image = Image.new("L", (40, 20), 255)
    image.paste(0, (0, 0, 20, 10))
    return image.convert(mode)


def assert_is_corner_page(pixels: np.ndarray) -> None:
    assert pixels.shape == (20, 40, 3)
    assert pixels.dtype == np.uint8
    assert int(pixels[:9, :19].max()) < 40
    assert int(pixels[11:, 21:].min()) > 215


@pytest.mark.parametrize(
    ("format_", "mode"),
    [
        ("PNG", "1"), ("PNG", "L"), ("PNG", "P"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "LA"),
        ("JPEG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("TIFF", "1"), ("TIFF", "CMYK"), ("TIFF", "LAB"),
        ("TIFF", "F"), ("TIFF", "I"), ("WEBP", "RGB"), ("WEBP", "RGBA"), ("BMP", "1"), ("BMP", "P"),
        ("BMP", "RGB"), ("GIF", "L"), ("GIF", "P"),
    ],
)  # fmt: skip
def test_every_mode_becomes_rgb(format_: str, mode: str) -> None:
    via_rgb = corner_page().convert(mode) if mode != "LAB" else _lab_page()
    options = {"lossless": True} if format_ == "WEBP" else {}
    assert_is_corner_page(decode(encoded(via_rgb, format_, **options)).pixels)


def _lab_page() -> Image.Image:
    lightness = corner_page("L")
    neutral = Image.new("L", lightness.size, 128)
    return Image.merge("LAB", (lightness, neutral, neutral))


def test_sixteen_and_twelve_bit_greys_keep_their_contrast() -> None:
    for white in (65535, 4095):
        values = (np.asarray(corner_page("L"), dtype=np.uint16) // 255) * white
        assert_is_corner_page(decode(encoded(Image.fromarray(values.astype(np.uint16)), "PNG")).pixels)


def test_transparent_pixels_are_white() -> None:
    image = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 20, 10))
    assert_is_corner_page(decode(encoded(image, "PNG")).pixels)


@pytest.mark.parametrize(
    ("orientation", "stored"),
    [
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_90),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_exif_orientation_is_applied(orientation: int, stored: Image.Transpose) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    data = encoded(corner_page().transpose(stored), "JPEG", exif=exif, quality=95)
    assert_is_corner_page(decode(data).pixels)


def dpi_of(x: float, y: float) -> dict[int, float]:
    """Return the tags of a TIFF whose pixels stand x an inch across and y down."""
    return {282: x, 283: y, 296: 2}


def test_the_pixels_of_a_fax_become_square() -> None:
    fax = corner_page("1")
    squared = decode(encoded(fax, "TIFF", tiffinfo=dpi_of(204, 102), compression="group4"))
    assert squared.dpi == 204
    assert squared.pixels.shape == (40, 40, 3)  # 20 rows at 102 dpi are 40 at 204
    assert int(squared.pixels[:18, :18].max()) < 40
    assert int(squared.pixels[22:, 22:].min()) > 215
    across = decode(encoded(fax, "TIFF", tiffinfo=dpi_of(100, 300)))
    assert (across.dpi, across.pixels.shape) == (300, (20, 120, 3))  # 40 columns at 100 dpi are 120 at 300


def test_a_stretched_page_is_turned_as_it_is_stored() -> None:
    stored = corner_page("L").transpose(Image.Transpose.ROTATE_90)  # 20 columns, 40 rows
    lying = decode(encoded(stored, "TIFF", tiffinfo={**dpi_of(100, 200), 274: 6}))
    assert lying.pixels.shape == (40, 40, 3)  # the stored columns, 100 an inch, become 40 rows
    exif = Image.Exif()
    exif[274] = 6
    photo = decode(encoded(stored, "PNG", dpi=(100, 200), exif=exif))
    for image in (lying, photo):
        assert image.pixels.shape == (40, 40, 3)
        assert int(image.pixels[:18, :18].max()) < 60
        assert int(image.pixels[22:, 22:].min()) > 195


@pytest.mark.parametrize(
    "tags",
    [
        dpi_of(204, 196),  # fine fax: a twentieth is not worth the blur
        dpi_of(200, 1),
        dpi_of(0, 100),
        dpi_of(200, 0),
        {282: 200.0, 296: 2},
    ],
)
def test_a_ratio_that_is_no_measurement_stretches_nothing(tags: dict[int, float]) -> None:
    assert decode(encoded(corner_page("1"), "TIFF", tiffinfo=tags)).pixels.shape == (20, 40, 3)


def test_a_ratio_without_a_unit_is_believed() -> None:
    data = encoded(corner_page("1"), "TIFF", tiffinfo={282: 2.0, 283: 1.0, 296: 1})
    assert (decode(data).dpi, decode(data).pixels.shape) == (None, (40, 40, 3))


def test_nothing_is_stretched_beyond_the_limit_of_pixels() -> None:
    data = encoded(corner_page("1"), "TIFF", tiffinfo=dpi_of(204, 102))
    limits = ReadLimits(max_pixels_per_page=1599)  # 40 x 40 is 1600
    assert decode(data, limits=limits).pixels.shape == (20, 40, 3)


def test_a_multipage_tiff_has_all_its_pages() -> None:
    pages = [corner_page("L"), Image.new("L", (30, 30), 7)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    source = open_image(data, "image/tiff", limits=LIMITS)
    assert source.n_pages == 2
    assert source.decode(1).pixels.shape == (30, 30, 3)


def test_more_frames_than_allowed_are_refused() -> None:
    frames = [Image.new("1", (8, 8)) for _ in range(4)]
    data = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    with pytest.raises(DocumentTooLargeError, match="more than 3 pages"):
        open_image(data, "image/tiff", limits=ReadLimits(max_pages=3))


def test_the_stated_resolution_is_kept_and_a_default_one_is_not_believed() -> None:
    assert decode(encoded(corner_page(), "PNG", dpi=(300, 300))).dpi == 300
    assert decode(encoded(corner_page(), "PNG", dpi=(72, 72))).dpi is None
    assert decode(encoded(corner_page(), "PNG")).dpi is None


def test_a_cut_jpeg_gives_its_beginning_and_says_so() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), "JPEG")
    decoded = decode(data[: len(data) // 2])
    assert decoded.is_truncated
    assert not decode(data).is_truncated
    assert np.array_equal(decoded.pixels[:50], decode(data).pixels[:50])


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(DocumentTooLargeError, match="20000 x 20000"):
        decode(png_bomb())


def test_a_jpeg_that_is_too_large_is_halved_instead() -> None:
    data = encoded(Image.new("L", (1000, 800), 255), "JPEG")
    assert decode(data, limits=ReadLimits(max_pixels_per_page=300_000)).pixels.shape == (400, 500, 3)


@pytest.mark.parametrize(
    "media_type", [kind for kind in get_args(MediaType)[1:] if kind.startswith("image/")]
)
def test_garbage_behind_a_magic_number_is_unreadable(media_type: MediaType) -> None:
    magic = {
        "image/png": b"\x89PNG\r\n\x1a\n",
        "image/jpeg": b"\xff\xd8\xff",
        "image/tiff": b"II*\x00",
        "image/webp": b"RIFF\x00\x00\x00\x00WEBP",
        "image/bmp": b"BM" + bytes(12) + b"\x28\x00\x00\x00",
        "image/gif": b"GIF89a",
        "image/heic": b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    }[media_type]
    with pytest.raises(UnreadableDocumentError):
        open_image(magic + b"\x07garbage" * 9, media_type, limits=LIMITS)


def test_an_animation_counts_as_one_page(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), (i * 80, 0, 0)) for i in range(3)]
    for media_type in ("image/webp", "image/gif", "image/png"):
        path = tmp_path / f"moving.{media_type.removeprefix('image/')}"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        source = open_image(path.read_bytes(), media_type, limits=LIMITS)
        assert source.n_pages == 1
        assert source.has_more_frames
        frames[0].save(path)
        assert not open_image(path.read_bytes(), media_type, limits=LIMITS).has_more_frames


def test_a_photo_of_a_telephone_is_read_and_its_size_comes_first() -> None:
    pixels = decode(HEIC).pixels
    assert pixels.shape == (64, 64, 3)
    assert int(pixels[:30, :30].max()) < 40
    assert int(pixels[34:, 34:].min()) > 215
    with pytest.raises(DocumentTooLargeError, match="64 x 64"):
        decode(HEIC, limits=ReadLimits(max_pixels_per_page=4095))  # 64 x 64 is 4096
    with pytest.raises(UnreadableDocumentError):
        decode(HEIC[:-40])
