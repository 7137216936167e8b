"""Ways to go on that a search compares: what each has written, and how likely that is. Imports torch."""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import torch
from llguidance import LLMatcher
from torch import Tensor

from decoding.engines.next_token import NextToken
from decoding.grammar.json_cursor import JsonCursor
from schemas.errors import GrammarCompileError
from schemas.extraction import FinishReason, OtherValue
from schemas.spec import FieldKind, FieldSpec, ObjectSpec, Path, spec_at

SHORT_KINDS: frozenset[FieldKind] = frozenset({"amount", "date", "number", "iso_date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """How the candidates of one value are compared.

    Attributes
    ----------
    masked
        Sum log-probabilities after the grammar's mask instead of before it.
    length_power
        Divide the sum by (number of tokens) ** length_power: 0 is the total, 1 the mean. Above 0 longer
        values are favoured, and the search can no longer stop at the first value that beats all live ones.
    kinds
        Which values are ranked; the others are decoded greedily. Amounts, dates and numbers by default.
        Of names and addresses a total picks the shortest, which few tokens make likely, as long as the
        model is unsure where they begin (docs/log.md).
    """

    masked: bool = False
    length_power: float = 0.0
    kinds: frozenset[FieldKind] = SHORT_KINDS


@dataclass(frozen=True, slots=True)
class Step:
    """One token as chosen: log-probability under the mask, and before it (None if never computed)."""

    token: int
    logprob: float
    raw_logprob: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What was written, token by token, and why it ended."""

    steps: tuple[Step, ...]
    finish_reason: FinishReason
    others: tuple[OtherValue, ...] = ()


@dataclass(slots=True, kw_only=True)
class Hypothesis:
    """One way to go on: what it wrote since the trunk, and the distribution of what follows.

    `text` also has what the trunk has of a value that is not closed.
    """

    matcher: LLMatcher
    cursor: JsonCursor
    text: str = ""  # bytes as Latin-1
    steps: list[Step] = field(default_factory=list[Step])
    slots: tuple[int, ...] = ()
    n_pending: int = 0  # last steps whose tokens are not in the cache yet
    score: float = 0.0
    n_value_steps: int | None = None  # the first steps, that are the value's, where others follow it
    following: NextToken | None = None  # what comes next, known when nothing is pending

    @property
    def pending(self) -> tuple[int, ...]:
        """Return the tokens that are written and not read yet."""
        return tuple(step.token for step in self.steps[len(self.steps) - self.n_pending :])

    def open_text(self) -> str:
        """Return what is written of the value at hand, "" if none is open."""
        is_open = self.cursor.state in ("string", "scalar")
        return self.text[self.cursor.value_start - self.cursor.position :] if is_open else ""

    def leaf(self, number: int) -> tuple[Path, str]:
        """Return the path and the JSON text of leaf `number` (from 0), which closed since the trunk."""
        path, (start, end) = next(islice(self.cursor.leaf_spans.items(), number, None))
        before = self.cursor.position - len(self.text)
        return path, self.text[start - before : end - before].encode("latin-1").decode("utf-8")


class Finished:
    """Closed values; the same value tokenised differently counts once, with the mass of all its ways."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        self._by_text: dict[str, tuple[float, float, Hypothesis]] = {}

    @property
    def n_values(self) -> int:
        """Return how many different values have closed."""
        return len(self._by_text)

    def add(self, hypothesis: Hypothesis, n_leaves: int) -> None:
        """Add a hypothesis that has closed leaf number `n_leaves` (from 0) since the trunk."""
        n_steps = hypothesis.n_value_steps or len(hypothesis.steps)
        score = ranked_score(hypothesis.score, n_steps, self._ranking)
        _, end = next(islice(hypothesis.cursor.leaf_spans.values(), n_leaves, None))
        key = hypothesis.text[: len(hypothesis.text) - (hypothesis.cursor.position - end)]
        total, best_score, best = self._by_text.get(key, (-math.inf, -math.inf, hypothesis))
        kept = (score, hypothesis) if score > best_score else (best_score, best)
        self._by_text[key] = (float(np.logaddexp(total, score)), *kept)

    def best(self) -> Hypothesis | None:
        """Return the likeliest way to the likeliest value; None if none has closed."""
        return max(self._by_text.values(), key=lambda entry: entry[0])[2] if self._by_text else None

    def others(self, n_leaves: int, *, most: float) -> Iterator[OtherValue]:
        """Yield the values other than the likeliest that are at most `most` nats behind it, best first."""
        best, *others = sorted(self._by_text.values(), key=lambda entry: -entry[0])
        for score, _, hypothesis in others:
            if best[0] - score <= most:
                path, text = hypothesis.leaf(n_leaves)
                yield OtherValue(path=path, value=json.loads(text), gap=best[0] - score)

    def best_score(self) -> float:
        """Return the score of the likeliest value, of all ways to it together."""
        return max((entry[0] for entry in self._by_text.values()), default=-math.inf)


def raw_logprob_of(following: NextToken | None, token: int) -> float | None:
    """Return what the model thought of a token before the mask, where it is there for nothing."""
    if following is None or not following.is_weighed:
        return None
    return float(following.logprobs(torch.tensor([token])))


def gain(step: Step, ranking: Ranking) -> float:
    """Return what a step adds to the score of a hypothesis."""
    return step.logprob if ranking.masked or step.raw_logprob is None else step.raw_logprob


def ranked_score(score: float, n_tokens: int, ranking: Ranking) -> float:
    """Return a sum of log-probabilities as it is compared with those of other lengths."""
    return score / max(n_tokens, 1) ** ranking.length_power


def raise_on_error(matcher: LLMatcher) -> None:
    """Raise GrammarCompileError if the matcher has failed; a failed one allows the end of text only."""
    if matcher.is_error():
        # The first line says what; the others would show the page and the grammar.
        raise GrammarCompileError(f"the constraint engine gave up: {matcher.get_error().splitlines()[0]}")


def allowed_tokens(matcher: LLMatcher, vocab_size: int) -> Tensor:
    """Return the ids of the tokens that the grammar allows next."""
    mask = matcher.compute_bitmask()
    raise_on_error(matcher)
    bits = np.unpackbits(np.frombuffer(mask, dtype=np.uint8), bitorder="little")
    return torch.from_numpy(np.flatnonzero(bits[:vocab_size]))


def is_ranked(root: ObjectSpec, path: Path, kinds: frozenset[FieldKind]) -> bool:
    """Return whether the value at `path` is a leaf of one of `kinds`."""
    spec = spec_at(root, path)
    return isinstance(spec, FieldSpec) and spec.kind in kinds
