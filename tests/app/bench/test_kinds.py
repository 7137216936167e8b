"""How a run's values are compared: as its schema asks, the same in runs that are set side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from app.bench.compare import compare
from app.bench.results import run_results
from app.bench.run import KINDS, RunFolder, RunLine
from eval.datasets import GoldRecord
from eval.kinds import Kinds
from schemas.errors import ConfigurationError, EvaluationError

TOTALS = ("5", "7", "12")
GOLD = [
    GoldRecord(id=f"d/{i}", file="f", dataset="d", doc_type="t", kie={"total": total})
    for i, total in enumerate(TOTALS)
]
AMOUNTS = {"d": Kinds(fields={"total": "amount"})}


def folder_of(path: Path, kinds: Mapping[str, Kinds] = AMOUNTS) -> RunFolder:
    folder = RunFolder(path=path)
    folder.begin({"suite": "small"}, GOLD, kinds)
    folder.keep(
        [
            RunLine(id=record.id, dataset="d", value={"total": f"{total}.00"})
            for record, total in zip(GOLD, TOTALS, strict=True)
        ]
    )
    return folder


def kie_f1(folder: RunFolder) -> float:
    return run_results(folder).scores.groups["d"].kie["normalised"].f1


def test_values_are_compared_as_the_run_was_asked(tmp_path: Path) -> None:
    assert kie_f1(folder_of(tmp_path / "asked")) == 1.0
    assert kie_f1(folder_of(tmp_path / "as_text", {"d": Kinds(fields={"total": "text"})})) == 0.0


def test_an_older_run_is_guessed_until_it_goes_on(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "run")
    (folder.path / KINDS).unlink()
    assert kie_f1(folder) == 0.0
    folder.begin({"suite": "small"}, GOLD, AMOUNTS)
    assert kie_f1(folder) == 1.0


def test_runs_that_are_compared_in_other_ways_are_not_set_side_by_side(tmp_path: Path) -> None:
    asked = run_results(folder_of(tmp_path / "asked"))
    other = run_results(folder_of(tmp_path / "other", {"d": Kinds(fields={"total": "text"})}))
    older = folder_of(tmp_path / "older")
    (older.path / KINDS).unlink()
    assert compare(asked, asked)
    with pytest.raises(EvaluationError, match="'total' of d"):
        compare(asked, other)
    with pytest.raises(EvaluationError, match="older"):
        compare(asked, run_results(older))


@pytest.mark.parametrize("text", ["", "[]", '{"d": {"feilds": {}}}', '{"d": {"fields": {"x": "number"}}}'])
def test_kinds_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    folder = folder_of(tmp_path / "run")
    (folder.path / KINDS).write_text(text)
    with pytest.raises(ConfigurationError, match=r"kinds\.json is of no run"):
        run_results(folder)
