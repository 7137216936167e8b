from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ocr.ctc import Glyph, decode_columns, split_words

ALPHABET = ("", *"abc:5", " ")


def _scores(path: str) -> NDArray[np.float32]:
    """Return scores whose best path is `path`, "-" being the blank."""
    rows = np.full((len(path), len(ALPHABET)), 0.01, np.float32)
    for column, char in enumerate(path):
        rows[column, 0 if char == "-" else ALPHABET.index(char)] = 0.9
    return rows


@pytest.mark.parametrize(
    ("path", "text"), [("", ""), ("---", ""), ("aab", "ab"), ("a-a", "aa"), ("-aa--bb-b", "abb")]
)
def test_repeated_columns_are_one_character_and_blanks_none(path: str, text: str) -> None:
    assert "".join(glyph.char for glyph in decode_columns(_scores(path), ALPHABET)) == text


def test_a_character_stands_in_the_middle_of_its_columns() -> None:
    glyphs = decode_columns(_scores("-aa-----bb"), ALPHABET)
    assert [glyph.center for glyph in glyphs] == pytest.approx(
        [0.2, 0.9]
    )  # (1 + 3) / 2 / 10, (8 + 10) / 2 / 10


def test_padding_is_taken_out_of_the_places() -> None:
    (glyph,) = decode_columns(_scores("-aa-------"), ALPHABET, stretch=2.0)
    assert glyph.center == pytest.approx(0.4)


def test_a_line_is_split_at_spaces() -> None:
    words = split_words(decode_columns(_scores("a-b- -c-a"), ALPHABET))
    assert [word.text for word in words] == ["ab", "ca"]
    assert words[0].end <= words[1].start


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Date:5/3/2018", ["Date:", "5/3/2018"]),
        ("Total:$7.60", ["Total:", "$7.60"]),
        ("12:45", ["12:45"]),
        ("http://shop.example", ["http://shop.example"]),
        ("a:1", ["a:1"]),
        ("03/02/201815:28", ["03/02/2018", "15:28"]),
        ("26/03/2017,_11:59", ["26/03/2017,_", "11:59"]),
        ("17/04/2017Time:16:27", ["17/04/2017", "Time:", "16:27"]),
        ("2018-03-02Thu", ["2018-03-02", "Thu"]),
        (":23-06-201820:52:16", [":23-06-2018", "20:52:16"]),
        ("03/02/2018", ["03/02/2018"]),
        ("12.03.20185", ["12.03.20185"]),
        ("CASH:", ["CASH:"]),
    ],
)
def test_a_value_is_parted_from_its_label_at_the_colon(text: str, parts: list[str]) -> None:
    glyphs = [Glyph(char, (i + 0.5) / len(text), 0.9) for i, char in enumerate(text)]
    assert [word.text for word in split_words(glyphs)] == parts


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("WorId", "World"),
        ("Dunda1k", "Dundalk"),
        ("Randa11", "Randall"),
        ("Ju1/15/2017", "Jul/15/2017"),
        ("abc1def@x.de", "abc1def@x.de"),
        ("a2b1c", "a2b1c"),
        ("LOT1", "LOT1"),
        ("page1", "page1"),
        ("BIk", "Blk"),
        ("ltem", "Item"),
        ("McIntosh", "McIntosh"),
        ("INVOICE", "INVOICE"),
        ("llama", "llama"),
        ("Iron", "Iron"),
        ("line", "line"),
    ],
)
def test_i_and_l_are_told_apart_where_only_one_can_be_meant(read: str, meant: str) -> None:
    (word,) = split_words([Glyph(char, (i + 0.5) / len(read), 0.9) for i, char in enumerate(read)])
    assert word.text == meant


@given(st.text(st.sampled_from("ab5: "), max_size=30))
def test_words_keep_every_character_and_never_overlap(text: str) -> None:
    glyphs = [Glyph(char, (i + 0.5) / max(1, len(text)), 0.9) for i, char in enumerate(text)]
    words = split_words(glyphs)
    assert "".join(word.text for word in words) == text.replace(" ", "")
    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= 1 for edge in edges)


def _glyphs(text: str, rivals: str = "") -> list[Glyph]:
    """Return the glyphs of `text`; those at the places where `rivals` has no dot have that rival."""
    padded = rivals.ljust(len(text), ".")
    return [
        Glyph(char, (i + 0.5) / len(text), 0.9, rival.strip("."))
        for i, (char, rival) in enumerate(zip(text, padded, strict=True))
    ]


