"""Two pages of one template: where a value stands on one, and what stands there on the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decoding.transfer.alignment import Alignment, Place
from decoding.transfer.tokens import MAX_TOKENS, Span, find_spans, tokenize_page, words_in

KNOWN = """ACME Ltd          Invoice no: RE-1001
12 March 2026
Pen               34,56
Total             34,56
Thank you"""
ASKED = """ACME Ltd          Invoice no: RE-2044
9 April 2026
Chair             99,00
Desk             200,00
Total            299,00
Thank you"""


def _place(value: str, known: str = KNOWN, asked: str = ASKED) -> Place | None:
    pages = Alignment(known, asked)
    return pages.find_place(find_spans(pages.known, value))


def _text(value: str, known: str = KNOWN, asked: str = ASKED) -> str | None:
    place = _place(value, known, asked)
    return None if place is None else place.text


def test_a_value_stands_behind_the_same_label() -> None:
    place = _place("RE-1001")
    assert place is not None
    assert place.text == "RE-2044"
    assert place.has_label
    assert place.has_shape
    assert not place.is_same_text


def test_a_value_without_a_label_stands_between_the_same_lines() -> None:
    assert _text("12 March 2026") == "9 April 2026"


def test_of_two_places_of_a_value_the_one_for_which_more_speaks_counts() -> None:
    # 34,56 is the pen's price too, and "Pen" stands on the other page nowhere.
    assert _text("34,56") == "299,00"


def test_what_both_pages_print_is_the_same_text() -> None:
    place = _place("ACME Ltd")
    assert place is not None
    assert place.is_same_text


def test_a_value_of_one_cell_never_reaches_into_the_next() -> None:
    known = "Client  AARP  Order 77\nEnd"
    asked = "Client  Friends of the Park  Order 78\nEnd"
    assert _text("AARP", known, asked) == "Friends of the Park"


def test_a_value_of_several_lines_may_have_fewer_or_more_words() -> None:
    known = "Sold to\n12 High Street\nOxford OX1\nTel 555"
    asked = "Sold to\n7 Low Road\nSmall Heath\nDover CT16\nTel 777"
    assert _text("12 High Street Oxford OX1", known, asked) == "7 Low Road Small Heath Dover CT16"


def test_where_the_page_has_nothing_there_is_no_place() -> None:
    assert _text("RE-1001", KNOWN, "Nothing of the kind") is None
    assert _text("RE-1001", KNOWN, "") is None
    assert _text("absent", KNOWN, ASKED) is None
    assert _text("", KNOWN, ASKED) is None


def test_a_page_overlaps_itself_whole_and_another_not_at_all() -> None:
    assert Alignment(KNOWN, KNOWN).overlap == 1.0
    assert Alignment(KNOWN, "Quite other words").overlap == 0.0
    assert Alignment("", "").overlap == 0.0


def test_pages_without_end_are_cut() -> None:
    assert len(tokenize_page("a  b\n" * 100_000)) == MAX_TOKENS


@given(st.text(alphabet="ab1 \n.:", max_size=60), st.text(alphabet="ab1 \n.:", max_size=60), st.data())
def test_a_place_is_always_a_run_of_the_asked_pages_words(
    known: str, asked: str, data: st.DataObject
) -> None:
    pages = Alignment(known, asked)
    if not pages.known:
        return
    start = data.draw(st.integers(0, len(pages.known) - 1))
    end = data.draw(st.integers(start + 1, len(pages.known)))
    place = pages.find_place([Span(start, end)])
    if place is not None:
        assert place.text == " ".join(words_in(pages.asked[place.span.start : place.span.end]))
        assert place.text in " ".join(words_in(pages.asked))
        assert place.text
