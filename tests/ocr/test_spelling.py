"""Words spelt as known ones where the letters for it were seen."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.spelling import known_words, respell, sure_words

KNOWN = frozenset({"total", "amount", "summary", "invoice", "item", "sales", "enquiry", "please", "köln"})


def _respelt(text: str, seen: dict[int, list[tuple[str, float]]]) -> str:
    return respell(text, [seen.get(i, []) for i in range(len(text))], KNOWN.__contains__)


@pytest.mark.parametrize(
    ("read", "seen", "meant"),
    [
        ("Sumnary", {3: [("m", 0.06)]}, "Summary"),
        ("TATAL:", {1: [("O", 0.9)]}, "TOTAL:"),
        ("(Totai", {5: [("l", 0.08)]}, "(Total"),
        ("Sub-Totai", {8: [("l", 0.08)]}, "Sub-Total"),
        ("Involce", {4: [("i", 0.0066)]}, "Invoice"),
        ("enduirv", {2: [("q", 0.4)], 6: [("y", 0.3)]}, "enquiry"),
        ("nlease", {0: [("p", 0.5)]}, "please"),
        ("Nlease", {0: [("p", 0.5)]}, "please"),
        ("Koln", {1: [("ö", 0.5)]}, "Köln"),
    ],
)
def test_word_is_the_known_one_that_was_seen_nearly_as_well(
    read: str, seen: dict[int, list[tuple[str, float]]], meant: str
) -> None:
    assert _respelt(read, seen) == meant


@pytest.mark.parametrize(
    ("read", "seen"),
    [
        ("Tatal", {1: [("o", 0.04)]}),  # of five letters too few odds
        ("Iten", {3: [("m", 0.2)]}),  # a word of four letters is near many others
        ("Tatal", {1: [("e", 0.9)]}),  # no known word
        ("Sales", {1: [("o", 0.9)]}),  # known as it is
        ("enduirv", {2: [("q", 0.04)], 6: [("y", 0.04)]}),  # the odds of two letters multiply
        ("T0tal", {1: [("o", 0.9)]}),  # digits are not letters' business
        ("A-TOTAI7", {6: [("L", 0.9)]}),
        ("McTotai", {6: [("l", 0.9)]}),  # neither a word nor a name in plain case
        ("totai@site.com", {4: [("l", 0.9)]}),
        ("www.totai.com", {8: [("l", 0.9)]}),
        ("TATAL", {1: [("o", 0.9)]}),  # a small letter among capitals
        ("", {}),
    ],
)
def test_word_stays_as_it_was_read(read: str, seen: dict[int, list[tuple[str, float]]]) -> None:
    assert _respelt(read, seen) == read


@given(
    text=st.text(max_size=40),
    letters=st.lists(st.tuples(st.characters(), st.floats(0, 1)), max_size=6),
)
def test_length_stays_and_only_letters_seen_are_new(text: str, letters: list[tuple[str, float]]) -> None:
    new = respell(text, [letters] * len(text), lambda _: True)
    assert len(new) == len(text)
    assert all(new[i] == text[i] or new[i] in {letter for letter, _ in letters} for i in range(len(text)))


def test_line_without_spaces_costs_no_time() -> None:
    text, seen = "ab" * 5_000, [[(letter, 0.9) for letter in "cdefgh"]] * 10_000
    start = time.monotonic()
    assert respell(text, seen, lambda _: False) == text
    assert time.monotonic() - start < 1.0


def test_words_of_a_page_are_those_read_for_sure() -> None:
    lines = [
        [(char, 0.95) for char in "No. 2, JALAN"],
        [*((char, 0.95) for char in "Tam"), ("a", 0.5), ("n", 1)],
    ]
    assert set(sure_words(lines)) == {"jalan"}


def test_list_has_labels_of_business_papers_and_no_misspelt_words() -> None:
    words = known_words()
    assert {"invoice", "subtotal", "betrag", "rechnungsnummer", "montant", "fattura", "aantal"} <= words
    assert words.isdisjoint({"tatal", "sumnary", "involce", "amaunt", "totai"})
    assert all(len(word) >= 4 and word == word.lower() and word.isalpha() for word in words)