@pytest.mark.parametrize(
    ("read", "rivals", "meant"),
    [
        ("ST0RE", "..O", "STORE"),
        ("RESERVATI0N", ".........O", "RESERVATION"),
        ("475O0", "...0", "47500"),
        ("ST0RE", "", "ST0RE"),  # nothing in doubt
        ("AB12C0", ".....O", "AB12C0"),  # a code: the other digits are in no doubt
        ("1O", ".0", "1O"),  # too short to tell
    ],
)
def test_a_look_alike_is_read_as_the_rest_of_its_word(read: str, rivals: str, meant: str) -> None:
    assert [word.text for word in split_words(_glyphs(read, rivals))] == [meant]


@pytest.mark.parametrize(("read", "meant"), [("S12.50", "$12.50"), ("S12", "S12"), ("Ma\u00d7", "Max")])
def test_signs_that_look_alike_are_told_apart(read: str, meant: str) -> None:
    assert [word.text for word in split_words(_glyphs(read))] == [meant]


@pytest.mark.parametrize(("accent", "bare", "read"), [(0.6, 0.2, "e"), (0.9, 0.05, "\u00e9")])
def test_an_accent_is_read_where_it_is_likelier_by_far(accent: float, bare: float, read: str) -> None:
    scores = np.array([[0.0, bare, accent]], np.float32)
    (glyph,) = decode_columns(scores, ("", "e", "\u00e9"))
    assert (glyph.char, glyph.confidence) == (read, pytest.approx(accent))


def test_a_digit_knows_the_letter_it_may_be() -> None:
    scores = np.array([[0.0, 0.5, 0.4], [1.0, 0.0, 0.0], [0.0, 0.9, 0.01]], np.float32)
    assert [glyph.rival for glyph in decode_columns(scores, ("", "0", "O"))] == ["O", ""]


@pytest.mark.parametrize(
    ("text", "at", "parts"),
    [
        ("GREENGATEMARKET", 9, ["GREENGATE", "MARKET"]),
        ("adjustments", 5, ["adjustments"]),
        ("24.38", 3, ["24.38"]),
        ("1,234", 2, ["1,234"]),
        ("Tampoi,81200", 7, ["Tampoi,", "81200"]),
        ("Tax(RM)", 3, ["Tax", "(RM)"]),
    ],
)
def test_a_space_that_was_nearly_read_parts_words(text: str, at: int, parts: list[str]) -> None:
    glyphs = _glyphs(text)
    assert [word.text for word in split_words(glyphs)] == [text]
    glyphs[at] = glyphs[at]._replace(space_before=0.16)
    assert [word.text for word in split_words(glyphs)] == parts


def test_the_probability_of_a_space_is_looked_up_between_two_characters() -> None:
    scores = np.array([[0.0, 0.9, 0.0, 0.1], [0.7, 0.0, 0.0, 0.3], [0.0, 0.0, 1.0, 0.0]], np.float32)
    glyphs = decode_columns(scores, ("", "a", "b", " "))
    assert [(glyph.char, glyph.space_before) for glyph in glyphs] == [
        ("a", pytest.approx(0.1)),
        ("b", pytest.approx(0.3)),
    ]


@pytest.mark.parametrize(
    ("read", "at", "seen", "other"),
    [
        ("12.09", 4, "0", "12.00"),
        ("83.21", 0, "$", "$3.21"),
        ("18.90", 1, "\u20ac", ""),  # a sign stands before the figures
        ("$3.21", 0, "8", ""),  # which is what is expected there
        ("7", 0, "1", ""),  # too short to be an amount
    ],
)
def test_a_figure_that_was_seen_as_well_is_another_reading(read: str, at: int, seen: str, other: str) -> None:
    glyphs = _glyphs(read)
    glyphs[at] = glyphs[at]._replace(seen=((seen, 0.2),))
    (word,) = split_words(glyphs)
    assert (word.text, word.other) == (read, other)


@pytest.mark.parametrize(("odds", "seen"), [(0.2, ["6"]), (0.05, [])])
def test_a_digit_knows_the_figure_that_was_seen_as_well(odds: float, seen: list[str]) -> None:
    scores = np.array([[0.0, 0.8, 0.8 * odds, 0.8 * odds]], np.float32)
    (glyph,) = decode_columns(scores, ("", "8", "6", "B"))
    assert [char for char, _ in glyph.seen] == seen
