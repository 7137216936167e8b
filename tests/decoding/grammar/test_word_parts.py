"""Words fall into parts at labels, leaders and currency marks, and nowhere else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.grammar.page_text import has_span, is_span, spans_of
from decoding.grammar.word_parts import MAX_PARTS, NEVER_FIRST, part_edges, word_parts
from tests.speed import within_cpu


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("USt-IdNr.:DE298417306", ["USt-IdNr.:", "DE298417306"]),
        ("Kd.-Nr.=K-5501", ["Kd.-Nr.=", "K-5501"]),
        ("Order#77", ["Order#", "77"]),
        ("n.118/A", ["n.", "118/A"]),
        ("Fattura_n.118", ["Fattura_n.", "118"]),
        ("Total(USD)$45.10", ["Total(USD)", "$", "45.10"]),
        ("A-77,Date:5.1.2026", ["A-77", ",", "Date:", "5.1.2026"]),
        ("Nr:77/Date:5.1.2026", ["Nr:", "77", "/", "Date:", "5.1.2026"]),
        ("IBAN:DE89370400440532013000,BIC:X1", ["IBAN:", "DE89370400440532013000", ",", "BIC:", "X1"]),
        ("DE89370400440532013000/COBADEFF", ["DE89370400440532013000", "/", "COBADEFF"]),
        ("Total:(45.10)", ["Total:", "(45.10)"]),
        ("Order:77,", ["Order:", "77", ","]),
        ("(Order:77)", ["(Order:", "77", ")"]),
        ("77;", ["77", ";"]),
        ("|45.10|", ["|", "45.10", "|"]),
        ("$**1,260.10**", ["$", "**", "1,260.10", "**"]),
        ("EUR*45,10*", ["EUR", "*", "45,10", "*"]),
        ("•••45.10", ["•••", "45.10"]),
        ("\u2024\u2024\u202445.10", ["\u2024\u2024\u2024", "45.10"]),
        ("———45.10", ["———", "45.10"]),
        ("~~~45.10", ["~~~", "45.10"]),
        ("Nr\u223677", ["Nr\u2236", "77"]),
        ("K-5501;Datum:14.10.2026", ["K-5501", ";", "Datum:", "14.10.2026"]),
        ("a::b", ["a::", "b"]),
        (".....45.10", [".....", "45.10"]),
        (".45.10", [".", "45.10"]),
        ("Gas____1,210.00", ["Gas", "____", "1,210.00"]),
        ("$*****1,260.10", ["$", "*****", "1,260.10"]),
        ("**$1,234.50**", ["**", "$", "1,234.50", "**"]),
        ("45.10.....", ["45.10", "....."]),
        ("etc...", ["etc", "..."]),
        ("Strom---45.10", ["Strom", "---", "45.10"]),
        ("Rs.1,45,678/-", ["Rs.", "1,45,678", "/-"]),
        ("UGX1,234,500/=", ["UGX", "1,234,500", "/="]),
        ("AUD$45.00", ["AUD$", "45.00"]),
        ("CHF45.--", ["CHF", "45", ".--"]),
        ("45,00€", ["45,00", "€"]),
        ("$.50", ["$", ".50"]),
        ("1,234.50†", ["1,234.50", "†"]),
        ("-45.00€", ["-45.00", "€"]),
        ("12.50-€", ["12.50-", "€"]),
        ("99:-", ["99", ":-"]),
        ("12,50*)", ["12,50", "*)"]),
        ("Nr.12347", ["Nr.", "12347"]),
        ("N°F2026-88", ["N°", "F2026-88"]),
        ("Invoice-No.INV-7", ["Invoice-No.", "INV-7"]),
    ],
)
def test_words_with_something_glued_to_a_value_have_parts(word: str, parts: list[str]) -> None:
    assert list(word_parts(word)) == parts


@pytest.mark.parametrize(
    "word",
    "12:30 10:30:00 1:2 RE-20417 .50 5% 12.50 A4 35m² e.V. GmbH, 12.03.2026 a/b C:\\dir https://x.de/?a=b#c "
    "FR12345678901 R12345 "
    "1/2026 Mai/Juni f(x)1 -$45.00 ($45.00) 45.00- -$***45.00 45.00***- (45.00€) ---- : = # € 日本語 "
    "<|a:b|>".split(),
)
def test_other_words_are_one_part(word: str) -> None:
    assert word_parts(word) == (word,)


WORDS = st.one_of(
    st.text(min_size=1, max_size=12), st.text(alphabet="ab1.:=#$€*_-/,;|()RsEUR", min_size=1, max_size=16)
)


@given(WORDS)
def test_parts_joined_are_the_word(word: str) -> None:
    parts = word_parts(word)
    assert "".join(parts) == word
    assert all(parts)
    assert len(parts) <= MAX_PARTS
    assert part_edges(word)[-1] == len(word)


@given(st.lists(WORDS, min_size=1, max_size=5).map(tuple), st.integers(1, 12), st.integers(1, 12))
def test_the_spans_listed_are_the_spans_there_are(run: tuple[str, ...], low: int, high: int) -> None:
    edges: list[tuple[int, int]] = []
    position = 0
    for word in run:
        ends = [position + edge for edge in part_edges(word)]
        edges += pairwise(ends)
        position = ends[-1] + 1
    text = " ".join(run)
    every = {text[a:b] for i, (a, _) in enumerate(edges) for _, b in edges[i:] if text[a] not in NEVER_FIRST}
    assert set(spans_of((run,), max_words=len(run), max_length=len(text))) == every
    assert has_span((run,), min_length=low, max_length=high) == any(low <= len(s) <= high for s in every)
    assert all(is_span(span, run) for span in every)


@pytest.mark.parametrize("word", ["." * 50_000, "a:" * 25_000, "1," * 25_000, "$" * 50_000, "_*" * 25_000])
def test_a_word_of_fifty_thousand_characters_takes_a_moment(word: str) -> None:
    with within_cpu(1.0):
        assert "".join(word_parts(word)) == word
