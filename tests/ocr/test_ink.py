"""Lines of text among ink: letters on a baseline are found, drawings are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ocr.ink import InkLine, find_lines
from schemas.geometry import BBox, union

# A4 with its longer side at 1,200 pixels.
SIZE = (848, 1200)


def blank() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("L", SIZE, 255)
    return image, ImageDraw.Draw(image)


def find(image: Image.Image, covered: tuple[BBox, ...] = ()) -> tuple[InkLine, ...]:
    return find_lines(np.asarray(image, np.uint8).copy(), covered)


def write(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: float, fill: int = 0) -> BBox:
    """Write `text` and return the box of its ink."""
    font = ImageFont.load_default(size)
    draw.text(at, text, font=font, fill=fill)
    left, top, right, bottom = draw.textbbox(at, text, font=font)
    return BBox(left / SIZE[0], top / SIZE[1], right / SIZE[0], bottom / SIZE[1])


def holds(outer: BBox, inner: BBox) -> bool:
    return (
        outer.left <= inner.left
        and outer.top <= inner.top
        and outer.right >= inner.right
        and outer.bottom >= inner.bottom
    )


@pytest.mark.parametrize("size", [11, 14, 20, 60])
@pytest.mark.parametrize("is_light_on_dark", [False, True])
def test_a_line_of_letters_is_found_with_room_around_it(size: int, *, is_light_on_dark: bool) -> None:
    image, draw = blank()
    if is_light_on_dark:
        draw.rectangle((40, 80, 800, 220), fill=40)
    box = write(draw, (60, 100), "Total 1.085,88 EUR", size, fill=255 if is_light_on_dark else 0)
    lines = find(image)  # the ground between light letters may be found as well
    assert all(line.box.height <= 3 * box.height and line.is_long for line in lines)
    assert holds(union(line.box for line in lines), box)


@pytest.mark.parametrize("size", [13, 16, 22])
@pytest.mark.parametrize("amount", ["9.50", "0.99", "7.00"])
def test_a_short_amount_behind_a_word_of_its_line_is_found(amount: str, size: int) -> None:
    image, draw = blank()
    label = write(draw, (60, 100), "Total", size)
    draw.rectangle((0, 0, *SIZE), fill=255)
    box = write(draw, (400, 100), amount, size)
    (line,) = find(image, (label,))
    assert holds(line.box, box)
    assert line.is_long


def test_a_short_word_mark_that_no_word_stands_before_is_none() -> None:
    image, draw = blank()
    write(draw, (400, 100), "9.50", 16)
    assert find(image, (BBox(0.1, 0.3, 0.2, 0.32), BBox(0.6, 0.084, 0.7, 0.096))) == ()


def test_a_word_mark_is_short_and_a_sentence_long() -> None:
    image, draw = blank()
    write(draw, (60, 100), "WXYZ", 40)
    write(draw, (60, 300), "Payable within thirty days", 16)
    assert [line.is_long for line in find(image)] == [False, True]


def test_what_stands_far_off_in_the_same_row_belongs_to_the_line() -> None:
    image, draw = blank()
    box = write(draw, (60, 100), "Drill chuck", 16)
    digit = write(draw, (600, 100), "4", 16)
    (line,) = find(image)
    assert holds(line.box, box)
    assert holds(line.box, digit)


def test_words_that_the_layer_has_are_not_found() -> None:
    image, draw = blank()
    box = write(draw, (60, 100), "Known line of text", 16)
    assert find(image, (box,)) == ()
    (line,) = find(image, (BBox(box.left, box.top, box.left + box.width / 3, box.bottom),))
    assert line.box.left > box.left + box.width / 4


def rules(draw: ImageDraw.ImageDraw) -> None:
    for i in range(20):
        draw.line((60, 100 + 20 * i, 780, 100 + 20 * i), fill=0)
    for i in range(8):
        draw.line((60 + 100 * i, 100, 60 + 100 * i, 480), fill=0, width=2)


def boxes(draw: ImageDraw.ImageDraw) -> None:
    for i in range(12):
        draw.rectangle((60 + 40 * i, 100, 76 + 40 * i, 116), fill=0)


def bar_code(draw: ImageDraw.ImageDraw) -> None:
    widths = np.random.default_rng(0).integers(1, 5, 60)
    for x, width in zip(np.cumsum(widths + 3), widths, strict=True):
        draw.rectangle((60 + int(x), 100, 60 + int(x) + int(width), 150), fill=0)


def signature(draw: ImageDraw.ImageDraw) -> None:
    xs = np.linspace(0, 6 * np.pi, 200)
    draw.line([(60 + 12 * x, 150 + 25 * np.sin(3 * x) * np.cos(x)) for x in xs], fill=0, width=3)


def dots(draw: ImageDraw.ImageDraw) -> None:
    for i in range(60):
        draw.ellipse((60 + 8 * i, 100, 62 + 8 * i, 102), fill=0)


def stamp(draw: ImageDraw.ImageDraw) -> None:
    draw.ellipse((60, 60, 260, 260), outline=0, width=4)
    draw.polygon([(160, 80), (200, 220), (90, 130), (230, 130), (120, 220)], outline=0)


@pytest.mark.parametrize("drawing", [rules, boxes, bar_code, signature, dots, stamp])
def test_drawings_are_no_text(drawing: Callable[[ImageDraw.ImageDraw], None]) -> None:
    image, draw = blank()
    drawing(draw)
    assert find(image) == ()


def test_a_photograph_is_no_text() -> None:
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (40, 30)).astype(np.uint8)
    photo = np.asarray(Image.fromarray(coarse).resize(SIZE, Image.Resampling.BICUBIC), np.float64)
    noisy = np.clip(photo + rng.normal(0, 8, photo.shape), 0, 255).astype(np.uint8)
    assert find(Image.fromarray(noisy)) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 1200), (1200, 1), (31, 2)])
def test_any_size_is_searched(shape: tuple[int, int]) -> None:
    speckled: NDArray[np.uint8] = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    assert find_lines(speckled, ()) == ()


def test_more_specks_than_sixteen_bits_can_number_are_no_text() -> None:
    image = np.full((1200, 848), 255, np.uint8)
    image[::2, ::2] = 0
    assert np.count_nonzero(image == 0) > 2**16
    assert find_lines(image, ()) == ()
