"""How well a model extracts: real decoding under the grammar, on synthetic pages and labelled transcripts."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pydantic import JsonValue

from decoding.engines.engine import Engine, EngineRequest
from decoding.grammar.build import build_grammar
from decoding.parse import parse_completion
from decoding.prompt import build_prompt
from ocr.layout import layout_text
from schemas.document import Document
from schemas.spec import ExtractionSchema, FieldKind, FieldSpec
from schemas.values import parse_amount, parse_date
from training.house_eval import receipt_schema
from training.synthesis.sample import SyntheticDocument
from training.transcripts import read_transcripts


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One page, what is asked and the right answers (None: not on the page)."""

    case_id: str
    document: Document
    schema: ExtractionSchema
    gold: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """The answer to a case: values by key, which of them are right, and the seconds it took."""

    case_id: str
    pred: Mapping[str, JsonValue]
    gold: Mapping[str, JsonValue]
    right: Mapping[str, bool]
    n_completion_tokens: int
    seconds: float


def transcript_cases(path: Path, *, n: int) -> tuple[Case, ...]:
    """Return the first `n` labelled receipts, asked for the four fields of SROIE."""
    schema = receipt_schema()
    records = read_transcripts(path)
    return tuple(
        Case(
            case_id=item.document_id,
            document=item.document,
            schema=schema,
            gold={key: item.kie.get(key) for key, _ in schema.root.properties},
        )
        for _, item in zip(range(n), records, strict=False)
    )


def synthetic_cases(samples: Iterable[SyntheticDocument]) -> tuple[Case, ...]:
    """Return synthetic documents as cases."""
    return tuple(
        Case(case_id=f"synthetic/{i}", document=sample.document, schema=sample.schema, gold=sample.gold)
        for i, sample in enumerate(samples)
    )


def score(
    engine: Engine, cases: Iterable[Case], *, grounding: bool = True, n_candidates: int = 4
) -> Iterator[CaseResult]:
    """Yield the result of each case; a page too long for the model's context counts as all wrong."""
    for case in cases:
        prompt = build_prompt(case.schema, layout_text(case.document).text)
        room = engine.max_context_tokens - engine.count_tokens(prompt)
        started = time.perf_counter()
        pred: Mapping[str, JsonValue] = {}
        n_tokens = 0
        if room > 0:
            request = EngineRequest(
                prompt=prompt,
                grammar=build_grammar(case.schema, case.document, grounding=grounding),
                max_tokens=min(room, 1024),
                n_candidates=n_candidates,
            )
            completion = engine.complete([request])[0]
            pred = parse_completion(completion, request.grammar).value
            n_tokens = completion.n_completion_tokens
        kinds: dict[str, FieldKind] = {
            key: spec.kind for key, spec in case.schema.root.properties if isinstance(spec, FieldSpec)
        }
        right = {
            key: key in pred and same_value(pred[key], gold, kinds.get(key, "verbatim"))
            for key, gold in case.gold.items()
        }
        yield CaseResult(
            case_id=case.case_id,
            pred=pred,
            gold=case.gold,
            right=right,
            n_completion_tokens=n_tokens,
            seconds=time.perf_counter() - started,
        )


def same_value(pred: JsonValue, gold: JsonValue, kind: FieldKind) -> bool:
    """Return whether two values say the same: amounts as numbers, dates as days, text by its letters.

    Text is compared by letters and digits alone, in any case: the transcripts and the gold values of
    public receipts differ in spaces and punctuation.
    """
    if pred is None or gold is None or isinstance(pred, (list, dict)):
        return pred == gold
    if kind == "amount":
        a, b = parse_amount(str(pred)), parse_amount(str(gold))
        if a is not None and b is not None:
            return a.value == b.value
    if kind == "date":
        c, d = parse_date(str(pred), day_first=True), parse_date(str(gold), day_first=True)
        if c is not None and d is not None:
            return c.value == d.value
    if kind in ("number", "integer") and isinstance(pred, int | float) and isinstance(gold, int | float):
        return Decimal(str(pred)) == Decimal(str(gold))
    letters = _letters(str(pred)), _letters(str(gold))
    return letters[0] == letters[1] if any(letters) else str(pred).split() == str(gold).split()


def _letters(text: str) -> str:
    return "".join(ch for ch in text.casefold() if ch.isalnum())


def accuracy(results: Iterable[CaseResult]) -> dict[str, float]:
    """Return the share of right values per key, and over all as "all", in [0, 1]."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for result in results:
        for key, right in result.right.items():
            hits[key].append(right)
            hits["all"].append(right)
    return {key: sum(values) / len(values) for key, values in hits.items()}


def to_json(result: CaseResult) -> str:
    """Return the result as one line of JSON."""
    record = {
        "id": result.case_id,
        "pred": result.pred,
        "gold": result.gold,
        "right": result.right,
        "n_completion_tokens": result.n_completion_tokens,
        "seconds": round(result.seconds, 3),
    }
    return json.dumps(record, ensure_ascii=False)
