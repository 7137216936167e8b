"""What the linter calls enforced at decoding: random walks through the real grammar keep it."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest
from llguidance import LLMatcher, LLTokenizer

from decoding.grammar.build import build_grammar
from schemas.document import Document, Page, Word
from schemas.geometry import BBox
from schemas.lint import lint
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema
from schemas.validate import validate_output

Node = dict[str, Any]
TEXT = "ACME GmbH Invoice DE123456789 12.03.2026 Total 1.234,56 EUR 2 x 9,99 AB-12 5 42 0.50 €100 café"
FIELDS: Node = {
    "vat": {"type": ["string", "null"], "pattern": r"^[A-Z]{2}\d{9}$"},
    "code": {"type": "string", "x-rasg-kind": "free", "pattern": r"^\S+ [^a-z]{2,4}.$", "maxLength": 12},
    "free": {"type": "string", "x-rasg-kind": "free", "minLength": 2, "maxLength": 5},
    "text": {"type": "string", "minLength": 3, "maxLength": 9},
    "money": {"type": ["string", "null"], "x-rasg-kind": "amount", "pattern": r"^\d+[.,]\d{2}$"},
    "short_money": {"type": "string", "x-rasg-kind": "amount", "minLength": 1, "maxLength": 4},
    "printed": {"type": "string", "x-rasg-kind": "date", "maxLength": 10},
    "iso": {"type": "string", "format": "date"},
    "number": {"type": "number", "minimum": 0.5, "maximum": 50},
    "integer": {"type": "integer", "exclusiveMinimum": -3, "exclusiveMaximum": 120},
    "large": {"type": "integer", "maximum": 2**63},
    "boolean": {"type": "boolean"},
    "choice": {"enum": ["a", 1, True, None, 2.5, 'q"uote'], "minLength": 1},
    "nothing": {"type": "null"},
    "either": {"oneOf": [{"const": "x"}, {"enum": [7]}, {"type": "null"}]},
    "rows": {
        "type": ["array", "null"],
        "minItems": 1,
        "maxItems": 3,
        "items": {
            "type": "object",
            "properties": {
                "x y": {"anyOf": [{"$ref": "#/$defs/Money"}, {"type": "null"}]},
                'k."\\é': {"type": "boolean"},
            },
            "required": ["x y"],
            "additionalProperties": False,
        },
    },
}
DEFINITIONS: Node = {"Money": {"type": "string", "x-rasg-kind": "amount"}}


def _document() -> Document:
    box = BBox(0.1, 0.1, 0.2, 0.2)
    words = tuple(Word(text=text, bbox=box) for text in TEXT.split())
    page = Page(
        page_index=0,
        width_pt=600,
        height_pt=800,
        words=words,
        lines=((0, len(words)),),
        block_order=tuple(range(len(words))),
    )
    return Document(sha256="0" * 64, media_type="image/png", pages=(page,))


def _random_answer(schema: ExtractionSchema, *, seed: int, grounding: bool) -> str:
    """Return bytes drawn one by one from what the grammar allows, leaning to closing quotes and brackets."""
    rng = random.Random(seed)
    tokenizer = LLTokenizer("byte")
    matcher = LLMatcher(tokenizer, build_grammar(schema, _document(), grounding=grounding).lark)
    answer = bytearray()
    while not matcher.is_stopped():
        mask = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
        allowed = [
            int(i) for i in np.flatnonzero(np.unpackbits(mask, bitorder="little")[: tokenizer.vocab_size])
        ]
        closing = [token for token in allowed if token < 256 and chr(token) in '"]}']
        token = rng.choice(closing if closing and rng.random() < 0.3 else allowed)
        matcher.consume_token(token)
        if token < 256:
            answer.append(token)
        assert not matcher.is_error(), matcher.get_error()
    return answer.decode()


@pytest.mark.parametrize("grounding", [True, False])
def test_whatever_the_grammar_allows_satisfies_the_schema(grounding: bool) -> None:
    raw: Node = {"type": "object", "properties": FIELDS, "$defs": DEFINITIONS}
    assert {entry.verdict for entry in lint(raw).entries} == {"decoding"}
    schema = from_json_schema(raw)
    for seed in range(8):
        answer = json.loads(_random_answer(schema, seed=seed, grounding=grounding))
        assert list(answer) == list(FIELDS)
        assert validate_output(answer, schema) == ()
