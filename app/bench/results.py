"""What a run says: scores, report, plots, the alignments and pages of its worst documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.bench.run import GOLD, RunFolder, RunLine
from eval.calibration import Calibration, calibration
from eval.cli import write_scores
from eval.datasets import read_gold_file
from eval.f_scores import Counts, total
from eval.kinds import Kinds
from eval.plots import field_bars, reliability
from eval.report import report_markdown
from eval.resampling import f1_interval
from eval.run_scores import ALL, RunScores, score_run
from eval.scoring import DocumentScore
from schemas.errors import EvaluationError

_STAGES = ("read", "prompt", "decode", "ground")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A run's scores and its lines; `kinds` says how its values were compared, where the run says it."""

    scores: RunScores
    lines: tuple[RunLine, ...]
    calibration: Calibration
    kinds: Mapping[str, Kinds] = field(default_factory=dict[str, Kinds])


def run_results(folder: RunFolder) -> Results:
    """Return the scores of a run's folder.

    Raises
    ------
    EvaluationError
        If the folder holds no run.
    """
    if not (folder.path / GOLD).is_file():
        raise EvaluationError(f"{folder.path.name!r} holds no run", hint="make one with `rasg bench run`")
    gold = tuple(read_gold_file(folder.path / GOLD))
    lines = folder.lines()
    kinds = folder.kinds()
    scores = score_run({line.id: line for line in lines}, gold, kinds=kinds)
    pairs = [pair for document in scores.documents for pair in document.confidences]
    return Results(scores=scores, lines=lines, calibration=calibration(pairs), kinds=kinds)


def kie_counts(document: DocumentScore) -> Counts:
    """Return a document's fields as counts, matching `normalised`."""
    return total(result.counts for result in document.fields["normalised"])


def lir_counts(document: DocumentScore) -> Counts:
    """Return a document's rows as counts, matching `normalised`; no counts if they were not scored."""
    return Counts() if document.rows is None else document.rows["normalised"].counts


def write_results(results: Results, folder: RunFolder, *, title: str) -> str:
    """Write scores.json, report.md, the plots and the alignments; return the report."""
    report = report_markdown(results.scores, title=title, intervals=_intervals(results.scores))
    report += "\n" + "\n".join(_service_lines(results)) + "\n"
    write_scores(results.scores, folder.path, report=report)
    plots = folder.path / "plots"
    plots.mkdir(exist_ok=True)
    for name, group in results.scores.groups.items():
        field_bars(group, plots / f"fields.{name}.png", title=name)
    if results.calibration.bins:
        reliability(results.calibration, plots / "reliability.png", title=title)
    return report


def _intervals(scores: RunScores) -> dict[str, dict[str, tuple[float, float]]]:
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for name, group in scores.groups.items():
        documents = [d for d in scores.documents if name in (ALL, d.dataset)]
        found[name] = {"kie": _interval([kie_counts(d) for d in documents])}
        if group.lir is not None:
            with_rows = [lir_counts(d) for d in documents if d.rows is not None]
            found[name]["lir"] = _interval(with_rows)
    return found


def _interval(counts: Sequence[Counts]) -> tuple[float, float]:
    found = f1_interval(counts)
    return found.low, found.high


def _service_lines(results: Results) -> Iterator[str]:
    """Yield what the service promises, and what it cost."""
    lines = results.lines
    answered = [line for line in lines if line.error is None]
    usages = [line.usage for line in answered if line.usage is not None]
    n_pages = max(1, sum(usage.n_pages for usage in usages))
    spent = {stage: sum(u.stage_seconds.get(stage, 0.0) for u in usages) for stage in _STAGES}
    spent["read"] = sum(line.read_seconds for line in answered)
    n_tokens = sum(usage.n_completion_tokens for usage in usages)
    yield "## The service"
    yield ""
    yield f"- Answers that validate: {sum(line.is_valid is True for line in answered)} of {len(answered)}."
    n_on_page, n_grounded = (sum(getattr(line, k) for line in answered) for k in ("n_on_page", "n_grounded"))
    yield f"- Verbatim, amount and date values that stand on the page: {n_on_page} of {n_grounded}."
    yield f"- Partial answers: {sum(line.status == 'partial' for line in answered)}."
    yield f"- Warnings, in documents: {_count_codes(answered)}."
    scores = sorted(use.similarity_score for line in answered for use in line.examples)
    if scores:
        n_with = sum(bool(line.examples) for line in answered)
        yield f"- Documents with an example: {n_with}; its similarity, median {scores[len(scores) // 2]:.2f}."
    yield (
        f"- Confidence: expected calibration error {results.calibration.expected_error:.3f}, Brier score "
        f"{results.calibration.brier:.3f}, area under risk-coverage {results.calibration.aurc:.3f}."
    )
    stages = ", ".join(f"{stage} {seconds / n_pages:.2f}" for stage, seconds in spent.items())
    yield f"- Seconds a page ({n_pages} pages): {stages}."
    yield f"- Tokens a second of one request while decoding: {n_tokens / max(spent['decode'], 1e-9):.0f}."


def _count_codes(lines: Sequence[RunLine]) -> str:
    counts: dict[str, int] = {}
    for code in (code for line in lines for code in line.warnings):
        counts[code] = counts.get(code, 0) + 1
    return ", ".join(f"{code} {n}" for code, n in sorted(counts.items())) or "none"


def by_id(documents: Sequence[DocumentScore]) -> Mapping[str, DocumentScore]:
    """Return the documents by their ids."""
    return {document.id: document for document in documents}


def run_title(folder: Path) -> str:
    """Return the heading of a run's report."""
    return f"Run {folder.name}"
