"""A suite through the pipeline: one line of predictions a document, and nothing done twice.

A run's folder holds `config.json` (what was asked, with what), `predictions.jsonl`, `gold.jsonl`,
`kinds.json` (how values are compared) and, once it is scored, the files of `app.bench.results`. A run
that was stopped goes on where it stopped; a folder of another run is refused.
"""

from __future__ import annotations

import hashlib
import json
import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from pydantic import ConfigDict, JsonValue, TypeAdapter

from app.bench.gold_store import with_examples
from app.bench.readings import read_kept
from app.bench.suite import Suite
from app.errors import is_configuration
from app.extraction.pipeline import Pipeline
from decoding.grammar.page_text import is_span
from decoding.tables.find import find_tables
from decoding.tables.table import Cell, TableRow
from eval.datasets import GoldRecord
from eval.kinds import Kinds, schema_kinds
from eval.predictions import PredRecord
from schemas.adapter import weights_sha256
from schemas.document import Document
from schemas.errors import ConfigurationError, EngineUnavailableError, RasgError
from schemas.extraction import ExampleUse, Extraction, Usage
from schemas.spec import GROUNDED_KINDS, ExtractionSchema
from schemas.validate import validate_output
from schemas.walk import leaves

CONFIG, PREDICTIONS, GOLD, KINDS = "config.json", "predictions.jsonl", "gold.jsonl", "kinds.json"
_KINDS = TypeAdapter(dict[str, Kinds])


