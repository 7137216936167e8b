"""Decoding that ranks whole values: a small beam runs from the start of each value to its end.

Greedy decoding under a mask trusts the first token of a value and then is forced along. On the page
"12.50" and "12.50-" begin alike, and an address is cut where the first line ends. Here the structure
(keys, brackets, whether another row follows) is decoded greedily, and each value by a beam of
`n_candidates` hypotheses until it closes; the best total log-probability wins, and decoding goes on from
there.

The score is the sum of the model's own log-probabilities, before the mask: among the texts that the
grammar allows, that ranks by what the model thinks of the whole value. Renormalised ones would give a
token that the page forces a probability of one, however unlikely the model finds it. `Ranking` switches
both that and a division by length.
"""

# Torch and Transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch
from llguidance import LLMatcher
from torch import Tensor

from decoding.engines.next_token import NextToken
from decoding.engines.token_tree import Branch, TokenTree
from decoding.grammar.json_cursor import JsonCursor
from schemas.errors import GrammarCompileError
from schemas.extraction import FinishReason
from schemas.spec import ArraySpec, ExtractionSchema, FieldKind, FieldSpec, ObjectSpec, Path, Spec

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


class Vocabulary(Protocol):
    """What is needed of a tokenizer: the bytes that a token writes, and the token that ends the text."""

    @property
    def end_token(self) -> int:
        """Return the token after which nothing is written."""
        ...

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that `token` writes."""
        ...


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


@dataclass(slots=True, kw_only=True)
class _Hypothesis:
    """One way to go on: what it wrote since the trunk, and the distribution of what follows."""

    matcher: LLMatcher
    cursor: JsonCursor
    text: str = ""  # bytes as Latin-1
    steps: list[Step] = field(default_factory=list[Step])
    slots: tuple[int, ...] = ()
    n_pending: int = 0  # last steps whose tokens are not in the cache yet
    score: float = 0.0
    following: NextToken | None = None  # what comes next, known when nothing is pending


class SpanDecoder:
    """Decodes one sequence under one grammar.

    Parameters
    ----------
    tree
        The model over this prompt; nothing is read into it yet.
    n_candidates
        Width of the beam; 1 is greedy decoding.
    """

    def __init__(
        self,
        tree: TokenTree,
        matcher: LLMatcher,
        vocabulary: Vocabulary,
        schema: ExtractionSchema,
        *,
        n_candidates: int,
        max_tokens: int,
        ranking: Ranking,
    ) -> None:
        self._tree = tree
        self._vocabulary = vocabulary
        self._schema = schema
        self._n_candidates = n_candidates
        self._max_tokens = max_tokens
        self._ranking = ranking
        self._trunk = _Hypothesis(matcher=matcher, cursor=JsonCursor())
        self._written: list[Step] = []

    def decode(self, prompt_tokens: Sequence[int]) -> Decoded:
        """Return the completion of `prompt_tokens`."""
        self._trunk.following = self._tree.prefill(prompt_tokens)
        while not self._is_over():
            self._force(self._trunk)
            if self._is_over():
                break
            self._settle(self._next_segment())
        self._evaluate([self._trunk], weigh=False)  # for what the model thought of the last tokens
        stopped = self._trunk.matcher.is_stopped() and self._n_written() <= self._max_tokens
        steps = (*self._written, *self._trunk.steps)[: self._max_tokens]
        return Decoded(steps=steps, finish_reason="stop" if stopped else "length")

    def _n_written(self) -> int:
        return len(self._written) + len(self._trunk.steps)

    def _is_over(self) -> bool:
        raise_on_error(self._trunk.matcher)
        return self._trunk.matcher.is_stopped() or self._n_written() >= self._max_tokens

    def _force(self, hypothesis: _Hypothesis) -> None:
        """Append the tokens that the grammar leaves no choice about; the model need not be asked."""
        for token in hypothesis.matcher.compute_ff_tokens():
            step = Step(token, 0.0, _raw_logprob(hypothesis.following, token))
            hypothesis.score += 0.0 if step.raw_logprob is None else _gain(step, self._ranking)
            self._append(hypothesis, step)

    def _append(self, hypothesis: _Hypothesis, step: Step) -> None:
        hypothesis.matcher.consume_token(step.token)
        if step.token == self._vocabulary.end_token:
            return  # it writes nothing, and the model is not asked what follows
        hypothesis.steps.append(step)
        text = self._vocabulary.token_bytes(step.token).decode("latin-1")
        hypothesis.cursor.feed(text)
        hypothesis.text += text
        hypothesis.n_pending += 1
        hypothesis.following = None

    def _settle(self, winner: _Hypothesis) -> None:
        n_settled = len(winner.steps) - winner.n_pending
        self._tree.settle(winner.slots)
        self._written.extend(winner.steps[:n_settled])
        winner.steps = winner.steps[n_settled:]
        winner.slots, winner.score, winner.text = (), 0.0, ""
        self._trunk = winner

    def _next_segment(self) -> _Hypothesis:
        """Return the trunk grown by one token, or to the end of the value that begins here."""
        if self._n_candidates > 1 and self._value_begins():
            return self._search()
        self._evaluate([self._trunk], weigh=False)
        grown = self._expand([self._trunk], 1, n_leaves=self._trunk.cursor.n_leaves, weigh=False)
        if not grown:
            raise GrammarCompileError("the grammar leads into a dead end")
        return grown[0]

    def _value_begins(self) -> bool:
        """Return whether the next choice is about a value to be ranked, not about structure.

        Whether a value is null, and whether a list has one item more, is structure and decided by the
        next token alone: the alternative to null is all spans together, and the best of them, ranked as
        one text, would lose to null far too often.
        """
        cursor = self._trunk.cursor.copy()
        cursor.feed(self._trunk.matcher.compute_ff_bytes().decode("latin-1"))
        return cursor.state in ("string", "scalar") and _is_ranked(
            self._schema.root, cursor.path, self._ranking.kinds
        )

    def _search(self) -> _Hypothesis:
        """Return the best hypothesis whose value has closed; the best live one if the budget ends first."""
        n_leaves = self._trunk.cursor.n_leaves
        budget = self._max_tokens - len(self._written)
        weigh = not self._ranking.masked
        live, finished = [self._trunk], _Finished(self._ranking)
        while live:
            self._evaluate(live, weigh=weigh)
            grown = self._expand(live, self._n_candidates, n_leaves=n_leaves, weigh=weigh)
            for child in grown:
                if child.cursor.n_leaves > n_leaves:
                    finished.add(child, n_leaves)
            live = [child for child in grown if child.cursor.n_leaves == n_leaves]
            live = self._still_in_play(live, finished)
            if live and len(live[0].steps) >= budget:
                return finished.best() or live[0]
            for hypothesis in live:
                self._force(hypothesis)
        best = finished.best()
        if best is None:
            raise GrammarCompileError("the grammar leads into a dead end")
        return best

    def _still_in_play(self, live: list[_Hypothesis], finished: _Finished) -> list[_Hypothesis]:
        """Return the live hypotheses that may yet overtake the best finished one."""
        if self._ranking.length_power:
            return [] if finished.n_values >= self._n_candidates else live
        # Totals only fall, so that a live hypothesis is out for good once it is behind. However many have
        # finished, the search goes on while one is ahead: of a long value many cheap beginnings finish first.
        return [hypothesis for hypothesis in live if hypothesis.score > finished.best_score()]

    def _evaluate(self, hypotheses: Sequence[_Hypothesis], *, weigh: bool) -> None:
        """Read the pending tokens of all hypotheses in one pass."""
        waiting = [h for h in hypotheses if h.n_pending]
        if not waiting:
            return
        branches = [
            Branch(h.slots, tuple(step.token for step in h.steps[len(h.steps) - h.n_pending :]))
            for h in waiting
        ]
        for hypothesis, grown in zip(waiting, self._tree.grow(branches, weigh=weigh), strict=True):
            self._score_forced(hypothesis, grown.following)
            hypothesis.slots = grown.slots
            hypothesis.n_pending = 0
            hypothesis.following = grown.following[-1]

    def _score_forced(self, hypothesis: _Hypothesis, following: Sequence[NextToken]) -> None:
        """Fill in what the model thought of forced tokens: each row tells about the token after it."""
        first = len(hypothesis.steps) - hypothesis.n_pending + 1
        for known, index in zip(following, range(first, len(hypothesis.steps)), strict=False):
            step = hypothesis.steps[index]
            raw = _raw_logprob(known, step.token)
            hypothesis.steps[index] = replace(step, raw_logprob=raw)
            if raw is not None and not self._ranking.masked:
                hypothesis.score += raw

    def _expand(
        self, parents: Sequence[_Hypothesis], width: int, *, n_leaves: int, weigh: bool
    ) -> list[_Hypothesis]:
        """Return the best continuations by one token: `width` live ones, and the finished ones before them.

        Best first. A child is made (its matcher copied) only if it is kept.
        """
        choices = [choice for parent in parents for choice in self._choices(parent, width + 1, weigh=weigh)]
        choices.sort(key=lambda choice: choice[0], reverse=True)
        children: list[_Hypothesis] = []
        n_live = 0
        for _, parent, step in choices:
            if n_live == width:
                break
            child = self._child(parent, step)
            children.append(child)
            n_live += child.cursor.n_leaves == n_leaves or width == 1
        return children

    def _choices(self, parent: _Hypothesis, n: int, *, weigh: bool) -> list[tuple[float, _Hypothesis, Step]]:
        """Return the `n` likeliest allowed tokens after `parent`, each with the score it leads to."""
        following = parent.following
        if following is None:
            raise ValueError("a hypothesis is evaluated before it is expanded")
        allowed = allowed_tokens(parent.matcher, following.n_tokens)
        scores = following.scores(allowed)
        best = torch.topk(scores - torch.logsumexp(scores, dim=0), min(n, len(scores)))
        chosen = allowed[best.indices]
        raws = following.logprobs(chosen).tolist() if weigh or following.is_weighed else [None] * len(chosen)
        choices: list[tuple[float, _Hypothesis, Step]] = []
        for token, logprob, raw in zip(chosen.tolist(), best.values.tolist(), raws, strict=True):
            step = Step(token, min(logprob, 0.0), raw)
            total = parent.score + _gain(step, self._ranking)
            choices.append((_ranked(total, len(parent.steps) + 1, self._ranking), parent, step))
        return choices

    def _child(self, parent: _Hypothesis, step: Step) -> _Hypothesis:
        child = _Hypothesis(
            matcher=parent.matcher.deep_copy(),
            cursor=parent.cursor.copy(),
            text=parent.text,
            steps=list(parent.steps),
            slots=parent.slots,
            n_pending=parent.n_pending,
            score=parent.score + _gain(step, self._ranking),
        )
        self._append(child, step)
        return child


class _Finished:
    """Closed values; the same value tokenised differently counts once, with the mass of all its ways."""

    def __init__(self, ranking: Ranking) -> None:
        self._ranking = ranking
        self._by_text: dict[str, tuple[float, float, _Hypothesis]] = {}

    @property
    def n_values(self) -> int:
        return len(self._by_text)

    def add(self, hypothesis: _Hypothesis, n_leaves: int) -> None:
        """Add a hypothesis that has closed leaf number `n_leaves` (from 0) since the trunk."""
        score = _ranked(hypothesis.score, len(hypothesis.steps), self._ranking)
        _, end = list(hypothesis.cursor.leaf_spans.values())[n_leaves]
        key = hypothesis.text[: len(hypothesis.text) - (hypothesis.cursor.position - end)]
        total, best_score, best = self._by_text.get(key, (-math.inf, -math.inf, hypothesis))
        kept = (score, hypothesis) if score > best_score else (best_score, best)
        self._by_text[key] = (float(np.logaddexp(total, score)), *kept)

    def best(self) -> _Hypothesis | None:
        return max(self._by_text.values(), key=lambda entry: entry[0])[2] if self._by_text else None

    def best_score(self) -> float:
        return max((entry[0] for entry in self._by_text.values()), default=-math.inf)


def _raw_logprob(following: NextToken | None, token: int) -> float | None:
    """Return what the model thought of a token before the mask, where it is there for nothing."""
    if following is None or not following.is_weighed:
        return None
    return float(following.logprobs(torch.tensor([token])))


def _gain(step: Step, ranking: Ranking) -> float:
    return step.logprob if ranking.masked or step.raw_logprob is None else step.raw_logprob


def raise_on_error(matcher: LLMatcher) -> None:
    """Raise GrammarCompileError if the matcher has failed; a failed one allows the end of text only."""
    if matcher.is_error():
        # The first line says what; the others would show the page and the grammar.
        raise GrammarCompileError(f"the constraint engine gave up: {matcher.get_error().splitlines()[0]}")


def _ranked(score: float, n_tokens: int, ranking: Ranking) -> float:
    return score / max(n_tokens, 1) ** ranking.length_power


def allowed_tokens(matcher: LLMatcher, vocab_size: int) -> Tensor:
    """Return the ids of the tokens that the grammar allows next."""
    mask = matcher.compute_bitmask()
    raise_on_error(matcher)
    bits = np.unpackbits(np.frombuffer(mask, dtype=np.uint8), bitorder="little")
    return torch.from_numpy(np.flatnonzero(bits[:vocab_size]))


def _is_ranked(root: ObjectSpec, path: Path, kinds: frozenset[FieldKind]) -> bool:
    """Return whether the value at `path` is a leaf of one of `kinds`."""
    spec: Spec | None = root
    for part in path:
        if isinstance(spec, ArraySpec):
            spec = spec.item
        elif isinstance(spec, ObjectSpec) and isinstance(part, str):
            spec = spec.get(part)
        else:
            return False
    return isinstance(spec, FieldSpec) and spec.kind in kinds
