from __future__ import annotations

from decoding.engines.drafting import Drafter


def test_what_followed_the_last_tokens_before_is_drafted() -> None:
    drafter = Drafter([1, 2, 3, 4, 5, 6, 7])
    assert drafter.draft([3, 4], 2) == [5, 6]
    assert drafter.draft([3, 4], 9) == [5, 6, 7]
    assert drafter.draft([3, 4], 0) == []


def test_one_token_alone_is_no_sign() -> None:
    assert Drafter([1, 2, 3]).draft([2], 3) == []
    assert Drafter([]).draft([], 3) == []


def test_the_longest_piece_that_stood_before_decides_and_of_its_places_the_last() -> None:
    drafter = Drafter([1, 2, 3, 9, 5, 2, 3, 8, 7, 2, 3, 6])
    assert drafter.draft([1, 2, 3], 1) == [9]
    assert drafter.draft([2, 3], 1) == [6]


def test_the_texts_own_end_is_no_place_to_go_on_from() -> None:
    drafter = Drafter([1, 2])
    assert drafter.draft([], 3) == []
    drafter.extend([7, 1, 2])
    assert drafter.draft([], 3) == [7, 1, 2]


def test_pieces_reach_over_what_is_written_and_what_is_pending() -> None:
    drafter = Drafter([4, 5, 6, 7])
    drafter.extend([4])
    assert drafter.draft([5], 2) == [6, 7]
