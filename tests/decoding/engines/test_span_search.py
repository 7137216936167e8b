"""The tree of hypotheses, and what ranking whole values buys."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import gc
import json
import math
import weakref
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from llguidance import LLMatcher
from transformers import AutoModelForCausalLM

from decoding.engines.drafting import Drafter
from decoding.engines.embedded_runtime import Runtime
from decoding.engines.hypotheses import Decoded, Ranking
from decoding.engines.llama.loaded import LlamaModel
from decoding.engines.next_token import NextToken, Weighed
from decoding.engines.span_search import SpanDecoder
from decoding.engines.token_tree import Branch, Grown, TokenTree
from decoding.grammar.build import Grammar, build_grammar
from decoding.prompt import build_prompt
from decoding.tables.match import ScopedList, ScopedRow
from schemas.spec import GROUNDED_KINDS, ArraySpec, FieldSpec, ObjectSpec
from schemas.spec import Path as SpecPath
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of, schema_of

DOCUMENT = document_of(RECEIPT_LINES)
PROMPT = build_prompt(RECEIPT_SCHEMA, DOCUMENT.pages[0].text)
# Sums over a cache that was compacted and one that was not differ by rounding: 2e-5 was seen at float32.
TOLERANCE = 1e-3


Reference = Callable[[list[int]], torch.Tensor]


@pytest.fixture(scope="module", params=["plain Llama", "by Transformers"])
def runtime(tiny_model: Path, request: pytest.FixtureRequest) -> Runtime:
    by_transformers = request.param == "by Transformers"
    return Runtime(tiny_model, dtype="float32", device="cpu", with_transformers=by_transformers)


@pytest.fixture(scope="module")
def reference(tiny_model: Path) -> Reference:
    """Return log-probabilities (n, vocab) by one plain pass without a cache."""
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)

    def logprobs(tokens: list[int]) -> torch.Tensor:
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([tokens])).logits[0]
        return torch.log_softmax(logits.float(), dim=-1)

    return logprobs


def _tree(runtime: Runtime) -> TokenTree:
    return TokenTree(runtime._model.begin())  # pyright: ignore[reportPrivateUsage]


def _all(following: Sequence[NextToken]) -> torch.Tensor:
    """Return all that is known of some rows, (n, vocab)."""
    return torch.stack([row.logprobs(torch.arange(row.n_tokens)) for row in following])


def _text(runtime: Runtime, decoded: Decoded) -> str:
    return b"".join(runtime.token_bytes(step.token) for step in decoded.steps).decode()


def _decode(
    runtime: Runtime,
    grammar: Grammar,
    n_candidates: int,
    *,
    ranking: Ranking | None = None,
    max_tokens: int = 500,
) -> Decoded:
    return runtime.decode(
        runtime.encode(PROMPT), grammar, max_tokens=max_tokens, n_candidates=n_candidates, ranking=ranking
    )


@pytest.mark.parametrize("n_candidates", [1, 2, 4, 8])
def test_logprobs_equal_those_of_one_plain_pass(
    runtime: Runtime, reference: Reference, n_candidates: int
) -> None:
    grammar = build_grammar(RECEIPT_SCHEMA, DOCUMENT, reasoning="brief")
    asked = runtime.encode(PROMPT)
    steps = _decode(runtime, grammar, n_candidates).steps
    expected = reference([*asked, *(step.token for step in steps)])
    for index, step in enumerate(steps):
        raw = float(expected[len(asked) + index - 1, step.token])
        # What was not needed to choose is not worked out.
        assert step.raw_logprob is None or step.raw_logprob == pytest.approx(raw, abs=TOLERANCE)
        assert raw - TOLERANCE <= step.logprob <= 0  # the mask only takes choices away
    assert n_candidates == 1 or any(step.raw_logprob is not None for step in steps)


@pytest.mark.parametrize("weigh", [True, False])
def test_branches_of_a_tree_do_not_see_each_other(
    runtime: Runtime, reference: Reference, weigh: bool
) -> None:
    asked = runtime.encode(PROMPT)[:50]
    tree = _tree(runtime)
    tree.prefill(asked)
    first, second = tree.grow([Branch((), (10, 11, 12)), Branch((), (20,))], weigh=weigh)
    longer, other = tree.grow([Branch(second.slots, (21, 22)), Branch(first.slots, (13,))], weigh=weigh)
    _assert_alike(longer.following, reference([*asked, 20, 21, 22])[-2:])
    _assert_alike(other.following, reference([*asked, 10, 11, 12, 13])[-1:])
    tree.settle(longer.slots)
    (after,) = tree.grow([Branch((), (23,))], weigh=weigh)
    _assert_alike(after.following, reference([*asked, 20, 21, 22, 23])[-1:])
    (more,) = tree.grow([Branch(after.slots, (24, 25))], weigh=weigh)
    _assert_alike(more.following, reference([*asked, 20, 21, 22, 23, 24, 25])[-2:])


def _assert_alike(following: Sequence[NextToken], expected: torch.Tensor) -> None:
    torch.testing.assert_close(_all(following), expected, atol=TOLERANCE, rtol=0)
    some = torch.tensor([3, 9, 4])
    scores = torch.stack([row.scores(some) for row in following])
    torch.testing.assert_close(
        scores.log_softmax(-1), expected[:, some].log_softmax(-1), atol=TOLERANCE, rtol=0
    )


def test_a_prompt_read_in_pieces_is_the_same_prompt(
    runtime: Runtime, reference: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = runtime.encode(PROMPT)
    monkeypatch.setattr("decoding.engines.token_tree._PREFILL_CHUNK", 64)
    for n in (1, 63, 64, 65, len(asked)):
        _assert_alike([_tree(runtime).prefill(asked[:n])], reference(asked[:n])[-1:])


def _score(runtime: Runtime, reference: Reference, prefix: str, value: str) -> float:
    """Return the model's total log-probability of `value` and its closing quote after `prefix`."""
    asked = runtime.encode(PROMPT)
    tokenizer = runtime._ll_tokenizer  # pyright: ignore[reportPrivateUsage]
    before = tokenizer.tokenize_str(prefix)
    whole = tokenizer.tokenize_str(f'{prefix}{value}"')
    assert whole[: len(before)] == before
    expected = reference([*asked, *whole])
    return sum(
        float(expected[len(asked) + i - 1, token]) for i, token in enumerate(whole) if i >= len(before)
    )


