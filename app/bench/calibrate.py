"""A calibration made from runs: every value that gold has a say on, with its signals, right or wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from app.bench.readings import read_kept
from app.bench.results import run_results
from app.bench.run import CONFIG, RunFolder, RunLine
from app.bench.suite import Suite
from app.settings import OcrChoice
from decoding.calibration.fit import JudgedValue, cross_fit, fit_calibration
from decoding.calibration.signals import describe_values
from decoding.checks.completeness import find_evidence
from decoding.grounding.ground import ground_extraction
from eval.calibration import Calibration, calibration
from eval.datasets import GoldRecord
from eval.report import straight_through_lines
from eval.scoring import DocumentScore, Role
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.errors import ConfigurationError, EvaluationError
from schemas.extraction import FieldMetadata
from schemas.spec import ExtractionSchema, FieldSpec, json_path
from schemas.value_calibration import ValueCalibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A calibration, and what it says of the documents that were left out while it was made.

    Attributes
    ----------
    scores
        The runs' documents with the confidences of weights that were fitted on other sources.
    before, after
        Of the fields that have a value: with the model's probabilities, and with those confidences.
    """

    calibration: ValueCalibration
    scores: tuple[DocumentScore, ...]
    before: Calibration
    after: Calibration


class _Config(BaseModel):
    """What a run's config says of how it read, and with which weights it answered."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    suite: Suite
    ocr: OcrChoice
    languages: tuple[str, ...]
    weights: str | None = None
    adapter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One value of one document, for the fit and for the figures."""

    document_id: str
    path: str
    value: JudgedValue


def calibrate_runs(
    folders: Sequence[Path],
    *,
    readings: Path,
    read_options: ReadOptions,
    documents: frozenset[str] | None = None,
    max_error: float | None = None,
) -> Calibrated:
    """Return a calibration fitted on runs of one model, and what it says of what was left out.

    Parameters
    ----------
    readings
        Folder of documents as they were read; those that are not in it are read anew and kept there.
    documents
        SHA-256 of the files that count; None for all. Files that taught the model do not belong here: it
        is surer of them than of others.
    max_error
        What the calibration tolerates where nobody says.

    Raises
    ------
    EvaluationError, ConfigurationError
        If a folder holds no run, runs are of several weights, or no document is left.
    """
    configs = {folder: _read_config(folder) for folder in folders}
    weights = {config.adapter or config.weights for config in configs.values()}
    if len(weights) != 1:
        raise EvaluationError(f"the runs are of {len(weights)} models, and a calibration is of one")
    scores: list[DocumentScore] = []
    judged: list[_Judged] = []
    for folder, config in configs.items():
        results = run_results(RunFolder(path=folder))
        asked = _Asked.of(config, read_options, readings, documents)
        lines = {line.id: line for line in results.lines}
        for score in results.scores.documents:
            if score.error is None and score.id in asked.records:
                scores.append(score)
                judged.extend(_judge(score, lines[score.id], asked))
    if not judged:
        raise EvaluationError("no document of the runs is left to calibrate on")
    return _calibrate(scores, judged, weights.pop(), max_error)


