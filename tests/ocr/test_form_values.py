"""The letters that a form sets apart are read as the words that they are."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from ocr.form_values import FormValue, join_combs
from ocr.reader import ReadOptions, read_document
from ocr.text_layer import LayerWord
from tests.ocr.files import pdf, text_at

_COMB = 1 << 24


def form_of(*fields: tuple[str, int, int], rotate: int = 0) -> bytes:
    """Return a form of text fields without appearances: value, flags and number of characters of each."""
    untyped: Any
    with Pdf.open(BytesIO(pdf(text_at(72, 740, "Claim form of the office"), rotate=rotate))) as document:
        made: list[pikepdf.Object] = []
        for number, (value, flags, length) in enumerate(fields):
            top = 700 - 40 * number
            field = Dictionary(
                Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=f"f{number}", V=value, F=4, Ff=flags,
                MaxLen=length, Rect=Array([72, top - 20, 500, top]), DA="/Helv 11 Tf 0 g",
            )  # fmt: skip
            made.append(document.make_indirect(field))
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        untyped = document
        untyped.pages[0].Annots = Array(made)
        untyped.Root.AcroForm = Dictionary(
            Fields=Array(made), NeedAppearances=True, DA="/Helv 0 Tf 0 g",
            DR=Dictionary(Font=Dictionary(Helv=document.make_indirect(font))),
        )  # fmt: skip
        saved = BytesIO()
        document.save(saved)
    return saved.getvalue()


def words_of(data: bytes) -> list[str]:
    document = read_document(data, options=ReadOptions(n_workers=1))
    return [word.text for word in document.pages[0].words]


@pytest.mark.parametrize("rotate", [0, 90])
def test_the_characters_of_a_comb_are_one_word(rotate: int) -> None:
    words = words_of(form_of(("14102026", _COMB, 8), ("Mara Ellingsen", 0, 64), rotate=rotate))
    assert {"14102026", "Mara", "Ellingsen", "Claim"} <= set(words)


def test_a_comb_of_two_words_is_two_words() -> None:
    assert {"DE21", "3000"} <= set(words_of(form_of(("DE21 3000", _COMB, 12))))


def test_a_form_without_values_is_read_as_any_page() -> None:
    assert words_of(form_of(("", _COMB, 8))) == ["Claim", "form", "of", "the", "office"]


def _word(text: str, left: float) -> LayerWord:
    box = (left, 0.1, left + 0.01, 0.12)
    return LayerWord(text=text, box=box, is_invisible=False, n_unmapped=0, object_id=None)


WORDS = tuple(_word(text, 0.1 + 0.02 * at) for at, text in enumerate("ab12c"))
FIELD = (0.0, 0.0, 0.5, 0.5)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("ab12c", ["ab12c"]),
        ("ab 12c", ["ab", "12c"]),
        ("a b 12 c", ["a", "b", "12", "c"]),
        ("ab12d", [*"ab12c"]),  # the page shows something else
        ("ab12", [*"ab12c"]),
        ("", [*"ab12c"]),
    ],
)
def test_words_are_joined_only_where_they_spell_the_value(value: str, texts: list[str]) -> None:
    assert [word.text for word in join_combs(WORDS, [FormValue(text=value, box=FIELD)])] == texts


def test_what_stands_beside_the_field_is_left_alone() -> None:
    joined = join_combs(WORDS, [FormValue(text="b1", box=(0.11, 0.0, 0.155, 0.5))])
    assert [word.text for word in joined] == ["a", "b1", "2", "c"]
    assert joined[1].box == pytest.approx((0.12, 0.1, 0.15, 0.12))  # from the left of "b" to the right of "1"


def test_a_field_drawn_twice_in_one_place_is_joined_once() -> None:
    assert [word.text for word in join_combs(WORDS, [FormValue(text="ab12c", box=FIELD)] * 2)] == ["ab12c"]