def test_a_wide_beam_finds_the_likeliest_of_all_values(runtime: Runtime, reference: Reference) -> None:
    # Brute force: every three-digit figure on the page, by a plain pass each.
    figures = ["".join(digits) for digits in product("147", repeat=3)]
    grammar = build_grammar(
        schema_of(x=FieldSpec(kind="amount", nullable=False)), document_of((" ".join(figures),))
    )
    scores = {figure: _score(runtime, reference, '{"x":"', figure) for figure in figures}
    best = max(figures, key=lambda figure: scores[figure])
    decoded = _decode(runtime, grammar, 32)
    assert f'{{"x":"{best}"}}' == _text(runtime, decoded)
    # What comes near it is told, with how far behind it is.
    near = {figure: scores[best] - scores[figure] for figure in figures if figure != best}
    told = {str(other.value): other.gap for other in decoded.others}
    assert set(told) == {figure for figure, gap in near.items() if gap <= 3.0}
    assert all(gap == pytest.approx(near[figure], abs=TOLERANCE) for figure, gap in told.items())
    assert {other.path for other in decoded.others} == {("x",)}


def test_only_amounts_have_others_that_are_told(runtime: Runtime) -> None:
    document = document_of(("01.02.2026 03.02.2026 05.02.2026",))
    grammar = build_grammar(schema_of(x=FieldSpec(kind="date", nullable=False)), document)
    assert _decode(runtime, grammar, 8).others == ()


def _logprobs_of(tokens: list[int], rows: torch.Tensor) -> torch.Tensor:
    return rows.gather(1, torch.tensor(tokens)[:, None])


def test_ranking_never_takes_a_less_likely_value_than_greedy_decoding(
    runtime: Runtime, reference: Reference
) -> None:
    asked = runtime.encode(PROMPT)
    schema = schema_of(x=FieldSpec(kind="verbatim", nullable=False))
    for lines in (RECEIPT_LINES, RECEIPT_LINES[1:], RECEIPT_LINES[3:]):
        grammar = build_grammar(schema, document_of(lines))
        found = [_decode(runtime, grammar, n, ranking=Ranking(kinds=GROUNDED_KINDS)) for n in (1, 8)]
        written = [[step.token for step in decoded.steps] for decoded in found]
        totals = [
            float(_logprobs_of(tokens, reference([*asked, *tokens])[len(asked) - 1 : -1]).sum())
            for tokens in written
        ]
        assert totals[1] >= totals[0] - TOLERANCE


