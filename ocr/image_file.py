"""Image files: pages of RGB pixels, upright as their EXIF orientation says."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from ocr.limits import ReadLimits
from ocr.media import MediaType
from schemas.errors import DocumentTooLargeError, UnreadableDocumentError

logger = logging.getLogger(__name__)

_FORMATS: dict[MediaType, str] = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/gif": "GIF",
    "image/heic": "HEIF",
}
# Of these more than one frame is a film or a burst of photos. A camera's JPEG may hold a preview as well,
# which is no page.
_ANIMATED: frozenset[MediaType] = frozenset({"image/gif", "image/webp", "image/png", "image/heic"})
# What Pillow and its decoders raise on broken input; anything else is a defect of ours.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError)
_EXIF_ORIENTATION = 274
_TIFF_SUBFILE_TYPE = 254
_REDUCED_RESOLUTION = 1
# A stated resolution outside of this is a default of some software (72) or an error, not a measurement.
_DPI_RANGE = (90, 1200)
# White behind transparent pixels: documents are dark ink on a light ground.
_GROUND = (255, 255, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedImage:
    """Pixels (height, width, 3) uint8 RGB, the stated resolution, and whether the file ended too early."""

    pixels: NDArray[np.uint8]
    dpi: int | None
    is_truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """An opened image file.

    Attributes
    ----------
    frames
        The frame numbers that are pages of their own.
    has_more_frames
        Whether there are frames that are none: those of an animation or a burst, after the first.
    """

    data: bytes
    media_type: MediaType
    frames: tuple[int, ...]
    limits: ReadLimits
    has_more_frames: bool = False

    @property
    def n_pages(self) -> int:
        """Return the number of pages."""
        return len(self.frames)

    def decode(self, page_index: int) -> DecodedImage:
        """Return the pixels of a page.

        Raises
        ------
        UnreadableDocumentError, DocumentTooLargeError
            If the frame cannot be decoded, or has too many pixels.
        """
        with _open(self.data, self.media_type) as image:
            image.seek(self.frames[page_index])
            _fit(image, self.limits)
            dpi = _dpi(image)
            is_truncated = _load(image)
            pixels = np.asarray(_as_rgb(_upright(image)))
        return DecodedImage(pixels=pixels, dpi=dpi, is_truncated=is_truncated)


def open_image(data: bytes, media_type: MediaType, *, limits: ReadLimits) -> ImageSource:
    """Return the pages of an image file, undecoded.

    Only TIFF files have several pages; of an animation or a burst of photos the first frame is read, and
    reduced-resolution copies inside a TIFF are left out.

    Raises
    ------
    UnreadableDocumentError
        If the header cannot be parsed.
    DocumentTooLargeError
        If the file has more pages than `limits` allow.
    """
    with _open(data, media_type) as image:
        frames = tuple(_tiff_pages(image, limits)) if media_type == "image/tiff" else (image.tell(),)
        more = media_type in _ANIMATED and bool(getattr(image, "is_animated", False))
    return ImageSource(data=data, media_type=media_type, frames=frames, limits=limits, has_more_frames=more)


@contextmanager
def _open(data: bytes, media_type: MediaType) -> Generator[Image.Image]:
    """Yield the image; broken-input errors become `UnreadableDocumentError`."""
    if media_type == "image/heic":
        import pi_heif  # only these files need it

        pi_heif.register_heif_opener(thumbnails=False)
    # Sizes are checked here, before pixels are decoded, with limits of our own.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=[_FORMATS[media_type]]) as image:
                yield image
    except (UnidentifiedImageError, Image.DecompressionBombError, *_BROKEN) as error:
        raise UnreadableDocumentError(f"the {media_type} file is damaged: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    # The message may quote the whole buffer or an object's address.
    return "unknown content" if isinstance(error, UnidentifiedImageError) else str(error)[:120]


def _tiff_pages(image: Image.Image, limits: ReadLimits) -> Iterator[int]:
    n_pages = 0
    for frame in range(10 * limits.max_pages):
        try:
            image.seek(frame)
        except EOFError:
            return
        except _BROKEN:
            # A broken chain of frames: what came before can still be read.
            if frame == 0:
                raise
            return
        if frame == 0 or not _is_thumbnail(image):
            n_pages += 1
            if n_pages > limits.max_pages:
                raise DocumentTooLargeError(f"the file has more than {limits.max_pages} pages")
            yield frame


def _is_thumbnail(image: Image.Image) -> bool:
    subfile_type = getattr(image, "tag_v2", {}).get(_TIFF_SUBFILE_TYPE, 0)
    return isinstance(subfile_type, int) and bool(subfile_type & _REDUCED_RESOLUTION)


def _fit(image: Image.Image, limits: ReadLimits) -> None:
    """Let the JPEG decoder halve an image that is too large; refuse any other."""
    width, height = image.size
    if width * height <= limits.max_pixels_per_page:
        return
    if image.format == "JPEG":
        scale = (limits.max_pixels_per_page / (width * height)) ** 0.5
        # The decoder halves until the size would fall below the asked one, so ask for half of the room.
        image.draft("RGB", (int(width * scale / 2), int(height * scale / 2)))
        if image.size[0] * image.size[1] <= limits.max_pixels_per_page:
            return
    raise DocumentTooLargeError(
        f"the image has {width} x {height} pixels, more than {limits.max_pixels_per_page}",
        hint="scan at 300 dpi or less",
    )


def _dpi(image: Image.Image) -> int | None:
    stated: object = image.info.get("dpi")
    if not isinstance(stated, tuple) or not stated:
        return None
    try:
        # A TIFF's fraction may have a zero denominator.
        dpi = round(float(cast("tuple[Any, ...]", stated)[0]))
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        return None
    return dpi if _DPI_RANGE[0] <= dpi <= _DPI_RANGE[1] else None


def _load(image: Image.Image) -> bool:
    """Decode the pixels; return whether the file ended too early and the rest stays grey."""
    try:
        image.load()
    except OSError:
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = False
        return True
    return False


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _BROKEN:
        logger.info("EXIF data cannot be parsed; the image is read as stored")
        return image


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _scale_to_8_bits(image).convert("RGB")
    if image.mode == "LAB":
        return image.getchannel("L").convert("RGB")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (*_GROUND, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _scale_to_8_bits(image: Image.Image) -> Image.Image:
    """Return deep grey pixels as 8 bits; a scanner's 12 bits come in 16, so the range is the image's own."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    scale = 255.0 / (high - low) if high > low else 0.0
    return Image.fromarray(((values - low) * scale).astype(np.uint8))
