"""How much needs no look: closed forms and laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.straight_through import documents_through, values_through

JUDGED = st.lists(
    st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9, 1.0]), st.booleans()), max_size=4), max_size=6
)


def test_the_surest_values_pass_until_too_many_are_wrong() -> None:
    documents = [[(0.9, True), (0.8, False)], [(0.7, True), (0.6, True)]]
    # 0.9 alone: none wrong. Then 1 of 2, 1 of 3, 1 of 4 = 25 %.
    assert values_through(documents, 0.01).share == 0.25
    assert values_through(documents, 0.25).share == 1.0
    assert values_through(documents, 0.24).share == 0.25


def test_a_document_passes_with_its_least_sure_value_and_its_errors_are_counted_in_values() -> None:
    documents = [[(0.9, True), (0.8, True)], [(0.99, True), (0.7, False)], []]
    # By the least sure: the first (none of 2 wrong), then the second (1 of 4 = 25 %).
    assert documents_through(documents, 0.01).share == 0.5
    assert documents_through(documents, 0.25).share == 1.0


def test_values_of_equal_confidence_pass_together_or_not() -> None:
    assert values_through([[(0.5, True)] * 9 + [(0.5, False)]], 0.05).share == 0.0


def test_nothing_has_no_share() -> None:
    for found in (values_through([], 0.01), documents_through([[]], 0.01)):
        assert (found.share, found.interval) == (None, None)


@given(documents=JUDGED, errors=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_who_tolerates_more_looks_at_no_more(
    documents: list[list[tuple[float, bool]]], errors: tuple[float, float]
) -> None:
    low, high = sorted(errors)
    for through in (values_through, documents_through):
        strict, lenient = (through(documents, error, n_resamples=20) for error in (low, high))
        if strict.share is None or strict.interval is None or lenient.share is None:
            assert strict.share is lenient.share is None
            continue
        assert 0.0 <= strict.share <= lenient.share <= 1.0
        assert 0.0 <= strict.interval.low <= strict.interval.high <= 1.0
        assert through(documents, 1.0, n_resamples=1).share == 1.0


def test_the_same_documents_have_the_same_interval() -> None:
    documents = [[(i / 40, i % 3 > 0), (i / 80, True)] for i in range(40)]
    assert values_through(documents, 0.2) == values_through(documents, 0.2)


@pytest.mark.parametrize(("error", "n"), [(-0.1, 10), (1.1, 10), (0.1, 0)])
def test_what_is_no_error_or_no_resample_is_refused(error: float, n: int) -> None:
    with pytest.raises(ValueError, match="error"):
        values_through([[(0.5, True)]], error, n_resamples=n)
