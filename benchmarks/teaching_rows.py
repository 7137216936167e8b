"""What confirmed pages bring to the rows of the next page of their vendor.

    RASG_MODEL=house python -m benchmarks.teaching_rows made --vendors 30
    RASG_MODEL=house python -m benchmarks.teaching_rows suite --readings runs/dev/readings

`made` asks about made-up vendors (`benchmarks.made_vendors`), `suite` about the documents of the development
suite that have a like page. Each document is asked three times with a model: without an example,
with the example in the prompt alone (`lessons=false`), and with what it teaches. GLIRM is the mean over
documents, values compared by meaning. Then the wrong examples: of another vendor, as if it were 0.8 alike;
and for made-up vendors one that says otherwise than two others. Of these documents only those are asked whose
rows anything is taught about.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import JsonValue

from app.bench.readings import read_kept
from app.bench.suite import read_suite
from app.examples.annotate import annotate
from app.examples.importing import answer_of
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.extraction.prompt_examples import FoundExamples
from app.extraction.taught_rows import find_window_rows, learn_row_lessons
from app.extraction.tenant import TenantContext
from app.settings import load_settings
from app.wiring import build_pipeline
from benchmarks.made_vendors import CONVENTIONS, Invoice, Vendor, make_vendors
from benchmarks.teaching import annotation_of
from decoding.windows import cut_windows
from eval.datasets import GoldRecord
from eval.glirm import Glirm
from eval.kinds import schema_kinds
from eval.predictions import PredRecord
from eval.scoring import score_document
from ocr.layout import page_text
from ocr.reader import ReadOptions
from retrieval.features import features_of, is_same_page, similarity
from retrieval.search import Hit, join_pages
from schemas.document import Document
from schemas.errors import RasgError
from schemas.example import Example
from schemas.spec import ExtractionSchema

if TYPE_CHECKING:
    from app.extraction.finder import ExampleFinder

_SUITE = Path(__file__).parent / "suites" / "dev.yaml"
_ROW_SETS = ("einvoice_cii", "wildreceipt", "invoice2data", "docile_sample")
# As `RASG_EXAMPLES__MIN_SIMILARITY` is by default.
_SHOWN_FROM = 0.8
_MAX_TOKENS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A document with rows, its gold, and the confirmed pages that are found for it, with their likeness."""

    group: str
    name: str
    document: Document
    schema: ExtractionSchema
    gold: GoldRecord
    examples: tuple[tuple[float, Example], ...]

    @property
    def hits(self) -> FoundExamples:
        """Return the examples as a search gives them."""
        hits = (Hit(example=e, similarity_score=score, fused_score=score) for score, e in self.examples)
        return FoundExamples(hits=tuple(hits))


class _Given:
    """Finds the examples that it is given, whatever it is asked about."""

    def __init__(self, found: FoundExamples) -> None:
        self._found = found

    def find(self, _part: Document, _schema: ExtractionSchema, *, k: int) -> FoundExamples:
        """Return the nearest `k` of them."""
        return FoundExamples(hits=self._found.hits[:k])

    def find_confirmed(self, _document_sha256: str, _schema: ExtractionSchema) -> None:
        """Return None: no file is asked about twice."""


def ask(pipeline: Pipeline, case: Case, *, n_examples: int, lessons: bool) -> Glirm | None:
    """Return how the rows of a document's answer agree with its gold; None if there is no answer."""
    finder = cast("ExampleFinder", _Given(case.hits))
    serving = replace(pipeline, tenant=TenantContext(examples=finder))
    options = ExtractionOptions(xml="ignore", max_tokens=_MAX_TOKENS, n_examples=n_examples, lessons=lessons)
    try:
        extraction = serving.extract_document(case.document, case.schema, options=options)
    except RasgError as error:
        print(f"{case.name}: {error.code}", flush=True)
        return None
    pred = PredRecord(id=case.gold.id, value=extraction.output.value)
    scored = score_document(pred, case.gold, kinds=schema_kinds(case.schema), rows=True)
    return None if scored.rows is None else scored.rows["normalised"]


def is_taught(case: Case) -> bool:
    """Return whether the examples of a case decide anything about its rows."""
    lessons = learn_row_lessons([case.hits], case.schema)
    (window,) = cut_windows(case.document, fits=lambda _: True)
    return bool(find_window_rows(window, case.schema, lessons).taught)


