"""A process that answers a thousand requests stays as large as it was, and says the same of the same page."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest
from decoding.grammar.build import build_grammar
from decoding.prompt import build_prompt
from schemas.extraction import Completion
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec
from tests.decoding.pages import document_of, schema_of

N_REQUESTS, N_PAGES = 1000, 50
# After so many requests everything that is made once is there.
N_SETTLED = 250
MOST_GROWN_MB = 5

_ROW = ObjectSpec(properties=(("name", FieldSpec(kind="verbatim")), ("price", FieldSpec(kind="amount"))))
SCHEMA = schema_of(
    title=FieldSpec(kind="verbatim"), total=FieldSpec(kind="amount"), rows=ArraySpec(item=_ROW, max_items=6)
)


def _request(seed: int) -> EngineRequest:
    rng = random.Random(seed)
    lines = [
        f"item {rng.randint(1, 999)} of {rng.randint(1, 9)}.{rng.randint(10, 99)}" for _ in range(seed + 1)
    ]
    document = document_of(lines)
    return EngineRequest(
        prompt=build_prompt(SCHEMA, document.pages[0].text),
        grammar=build_grammar(SCHEMA, document),
        max_tokens=rng.randint(20, 200),
    )


def _resident_mb() -> float:
    """Return the size of this process without what the allocator keeps of what was freed."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * 4096 / 1e6


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").is_file(), reason="the size of a process is read from /proc")
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_thousand_requests_leave_memory_flat_and_answers_equal(tiny_model: Path, dtype: str) -> None:
    engine = EmbeddedEngine(tiny_model, dtype=dtype)  # pyright: ignore[reportArgumentType]
    requests = [_request(seed) for seed in range(N_PAGES)]
    first: Sequence[Completion] = ()
    settled_mb = 0.0
    for n in range(0, N_REQUESTS, N_PAGES):
        answers = engine.complete(requests)
        first = first or answers
        assert [answer.tokens for answer in answers] == [answer.tokens for answer in first]
        if n == N_SETTLED:
            settled_mb = _resident_mb()
    assert _resident_mb() - settled_mb < MOST_GROWN_MB
