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

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Protocol

import torch
from llguidance import LLMatcher

from decoding.engines.drafting import Drafter
from decoding.engines.hypotheses import (
    Decoded,
    Finished,
    Hypothesis,
    Ranking,
    Step,
    allowed_tokens,
    gain,
    is_ranked,
    raise_on_error,
    ranked_score,
    raw_logprob_of,
)
from decoding.engines.next_token import NextToken
from decoding.engines.null_choice import choose_text
from decoding.engines.row_drafts import RowDrafter
from decoding.engines.token_tree import Branch, TokenTree
from decoding.grammar.json_cursor import JsonCursor
from decoding.grammar.page_terms import LikelyRow
from schemas.errors import GrammarCompileError
from schemas.extraction import OtherValue
from schemas.spec import ExtractionSchema, FieldSpec, Path, spec_at

# Tokens that are drafted behind those that are certain, the forced ones between them included. A draft that
# held is followed by one twice as long.
_LEAST_DRAFTED, _MOST_DRAFTED = 12, 96
# Amounts that are no more nats behind the likeliest are told of: sums may decide between them
# (`decoding.checks.settle`). One in twenty is followed to its end, one less likely costs passes for nothing.
_MOST_BEHIND = 3.0


class Vocabulary(Protocol):
    """What is needed of a tokenizer: the bytes that a token writes, and the token that ends the text."""

    @property
    def end_token(self) -> int:
        """Return the token after which nothing is written."""
        ...

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that `token` writes."""
        ...

    def tokenize_bytes(self, text: bytes) -> list[int]:
        """Return the tokens that a text of whole characters or parts of them is written in."""
        ...

    @property
    def text_openings(self) -> torch.Tensor:
        """Return the tokens that begin with a quote (`decoding.engines.null_choice`)."""
        ...


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
        likely_rows: Mapping[Path, Sequence[LikelyRow]] | None = None,
    ) -> None:
        self._tree = tree
        self._vocabulary = vocabulary
        self._schema = schema
        self._n_candidates = n_candidates
        self._max_tokens = max_tokens
        self._ranking = ranking
        self._trunk = Hypothesis(matcher=matcher, cursor=JsonCursor())
        self._written: list[Step] = []
        # Without a way back to this decoder, which in a circle would live on, with all that it has read.
        self._drafter = Drafter(
            RowDrafter(schema, likely_rows or {}),
            tokenize=lambda text: vocabulary.tokenize_bytes(text.encode("latin-1")),
            token_text=lambda token: vocabulary.token_bytes(token).decode("latin-1"),
        )
        self._n_drafted = _LEAST_DRAFTED
        self._others: list[OtherValue] = []

    def decode(self, prompt_tokens: Sequence[int]) -> Decoded:
        """Return the completion of `prompt_tokens`."""
        self._trunk.following = self._tree.prefill(prompt_tokens)
        self._drafter.read_prompt(prompt_tokens)
        while not self._is_over():
            self._force(self._trunk)
            if self._is_over():
                break
            self._settle(self._next_segment())
        stopped = self._trunk.matcher.is_stopped() and self._n_written() <= self._max_tokens
        steps = (*self._written, *self._trunk.steps)[: self._max_tokens]
        finish_reason = "stop" if stopped else "length"
        return Decoded(steps=steps, finish_reason=finish_reason, others=tuple(self._others))

    def _n_written(self) -> int:
        return len(self._written) + len(self._trunk.steps)

    def _is_over(self) -> bool:
        raise_on_error(self._trunk.matcher)
        return self._trunk.matcher.is_stopped() or self._n_written() >= self._max_tokens

    def _force(self, hypothesis: Hypothesis, *, n_leaves: int | None = None) -> None:
        """Append the tokens that the grammar leaves no choice about; the model need not be asked.

        With `n_leaves` none after the one that closes leaf of that number (from 0).
        """
        for token in hypothesis.matcher.compute_ff_tokens():
            if n_leaves is not None and hypothesis.cursor.n_leaves > n_leaves:
                break
            step = Step(token, 0.0, raw_logprob_of(hypothesis.following, token))
            hypothesis.score += 0.0 if step.raw_logprob is None else gain(step, self._ranking)
            self._append(hypothesis, step)

    def _append(self, hypothesis: Hypothesis, step: Step) -> None:
        hypothesis.matcher.consume_token(step.token)
        if step.token == self._vocabulary.end_token:
            return  # it writes nothing, and the model is not asked what follows
        hypothesis.steps.append(step)
        text = self._vocabulary.token_bytes(step.token).decode("latin-1")
        hypothesis.cursor.feed(text)
        hypothesis.text += text
        hypothesis.n_pending += 1
        hypothesis.following = None

    def _settle(self, winner: Hypothesis) -> None:
        n_settled = len(winner.steps) - winner.n_pending
        self._tree.settle(winner.slots)
        self._written.extend(winner.steps[:n_settled])
        self._drafter.extend(step.token for step in winner.steps[:n_settled])
        winner.steps = winner.steps[n_settled:]
        winner.slots, winner.score, winner.n_value_steps = (), 0.0, None
        winner.text = winner.open_text()
        self._trunk = winner

    def _next_segment(self) -> Hypothesis:
        """Return the trunk grown by one token, or to the end of the value that begins here."""
        if self._value_begins(self._trunk.cursor, self._trunk.matcher):
            return self._search()
        if self._trunk.n_pending:
            return self._follow_draft(self._draft())
        self._choose(self._trunk)
        return self._trunk

    def _choose(self, hypothesis: Hypothesis) -> None:
        """Append the likeliest allowed token."""
        choices = self._choices(hypothesis, 1, weigh=False, may_be_null=self._may_be_null(hypothesis.cursor))
        if not choices:
            raise GrammarCompileError("the grammar leads into a dead end")
        ((_, _, step),) = choices
        self._append(hypothesis, step)

    def _may_be_null(self, cursor: JsonCursor) -> bool:
        """Return whether a leaf begins here that the schema lets be null."""
        spec = spec_at(self._schema.root, cursor.path) if cursor.state == "value" else None
        return isinstance(spec, FieldSpec) and spec.nullable

    def _draft(self) -> list[int]:
        """Return tokens that may follow the trunk, all of them allowed; up to where a ranked value begins."""
        trunk = self._trunk
        return self._drafter.draft(
            trunk.pending,
            trunk.cursor.copy(),
            trunk.matcher.deep_copy(),
            most=self._n_drafted,
            is_end=self._value_begins,
        )

    def _follow_draft(self, drafted: list[int]) -> Hypothesis:
        """Return the trunk grown by what the model chooses, read in one pass as far as that was drafted."""
        trunk, pending = self._trunk, self._trunk.pending
        (grown,) = self._tree.grow([Branch(trunk.slots, (*pending, *drafted))], weigh=False)
        self._score_forced(trunk, grown.following)
        trunk.n_pending, trunk.following = 0, grown.following[len(pending) - 1]
        n_right = 0
        while not (trunk.n_pending or self._is_over()):
            written = self._write_next()
            n_same = _count_equal(written, drafted[n_right:])
            n_right += n_same
            trunk.n_pending = len(written) - n_same
            if not trunk.n_pending:
                trunk.following = grown.following[len(pending) + n_right - 1]
            if not written:
                break
        held = bool(drafted) and n_right == len(drafted)
        self._n_drafted = min(2 * self._n_drafted, _MOST_DRAFTED) if held else _LEAST_DRAFTED
        trunk.slots = grown.slots[: len(trunk.slots) + len(pending) + n_right]
        return trunk

    def _write_next(self) -> list[int]:
        """Append the tokens that are forced, or the likeliest one; none where a ranked value begins."""
        n_before = len(self._trunk.steps)
        self._force(self._trunk)
        if len(self._trunk.steps) == n_before and not self._value_begins(
            self._trunk.cursor, self._trunk.matcher
        ):
            self._choose(self._trunk)
        return [step.token for step in self._trunk.steps[n_before:]]

    def _value_begins(self, cursor: JsonCursor, matcher: LLMatcher) -> bool:
        """Return whether the next choice is about a value to be ranked, not about structure.

        Whether a value is null, and whether a list has one item more, is structure and decided by the
        next token alone: the alternative to null is all spans together, and the best of them, ranked as
        one text, would lose to null far too often.
        """
        if self._n_candidates == 1:
            return False
        ahead = self._look_ahead(cursor, matcher)
        return ahead.state in ("string", "scalar") and is_ranked(
            self._schema.root, ahead.path, self._ranking.kinds
        )

    def _look_ahead(self, cursor: JsonCursor, matcher: LLMatcher) -> JsonCursor:
        """Return where one is behind what the grammar leaves no choice about."""
        ahead = cursor.copy()
        # Of a copy: asked for them, a matcher holds the bytes for forced, also where its tokens are the
        # model's choice (`decoding.grammar.lark`), and then wants a special token that the schema names.
        ahead.feed(matcher.deep_copy().compute_ff_bytes().decode("latin-1"))
        return ahead

    def _search(self) -> Hypothesis:
        """Return the best hypothesis whose value has closed; the best live one if the budget ends first."""
        n_leaves = self._trunk.cursor.n_leaves
        budget = self._max_tokens - len(self._written)
        weigh = not self._ranking.masked
        live, finished = [self._trunk], Finished(self._ranking)
        slack = self._slack()
        while live:
            self._evaluate(live, n_leaves=n_leaves, weigh=weigh)
            for closed in (hypothesis for hypothesis in live if hypothesis.cursor.n_leaves > n_leaves):
                finished.add(closed, n_leaves)
            live = [hypothesis for hypothesis in live if hypothesis.cursor.n_leaves == n_leaves]
            grown = self._expand(live, self._n_candidates, n_leaves=n_leaves, weigh=weigh)
            for child in grown:
                if child.cursor.n_leaves > n_leaves:
                    finished.add(child, n_leaves)
            live = [child for child in grown if child.cursor.n_leaves == n_leaves]
            live = self._still_in_play(live, finished, slack)
            if live and len(live[0].steps) >= budget:
                return finished.best() or live[0]
            for hypothesis in live:
                self._force(hypothesis, n_leaves=n_leaves)
            # What follows the value of the likeliest one is mostly read anyway.
            if live and live[0].cursor.n_leaves > n_leaves:
                live[0].n_value_steps = len(live[0].steps)
                self._force(live[0])
        best = finished.best()
        if best is None:
            raise GrammarCompileError("the grammar leads into a dead end")
        if slack:
            self._others += finished.others(n_leaves, most=slack)
        return best

    def _slack(self) -> float:
        """Return how far behind the best one the values are that the search is asked to tell of, in nats."""
        spec = spec_at(self._schema.root, self._look_ahead(self._trunk.cursor, self._trunk.matcher).path)
        is_amount = isinstance(spec, FieldSpec) and spec.kind == "amount"
        return _MOST_BEHIND if is_amount and not self._ranking.length_power else 0.0

    def _still_in_play(self, live: list[Hypothesis], finished: Finished, slack: float) -> list[Hypothesis]:
        """Return the live hypotheses that may yet overtake the best finished one, or come near it."""
        if self._ranking.length_power:
            return [] if finished.n_values >= self._n_candidates else live
        # Totals only fall, so that a live hypothesis is out for good once it is behind. However many have
        # finished, the search goes on while one is ahead: of a long value many cheap beginnings finish first.
        return [hypothesis for hypothesis in live if hypothesis.score > finished.best_score() - slack]

    def _evaluate(self, hypotheses: Sequence[Hypothesis], *, n_leaves: int, weigh: bool) -> None:
        """Read the pending tokens of all hypotheses in one pass, a closing one only if others follow it."""
        waiting = [h for h in hypotheses if h.n_pending]
        if not waiting:
            return
        closing = [h.cursor.n_leaves > n_leaves and h.n_value_steps is None for h in waiting]
        branches = [
            Branch(h.slots, h.pending[: h.n_pending - c]) for h, c in zip(waiting, closing, strict=True)
        ]
        found = self._tree.grow(branches, weigh=weigh)
        for hypothesis, closes, grown in zip(waiting, closing, found, strict=True):
            self._score_forced(hypothesis, grown.following)
            hypothesis.slots = grown.slots
            hypothesis.n_pending = int(closes)
            hypothesis.following = None if closes else grown.following[-1]

    def _score_forced(self, hypothesis: Hypothesis, following: Sequence[NextToken]) -> None:
        """Fill in what the model thought of forced tokens: each row tells about the token after it."""
        first = len(hypothesis.steps) - hypothesis.n_pending + 1
        for known, index in zip(following, range(first, len(hypothesis.steps)), strict=False):
            step = hypothesis.steps[index]
            raw = raw_logprob_of(known, step.token)
            hypothesis.steps[index] = replace(step, raw_logprob=raw)
            is_of_value = hypothesis.n_value_steps is None or index < hypothesis.n_value_steps
            if raw is not None and not self._ranking.masked and is_of_value:
                hypothesis.score += raw

    def _expand(
        self, parents: Sequence[Hypothesis], width: int, *, n_leaves: int, weigh: bool
    ) -> list[Hypothesis]:
        """Return the best continuations by one token: `width` live ones, and the finished ones before them.

        Best first. A child is made (its matcher copied) only if it is kept.
        """
        choices = [choice for parent in parents for choice in self._choices(parent, width + 1, weigh=weigh)]
        choices.sort(key=lambda choice: choice[0], reverse=True)
        children: list[Hypothesis] = []
        n_live = 0
        for _, parent, step in choices:
            if n_live == width:
                break
            child = self._child(parent, step)
            children.append(child)
            n_live += child.cursor.n_leaves == n_leaves or width == 1
        return children

    def _choices(
        self, parent: Hypothesis, n: int, *, weigh: bool, may_be_null: bool = False
    ) -> list[tuple[float, Hypothesis, Step]]:
        """Return the `n` likeliest allowed tokens after `parent`, each with the score it leads to."""
        following = parent.following
        if following is None:
            raise ValueError("a hypothesis is evaluated before it is expanded")
        allowed, before = allowed_tokens(parent.matcher, following.n_tokens), 0.0
        if may_be_null:
            allowed, before = choose_text(following, allowed, self._vocabulary.text_openings) or (
                allowed,
                0.0,
            )
        scores = following.scores(allowed)
        best = torch.topk(scores - torch.logsumexp(scores, dim=0), min(n, len(scores)))
        chosen = allowed[best.indices]
        raws = following.logprobs(chosen).tolist() if weigh or following.is_weighed else [None] * len(chosen)
        choices: list[tuple[float, Hypothesis, Step]] = []
        for token, logprob, raw in zip(chosen.tolist(), best.values.tolist(), raws, strict=True):
            step = Step(token, min(logprob + before, 0.0), raw)
            total = parent.score + gain(step, self._ranking)
            choices.append((ranked_score(total, len(parent.steps) + 1, self._ranking), parent, step))
        return choices

    def _child(self, parent: Hypothesis, step: Step) -> Hypothesis:
        child = Hypothesis(
            matcher=parent.matcher.deep_copy(),
            cursor=parent.cursor.copy(),
            text=parent.text,
            steps=list(parent.steps),
            slots=parent.slots,
            n_pending=parent.n_pending,
            score=parent.score + gain(step, self._ranking),
        )
        self._append(child, step)
        return child


def _count_equal(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens both begin with."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
