"""What confirmed pages bring to the next page of their vendor, by the answers of a benchmark run.

    python -m benchmarks.teaching measure RUN [RUN ...] --readings runs/readings
    python -m benchmarks.teaching fit RUN [RUN ...] --readings runs/readings

A run (`rasg bench run` of the development suite) has the model's answer to each document. For each, the
documents of its data set most like it are taken as confirmed: their gold is what a person said, what the run
answered to them otherwise is what that person corrected. What these pages teach is applied to the run's
answer as the service does it, so that no model is asked. `measure` prints fields before and after, by data
set and by the number of confirmed pages, each data set with weights that were fitted on the others, and how
many right values pages of other vendors would change; `fit` prints the weights of
`decoding/transfer/weigh.py`.
"""

# scipy is not typed
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from scipy.optimize import minimize

from app.bench.readings import read_kept
from app.bench.run import RunFolder
from app.bench.suite import Suite, read_suite
from app.examples.annotate import Annotation, annotate
from app.examples.feedback import find_mistakes
from app.examples.importing import answer_of
from decoding.transfer import weigh
from decoding.transfer.lessons import Lesson, Said, Taught, agrees, find_taught
from decoding.transfer.weigh import Claim, features_of
from eval.datasets import GoldRecord
from eval.f_scores import Counts, total
from eval.kie import same
from eval.kinds import Kinds
from eval.predictions import PredRecord
from eval.scoring import score_document
from ocr.layout import page_text
from ocr.reader import ReadOptions
from retrieval.features import features_of as page_features
from retrieval.features import is_same_page, similarity
from schemas.document import Document
from schemas.errors import RasgError
from schemas.example import Example
from schemas.extraction import FieldMetadata
from schemas.spec import GROUNDED_KINDS, ExtractionSchema, json_path, single_fields

_SUITE = Path(__file__).parent / "suites" / "dev.yaml"
_RIDGE = 0.5
# Pages that are less alike teach nothing worth fitting.
_FITTED_FROM = 0.6
_NEAREST = 5
# As `RASG_EXAMPLES__MIN_SIMILARITY` is by default.
_SHOWN_FROM = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One document of a run: its gold, its answer, its pages' text, and itself as a confirmed example."""

    gold: GoldRecord
    pred: PredRecord
    schema: ExtractionSchema
    kinds: Kinds
    document: Document
    text: str
    example: Example | None

    @property
    def said(self) -> dict[tuple[str | int, ...], Said]:
        """Return what the run answered to each field, and how sure it was."""
        return {
            path: Said(
                value=self.pred.value.get(json_path(path)), confidence=self.pred.confidence(json_path(path))
            )
            for path, _ in single_fields(self.schema.root)
        }


def load_cases(suite: Suite, run: RunFolder, readings: Path) -> dict[str, list[Case]]:
    """Return the documents of a run by data set; those that failed or are not there are left out."""
    kinds, schemas = run.kinds(), suite.schemas()
    answers = {line.id: line for line in run.lines() if line.error is None}
    cases: dict[str, list[Case]] = {}
    for record in suite.records():
        pred = answers.get(record.id)
        file = suite.data / record.dataset / record.file
        if pred is None or not file.is_file():
            continue
        document = read_kept(file.read_bytes(), ReadOptions(), readings).document
        schema = schemas[record.dataset]
        case = Case(
            gold=record,
            pred=pred,
            schema=schema,
            kinds=kinds[record.dataset],
            document=document,
            text="\n\n".join(page_text(document, i) for i in range(len(document.pages))),
            example=_confirmed(record, pred, document, schema),
        )
        cases.setdefault(record.dataset, []).append(case)
    return cases


def annotation_of(
    document: Document,
    schema: ExtractionSchema,
    value: dict[str, JsonValue],
    *,
    mistakes: Mapping[str, JsonValue] | None = None,
) -> Annotation:
    """Return gold as a person's annotation of a document, whose answer had `mistakes`."""
    return Annotation(
        document=document,
        page_hashes=tuple(None for _ in document.pages),
        schema=schema,
        value=value,
        tenant="bench",
        source="feedback",
        confirmed_by="gold",
        at=datetime.now(UTC),
        mistakes=mistakes or {},
    )


