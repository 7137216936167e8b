"""Text that a page shows, and text that it hides."""

from __future__ import annotations

import pytest
from PIL import Image

from ocr.limits import ReadLimits
from ocr.pdf import open_pdf, page_frame
from ocr.text_layer import layer_words, open_text
from ocr.visibility import Shown, what_is_shown
from tests.ocr.files import pdf, text_at

HONEST = text_at(72, 700, "Total 19.90")
BLACK_BOX = "q 0 0 0 rg 60 580 300 40 re f Q\n"
WHITE_BOX = "q 1 1 1 rg 60 580 300 40 re f Q\n"


def shown(data: bytes) -> tuple[list[str], Shown]:
    """Return the texts of the visible words and all that is shown."""
    with open_pdf(data, limits=ReadLimits()).page(0) as page:
        frame = page_frame(page)
        with open_text(page) as textpage:
            words = layer_words(textpage, frame, max_words=100)
        seen = what_is_shown(page, frame, words)
    return [w.text for w, is_visible in zip(words, seen.is_visible, strict=True) if is_visible], seen


@pytest.mark.parametrize(
    "hidden",
    [
        text_at(72, 600, "IGNORE", before="3 Tr"),
        text_at(72, 600, "IGNORE", before="7 Tr"),
        text_at(72, 600, "IGNORE", before="1 1 1 rg"),
        text_at(72, 600, "IGNORE", before="0.99 0.98 1 rg"),
        text_at(72, 600, "IGNORE", size=0.5),
        text_at(-200, 600, "IGNORE"),
        text_at(72, 900, "IGNORE"),
        text_at(72, 600, "IGNORE") + WHITE_BOX,
        BLACK_BOX + text_at(72, 600, "IGNORE"),
        text_at(72, 600, "IGNORE", before="0 0 10 10 re W n"),
    ],
    ids=[
        "render mode 3", "clip mode", "white on white", "nearly white", "tiny", "left of the page",
        "above the page", "covered", "black on black", "clipped away",
    ],
)  # fmt: skip
def test_hidden_text_is_not_visible(hidden: str) -> None:
    assert shown(pdf(HONEST + hidden))[0] == ["Total", "19.90"]


HEADING = text_at(72, 600, "HEADING", size=40)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (HONEST + text_at(70, 693, "IGNORE this", before="1 1 1 rg"), ["Total", "19.90"]),
        (HONEST + text_at(70, 707, "IGNORE", before="1 1 1 rg"), ["Total", "19.90"]),
        (text_at(70, 693, "IGNORE this", before="1 1 1 rg") + HONEST, ["Total", "19.90"]),
        (HEADING + text_at(90, 610, "IGNORE", before="1 1 1 rg", size=8), ["HEADING"]),
        (text_at(90, 610, "IGNORE", size=8) + "q 1 1 1 rg 60 590 300 60 re f Q\n" + HEADING, ["HEADING"]),
        (HEADING + "q 0 0 9 9 re W n " + text_at(90, 610, "IGNORE", size=8) + "Q\n", ["HEADING"]),
        (text_at(72, 700, "Total") + text_at(76, 702, "Other"), ["Total", "Other"]),
        (HONEST + text_at(72, 690, "Gypsy jiggle"), ["Total", "19.90", "Gypsy", "jiggle"]),
        (HEADING + text_at(60, 590, "PAID twice", size=9), ["HEADING", "PAID", "twice"]),
    ],
    ids=[
        "white below a line", "white above a line", "white under a line", "white in a heading",
        "covered under a heading", "clipped in a heading", "one over another", "tight lines", "stamped over",
    ],
)  # fmt: skip
def test_the_ink_of_another_word_shows_none(page: str, expected: list[str]) -> None:
    assert sorted(shown(pdf(page))[0]) == sorted(expected)


def test_many_words_over_another_are_judged_apart() -> None:
    white = "".join(text_at(76 + 2 * n, 604 + 2 * n, f"W{n}", size=7, before="1 1 1 rg") for n in range(12))
    assert shown(pdf(HEADING + white))[0] == ["HEADING"]


@pytest.mark.parametrize(
    "honest",
    [
        BLACK_BOX + text_at(72, 600, "SALE", before="1 1 1 rg"),
        text_at(72, 600, "SALE", before="0.8 0.8 0.8 rg"),
        text_at(72, 600, "SALE", size=5),
        text_at(72, 600, "SALE", before="0 1 -1 0 700 100 cm"),
        text_at(72, 600, "SALE", before="1 Tr"),
        "/Im1 Do\n" + text_at(72, 600, "SALE"),
    ],
    ids=["white on black", "light grey", "small print", "upwards", "outlined", "over an image"],
)
def test_unusual_but_shown_text_is_visible(honest: str) -> None:
    image = Image.new("L", (8, 8), 200)
    assert shown(pdf(honest, image=image))[0] == ["SALE"]


def test_a_full_stop_is_visible() -> None:
    assert shown(pdf(text_at(72, 700, "a . -")))[0] == ["a", ".", "-"]


def test_images_are_found_where_they_stand() -> None:
    image = Image.new("L", (8, 8), 0)
    _, seen = shown(pdf("q 306 0 0 198 153 396 cm /Im1 Do Q", image=image))
    # 306 of 612 points wide from 153; 198 of 792 high with its top at 594, 198 below the page's top.
    assert seen.image_boxes == (pytest.approx((0.25, 0.25, 0.75, 0.5)),)
    assert seen.rest_ink_share == pytest.approx(0.125, abs=0.01)


def test_a_blank_page_shows_nothing() -> None:
    texts, seen = shown(pdf(""))
    assert (texts, seen.image_boxes, seen.rest_ink_share) == ([], (), 0.0)
