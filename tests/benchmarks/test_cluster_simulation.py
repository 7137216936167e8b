"""The simulation of a cluster obeys what can be reckoned by hand."""

from __future__ import annotations

import pytest

from benchmarks.cluster_simulation import Plan, draw_stages, share_cores, simulate


def test_two_workers_are_a_pipeline() -> None:
    # Read at 0 to 1, 1 to 2 ...; extracted at 1 to 3, 3 to 5, ..., the tenth at 19 to 21.
    plan = Plan(n_readers=1, n_extractors=1, start_s=0, driver_s=0)
    found = simulate([(1.0, 2.0)] * 10, plan)
    assert found.seconds == 21
    assert found.efficiency == pytest.approx(30 / 42)


def test_the_driver_is_a_bound() -> None:
    # 1,000 files have two answers of 10 ms each, and 200 workers are ready one after the other: 22 s.
    plan = Plan(n_readers=100, n_extractors=100, start_s=0, driver_s=0.01)
    found = simulate([(0.001, 0.001)] * 1000, plan)
    assert 20 <= found.seconds < 23


def test_lost_workers_cost_time_and_no_file() -> None:
    stages = draw_stages(2000, read_s=0.5, extract_s=4)
    n_readers, n_extractors = share_cores(40, stages)
    assert n_readers + n_extractors == 40
    kept = Plan(n_readers=n_readers, n_extractors=n_extractors)
    lossy = Plan(n_readers=n_readers, n_extractors=n_extractors, lost_after_s=200)
    calm, hard = simulate(stages, kept), simulate(stages, lossy)
    assert calm.n_begun_anew == 0
    assert hard.n_begun_anew > 10
    assert hard.seconds > calm.seconds
    assert 0 < hard.efficiency < calm.efficiency <= 1