class _ScriptedTree:
    """A model that always thinks the same of the next token."""

    def __init__(self, logprobs: torch.Tensor) -> None:
        self._always = Weighed(logprobs)

    def prefill(self, _: Sequence[int]) -> NextToken:
        return self._always

    def grow(self, branches: Sequence[Branch], *, weigh: bool) -> tuple[Grown, ...]:
        del weigh
        return tuple(Grown(slots=(), following=(self._always,) * len(branch.tokens)) for branch in branches)

    def settle(self, _: Sequence[int]) -> None:
        return


def test_a_long_likely_value_outlives_its_many_short_beginnings(runtime: Runtime) -> None:
    """After each word the value ends with probability 0.1: cheap beginnings finish long before the best."""
    words = "ABCDEFGHIJKLMN"
    grammar = build_grammar(
        schema_of(x=FieldSpec(kind="verbatim", nullable=False)), document_of((" ".join(words),))
    )
    tokenizer = runtime._ll_tokenizer  # pyright: ignore[reportPrivateUsage]
    scores = torch.full((tokenizer.vocab_size,), -20.0)
    for text, probability in (("A", 0.9), (" ", 0.9), ('"', 0.1)):
        scores[tokenizer.tokenize_str(text)[0]] = math.log(probability)
    decoder = SpanDecoder(
        cast("TokenTree", _ScriptedTree(scores)),
        LLMatcher(runtime._ll_tokenizer, grammar.lark, log_level=0),  # pyright: ignore[reportPrivateUsage]
        runtime,
        grammar.schema,
        n_candidates=4,
        max_tokens=200,
        ranking=Ranking(kinds=GROUNDED_KINDS, masked=True),
    )
    assert _text(runtime, decoder.decode([1])) == f'{{"x":"{" ".join(words)}"}}'


@pytest.mark.parametrize("n_candidates", [1, 4])
def test_a_value_that_would_begin_with_a_forbidden_token_is_no_null(
    runtime: Runtime, n_candidates: int
) -> None:
    """The model would write the date with the colon of its label, which no value begins with."""
    grammar = build_grammar(schema_of(day=FieldSpec(kind="date")), document_of((":30-05-2018 13:45",)))
    tokenizer = runtime._ll_tokenizer  # pyright: ignore[reportPrivateUsage]
    with_colon = next(
        token for token in runtime.text_openings.tolist() if runtime.token_bytes(token).startswith(b'":')
    )
    scores = torch.full((tokenizer.vocab_size,), -20.0)
    scores[tokenizer.tokenize_str("null")[0]] = math.log(0.3)
    scores[with_colon] = math.log(0.6)
    scores[tokenizer.tokenize_str('"')[0]] = math.log(0.05)
    decoder = SpanDecoder(
        cast("TokenTree", _ScriptedTree(scores)),
        LLMatcher(tokenizer, grammar.lark, log_level=0),
        runtime,
        grammar.schema,
        n_candidates=n_candidates,
        max_tokens=60,
        ranking=Ranking(),
    )
    assert _text(runtime, decoder.decode([1])) == '{"day":"30-05-2018"}'


def _draft_nothing(*_: object, **__: object) -> list[int]:
    return []


def _row_of_five_words(number: int) -> ScopedRow:
    words = tuple(range(5 * number, 5 * number + 5))
    return ScopedRow(
        page_index=0,
        cells={"name": (words[:4],), "n": (words[4:],)},
        filled=frozenset(),
        words=(words,),
        likely={"name": words[:4], "n": words[4:]},
    )


