"""A run's folder: what was killed at any moment goes on, and another run's folder is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from schemas.errors import ConfigurationError
from training.run_folder import CHECKPOINT, CONFIG, LOG, RunLog, TrainingFolder

SETTINGS: dict[str, Any] = {"lr": 0.1, "shape": {"rank": 4}, "kinds": ("a", "b"), "n_threads": 2}


@pytest.fixture
def run(tmp_path: Path) -> TrainingFolder:
    return TrainingFolder(path=tmp_path / "run")


@pytest.fixture
def log(tmp_path: Path) -> RunLog:
    return RunLog(path=tmp_path / LOG)


def begun(run: TrainingFolder) -> TrainingFolder:
    run.begin(SETTINGS)
    return run


def saved_at(step: int) -> dict[str, Any]:
    return {"model": {"W": torch.full((2, 3), float(step))}, "state": {"step": step}}


def test_a_folder_that_is_not_there_has_nothing(run: TrainingFolder) -> None:
    assert (run.is_begun, run.has_checkpoint) == (False, False)
    assert (run.log.lines(), run.checkpoint(), run.resume()) == ((), None, None)


def test_the_same_run_goes_on_in_its_folder(run: TrainingFolder) -> None:
    before = (begun(run).path / CONFIG).read_bytes()
    run.begin(SETTINGS)
    assert (run.path / CONFIG).read_bytes() == before
    assert json.loads(before) == {**SETTINGS, "kinds": ["a", "b"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 0.2}, "another lr: it has lr 0.1, not 0.2"),
        ({"shape": {"rank": 8}}, "another shape"),
        ({"kinds": ("a",)}, "another kinds"),
        ({"new": 1}, "another new: it has new None, not 1"),
        ({"lr": 0.2, "shape": {"rank": 8}}, "another lr"),  # the first that differs
    ],
)
def test_another_runs_folder_is_refused_with_the_first_difference(
    run: TrainingFolder, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        begun(run).begin({**SETTINGS, **change})
    assert "'run'" in str(caught.value)
    assert caught.value.hint is not None


def test_settings_that_may_differ_do(run: TrainingFolder) -> None:
    begun(run).begin({**SETTINGS, "n_threads": 8}, may_differ=("n_threads",))
    with pytest.raises(ConfigurationError, match="another n_threads"):
        run.begin({**SETTINGS, "n_threads": 8})


def test_only_the_settings_that_are_named_are_checked(run: TrainingFolder) -> None:
    begun(run).check({"lr": 0.1})
    with pytest.raises(ConfigurationError, match="another lr"):
        run.check({"lr": 0.3})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"lr": 0.1'])
def test_settings_that_are_none_are_an_error_that_names_the_file(run: TrainingFolder, content: bytes) -> None:
    (begun(run).path / CONFIG).write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"config\.json of the run in 'run' cannot be read"):
        run.begin(SETTINGS)


def test_settings_are_replaced_as_a_whole(run: TrainingFolder) -> None:
    begun(run).write_config({"lr": 0.5})
    assert json.loads((run.path / CONFIG).read_text()) == {"lr": 0.5}
    assert [file.name for file in run.path.iterdir()] == [CONFIG]  # no part is left


@pytest.mark.parametrize("content", [None, b"", b'{"step": 1', b"\xff"])
def test_a_log_without_a_whole_line_is_empty(log: RunLog, content: bytes | None) -> None:
    if content is not None:
        log.path.write_bytes(content)
    assert (log.lines(), log.records()) == ((), ())


@pytest.mark.parametrize("cut", ['{"step": 3, "lo', '{"step": 3, "loss": 0.5}', '{"n": "\xe4'.encode()[:-1]])
def test_a_cut_last_line_is_forgotten_and_nothing_joins_it(log: RunLog, cut: str | bytes) -> None:
    for step in (1, 2):
        log.append({"step": step, "loss": 1.0 / step})
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + (cut if isinstance(cut, bytes) else cut.encode()))
    assert [record["step"] for record in log.records()] == [1, 2]
    log.drop_cut_line()
    assert log.path.read_bytes() == whole
    log.append({"step": 3, "loss": 0.0})
    assert [record["step"] for record in log.records()] == [1, 2, 3]


def test_records_of_later_steps_are_left_out(log: RunLog) -> None:
    for step in (0, 1, 1, 2, 3):
        log.append({"step": step})
    assert [record["step"] for record in log.records(until_step=1)] == [0, 1, 1]


@pytest.mark.parametrize("line", ["", "{", "[]", "7", '{"loss": 1.0}', '{"step": "1"}'])
def test_a_whole_line_that_is_no_record_is_an_error(log: RunLog, line: str) -> None:
    log.path.write_text('{"step": 1}\n' + line + "\n")
    with pytest.raises(ConfigurationError, match=r"log\.jsonl"):
        log.records()
    with pytest.raises(ConfigurationError, match=r"log\.jsonl"):
        log.drop_after(5)


def test_a_log_that_is_no_text_is_an_error(log: RunLog) -> None:
    log.path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        log.lines()


def test_a_checkpoint_comes_back_bit_by_bit(run: TrainingFolder) -> None:
    W = torch.randn(5, 7, generator=torch.Generator().manual_seed(3))
    begun(run).save({"model": {"W": W}, "state": {"step": 4, "scores": {"kie": 0.1}}})
    saved = run.checkpoint()
    assert saved is not None
    assert torch.equal(saved["model"]["W"], W)
    assert saved["state"] == {"step": 4, "scores": {"kie": 0.1}}


def test_the_last_checkpoint_stays_whole_while_the_next_is_written(
    run: TrainingFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(run).save(saved_at(1))

    def killed(_saved: object, part: Path) -> None:
        part.write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        run.save(saved_at(2))
    found = run.checkpoint()
    assert found is not None
    assert found["state"]["step"] == 1


@pytest.mark.parametrize("content", [b"", b"half of it", b"PK\x03\x04"])
def test_a_checkpoint_that_is_none_is_an_error_that_names_the_file(
    run: TrainingFolder, content: bytes
) -> None:
    (begun(run).path / CHECKPOINT).write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"checkpoint\.pt of the run in 'run' cannot be read"):
        run.resume()


@pytest.mark.parametrize("saved", [{}, {"state": {}}, {"state": {"step": "many"}}, {"state": None}])
def test_a_checkpoint_that_stands_nowhere_is_an_error(run: TrainingFolder, saved: dict[str, Any]) -> None:
    begun(run).save(saved)
    with pytest.raises(ConfigurationError, match=r"checkpoint\.pt"):
        run.checkpoint()


def test_steps_after_the_checkpoint_are_forgotten(run: TrainingFolder) -> None:
    begun(run).save(saved_at(2))
    for step in range(5):
        run.log.append({"step": step, "loss": 0.1 * step})
    kept = run.log.lines()[:3]
    (run.path / LOG).write_bytes((run.path / LOG).read_bytes() + b'{"step": 5, "lo')
    saved = run.resume()
    assert saved is not None
    assert saved["state"]["step"] == 2
    assert run.log.lines() == kept  # to the last digit


def test_a_run_without_a_checkpoint_begins_its_log_anew(run: TrainingFolder) -> None:
    begun(run).log.append({"step": 1})
    assert run.resume() is None
    assert run.log.records() == ()


def test_files_may_have_other_names(tmp_path: Path) -> None:
    run = TrainingFolder(path=tmp_path, config_name="settings.json", log_name="outcomes.jsonl")
    run.begin({"n_steps": 2})
    run.log.append({"trial": {"lr": 0.1}})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["outcomes.jsonl", "settings.json"]
    (tmp_path / "settings.json").write_text("")
    with pytest.raises(ConfigurationError, match=r"settings\.json"):
        run.check({"n_steps": 2})
