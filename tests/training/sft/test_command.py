"""What `rasg-train sft` begins with, and how `rasg-train` ends when something is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from schemas.errors import ConfigurationError
from training.cli import main
from training.sft.command import (
    _shape_of,  # pyright: ignore[reportPrivateUsage]
    _start_of,  # pyright: ignore[reportPrivateUsage]
)


def test_training_begins_with_the_models_own_adapter_where_nothing_else_is_asked() -> None:
    own, named = Path("own"), Path("named")
    assert _start_of(None, fresh=False, own=own) == own
    assert _start_of(named, fresh=False, own=own) == named
    assert _start_of(None, fresh=True, own=own) is None
    assert _start_of(None, fresh=False, own=None) is None
    with pytest.raises(ConfigurationError, match="not with both"):
        _start_of(named, fresh=True, own=own)


def test_factors_have_the_shape_of_what_they_begin_with(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(json.dumps({"r": 32, "lora_alpha": 32}))
    assert (_shape_of(tmp_path, None, None).rank, _shape_of(tmp_path, 32, 32.0).alpha) == (32, 32.0)
    assert (_shape_of(None, None, None).rank, _shape_of(None, 4, None).rank) == (8, 4)
    with pytest.raises(ConfigurationError, match="rank 32 and alpha 32"):
        _shape_of(tmp_path, 16, None)


def test_an_error_is_one_readable_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["sft", "--name", "x", "--data", "nothing.txt", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["rasg-train", *arguments, "--run", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "nothing.txt" in told
    assert "[configuration" in told
    assert "Traceback" not in told
