"""JSON paths name one place each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from schemas.spec import Path, json_path
from schemas.walk import values_by_path

PATHS = st.lists(st.one_of(st.text(alphabet='ab.[]"0\\', max_size=4), st.integers(0, 12)), max_size=4).map(
    tuple
)


@given(first=PATHS, second=PATHS)
def test_two_places_never_share_a_path(first: Path, second: Path) -> None:
    assert (json_path(first) == json_path(second)) == (first == second)


def test_each_scalar_has_its_path_and_empty_lists_have_none() -> None:
    value: JsonValue = {"a.b": 1, "a": {"b": None}, "rows": [{"c": "x"}, []], "none": []}
    assert values_by_path(value) == {'["a.b"]': 1, "a.b": None, "rows[0].c": "x"}