class RunLine(PredRecord):
    """A prediction with what a run measures beside it.

    Attributes
    ----------
    retryable
        Whether the error may be gone when the run goes on: such a document is tried again.
    is_valid
        Whether the answer validates against its schema; None without an answer.
    n_grounded, n_on_page
        Values that must stand on the page, and those that do.
    examples
        What was shown with the document.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    dataset: str
    retryable: bool = False
    status: str | None = None
    warnings: tuple[str, ...] = ()
    is_valid: bool | None = None
    n_grounded: int = 0
    n_on_page: int = 0
    examples: tuple[ExampleUse, ...] = ()
    usage: Usage | None = None
    read_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """Where a run keeps its files."""

    path: Path

    def begin(
        self, config: Mapping[str, JsonValue], gold: Sequence[GoldRecord], kinds: Mapping[str, Kinds]
    ) -> None:
        """Write what is asked, or check that a run that was begun asked the same.

        Raises
        ------
        ConfigurationError
            If the folder holds another run, naming the first difference, or cannot be written.
        """
        path = self.path / CONFIG
        is_begun = path.is_file()
        if is_begun:
            try:
                begun = json.loads(path.read_text(encoding="utf-8"))
            except ValueError as error:
                raise ConfigurationError(f"{self.path.name}/{CONFIG} is of no run") from error
            _same(begun, config, self.path.name)
            if (self.path / KINDS).is_file():  # not of runs that were begun before they were kept
                return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.write_asked(gold, kinds)
            if is_begun:
                return
            part = self.path / f"{CONFIG}.part"
            part.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
            part.replace(path)
        except OSError as error:
            raise ConfigurationError(f"{self.path} cannot be written: {error.strerror}") from error

    def write_asked(self, gold: Sequence[GoldRecord], kinds: Mapping[str, Kinds]) -> None:
        """Write the gold records, and how the values of each data set are compared."""
        lines = "".join(record.model_dump_json() + "\n" for record in gold)
        (self.path / GOLD).write_text(lines, encoding="utf-8")
        (self.path / KINDS).write_bytes(_KINDS.dump_json(dict(kinds), indent=1) + b"\n")

    def kinds(self) -> dict[str, Kinds]:
        """Return how the values of each data set are compared; nothing if the folder does not say.

        Raises
        ------
        ConfigurationError
            If the file cannot be read.
        """
        path = self.path / KINDS
        if not path.is_file():
            return {}
        try:
            return _KINDS.validate_json(path.read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{self.path.name}/{KINDS} is of no run") from error

    def lines(self) -> tuple[RunLine, ...]:
        """Return the predictions so far, without a last line that was cut."""
        path = self.path / PREDICTIONS
        if not path.is_file():
            return ()
        *lines, _ = path.read_bytes().split(b"\n")  # the cut may be inside a character
        try:
            return tuple(RunLine.model_validate_json(line) for line in lines)
        except ValueError as error:
            raise ConfigurationError(f"{self.path.name}/{PREDICTIONS} is of no run") from error

    def keep(self, lines: Sequence[RunLine]) -> None:
        """Write the predictions anew."""
        text = "".join(line.model_dump_json() + "\n" for line in lines)
        part = self.path / f"{PREDICTIONS}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(self.path / PREDICTIONS)


def _same(begun: JsonValue, config: Mapping[str, JsonValue], name: str) -> None:
    old = begun if isinstance(begun, dict) else {}
    for key in ("suite", "engine", "model", "weights", "adapter", "ocr", "languages", "schemas", "gold"):
        if old.get(key) != config.get(key):
            raise ConfigurationError(
                f"the folder {name!r} holds a run with another {key}",
                hint="choose another folder, or delete it",
            )


def run_config(suite: Suite, pipeline: Pipeline, *, model_folder: Path | None = None) -> dict[str, JsonValue]:
    """Return what a run is made of: the suite, the engine and model, and the versions.

    `weights` is the content hash of the model folder's weights; None where only the server knows them.
    """
    return {
        "suite": json.loads(suite.model_dump_json(by_alias=True)),
        "engine": pipeline.engine.name,
        "model": pipeline.engine.model,
        "weights": None if model_folder is None else weights_sha256(model_folder),
        "adapter": None if pipeline.own_adapter is None else pipeline.own_adapter.content_sha256,
        "ocr": pipeline.read_options.engine,
        "languages": list(pipeline.read_options.languages),
        "schemas": _digest(schema.json_schema for schema in suite.schemas().values()),
        "gold": _digest(record.model_dump_json() for record in suite.records()),
        "versions": {"rasg": version("rasg"), "python": platform.python_version()},
    }


def _digest(texts: Iterable[str]) -> str:
    content = hashlib.sha256()
    for text in texts:
        content.update(text.encode("utf-8", "surrogatepass") + b"\n")
    return content.hexdigest()


def run_suite(
    suite: Suite,
    pipeline: Pipeline,
    folder: RunFolder,
    *,
    readings: Path,
    model_folder: Path | None = None,
    n_in_flight: int = 1,
    announce: Callable[[str], None] = lambda _: None,
) -> tuple[RunLine, ...]:
    """Return the predictions of every document of the suite, those that were there before too.

    Parameters
    ----------
    readings
        Folder of documents that were read before, shared by runs.
    model_folder
        Where an engine in this process has its weights: a run does not go on with others.
    n_in_flight
        Documents decoded at a time: a server batches them.

    Raises
    ------
    ConfigurationError
        If the folder holds another run, or no document could be extracted as things are set up.
    EngineUnavailableError
        If the engine is gone; what was finished is kept, and the run can go on.
    """
    records, schemas = suite.records(), suite.schemas()
    kinds = {dataset: schema_kinds(schema) for dataset, schema in schemas.items()}
    folder.begin(run_config(suite, pipeline, model_folder=model_folder), records, kinds)
    done = tuple(line for line in folder.lines() if not line.retryable)
    folder.keep(done)
    known = {line.id for line in done}
    pending = [record for record in records if record.id not in known]
    pipelines = with_examples(suite, pipeline, folder.path / "examples", readings=readings, announce=announce)
    runner = _Runner(suite=suite, pipelines=pipelines, schemas=schemas, readings=readings)
    lock = threading.Lock()
    with (
        (folder.path / PREDICTIONS).open("a", encoding="utf-8") as file,
        ThreadPoolExecutor(n_in_flight) as pool,
    ):

        def one(record: GoldRecord) -> None:
            announce(record.id)
            line = runner.line(record).model_dump_json() + "\n"
            with lock:
                file.write(line)
                file.flush()

        try:
            for _ in pool.map(one, pending):
                pass
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return folder.lines()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Runner:
    suite: Suite
    pipelines: Mapping[str, Pipeline]
    schemas: Mapping[str, ExtractionSchema]
    readings: Path

    def line(self, record: GoldRecord) -> RunLine:
        schema = self.schemas[record.dataset]
        pipeline = self.pipelines[record.dataset]
        try:
            data = (self.suite.data / record.dataset / record.file).read_bytes()
            options = self.suite.options.extraction()
            how = replace(pipeline.read_options, einvoice=options.xml != "ignore")
            reading = read_kept(data, how, self.readings)
            extraction = pipeline.extract_document(reading.document, schema, options=options)
        except OSError:
            return RunLine(id=record.id, dataset=record.dataset, error="missing_file")
        except RasgError as error:
            if is_configuration(error) or isinstance(error, EngineUnavailableError):
                raise
            return RunLine(id=record.id, dataset=record.dataset, error=error.code, retryable=error.retryable)
        return _line(record, schema, extraction, reading.document, reading.seconds)


def _line(
    record: GoldRecord,
    schema: ExtractionSchema,
    extraction: Extraction,
    document: Document,
    read_seconds: float,
) -> RunLine:
    value = extraction.output.value
    runs = tuple(_runs(document))
    texts = tuple(_must_stand(schema, value))
    return RunLine(
        id=record.id,
        dataset=record.dataset,
        value=value,
        metadata=extraction.output.metadata,
        status=extraction.status,
        warnings=tuple(sorted({warning.code for warning in extraction.warnings})),
        is_valid=not validate_output(value, schema),
        n_grounded=len(texts),
        n_on_page=sum(any(is_span(text, run) for run in runs) for text in texts),
        examples=extraction.examples,
        usage=extraction.usage,
        read_seconds=read_seconds,
    )


def _must_stand(schema: ExtractionSchema, value: Mapping[str, JsonValue]) -> Iterator[str]:
    """Yield the texts that must stand on the page."""
    for leaf in leaves(schema.root, dict(value)):
        if leaf.spec.kind in GROUNDED_KINDS and leaf.value is not None:
            yield str(leaf.value)


def _runs(document: Document) -> Iterator[tuple[str, ...]]:
    """Yield the words that each text of a page or of a table's cell may run along."""
    cells = ((row.page_index, cell) for t in find_tables(document) for row in t.rows for cell in _cells(row))
    runs = ((page.page_index, run) for page in document.pages for run in page.runs())
    for page_index, words in (*runs, *cells):
        yield tuple(document.pages[page_index].words[i].text for i in words)


def _cells(row: TableRow) -> tuple[Cell, ...]:
    return (*row.cells, *row.others)