def _calibrate(
    scores: Sequence[DocumentScore], judged: Sequence[_Judged], weights: str | None, max_error: float | None
) -> Calibrated:
    values = [one.value for one in judged]
    fitted = fit_calibration(values)
    chosen = {} if max_error is None else {"max_error": max_error}
    found = fitted.model_copy(update={"weights_sha256": weights, "n_documents": len(scores), **chosen})
    left_out = {
        (one.document_id, one.path): float(confidence)
        for one, confidence in zip(judged, cross_fit(values), strict=True)
    }
    rescored = tuple(_with_confidences(score, left_out) for score in scores)
    return Calibrated(
        calibration=found, scores=rescored, before=_reliability(scores), after=_reliability(rescored)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a run asked, and where its documents are."""

    suite: Suite
    records: Mapping[str, GoldRecord]
    schemas: Mapping[str, ExtractionSchema]
    read_options: ReadOptions
    readings: Path

    @classmethod
    def of(
        cls, config: _Config, read_options: ReadOptions, readings: Path, documents: frozenset[str] | None
    ) -> _Asked:
        suite = config.suite
        records = {
            record.id: record
            for record in suite.records()
            if documents is None or suite.sha256_of(record) in documents
        }
        return cls(
            suite=suite,
            records=records,
            schemas=suite.schemas(),
            read_options=replace(read_options, engine=config.ocr, languages=config.languages),
            readings=readings,
        )

    def read(self, record: GoldRecord) -> Document:
        """Return a document as the run read it."""
        data = (self.suite.data / record.dataset / record.file).read_bytes()
        return read_kept(data, self.read_options, self.readings).document


def _read_config(folder: Path) -> _Config:
    try:
        return _Config.model_validate(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
    except (OSError, ValidationError, ValueError) as error:
        raise EvaluationError(
            f"{folder.name!r} holds no run", hint="make one with `rasg bench run`"
        ) from error


def _judge(score: DocumentScore, line: RunLine, asked: _Asked) -> Iterator[_Judged]:
    """Yield the values of one document that gold has a say on, with their signals."""
    record, schema = asked.records[score.id], asked.schemas[score.dataset]
    document = asked.read(record)
    grounded = ground_extraction(line.value, schema, document)
    probabilities = {
        path: known
        for path in grounded.metadata
        if (known := _probability(line.metadata.get(json_path(path)))) is not None
    }
    right = {value.path: value.is_right for value in score.judged}
    source = _source(record, schema)
    for value in describe_values(grounded, probabilities, document, find_evidence(grounded, document, {})):
        path = json_path(value.path)
        if path in right:
            judged = JudgedValue(value=value, is_right=right[path], source=source)
            yield _Judged(document_id=score.id, path=path, value=judged)


def _probability(metadata: FieldMetadata | None) -> float | None:
    """Return the model's own probability; of runs from before there were calibrations, the confidence."""
    if metadata is None:
        return None
    return metadata.confidence if metadata.probability is None else metadata.probability


def _source(record: GoldRecord, schema: ExtractionSchema) -> str:
    """Return what documents of one vendor have in common: the first text that was asked for, else the id.

    Where that is a document's own number, each stands for itself.
    """
    for key, spec in schema.root.properties:
        said = record.kie.get(key)
        if isinstance(spec, FieldSpec) and spec.kind == "verbatim" and isinstance(said, str) and said.strip():
            return f"{record.dataset} {''.join(said.casefold().split())}"
    return record.id


def _with_confidences(score: DocumentScore, known: Mapping[tuple[str, str], float]) -> DocumentScore:
    judged = tuple(replace(v, confidence=known.get((score.id, v.path))) for v in score.judged)
    return replace(score, judged=judged)


def _reliability(scores: Sequence[DocumentScore], roles: tuple[Role, ...] = ("field",)) -> Calibration:
    return calibration(
        [
            (value.confidence, value.is_right)
            for score in scores
            for value in score.judged
            if value.role in roles and value.confidence is not None
        ]
    )


def write_calibration(found: ValueCalibration, path: Path) -> None:
    """Write the file that stands beside the weights.

    Raises
    ------
    ConfigurationError
        If it cannot be written.
    """
    try:
        path.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error


def calibration_report(found: Calibrated) -> str:
    """Return the figures of what was left out, as Markdown."""
    roles: tuple[Role, ...] = ("field", "null", "cell")
    lines = [
        f"{found.calibration.n_values} values of {len(found.scores)} documents, by weights fitted on others.",
        "",
        "| values | n | right | calibration error | Brier | area under risk-coverage |",
        "|---|---|---|---|---|---|",
    ]
    for name, chosen in (("all", roles), *((role, (role,)) for role in roles)):
        lines.append(_figures(name, _reliability(found.scores, chosen), found.scores, chosen))
    lines.append("")
    lines.append(f"Fields with the model's own probabilities: {found.before.expected_error:.3f}.")
    lines += ["", *straight_through_lines(found.scores)]
    return "\n".join(lines)


def _figures(name: str, curve: Calibration, scores: Sequence[DocumentScore], roles: tuple[Role, ...]) -> str:
    right = [v.is_right for score in scores for v in score.judged if v.role in roles]
    share = sum(right) / max(1, len(right))
    figures = (share, curve.expected_error, curve.brier, curve.aurc)
    return f"| {name} | {len(right)} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |"
