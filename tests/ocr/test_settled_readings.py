"""Of two readings of an amount the one that other amounts bear out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ocr.settled_readings import settle_readings
from schemas.document import Page, Word
from schemas.geometry import BBox


def page_of(texts: Sequence[str], *, page_index: int = 0) -> Page:
    """Return a page with a word a line; "83.21|$3.21" was read in two ways."""
    words = tuple(
        Word(
            text=text.partition("|")[0],
            other_reading=text.partition("|")[2],
            bbox=BBox(0.1, 0.01 * n, 0.2, 0.01 * n + 0.005),
            source="rapidocr",
        )
        for n, text in enumerate(texts)
    )
    lines = tuple((n, n + 1) for n in range(len(words)))
    order = tuple(range(len(words)))
    return Page(
        page_index=page_index, width_pt=200, height_pt=400, words=words, lines=lines, block_order=order
    )


def settled(*texts: str) -> str:
    """Return the first word of a page, and how else it may be read."""
    (page,) = settle_readings([page_of(texts)])
    assert page.lines == page_of(texts).lines
    return "|".join((page.words[0].text, page.words[0].other_reading))


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (("83.21|$3.21", "Total", "$3.21"), "$3.21|83.21"),  # printed again
        (("18.90|16.90", "Cash", "18.90"), "18.90|"),
        (("50.86|50.88", "48.00", "2.88"), "50.88|50.86"),  # a sum
        (("832,60|€32,60:", "29,64", "2,96"), "€32,60|832,60"),
        (("100.88|105.88", "100.00", "0.88"), "100.88|"),
        (("5.00|6.00", "2.50", "2.50"), "5.00|"),
    ],
)
def test_the_reading_that_is_borne_out_is_the_word(texts: Sequence[str], first: str) -> None:
    assert settled(*texts) == first


@pytest.mark.parametrize(
    "texts",
    [
        ("12.00|12.09",),
        ("12.00|12.09", "12.00", "12.09"),  # both are
        ("5.00|6.00", "2.50"),  # printed once
        ("0.00|6.00", "0.00"),  # nothing is nothing's sum
        ("12.00|?", "12.00"),
        ("1200|1209", "1209"),  # no cents: numbers of all kinds
        ("12/05/2024|12/06/2024", "12/06/2024"),
        ("1.00|2.00", *(f"{n}.00" for n in range(2, 70))),  # any figure stands on such a page
        ("63.00|64.00", *(f"{n}.00" for n in range(2, 40))),  # and is a sum
    ],
)
def test_a_word_stays_as_it_was_where_nothing_tells(texts: Sequence[str]) -> None:
    assert settled(*texts) == (texts[0] if "|" in texts[0] else f"{texts[0]}|")


def test_another_page_bears_a_reading_out() -> None:
    first, second = settle_readings([page_of(["83.21|$3.21"]), page_of(["$3.21"], page_index=1)])
    assert first.words[0].text == "$3.21"
    assert second == page_of(["$3.21"], page_index=1)


def test_pages_without_doubts_are_as_they_were() -> None:
    pages = (page_of(["3.21", "3.21"]), page_of([], page_index=1))
    assert settle_readings(pages) == pages
    assert settle_readings(()) == ()