# --- cases --------------------------------------------------------------------------------------


def example_of(document: Document, schema: ExtractionSchema, value: dict[str, JsonValue]) -> Example | None:
    """Return a document as a person's example, its pages together; None if none can be made of the value."""
    try:
        return join_pages(annotate(annotation_of(document, schema, value)).examples, schema)
    except RasgError:
        return None


def made_cases(n: int, seed: int) -> Iterator[Case]:
    """Yield the next invoice of each made-up vendor, with the one before as its example."""
    for convention in CONVENTIONS:
        for number, vendor in enumerate(make_vendors(n, convention, seed=seed)):
            yield _made_case(vendor, f"{convention}-{number}", vendor.known)


def _made_case(vendor: Vendor, name: str, known: Sequence[Invoice]) -> Case:
    found = [example_of(one.document, vendor.schema, one.gold) for one in known]
    rows = [
        {k: v for k, v in row.items() if v is not None} for row in vendor.asked.rows if isinstance(row, dict)
    ]
    return Case(
        group=vendor.convention,
        name=name,
        document=vendor.asked.document,
        schema=vendor.schema,
        gold=GoldRecord.model_validate(
            {
                "id": name,
                "dataset": "made",
                "doc_type": "invoice",
                "file": name,
                "kie": {},
                "line_items": rows,
            }
        ),
        examples=tuple((_SHOWN_FROM, example) for example in found if example is not None),
    )


def contradicted_cases(n: int, seed: int) -> Iterator[Case]:
    """Yield plain vendors of whose three confirmed invoices the nearest is corrected otherwise.

    Its person has null for the amounts and leaves out the last row.
    """
    for number, vendor in enumerate(make_vendors(n, "plain", seed=seed, n_known=3)):
        first, *others = vendor.known
        rows = [{**row, "amount_net": None} for row in first.rows[:-1] if isinstance(row, dict)]
        odd = Invoice(document=first.document, gold={**first.gold, "line_items": list[JsonValue](rows)})
        yield _made_case(vendor, f"contradicted-{number}", (odd, *others))


def suite_cases(data: Path, readings: Path) -> list[Case]:
    """Return the documents of the development suite with rows, and all like pages of their data set."""
    suite = read_suite(_SUITE, data=data)
    schemas = suite.schemas()
    read: list[tuple[GoldRecord, Document, Example | None]] = []
    for record in suite.records():
        file = suite.data / record.dataset / record.file
        if record.dataset not in _ROW_SETS or not file.is_file():
            continue
        options = replace(ReadOptions(), einvoice=False)
        document = read_kept(file.read_bytes(), options, readings).document
        value = answer_of(record, schemas[record.dataset])
        if document.pages:
            made = None if value is None else example_of(document, schemas[record.dataset], value)
            read.append((record, document, made))
    return [
        Case(
            group=record.dataset,
            name=record.id,
            document=document,
            schema=schemas[record.dataset],
            gold=record,
            examples=tuple(_likenesses(record, document, read)),
        )
        for record, document, _ in read
        if record.line_items
    ]


def _likenesses(
    record: GoldRecord, document: Document, read: Sequence[tuple[GoldRecord, Document, Example | None]]
) -> list[tuple[float, Example]]:
    """Return the other pages of the data set, the likest first; copies of the page are none."""
    features = features_of(page_text(document, 0), None)
    found: list[tuple[float, Example]] = []
    for other, theirs, example in read:
        if example is None or other.dataset != record.dataset or other.id == record.id:
            continue
        first = example.model_copy(update={"text": page_text(theirs, 0)})  # by which a search finds it
        if not is_same_page(features, first):
            found.append((similarity(features, first), example))
    return sorted(found, key=lambda pair: -pair[0])


def near_only(case: Case, n_pages: int) -> Case:
    """Return a case with those of its pages that a search would find, so many of them at most."""
    near = tuple(pair for pair in case.examples if pair[0] >= _SHOWN_FROM)
    return replace(case, examples=near[:n_pages])


def farthest_only(case: Case) -> Case:
    """Return a case with its least alike page, as if it were just near enough."""
    return replace(case, examples=tuple((_SHOWN_FROM, example) for _, example in case.examples[-1:]))