@pytest.mark.parametrize("are_rows_known", [False, True])
@pytest.mark.parametrize("n_candidates", [1, 4])
def test_drafts_change_nothing_that_is_written(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, n_candidates: int, are_rows_known: bool
) -> None:
    lines = ["Copy paper A4 box 24", "Copy paper A3 box 12", "Envelopes C5 window pack 10"] * 2
    row = ObjectSpec(properties=(("name", FieldSpec(kind="verbatim")), ("n", FieldSpec(kind="amount"))))
    schema = schema_of(
        first=FieldSpec(kind="verbatim", nullable=False),
        rows=ArraySpec(item=row, min_items=4, max_items=6),
        last=FieldSpec(kind="verbatim", nullable=False),
    )
    rows = ScopedList(rows=tuple(map(_row_of_five_words, range(len(lines)))), is_sure=n_candidates > 1)
    known: dict[SpecPath, ScopedList] = {("rows",): rows} if are_rows_known else {}
    grammar = build_grammar(schema, document_of(lines), reasoning="brief", rows=known)
    prompt = build_prompt(schema, document_of(lines).pages[0].text)
    n_passes = []
    grow = TokenTree.grow

    def count(tree: TokenTree, branches: Sequence[Branch], *, weigh: bool = True) -> tuple[Grown, ...]:
        n_passes[-1] += 1
        return grow(tree, branches, weigh=weigh)

    def decode() -> Decoded:
        n_passes.append(0)
        return runtime.decode(
            runtime.encode(prompt), grammar, max_tokens=600, n_candidates=n_candidates, ranking=None
        )

    monkeypatch.setattr(TokenTree, "grow", count)
    with_drafts = decode()
    monkeypatch.setattr(Drafter, "draft", _draft_nothing)
    without = decode()
    if n_candidates > 1 or isinstance(runtime._model, LlamaModel):  # pyright: ignore[reportPrivateUsage]
        assert n_passes[0] < n_passes[1]
    assert [step.token for step in with_drafts.steps] == [step.token for step in without.steps]
    assert [step.logprob for step in with_drafts.steps] == pytest.approx(
        [step.logprob for step in without.steps], abs=TOLERANCE
    )


def test_a_decoder_and_what_it_has_read_are_freed_at_once(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[weakref.ref[SpanDecoder]] = []

    class Watched(SpanDecoder):
        def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401
            super().__init__(*given, **named)
            made.append(weakref.ref(self))

    monkeypatch.setattr("decoding.engines.embedded_runtime.SpanDecoder", Watched)
    gc.disable()
    try:
        _decode(runtime, build_grammar(RECEIPT_SCHEMA, DOCUMENT), 4)
        assert [decoder() for decoder in made] == [None] * len(made)
    finally:
        gc.enable()


def test_length_normalisation_favours_longer_values(runtime: Runtime) -> None:
    grammar = build_grammar(schema_of(x=FieldSpec(kind="verbatim", nullable=False)), DOCUMENT)
    total, mean = (
        len(
            _text(
                runtime,
                _decode(runtime, grammar, 8, ranking=Ranking(kinds=GROUNDED_KINDS, length_power=power)),
            )
        )
        for power in (0.0, 1.0)
    )
    assert mean >= total


@pytest.mark.parametrize("ranking", [Ranking(masked=True), Ranking(length_power=0.5)])
def test_every_ranking_writes_texts_of_the_grammar(runtime: Runtime, ranking: Ranking) -> None:
    grammar = build_grammar(RECEIPT_SCHEMA, DOCUMENT)
    decoded = _decode(runtime, grammar, 4, ranking=ranking)
    assert decoded.finish_reason == "stop"
    assert _text(runtime, decoded).startswith('{"company":')


@pytest.mark.parametrize("max_tokens", [1, 2, 5, 17, 40])
def test_no_more_tokens_are_written_than_allowed(runtime: Runtime, max_tokens: int) -> None:
    schema = schema_of(rows=ArraySpec(item=FieldSpec(kind="verbatim"), min_items=20))
    grammar = build_grammar(schema, DOCUMENT)
    for n_candidates in (1, 4):
        decoded = _decode(runtime, grammar, n_candidates, max_tokens=max_tokens)
        assert decoded.finish_reason == "length"
        assert len(decoded.steps) == max_tokens


def test_confidence_under_the_mask_is_a_probability(runtime: Runtime) -> None:
    grammar = build_grammar(schema_of(x=FieldSpec(kind="boolean", nullable=False)), DOCUMENT)
    decoded = _decode(runtime, grammar, 4)
    assert 0 < math.exp(sum(step.logprob for step in decoded.steps)) <= 1


@pytest.mark.parametrize("n_candidates", [1, 3])
@pytest.mark.parametrize("token", ["<|im_end|>", "<|im_start|>", "a<|pad|>b"])
def test_a_schema_may_name_special_tokens(runtime: Runtime, token: str, n_candidates: int) -> None:
    const = FieldSpec(kind="enum", enum_values=(token,), nullable=False)
    schema = schema_of(**{token: FieldSpec(kind="amount"), "kind": const, "last": FieldSpec(kind="date")})
    decoded = _decode(runtime, build_grammar(schema, DOCUMENT), n_candidates)
    assert decoded.finish_reason == "stop"
    value = json.loads(_text(runtime, decoded))
    assert list(value) == [token, "kind", "last"]
    assert value["kind"] == token
