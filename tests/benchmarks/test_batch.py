"""A batch that is killed again and again has each file once in the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.batch import kill_batch, write_files


@pytest.mark.slow
def test_a_batch_that_is_killed_at_random_points_has_every_file_once(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "files", 24)
    report = kill_batch(folder, tmp_path / "out", n_kills=6, n_jobs=2)
    assert (report.n_missing, report.n_twice, report.n_done_again) == (0, 0, 0)
    assert len(report.n_done_at) == 6
    assert max(report.n_done_at) > 0