# --- measuring ----------------------------------------------------------------------------------


def measure(pipeline: Pipeline, cases: Sequence[Case], *, verbose: bool) -> None:
    """Print GLIRM of some documents without an example, with it in the prompt, and with what it teaches."""
    scores: dict[str, list[tuple[float, float, float, bool]]] = {}
    for case in cases:
        results = [
            ask(pipeline, case, n_examples=n, lessons=on) for n, on in ((0, False), (1, False), (1, True))
        ]
        alone, shown, taught = results
        if alone is None or shown is None or taught is None:
            continue
        scores.setdefault(case.group, []).append((alone.f1, shown.f1, taught.f1, is_taught(case)))
        if verbose:
            print(f"{case.name}: {alone.f1:.3f} {shown.f1:.3f} {taught.f1:.3f} {is_taught(case)}", flush=True)
            print(taught.diff(), flush=True)
    scores["all"] = [line for lines in scores.values() for line in lines]
    print("| documents of | n | with a lesson | no example | example shown | and taught | better | worse |")
    print("|---|---|---|---|---|---|---|---|")
    for group, lines in scores.items():
        alone, shown, taught = (sum(line[i] for line in lines) / max(len(lines), 1) for i in range(3))
        better = sum(line[2] > line[1] for line in lines)
        worse = sum(line[2] < line[1] for line in lines)
        n_taught = sum(line[3] for line in lines)
        print(
            f"| {group} | {len(lines)} | {n_taught} | {alone:.3f} | {shown:.3f} | {taught:.3f} "
            f"| {better} | {worse} |",
            flush=True,
        )


def measure_wrong(pipeline: Pipeline, cases: Sequence[Case], name: str, *, verbose: bool) -> None:
    """Print how many right cells wrong examples change; where they teach nothing, nothing changes."""
    taught = [case for case in cases if is_taught(case)]
    n_right = n_lost = 0
    for case in taught:
        before = ask(pipeline, case, n_examples=1, lessons=False)
        after = ask(pipeline, case, n_examples=1, lessons=True)
        if before is None:
            continue
        lost = _n_right(before) - (0 if after is None else _n_right(after))
        n_right += _n_right(before)
        n_lost += max(0, lost)
        if verbose and after is not None and lost > 0:
            print(case.name, lost, after.diff(), sep="\n", flush=True)
    what = f"of these {n_lost} of {n_right} right cells lost"
    print(f"{name}: {len(cases)} documents, {len(taught)} taught; {what}")


def _n_right(rows: Glirm) -> int:
    return sum(score == 1.0 for row in rows.alignment for score in row.cells.values())


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("made", "suite"))
    parser.add_argument("--vendors", type=int, default=30, help="made-up vendors for each convention")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/dev"))
    parser.add_argument("--readings", type=Path, default=Path("runs/dev/readings"))
    parser.add_argument("--n", type=int, help="documents of the suite that are asked, the first so many")
    parser.add_argument("--no-wrong", action="store_true", help="without the wrong examples")
    parser.add_argument("--verbose", action="store_true", help="print each document's rows beside its gold")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    asked = _parse(arguments)
    pipeline = build_pipeline(load_settings(), engine_name="embedded")
    if asked.command == "made":
        cases = list(made_cases(asked.vendors, asked.seed))
        measure(pipeline, cases, verbose=asked.verbose)
        foreign = [c for c in cases if c.group == "plain"]
        wrong = [
            replace(c, examples=o.examples) for c, o in zip(foreign, [*foreign[1:], foreign[0]], strict=True)
        ]
        contradicted = list(contradicted_cases(asked.vendors, asked.seed))
    else:
        every = suite_cases(asked.data, asked.readings)
        for n_pages in (1, 3):
            near = [near_only(case, n_pages) for case in every]
            chosen = [case for case in near if len(case.examples) == n_pages][: asked.n]
            measure(pipeline, chosen, verbose=asked.verbose)
        wrong, contradicted = [farthest_only(case) for case in every if case.examples], []
    if not asked.no_wrong:
        measure_wrong(pipeline, wrong, "another vendor's page, as if alike", verbose=asked.verbose)
    if contradicted and not asked.no_wrong:
        measure_wrong(pipeline, contradicted, "one of three pages is wrong", verbose=asked.verbose)


if __name__ == "__main__":
    main()
