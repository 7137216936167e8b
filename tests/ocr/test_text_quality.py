"""Text layers that are no text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ocr.text_quality import garbage_reason, printable

ENGLISH = (
    "please remit the total amount within thirty days from this invoice date thank you very much".split()
)
GERMAN = (
    "bitte überweisen Sie den Gesamtbetrag innerhalb von dreißig Tagen ohne Abzug auf unser Konto".split()
)
NUMBERS = ["12.50", "1.234,56", "2024-01-31", "4711", "19%", "DE123456789", "-45.00", "(12.00)"] * 3


def test_ordinary_text_is_good() -> None:
    for words in (ENGLISH, GERMAN, NUMBERS, ["合計", "金額", "請求書"] * 8, []):
        assert garbage_reason(words) is None


def test_characters_without_meaning_are_noticed() -> None:
    assert "no meaning" in (garbage_reason(["\ue012\ue013\ue014"] * 8) or "")
    assert "no meaning" in (garbage_reason(["\ufffd\ufffd\ufffd\ufffd"] * 8) or "")
    assert "no meaning" in (garbage_reason(["(cid:12)(cid:7)"] * 8) or "")
    assert "no meaning" in (garbage_reason(ENGLISH, n_unmapped=60) or "")


def test_a_shifted_encoding_is_noticed_by_its_letters() -> None:
    for shift in range(1, 26):
        shifted = ["".join(chr((ord(ch) - 97 + shift) % 26 + 97) for ch in word) for word in ENGLISH]
        assert "vowels" in (garbage_reason(shifted) or "") or "letters" in (garbage_reason(shifted) or "")


def test_mostly_symbols_are_noticed() -> None:
    assert "symbols" in (garbage_reason(["#$%&", "*+=<", "@~^|"] * 4) or "")


def test_a_few_bullets_of_a_symbol_font_are_no_reason() -> None:
    assert garbage_reason(["\uf0b7", *ENGLISH]) is None


@given(st.text())
def test_printable_text_keeps_everything_but_control_characters(text: str) -> None:
    kept = printable(text)
    assert printable(kept) == kept
    assert kept == "".join(ch for ch in text if ch in kept and not (ord(ch) < 32 or 127 <= ord(ch) < 160))
