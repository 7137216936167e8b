from __future__ import annotations

from typing import TYPE_CHECKING, cast

from decoding.engines.drafting import Drafter, Repeats
from decoding.engines.row_drafts import RowDrafter
from decoding.grammar.json_cursor import JsonCursor
from schemas.spec import FieldSpec
from tests.decoding.pages import schema_of

if TYPE_CHECKING:
    from llguidance import LLMatcher


def test_what_followed_the_last_tokens_before_is_drafted() -> None:
    repeats = Repeats([1, 2, 3, 4, 5, 6, 7])
    assert repeats.draft([3, 4], 2) == [5, 6]
    assert repeats.draft([3, 4], 9) == [5, 6, 7]
    assert repeats.draft([3, 4], 0) == []


def test_one_token_alone_is_no_sign() -> None:
    assert Repeats([1, 2, 3]).draft([2], 3) == []
    assert Repeats([]).draft([], 3) == []


def test_the_longest_piece_that_stood_before_decides_and_of_its_places_the_last() -> None:
    repeats = Repeats([1, 2, 3, 9, 5, 2, 3, 8, 7, 2, 3, 6])
    assert repeats.draft([1, 2, 3], 1) == [9]
    assert repeats.draft([2, 3], 1) == [6]


def test_the_texts_own_end_is_no_place_to_go_on_from() -> None:
    repeats = Repeats([1, 2])
    assert repeats.draft([], 3) == []
    repeats.extend([7, 1, 2])
    assert repeats.draft([], 3) == [7, 1, 2]


def test_pieces_reach_over_what_is_written_and_what_is_pending() -> None:
    repeats = Repeats([4, 5, 6, 7])
    repeats.extend([4])
    assert repeats.draft([5], 2) == [6, 7]


class _AnyText:
    """A grammar that forces nothing and takes everything."""

    def compute_ff_tokens(self) -> list[int]:
        return []

    def validate_tokens(self, tokens: list[int]) -> int:
        return len(tokens)

    def consume_tokens(self, tokens: list[int]) -> None:
        del tokens

    def is_stopped(self) -> bool:
        return False


def _draft_behind(text: str) -> str:
    """Return what is drafted behind an answer's beginning; a token is a character."""
    drafter = Drafter(
        RowDrafter(schema_of(paid=FieldSpec(kind="verbatim")), {}),
        tokenize=lambda text: [ord(char) for char in text],
        token_text=chr,
    )
    cursor = JsonCursor()
    cursor.feed(text)
    pending = [ord(char) for char in text]
    matcher = cast("LLMatcher", _AnyText())
    drafted = drafter.draft(pending, cursor, matcher, most=4, is_end=lambda _cursor, _matcher: False)
    return "".join(map(chr, drafted))


def test_a_colon_without_a_quote_is_followed_by_null() -> None:
    assert _draft_behind('{"paid":') == "null"
    assert _draft_behind('{"paid')[:3] == '":"'
    assert _draft_behind('{"paid":"') == ""
