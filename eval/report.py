"""A run's scores as Markdown: figures first, then what went wrong most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eval.kie import MATCHINGS
from eval.run_scores import ALL, GroupScores, RunScores
from eval.scoring import DocumentScore, Role
from eval.straight_through import MAX_ERRORS, StraightThrough, documents_through, values_through

N_WORST = 10
Interval = tuple[float, float]


def report_markdown(
    scores: RunScores, *, title: str, intervals: Mapping[str, Mapping[str, Interval]] | None = None
) -> str:
    """Return the report of a run.

    Parameters
    ----------
    intervals
        For each group the interval of "kie" and "lir" F1, matching `normalised`.
    """
    lines = [f"# {title}", "", *_kie_table(scores.groups, intervals or {}), ""]
    lines += [*_lir_table(scores.groups, intervals or {}), *_errors(scores), ""]
    for name, group in scores.groups.items():
        if name != ALL:  # fields of one name in several data sets are several fields
            lines += [*_fields(name, group), ""]
    lines += [*straight_through_lines(scores.documents), *_worst(scores.documents)]
    return "\n".join(lines).rstrip() + "\n"


def _kie_table(
    groups: Mapping[str, GroupScores], intervals: Mapping[str, Mapping[str, Interval]]
) -> Iterator[str]:
    yield "## Fields (KIE)"
    yield ""
    yield "Micro F1 by three matchings; precision, recall and outcomes by the normalised one."
    yield ""
    yield (
        "| data set | documents | failed | exact | normalised | 95 % interval | edit | macro "
        "| precision | recall | hallucinated | missed |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for name, group in groups.items():
        kie = group.kie["normalised"]
        cells = [
            name,
            str(group.n_documents),
            str(group.n_failed),
            *(f"{group.kie['exact'].f1:.3f}", f"{kie.f1:.3f}", _interval(intervals, name, "kie")),
            *(f"{group.kie['edit'].f1:.3f}", f"{kie.macro_f1:.3f}"),
            *(f"{kie.precision:.3f}", f"{kie.recall:.3f}"),
            *(str(kie.outcomes.get("hallucinated", 0)), str(kie.outcomes.get("missed", 0))),
        ]
        yield _row(cells)


def _lir_table(
    groups: Mapping[str, GroupScores], intervals: Mapping[str, Mapping[str, Interval]]
) -> Iterator[str]:
    with_rows = {name: group.lir for name, group in groups.items() if group.lir is not None}
    if not with_rows:
        return
    yield "## Rows (GLIRM)"
    yield ""
    yield (
        "| data set | documents | exact F1 | normalised F1 | 95 % interval | edit F1 | macro "
        "| rows: gold | predicted |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, lir in with_rows.items():
        figures = lir["normalised"]
        yield _row(
            [
                name,
                str(figures.n_documents),
                *(f"{lir['exact'].f1:.3f}", f"{figures.f1:.3f}", _interval(intervals, name, "lir")),
                *(f"{lir['edit'].f1:.3f}", f"{figures.macro_f1:.3f}"),
                *(str(figures.n_gold_rows), str(figures.n_pred_rows)),
            ]
        )
    yield ""


def _interval(intervals: Mapping[str, Mapping[str, Interval]], group: str, metric: str) -> str:
    found = intervals.get(group, {}).get(metric)
    return "" if found is None else f"{found[0]:.3f} to {found[1]:.3f}"


def _errors(scores: RunScores) -> Iterator[str]:
    for name, group in scores.groups.items():
        if group.errors:
            yield f"Failed in {name}: " + ", ".join(f"{code} {n}" for code, n in group.errors.items()) + "."
    if scores.unasked:
        yield f"{len(scores.unasked)} predictions are of documents that gold does not have."


def _fields(name: str, group: GroupScores) -> Iterator[str]:
    yield f"### {name}, field by field"
    yield ""
    yield "| field | F1 | precision | recall | right | wrong | missed | hallucinated | absent |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for field, figures in group.kie["normalised"].fields.items():
        counts = [figures.outcomes.get(o, 0) for o in ("right", "wrong", "missed", "hallucinated", "absent")]
        shares = (f"{figures.f1:.3f}", f"{figures.precision:.3f}", f"{figures.recall:.3f}")
        yield _row([_text(field), *shares, *map(str, counts)])
    if group.lir is not None:
        for column, figures in group.lir["normalised"].columns.items():
            shares = (f"{figures.f1:.3f}", f"{figures.precision:.3f}", f"{figures.recall:.3f}")
            yield _row([f"rows: {_text(column)}", *shares, f"{figures.score:.0f}", "", "", "", ""])


def straight_through_lines(documents: Sequence[DocumentScore]) -> Iterator[str]:
    """Yield how much of each data set, and of all, needs no look; nothing if no value has a confidence."""
    if not any(value.confidence is not None for document in documents for value in document.judged):
        return
    names = dict.fromkeys(document.dataset for document in documents)
    groups = {name: [d for d in documents if d.dataset == name] for name in names}
    if len(groups) > 1:
        groups[ALL] = list(documents)
    at = [f"{error:.1%}".replace(".0%", "%") for error in MAX_ERRORS]
    yield "## Straight through"
    yield ""
    yield "How much needs no look if so many of the values that pass may be wrong, with 95 % intervals over"
    yield "documents, the threshold chosen with hindsight. Fields: those with a value, the surest of them."
    yield "Documents: those whose least sure value, nulls and cells too, is sure enough."
    yield ""
    yield _row(["data set", *(f"fields at {one}" for one in at), *(f"documents at {one}" for one in at)])
    yield _row(["---"] * (1 + 2 * len(at)))
    for name, group in groups.items():
        fields = [_confidences(document, ("field",)) for document in group]
        whole = [_confidences(document, ("field", "null", "cell")) for document in group]
        found = [values_through(fields, error) for error in MAX_ERRORS]
        found += [documents_through(whole, error) for error in MAX_ERRORS]
        yield _row([name, *map(_through, found)])
    yield ""


def _confidences(document: DocumentScore, roles: tuple[Role, ...]) -> list[tuple[float, bool]]:
    known = ((v.confidence, v.is_right) for v in document.judged if v.role in roles)
    return [(confidence, right) for confidence, right in known if confidence is not None]


def _through(found: StraightThrough) -> str:
    if found.share is None or found.interval is None:
        return ""
    return f"{found.share:.2f} ({found.interval.low:.2f} to {found.interval.high:.2f})"


def worst_documents(documents: Sequence[DocumentScore], n: int = N_WORST) -> tuple[DocumentScore, ...]:
    """Return the documents with the lowest F1 over fields and cells together, worst first."""
    return tuple(sorted(documents, key=_share_right)[:n])


def worst_tables(documents: Sequence[DocumentScore], n: int = N_WORST) -> tuple[DocumentScore, ...]:
    """Return the documents whose rows have the lowest GLIRM F1, worst first, the longest of equal ones."""
    tables = [
        (document.rows["normalised"].f1, -len(document.rows["normalised"].alignment), document.id, document)
        for document in documents
        if document.rows is not None
    ]
    return tuple(document for *_, document in sorted(tables, key=lambda entry: entry[:3])[:n])


def _share_right(document: DocumentScore) -> tuple[float, int]:
    counts = [result.counts for result in document.fields["normalised"]]
    if document.rows is not None:
        counts.append(document.rows["normalised"].counts)
    score, n_all = sum(c.score for c in counts), sum(c.n_pred + c.n_gold for c in counts)
    return (2 * score / n_all if n_all else 1.0), -n_all


def _worst(documents: Sequence[DocumentScore]) -> Iterator[str]:
    yield f"## The {min(N_WORST, len(documents))} worst documents"
    yield ""
    yield "| document | error | wrong | missed | hallucinated | GLIRM |"
    yield "|---|---|---|---|---|---|"
    for document in worst_documents(documents):
        by_outcome = {
            o: ", ".join(_text(r.field) for r in document.fields["normalised"] if r.outcome == o)
            for o in ("wrong", "missed", "hallucinated")
        }
        rows = "" if document.rows is None else f"{document.rows['normalised'].f1:.3f}"
        yield _row([_text(document.id), document.error or "", *by_outcome.values(), rows])


def diff_text(document: DocumentScore) -> str:
    """Return the alignment of a document's rows under each matching; empty if it has none."""
    if document.rows is None:
        return ""
    parts = [f"{m}: F1 {document.rows[m].f1:.3f}\n{document.rows[m].diff()}" for m in MATCHINGS]
    return "\n\n".join(parts) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _text(text: str) -> str:
    """Return a text that stays inside its cell of a table, whatever a document or schema put into it."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())
