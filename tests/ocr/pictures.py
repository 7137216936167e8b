"""Page images made by the tests themselves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

LINES = (
    "INVOICE 20417",
    "Northwind Paper Company",
    "114 Harbour Street, Bristol",
    "Date: 14/03/2024",
    "Copy paper A4, five boxes 45.00",
    "Delivery to the front door 12.50",
    "Total 57.50",
    "Payment within thirty days please",
)
DPI = 200


def page(
    lines: tuple[str, ...] = LINES, *, size: tuple[int, int] = (760, 640), font_px: int = 27
) -> NDArray[np.uint8]:
    """Return a rendered RGB page (height, width, 3) with one text line under the other."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(font_px)
    for index, line in enumerate(lines):
        draw.text((60, 50 + index * 2.6 * font_px), line, fill="black", font=font)
    return np.asarray(image, np.uint8)


def grainy(image: NDArray[np.uint8], *, sigma: float = 6.0) -> NDArray[np.uint8]:
    """Return `image` darkened and with the grain of a camera, the same at every call."""
    noise = np.random.default_rng(7).normal(0.0, sigma, image.shape)
    return np.clip(image * 0.8 + 10 + noise, 0, 255).astype(np.uint8)
