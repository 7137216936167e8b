"""Image files: pages of RGB pixels, upright as their EXIF orientation says."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

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
# What undoes each orientation (EXIF 2.3, tag 274); 1 is upright.
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TIFF_SUBFILE_TYPE = 254
_REDUCED_RESOLUTION = 1
# A stated resolution outside of this is a default of some software (72) or an error, not a measurement.
_DPI_RANGE = (90, 1200)
# Fax pixels are 1, 2 or 4 times as high as wide; what a file states beyond that is an error of some software.
# Below the lower bound the difference is none to an engine: fine fax has 204 x 196 dots an inch.
_PIXEL_ASPECTS = (1.1, 4.5)
# Where Pillow keeps the resolutions of the two axes, or only their ratio, by what a file states.
_RESOLUTION_KEYS = ("dpi", "resolution", "aspect", "jfif_density")
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
            size = _square_size(image, self.limits)
            is_truncated = _load(image)
            pixels = np.asarray(_upright(image, size))
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

        untyped: Any = pi_heif
        untyped.register_heif_opener(thumbnails=False)
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


def _resolution(image: Image.Image) -> tuple[float, float] | None:
    """Return what the file states of pixels across and down, in any one unit; None if that is nothing."""
    for key in _RESOLUTION_KEYS:
        stated: object = image.info.get(key)
        if not isinstance(stated, tuple) or not stated:
            continue
        values = cast("tuple[Any, ...]", stated)
        try:
            # A TIFF's fraction may have a zero denominator.
            across, down = float(values[0]), float(values[-1])
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            continue
        if 0 < across < math.inf and 0 < down < math.inf:
            return across, down
    return None


def _dpi(image: Image.Image) -> int | None:
    """Return the stated resolution once the pixels are square, which is that of the finer axis."""
    stated = _resolution(image) if "dpi" in image.info else None
    if stated is None:
        return None
    dpi = round(max(stated))
    return dpi if _DPI_RANGE[0] <= dpi <= _DPI_RANGE[1] else None


def _square_size(image: Image.Image, limits: ReadLimits) -> tuple[int, int]:
    """Return the size in pixels (width, height) at which a pixel is as wide as it is high.

    The coarser axis is stretched; where that makes too many pixels, nothing is: such a page has plenty.
    """
    width, height = image.size
    across, down = _resolution(image) or (1.0, 1.0)
    if _is_shown_on_its_side(image):
        across, down = down, across
    aspect = max(across, down) / min(across, down)
    if not _PIXEL_ASPECTS[0] <= aspect <= _PIXEL_ASPECTS[1]:
        return width, height
    size = (width, round(height * aspect)) if across > down else (round(width * aspect), height)
    return size if size[0] * size[1] <= limits.max_pixels_per_page else (width, height)


def _is_shown_on_its_side(image: Image.Image) -> bool:
    """Return whether Pillow turns the image by a quarter as it loads, as it does with TIFF alone."""
    return getattr(image, "tag_v2", {}).get(_EXIF_ORIENTATION, 1) in (5, 6, 7, 8)


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


def _upright(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the image in RGB, stretched to `size`, then turned as its EXIF data say."""
    orientation = _orientation(image)
    rgb = _as_rgb(image)
    if size != image.size:
        rgb = rgb.resize(size, Image.Resampling.BICUBIC)
    return rgb if orientation is None else rgb.transpose(orientation)


def _orientation(image: Image.Image) -> Image.Transpose | None:
    try:
        return _TRANSPOSES.get(image.getexif().get(_EXIF_ORIENTATION, 1))
    except _BROKEN:
        logger.info("EXIF data cannot be parsed; the image is read as stored")
        return None


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
