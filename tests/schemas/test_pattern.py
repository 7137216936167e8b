from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.automaton import matches, plain_pattern
from schemas.pattern import MAX_POSITIONS, PatternError, parse_pattern
from tests.speed import within_cpu

ATOMS = [
    "a",
    "b",
    "7",
    r"\d",
    r"\w",
    r"\D",
    "[a-c]",
    "[^b-z]",
    ".",
    r"\.",
    r"\-",
    "x*",
    "[0-9]{1,3}",
    "(?:ab|c)?",
]


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["", "?", "*", "+", "{0,2}", "{2}", "{1,}", "{0}"])
    groups = st.builds("(?:{}){}".format, inner, repeats)
    return groups | st.builds("({}|{})".format, inner, inner) | st.builds("{}{}".format, inner, inner)


def patterns() -> st.SearchStrategy[str]:
    return st.builds("^{}$".format, st.recursive(st.sampled_from(ATOMS), _grow, max_leaves=6))


@given(patterns(), st.text(alphabet="abcxz7.- A", max_size=8))
def test_matching_agrees_with_the_standard_library_on_ascii(pattern: str, text: str) -> None:
    assert matches(pattern, text) == (re.fullmatch(pattern[1:-1], text, flags=re.ASCII) is not None)


@given(patterns(), st.text(alphabet="abcxz7.- A", max_size=8))
def test_the_plain_form_means_the_same_everywhere(pattern: str, text: str) -> None:
    plain = plain_pattern(pattern)
    assert (re.fullmatch(plain[1:-1], text) is not None) == matches(pattern, text)
    assert matches(plain, text) == matches(pattern, text)
    assert plain_pattern(plain) == plain  # writing back is idempotent


@given(st.data(), patterns())
def test_every_text_made_from_a_pattern_matches_it(data: st.DataObject, pattern: str) -> None:
    text = data.draw(
        st.from_regex(re.compile(pattern[1:-1], re.ASCII), fullmatch=True, alphabet="abcxz7.- A")
    )
    assert matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^$", ""),
        (r"^[A-Z]{2}\d{9}$", "DE123456789"),
        ("^(?:net|gross)$", "gross"),
        (r"^\u20ac ?\x41$", "€A"),
        (r"^[^\x00-\x1f]{1,5}$", "Grüße"),
        (r"^[\]\-a]+$", "]-a"),
        ("^[a-]$", "-"),
        (r"^\t\n\r\f\v$", "\t\n\r\f\v"),
        (r"^\S\s\S$", "a\u00a0b"),
        (r"^[\s\S]$", "x"),
        (r"^\\$", "\\"),
    ],
)
def test_supported_patterns_match_what_they_say(pattern: str, text: str) -> None:
    assert matches(pattern, text)
    assert matches(plain_pattern(pattern), text)
    assert not matches(pattern, f"{text}!?!")


@pytest.mark.parametrize("text", ["٣", "é"])
def test_digits_and_word_characters_are_ascii(text: str) -> None:
    assert not matches(r"^[\d\w]$", text)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("abc", "not anchored"),
        ("^abc", "not anchored"),
        ("abc$", "not anchored"),
        (r"^abc\$", "not anchored"),
        ("^", "not anchored"),
        ("", "not anchored"),
        ("^a|b$", "anchors each alternative"),
        ("^a^b$", "anchor"),
        ("^(a$|b)$", "anchor"),
        ("^(?=a)a$", "lookaround"),
        ("^(?!a)b$", "lookaround"),
        ("^(?<=a)b$", "lookaround"),
        ("^(?P<x>a)$", "named groups"),
        ("^(?i)a$", "flags"),
        (r"^(a)\1$", "back-references"),
        (r"^\bword$", "assertion"),
        (r"^\p{L}$", "escape"),
        (r"^\u00zz$", "escape"),
        ("^a*?$", "lazy"),
        ("^a++$", "lazy, possessive"),
        ("^a{2}{3}$", "double repeats"),
        ("^*a$", "repeats nothing"),
        ("^a{,3}$", "repeat count"),
        ("^a{x}$", "repeat count"),
        ("^a{3,2}$", "upper bound below"),
        ("^a{2$", "ends too early"),
        ("^(a$", "not closed"),
        ("^(a b$", "not closed"),
        ("^a)$", "not opened"),
        ("^[a$", "ends too early"),
        ("^[]$", "empty"),
        ("^[z-a]$", "backwards"),
        (r"^[\d-z]$", "single characters"),
        ("^[a-z&&b]$", "must be written"),
        ("^[[a]]$", "must be written"),
        ("^a{1001}$", f"more than {MAX_POSITIONS}"),
        ("^(a{40}){40}$", f"more than {MAX_POSITIONS}"),
        ("^(((((a{9}){9}){9}){9}){9}){999}$", f"more than {MAX_POSITIONS}"),
        ("^" + "a" * 600 + "$", "longer than"),
        ("^" + "(" * 40 + "a" + ")" * 40 + "$", "deeper"),
        ("^" + "(" * 500 + "$", "deeper"),
    ],
)
def test_patterns_outside_the_subset_are_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=re.escape(reason)):
        parse_pattern(pattern)


@given(st.text(max_size=40))
def test_any_text_is_a_pattern_or_a_pattern_error(text: str) -> None:
    try:
        plain = plain_pattern(f"^{text}$")
    except PatternError:
        return
    assert matches(plain, "") in (True, False)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a?){500}a{300}$", "^(a{0,30}){0,30}$"])
def test_hostile_patterns_match_in_bounded_time(pattern: str) -> None:
    # Backtracking would take longer than the age of the universe; measured 0.01 to 0.7 CPU seconds.
    with within_cpu(5):
        assert not matches(pattern, "a" * 250 + "!")
