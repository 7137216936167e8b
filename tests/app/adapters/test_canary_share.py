"""Which documents a canary answers: its share of them, and always the same."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.adapters.selection import in_share
from storage.adapters import RegisteredAdapter


def _canary(percent: int, content: str = "c" * 64) -> RegisteredAdapter:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    return RegisteredAdapter(
        adapter_id="a" * 32,
        tenant="acme",
        schema_name="bill",
        name="mine",
        content_sha256=content,
        base_sha256="b" * 64,
        state="canary",
        canary_percent=percent,
        replaced_id=None,
        added_by="ada",
        added_at=at,
        changed_by="ada",
        changed_at=at,
    )


@pytest.mark.parametrize("percent", [1, 10, 50, 99])
def test_a_canary_answers_its_share_of_documents(percent: int) -> None:
    n = 20_000
    share = sum(in_share(_canary(percent), f"{i:064x}") for i in range(n)) / n
    # Four standard deviations of a share of n draws.
    assert abs(share - percent / 100) < 4 * (percent / 100 * (1 - percent / 100) / n) ** 0.5


def test_a_canary_answers_the_same_documents_again_and_more_as_it_grows() -> None:
    documents = [f"{i:064x}" for i in range(2000)]
    of = {p: {d for d in documents if in_share(_canary(p), d)} for p in (5, 20, 100)}
    assert of[5] == {d for d in documents if in_share(_canary(5), d)}
    assert of[5] < of[20] < of[100] == set(documents)
    other = {d for d in documents if in_share(_canary(20, "d" * 64), d)}
    assert other != of[20]
