"""What a page image is like (clean or rough, how sharp, how skewed) and how it is put straight."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

# Measured on 90 first pages of seven data sets. Rendered pages and fax scans: at least 0.65 of the pixels
# within one level of the paper's, and no grain at all in three quarters of the page. Receipts scanned in
# gray or photographed: 0.05 to 0.8, and grain from 1 up.
_CLEAN_PAPER_SHARE = 0.6
_GRAIN_QUANTILE = 75
# The median component is a lower-case letter or digit, 5.8 points high in a 10 to 11 point font
# (16 pixels on invoices rendered at 200 dpi).
_GLYPH_HEIGHT_PT = 5.8
_MIN_DPI, _MAX_DPI = 70, 400
_LOWEST_CREDIBLE_DPI = 100  # cameras and web tools write 72 or 96 without meaning it
_MAX_SKEW_DEG = 15.0
MIN_SKEW_DEG = 0.3  # Tesseract reads less skew as well as none
_SKEW_SIDE_PX = 1200
_MAX_SKEW_POINTS = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuality:
    """Measures of a page image, all from its gray levels.

    Attributes
    ----------
    paper_share
        Share of the pixels within one level of the most common one, in [0, 1].
    grain
        Upper quartile of the absolute Laplacian, in gray levels: 0 on a rendered page.
    glyph_height_px
        Median height of what looks like a character, 0.0 if nothing does.
    """

    paper_share: float
    grain: float
    glyph_height_px: float

    @property
    def is_clean(self) -> bool:
        """Return whether the page looks rendered or cleanly scanned, so that Tesseract may read it well."""
        return self.paper_share >= _CLEAN_PAPER_SHARE and self.grain == 0

    def dpi(self, stated: int | None) -> int:
        """Return the stated resolution if it is credible, otherwise one estimated from the type size."""
        if stated is not None and stated >= _LOWEST_CREDIBLE_DPI:
            return stated
        estimate = round(self.glyph_height_px * 72 / _GLYPH_HEIGHT_PT) or 150
        return min(max(estimate, _MIN_DPI), _MAX_DPI)


def to_gray(image: Image) -> Image:
    """Return `image` as gray levels (height, width)."""
    import cv2

    return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def measure(gray: Image) -> PageQuality:
    """Return the quality measures of a gray page; 10 to 60 ms a page."""
    import cv2

    shares = np.bincount(gray.ravel(), minlength=256) / gray.size
    paper = int(shares.argmax())
    laplacian = np.abs(cv2.Laplacian(gray, cv2.CV_16S, ksize=1))
    return PageQuality(
        paper_share=float(shares[max(0, paper - 1) : paper + 2].sum()),
        grain=float(np.percentile(laplacian, _GRAIN_QUANTILE)),
        glyph_height_px=_glyph_height(gray),
    )


def _glyph_height(gray: Image) -> float:
    import cv2

    _, _, stats, _ = cv2.connectedComponentsWithStats(_ink(gray), connectivity=8)
    width, height, area = (stats[1:, column] for column in (2, 3, 4))
    is_glyph = (height >= 5) & (height <= gray.shape[0] / 10) & (width <= 4 * height) & (height <= 5 * width)
    heights = height[is_glyph & (area > 0.15 * width * height)]
    return float(np.median(heights)) if heights.size else 0.0


def _ink(gray: Image) -> Image:
    """Return 255 where a pixel is clearly darker than its surroundings, else 0."""
    import cv2

    return np.asarray(
        cv2.adaptiveThreshold(gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 15), np.uint8
    )


def skew_angle(gray: Image, *, regions: Sequence[NDArray[np.float32]] = ()) -> float:
    """Return the skew of the text lines in degrees, positive counter-clockwise, within +-15.

    The angle at which the ink falls into the sharpest rows: the sum of squares of the row histogram is
    largest, searched in steps of 0.5 and then 0.05 degrees. A blank page gives 0.0. With `regions`,
    polygons (n, 2) in pixels, only their ink counts: what lies around a photographed receipt does not.
    """
    import cv2

    scale = min(1.0, _SKEW_SIDE_PX / max(gray.shape))
    size = tuple(max(1, round(side * scale)) for side in reversed(gray.shape))
    small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    ink = _ink(small)
    if regions:
        inside = np.zeros_like(ink)
        for region in regions:
            cv2.fillConvexPoly(inside, np.round(region * scale).astype(np.int32), 1)
        ink = ink * inside
    ys, xs = np.nonzero(ink)
    if len(ys) < 100:
        return 0.0
    step = max(1, len(ys) // _MAX_SKEW_POINTS)
    points = xs[::step].astype(np.float32), ys[::step].astype(np.float32)
    coarse = _sharpest(points, np.arange(-_MAX_SKEW_DEG, _MAX_SKEW_DEG + 0.01, 0.5))
    return float(round(_sharpest(points, coarse + np.arange(-0.5, 0.51, 0.05)), 2))


def _sharpest(points: tuple[NDArray[np.float32], NDArray[np.float32]], angles: NDArray[np.float64]) -> float:
    xs, ys = points

    def sharpness(angle: float) -> float:
        # Text that rises to the right (counter-clockwise) has y falling with x.
        rows = ys + xs * np.float32(math.tan(math.radians(angle)))
        counts = np.bincount((rows - rows.min()).astype(np.int32)).astype(np.float64)
        return float((counts**2).sum())

    return float(max(map(float, angles), key=lambda angle: (sharpness(float(angle)), -abs(float(angle)))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The affine map from a page image to the upright one: `matrix` (2, 3) and its size in pixels."""

    matrix: NDArray[np.float64]
    width_px: int
    height_px: int

    def move(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return points (n, 2) of the page image on the upright one."""
        return np.asarray(points @ self.matrix[:, :2].T + self.matrix[:, 2], np.float32)


def correction(size: tuple[int, ...], *, rotation_deg: int, skew_deg: float) -> Correction:
    """Return the map that undoes a clockwise turn of `rotation_deg`, then a skew of `skew_deg`.

    The canvas grows so that no corner is lost. `size` is (height, width, ...) of the page image.
    """
    height, width = size[:2]
    # Image axes point right and down, so a counter-clockwise turn by t is [[cos, sin], [-sin, cos]].
    # Undoing a clockwise turn is a counter-clockwise one; undoing counter-clockwise skew, a clockwise one.
    angle = math.radians(rotation_deg - skew_deg)
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ turn.T
    origin = corners.min(axis=0)
    extent = np.ceil(np.asarray(corners.max(axis=0) - origin, np.float64).round(6))
    return Correction(
        matrix=np.column_stack([turn, -origin]), width_px=int(extent[0]), height_px=int(extent[1])
    )


def correct(image: Image, *, rotation_deg: int, skew_deg: float) -> Image:
    """Return `image` with a clockwise turn of `rotation_deg` and a skew of `skew_deg` undone."""
    import cv2

    if rotation_deg % 90:
        raise ValueError(f"rotation must be a multiple of 90 degrees, got {rotation_deg}")
    if skew_deg == 0:
        return np.ascontiguousarray(np.rot90(image, rotation_deg // 90))
    map_ = correction(image.shape, rotation_deg=rotation_deg, skew_deg=skew_deg)
    # The map is about the edges of pixels, OpenCV's about their centres, half a pixel further on.
    matrix = map_.matrix.copy()
    matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    size = (map_.width_px, map_.height_px)
    warped = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


# Pixels of a thumbnail's shorter side: what a hash of 16 x 16 coefficients needs, many times over.
_THUMBNAIL_SIDE_PX = 256
# A till roll may be long; past this its far end says nothing about its layout.
_MAX_THUMBNAIL_PX = 2048


def thumbnail(image: Image, *, rotation_deg: int, skew_deg: float) -> NDArray[np.uint8]:
    """Return `image` in grey, upright and deskewed, its shorter side at most 256 pixels, its longer 2,048.

    It is reduced by averaging before it is turned: turning the small image is a hundred times cheaper.
    """
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, _THUMBNAIL_SIDE_PX / min(height, width), _MAX_THUMBNAIL_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    upright = correct(np.asarray(small, np.uint8), rotation_deg=rotation_deg, skew_deg=skew_deg)
    return np.asarray(cv2.cvtColor(upright, cv2.COLOR_RGB2GRAY), np.uint8)
