from __future__ import annotations

from decoding.engines.drafting import Repeats


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
