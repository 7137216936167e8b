from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.reread import is_doubtful, mean_confidence, merged, regions_in_doubt
from schemas.document import Word
from schemas.geometry import from_pixels

SHAPE = (100, 400)


def _word(text: str, left: int, right: int, confidence: float) -> Word:
    box = from_pixels(left, 40, right, 60, width_px=400, height_px=100)
    return Word(text=text, bbox=box, confidence=confidence, source="tesserocr")


def _line(left: int, right: int) -> NDArray[np.float32]:
    return np.array([[left, 40], [right, 40], [right, 60], [left, 60]], np.float32)


def test_a_page_without_words_is_doubtful_and_a_confident_one_is_not() -> None:
    assert is_doubtful(())
    assert not is_doubtful((_word("Total", 10, 60, 0.95),))


def test_nine_of_a_hundred_characters_in_doubt_make_a_page_doubtful() -> None:
    assert is_doubtful((_word("x" * 91, 10, 60, 0.95), _word("y" * 9, 70, 90, 0.5)))
    assert not is_doubtful((_word("x" * 92, 10, 60, 0.95), _word("y" * 8, 70, 90, 0.5)))


def test_confidence_is_weighed_by_characters() -> None:
    words = (_word("abc", 10, 60, 1.0), _word("d", 70, 90, 0.6))
    assert mean_confidence(words) == (3 * 1.0 + 0.6) / 4
    assert mean_confidence(()) == 0.0


def test_only_the_stretch_in_doubt_is_read_again() -> None:
    words = (_word("Total" * 8, 20, 200, 0.95), _word("7?50", 220, 260, 0.3))
    (region,) = regions_in_doubt(words, [_line(18, 262)], SHAPE)
    assert region[:, 0].min() == 200
    assert region[:, 0].max() == 262


def test_text_that_was_missed_is_read() -> None:
    words = (_word("Total" * 8, 20, 200, 0.95),)
    regions = regions_in_doubt(words, [_line(18, 202), _line(250, 300)], SHAPE)
    assert [(r[:, 0].min(), r[:, 0].max()) for r in regions] == [(250, 300)]


def test_on_a_hopeless_page_even_confident_words_are_read_again() -> None:
    words = (_word("SON", 20, 100, 0.95), _word("B#D", 120, 200, 0.3))
    (region,) = regions_in_doubt(words, [_line(18, 202)], SHAPE)
    assert (region[:, 0].min(), region[:, 0].max()) == (18, 202)


def test_a_new_reading_replaces_the_words_of_its_region_only() -> None:
    kept, doubted = _word("Total", 20, 100, 0.95), _word("7?50", 220, 260, 0.3)
    new = _word("57.50", 220, 260, 0.99)
    assert set(merged((kept, doubted), [_line(210, 270)], [(new,)], SHAPE)) == {kept, new}


def test_without_a_new_reading_only_words_in_doubt_go() -> None:
    kept, doubted = _word("Total", 20, 100, 0.95), _word("7?50", 220, 260, 0.3)
    assert merged((kept, doubted), [_line(18, 270)], [()], SHAPE) == (kept,)