def _confirmed(
    record: GoldRecord, pred: PredRecord, document: Document, schema: ExtractionSchema
) -> Example | None:
    value = answer_of(record, schema)
    if value is None or not document.pages:
        return None
    mistakes = find_mistakes(pred.value, value, schema)
    annotation = annotation_of(document, schema, value, mistakes=mistakes)
    try:
        return annotate(annotation).examples[0]
    except RasgError:
        return None


def near_pages(case: Case, others: Iterable[Case], *, least: float) -> list[Lesson]:
    """Return the confirmed pages at least so alike, the nearest first; copies of the page itself are none."""
    features = page_features(page_text(case.document, 0), None) if case.document.pages else None
    found: list[tuple[float, Example]] = []
    for other in others:
        if features is None or other.example is None or other.gold.id == case.gold.id:
            continue
        score = similarity(features, other.example)
        if score >= least and not is_same_page(features, other.example):
            found.append((score, other.example))
    found.sort(key=lambda pair: -pair[0])
    return [Lesson(example, score, case.text) for score, example in found[:_NEAREST]]


# --- fitting ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A claim that differs from what the model said, in a data set, and which of both is right."""

    dataset: str
    claim: Claim
    is_right: bool
    model_is_right: bool


def list_trials(cases: Mapping[str, Sequence[Case]]) -> Iterator[Trial]:
    """Yield the claims of like pages that differ from the run's answers."""
    for dataset, members in cases.items():
        for case in members:
            said = case.said
            for lesson in near_pages(case, members, least=_FITTED_FROM):
                for path, spec in single_fields(case.schema.root):
                    claim = lesson.claim(path, spec, said[path]) if spec.kind in GROUNDED_KINDS else None
                    if claim is None or agrees(claim, said[path]):
                        continue
                    name = json_path(path)
                    pred = case.pred.field(name)
                    yield Trial(
                        dataset=dataset,
                        claim=claim,
                        is_right=_is_right(case, name, None if claim.place is None else claim.place.text),
                        model_is_right=_is_right(case, name, None if pred is None else pred.text),
                    )


def _is_right(case: Case, name: str, text: str | None) -> bool:
    gold = case.gold.accepted(name)
    if text is None:
        return not gold
    record = PredRecord(id=case.gold.id, value={name: text})
    kind = case.kinds.fields.get(name, "text")
    pred = record.field(name)
    return pred is not None and any(same(pred, accepted, kind=kind) for accepted in gold)


def fit_weights(trials: Sequence[Trial]) -> dict[str, float]:
    """Return the weights under which claims that are right weigh more than models that are wrong."""
    decided = [trial for trial in trials if trial.is_right != trial.model_is_right]
    if not decided:
        return dict(weigh.WEIGHTS)
    names = list(features_of(decided[0].claim))
    rows = np.array([list(features_of(trial.claim).values()) for trial in decided])
    signs = np.array([1.0 if trial.is_right else -1.0 for trial in decided])

    def loss(weights: NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, -signs * (rows @ weights)).sum() + _RIDGE * (weights[1:] ** 2).sum())

    found = minimize(loss, np.zeros(len(names))).x
    return {name: round(float(weight), 2) for name, weight in zip(names, found, strict=True)}


# --- measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Fields of some documents before and after what confirmed pages teach."""

    n_documents: int
    before: Counts
    after: Counts
    n_mended: int
    n_spoilt: int
    n_right: int


def measure(cases: Iterable[Case], choose: Callable[[Case], Sequence[Lesson]]) -> Effect:
    """Return what the pages that `choose` names bring to documents; those without any are left out."""
    pairs: list[tuple[Case, PredRecord]] = []
    for case in cases:
        lessons = choose(case)
        if lessons:
            pairs.append((case, _teach(case, find_taught(case.said, lessons, case.schema))))
    rights = [
        (_field_right(case, case.pred, name), _field_right(case, changed, name))
        for case, changed in pairs
        for name in case.kinds.fields
    ]
    return Effect(
        n_documents=len(pairs),
        before=total(_counts(case, case.pred) for case, _ in pairs),
        after=total(_counts(case, changed) for case, changed in pairs),
        n_mended=sum(is_now and not was for was, is_now in rights),
        n_spoilt=sum(was and not is_now for was, is_now in rights),
        n_right=sum(was for was, _ in rights),
    )


