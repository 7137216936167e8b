"""Under random weights too: whatever is written under a grammar is valid and stands on the page."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from llguidance import LLMatcher
from pydantic import JsonValue

from decoding.evidence import trace_chars
from decoding.grammar.build import build_grammar
from decoding.grammar.page_text import has_span, spans_of, word_runs
from decoding.grammar.value_patterns import looks_like_amount, looks_like_date
from decoding.grounding.ground import ground_extraction
from schemas.document import Document, Page
from schemas.errors import EmptyDocumentError, GrammarCompileError
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Spec
from schemas.values import possible_amounts
from tests.decoding.engines.sampler import bpe_tokenizer, sample
from tests.decoding.pages import page_of
from tests.speed import within_cpu

ODD_WORDS = (
    *("null", "true", '12"', "C:\\dir", "e\u0300", "日本語", "1.234,56", "-45,00", "(1,234.50)", "12.50-"),
    *("12/03/2026", "12", "March", "2026", "a/b", "<|im_end|>", "\u200b", "\u202e", "{}", "[1]", '"\\'),
    *("\\n", "''", "😀", "👍🏽", "\x7f", "\x01"),
    *("Nr.:RE-7", "a=b;c=d", "....45.10", "-$***9.00", "Rs.1,45/-", "12:30", "#7", "__", "x:::", 'Zoll:12"'),
)
WORDS = st.one_of(
    st.sampled_from(ODD_WORDS),
    st.text(min_size=1, max_size=8).map(lambda text: "".join(text.split()) or "x"),
    st.from_regex(r"\A[0-9]{1,4}[.,][0-9]{2}\Z"),
)
LINES = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), max_size=6)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    pages = draw(st.lists(LINES, min_size=1, max_size=3))
    made: list[Page] = []
    for index, lines in enumerate(pages):
        n_words = sum(len(line.split()) for line in lines)
        order = draw(st.permutations(range(n_words))) if draw(st.booleans()) else None
        made.append(page_of(lines, page_index=index, block_order=order))
    return Document(sha256="0" * 64, media_type="text/plain", pages=tuple(made))


@st.composite
def fields(draw: st.DrawFn) -> FieldSpec:
    kind = draw(
        st.sampled_from(["verbatim", "amount", "date", "number", "integer", "boolean", "iso_date", "free"])
    )
    low, high = sorted((draw(st.integers(0, 6)), draw(st.integers(1, 40))))
    bounds = sorted((draw(st.integers(-50, 2000)), draw(st.integers(-50, 2000))))
    numeric = kind in ("number", "integer") and draw(st.booleans())
    return FieldSpec(
        kind=kind,  # pyright: ignore[reportArgumentType]
        nullable=draw(st.booleans()),
        min_length=low,
        max_length=max(high, 1),
        pattern=draw(st.sampled_from([None, None, None, r"^[A-Za-z0-9.,/ -]+$", r"\d{1,3}"])),
        minimum=bounds[0] if numeric else None,
        maximum=bounds[1] if numeric else None,
    )


ENUMS = st.lists(st.one_of(st.none(), st.text(max_size=4), st.integers(-3, 3)), min_size=1, max_size=4).map(
    lambda values: FieldSpec(kind="enum", enum_values=tuple(values))
)
KEYS = st.text(st.characters(codec="utf-8"), max_size=6)


def objects(children: st.SearchStrategy[Spec]) -> st.SearchStrategy[ObjectSpec]:
    pairs = st.lists(st.tuples(KEYS, children), max_size=4, unique_by=lambda pair: pair[0])
    return st.builds(ObjectSpec, properties=pairs.map(tuple), nullable=st.booleans())


def arrays(children: st.SearchStrategy[Spec]) -> st.SearchStrategy[ArraySpec]:
    limits = st.tuples(st.integers(0, 2), st.integers(2, 4))
    return st.builds(_array, children, limits, st.booleans())


def _array(item: Spec, limits: tuple[int, int], nullable: bool) -> ArraySpec:
    return ArraySpec(item=item, min_items=limits[0], max_items=limits[1], nullable=nullable)


SPECS: st.SearchStrategy[Spec] = st.recursive(
    st.one_of(fields(), ENUMS), lambda children: st.one_of(objects(children), arrays(children)), max_leaves=6
)
SCHEMAS = objects(SPECS).map(lambda root: ExtractionSchema(name="s", root=root, json_schema="{}"))


def page_spans(document: Document) -> set[str]:
    """Return every run of whole words of the document."""
    return set(spans_of(word_runs(document), max_words=10_000, max_length=10_000))


def conforms(spec: Spec, value: JsonValue, spans: set[str]) -> bool:
    if value is None:
        return spec.nullable or (isinstance(spec, FieldSpec) and None in spec.enum_values)
    if isinstance(spec, ObjectSpec):
        return (
            isinstance(value, dict)
            and list(value) == [key for key, _ in spec.properties]
            and all(conforms(child, value[key], spans) for key, child in spec.properties)
        )
    if isinstance(spec, ArraySpec):
        return (
            isinstance(value, list)
            and spec.min_items <= len(value) <= spec.max_items
            and all(conforms(spec.item, item, spans) for item in value)
        )
    return _field_conforms(spec, value, spans)


def _field_conforms(spec: FieldSpec, value: JsonValue, spans: set[str]) -> bool:
    if spec.kind == "enum":
        return any(value == v and type(value) is type(v) for v in spec.enum_values)
    if spec.kind == "boolean":
        return isinstance(value, bool)
    if spec.kind in ("integer", "number"):
        low = -float("inf") if spec.minimum is None else spec.minimum
        high = float("inf") if spec.maximum is None else spec.maximum
        if spec.kind == "integer" and not isinstance(value, int):
            return False
        return isinstance(value, (int, float)) and low <= value <= high
    if not isinstance(value, str):
        return False
    if spec.kind == "iso_date":
        return date.fromisoformat(value).isoformat() == value
    bounded = spec.min_length <= len(value) <= spec.max_length
    matches = spec.pattern is None or re.fullmatch(spec.pattern, value, re.ASCII) is not None
    return bounded and matches and (spec.kind == "free" or value in spans)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schema=SCHEMAS, document=documents(), seed=st.integers(0, 1000), brief=st.booleans())
def test_random_weights_write_valid_and_grounded_json(
    schema: ExtractionSchema, document: Document, seed: int, brief: bool
) -> None:
    try:
        grammar = build_grammar(schema, document, reasoning="brief" if brief else "off")
    except (EmptyDocumentError, GrammarCompileError):
        return  # nothing fits a field that must not be null
    value = json.loads(sample(grammar.lark, seed=seed))
    if grammar.reasoning_key is not None:
        assert len(value.pop(grammar.reasoning_key)) <= trace_chars(schema.root, "brief")
    assert conforms(schema.root, value, page_spans(document))


@settings(max_examples=80, deadline=None)
@given(document=documents(), seed=st.integers(0, 1000))
def test_what_is_written_is_printed_begins_and_ends_at_marks_only_and_is_grounded(
    document: Document, seed: int
) -> None:
    root = ObjectSpec(properties=(("a", FieldSpec(kind="verbatim")), ("b", FieldSpec(kind="amount"))))
    schema = ExtractionSchema(name="s", root=root, json_schema="{}")
    value = json.loads(sample(build_grammar(schema, document).lark, seed=seed))
    texts = [text for text in value.values() if text is not None]
    assert all(any(_stands_in(text, " ".join(run)) for run in word_runs(document)) for text in texts)
    grounded = ground_extraction(value, schema, document)
    assert all(field.metadata.citations for field in grounded.fields.values() if field.value is not None)


def _stands_in(text: str, run: str) -> bool:
    """Return whether `text` stands in the words, torn out of none: at a space, a mark, or beside a figure."""
    starts = (at for at in range(len(run)) if run.startswith(text, at))
    return any(
        not (f" {run}"[at].isalnum() and text[0].isalnum() and f" {run}"[at].isdigit() == text[0].isdigit())
        and not (after.isalnum() and text[-1].isalnum() and after.isdigit() == text[-1].isdigit())
        for at in starts
        for after in [f"{run} "[at + len(text)]]
    )


@settings(max_examples=60, deadline=None)
@given(document=documents(), seed=st.integers(0, 1000))
def test_an_example_cannot_leak_because_only_the_page_is_in_the_grammar(
    document: Document, seed: int
) -> None:
    root = ObjectSpec(properties=(("a", FieldSpec(kind="verbatim")), ("b", FieldSpec(kind="amount"))))
    grammar = build_grammar(ExtractionSchema(name="s", root=root, json_schema="{}"), document)
    value = json.loads(sample(grammar.lark, seed=seed))
    spans = page_spans(document)
    assert all(v is None or v in spans for v in value.values())


@settings(max_examples=200, deadline=None)
@given(
    runs=st.lists(st.lists(WORDS, max_size=6).map(tuple), max_size=3),
    bounds=st.tuples(*[st.integers(1, 30)] * 2),
)
def test_has_span_agrees_with_trying_every_span(
    runs: Sequence[tuple[str, ...]], bounds: tuple[int, int]
) -> None:
    low, high = sorted(bounds)
    every = (len(text) for text in spans_of(runs, max_words=100, max_length=high))
    assert has_span(runs, min_length=low, max_length=high) == any(length >= low for length in every)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789.,'-() RM%", max_size=24))
def test_every_amount_has_at_least_one_reading(text: str) -> None:
    if looks_like_amount(text):
        assert possible_amounts(text)


HOSTILE = {
    "one letter": ["a"] * 10_000,
    "two letters": ["a", "b"] * 5_000,
    "growing prefixes": ["a" * (n % 40 + 1) for n in range(10_000)],
    "digits": [str(n % 10) for n in range(10_000)],
    "amounts": [f"{n}.{n % 100:02d}" for n in range(10_000)],
    "random": ["".join(random.Random(n).choices("abcdefgh", k=5)) for n in range(10_000)],
    "quotes": ['"', "\\"] * 5_000,
    "dates": ["1", "2", "2026"] * 3_333,
}


QUICK = ("one letter", "amounts", "random")


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(n, marks=pytest.mark.slow) for n in HOSTILE if n not in QUICK)]
)
def test_hostile_pages_compile_and_decode_within_bounds(name: str) -> None:
    """Ten thousand words: building in seconds, and no mask above half a second.

    Building takes 1.2 CPU seconds on an idle core, and twice that on one whose neighbour is busy.
    """
    words = HOSTILE[name]
    lines = [" ".join(words[i : i + 10]) for i in range(0, len(words), 10)]
    document = Document(sha256="0" * 64, media_type="text/plain", pages=(page_of(lines),))
    properties = (
        ("a", FieldSpec(kind="verbatim")),
        ("b", FieldSpec(kind="amount")),
        ("c", FieldSpec(kind="date")),
        ("d", FieldSpec(kind="verbatim", max_length=20, nullable=False)),
    )
    schema = ExtractionSchema(name="s", root=ObjectSpec(properties=properties), json_schema="{}")
    with within_cpu(4.0):
        grammar = build_grammar(schema, document)
        matcher = LLMatcher(bpe_tokenizer(), grammar.lark)
    with within_cpu(3.0):
        text = json.loads(sample(grammar.lark, seed=7))
    assert not matcher.is_error()
    joined = " ".join(words)
    assert all(value is None or value in joined for value in text.values())


def test_spans_are_listed_from_every_word() -> None:
    assert list(spans_of([("a", "b", "c")], max_words=2, max_length=9)) == ["a", "a b", "b", "b c", "c"]
    assert all(not looks_like_date(a + b) for a, b in pairwise(["12.50", "TOTAL"]))
