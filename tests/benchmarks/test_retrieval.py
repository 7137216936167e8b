"""The programs that measure retrieval, in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import retrieval_scale
from benchmarks.retrieval_isolation import Trial


def test_queries_of_tenants_that_write_see_no_foreign_page(tmp_path: Path) -> None:
    trial = Trial(tmp_path, 4)
    trial.run(1, 150)
    assert trial.n_queries == 150
    assert trial.n_hits > 150
    assert trial.n_foreign == 0


def test_the_search_of_a_small_store_is_exact(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["x", str(tmp_path), "--sizes", "300", "--n-queries", "10"])
    retrieval_scale.main()
    cells = capsys.readouterr().out.splitlines()[-1].split("|")
    assert cells[1].strip() == "300"
    assert float(cells[4]) == 1.0