def _teach(case: Case, taught: Mapping[tuple[str | int, ...], Taught]) -> PredRecord:
    value: dict[str, JsonValue] = dict(case.pred.value)
    metadata = dict(case.pred.metadata)
    for path, lesson in taught.items():
        name = json_path(path)
        value[name] = lesson.value
        metadata[name] = FieldMetadata(confidence=lesson.probability)
    return PredRecord(id=case.pred.id, value=value, metadata=metadata)


def _field_right(case: Case, pred: PredRecord, name: str) -> bool:
    results = score_document(pred, case.gold, kinds=case.kinds, fields=[name]).fields["normalised"]
    return results[0].outcome in ("right", "absent")


def _counts(case: Case, pred: PredRecord) -> Counts:
    results = score_document(pred, case.gold, kinds=case.kinds).fields["normalised"]
    return total(result.counts for result in results)


def nearest_of(members: Sequence[Case], n_pages: int, least: float) -> Callable[[Case], Sequence[Lesson]]:
    """Return what chooses the nearest so many pages; none of a document that has fewer."""

    def choose(case: Case) -> Sequence[Lesson]:
        found = near_pages(case, members, least=least)[:n_pages]
        return found if len(found) == n_pages else ()

    return choose


def farthest_of(members: Sequence[Case]) -> Callable[[Case], Sequence[Lesson]]:
    """Return what chooses the least alike page, as if it were just near enough to be shown."""

    def choose(case: Case) -> Sequence[Lesson]:
        features = page_features(page_text(case.document, 0), None)
        others = [o.example for o in members if o.example is not None and o.gold.id != case.gold.id]
        if not others:
            return ()
        return (Lesson(min(others, key=lambda e: similarity(features, e)), _SHOWN_FROM, case.text),)

    return choose


def print_effects(cases: Mapping[str, Sequence[Case]], trials: Sequence[Trial], least: float) -> None:
    """Print the tables: like pages that are one and three, and pages of other vendors."""
    print("| data set | confirmed pages | documents | fields before | after | mended | spoilt |")
    print("|---|---|---|---|---|---|---|")
    for n_pages in (1, 3):
        effects = {
            name: _with_weights_of_others(name, trials, members, nearest_of(members, n_pages, least))
            for name, members in cases.items()
        }
        for name, effect in effects.items():
            if effect.n_documents:
                _print_effect(name, n_pages, effect)
        _print_effect("all", n_pages, _sum(tuple(effects.values())))
    foreign = _sum(
        [
            _with_weights_of_others(name, trials, members, farthest_of(members))
            for name, members in cases.items()
        ]
    )
    spoilt = f"{foreign.n_spoilt} of {foreign.n_right} right values spoilt"
    print(f"\nThe least alike page of each data set as if alike: {spoilt}.")


def _with_weights_of_others(
    name: str, trials: Sequence[Trial], members: Sequence[Case], choose: Callable[[Case], Sequence[Lesson]]
) -> Effect:
    weigh.WEIGHTS.update(fit_weights([trial for trial in trials if trial.dataset != name]))
    return measure(members, choose)


def _sum(effects: Sequence[Effect]) -> Effect:
    return Effect(
        n_documents=sum(e.n_documents for e in effects),
        before=total(e.before for e in effects),
        after=total(e.after for e in effects),
        n_mended=sum(e.n_mended for e in effects),
        n_spoilt=sum(e.n_spoilt for e in effects),
        n_right=sum(e.n_right for e in effects),
    )


def _print_effect(name: str, n_pages: int, effect: Effect) -> None:
    print(
        f"| {name} | {n_pages} | {effect.n_documents} | {effect.before.f1:.3f} | {effect.after.f1:.3f} "
        f"| {effect.n_mended} | {effect.n_spoilt} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("fit", "measure"))
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/dev"))
    parser.add_argument("--readings", type=Path, required=True)
    parser.add_argument(
        "--least", type=float, default=_SHOWN_FROM, help="How alike a page has to be to teach."
    )
    asked = parser.parse_args(arguments)
    suite = read_suite(_SUITE, data=asked.data)
    loaded = {path: load_cases(suite, RunFolder(path=path), asked.readings) for path in asked.runs}
    trials = [trial for cases in loaded.values() for trial in list_trials(cases)]
    if asked.command == "fit":
        print(fit_weights(trials))
        return
    for path, cases in loaded.items():
        print(f"\n## {path.name}\n")
        print_effects(cases, trials, asked.least)


if __name__ == "__main__":
    main()
