"""A training run's folder: what the run is made of, what it says, and where it stands.

`config.json` holds the settings, `log.jsonl` a line a step, `checkpoint.pt` weights and state. A run that is
killed goes on from its last checkpoint: the steps after it are forgotten and taken again.
"""

# torch is typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import json
import pickle
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from pydantic import JsonValue

from schemas.errors import ConfigurationError

CONFIG, LOG, CHECKPOINT = "config.json", "log.jsonl", "checkpoint.pt"
_OTHER_FOLDER = "choose another folder, or delete this one"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLog:
    """A file of JSON lines, of which a kill may have cut the last."""

    path: Path

    def lines(self) -> tuple[str, ...]:
        """Return the lines that were written whole; none of a file that is empty or not there.

        Raises
        ------
        ConfigurationError
            If the file is no text.
        """
        content = self.path.read_bytes() if self.path.is_file() else b""
        *whole, _ = content.split(b"\n")  # the cut may be inside a character
        try:
            return tuple(line.decode() for line in whole)
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{self.path.name} cannot be read", hint=_OTHER_FOLDER) from error

    def records(self, *, until_step: int | None = None) -> tuple[dict[str, float], ...]:
        """Return the records: numbers by name, among them `step`; those of later steps than `until_step` not.

        Raises
        ------
        ConfigurationError
            If a line that was written whole is no record.
        """
        found = tuple(_record(line, self.path.name) for line in self.lines())
        return tuple(record for record in found if until_step is None or record["step"] <= until_step)

    def append(self, record: Mapping[str, object]) -> None:
        """Write a record behind the others."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    def drop_cut_line(self) -> None:
        """Forget a last line that was cut: what is appended next must not join it."""
        self._keep(self.lines())

    def drop_after(self, step: int) -> None:
        """Forget the records of later steps, and a last line that was cut.

        Raises
        ------
        ConfigurationError
            If a line that was written whole is no record.
        """
        self._keep(line for line in self.lines() if _record(line, self.path.name)["step"] <= step)

    def _keep(self, lines: Iterable[str]) -> None:
        _write(self.path, "".join(f"{line}\n" for line in lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFolder:
    """Where a training run keeps its files."""

    path: Path
    config_name: str = CONFIG
    log_name: str = LOG

    @property
    def log(self) -> RunLog:
        """Return the run's log."""
        return RunLog(path=self.path / self.log_name)

    @property
    def is_begun(self) -> bool:
        """Return whether the folder says what its run is made of."""
        return (self.path / self.config_name).is_file()

    @property
    def has_checkpoint(self) -> bool:
        """Return whether a run can go on here."""
        return (self.path / CHECKPOINT).is_file()

    def begin(self, config: Mapping[str, object], *, may_differ: Collection[str] = ()) -> None:
        """Write what a run is made of, or check that the folder's run is made of the same.

        Parameters
        ----------
        may_differ
            Settings that make no difference to what comes of the run, such as the number of threads.

        Raises
        ------
        ConfigurationError
            If the folder holds another run, naming the first difference, or its settings cannot be read.
        """
        if self.is_begun:
            self.check({key: value for key, value in config.items() if key not in may_differ})
        else:
            self.write_config(config)

    def check(self, config: Mapping[str, object]) -> None:
        """Raise if the folder's run was begun with another value of one of these settings.

        Raises
        ------
        ConfigurationError
            Naming the first difference, or that the settings cannot be read.
        """
        begun = self._config()
        for key, value in _as_json(config).items():
            if begun.get(key) != value:
                raise ConfigurationError(
                    f"the folder {self.path.name!r} holds a run with another {key}: "
                    f"it has {key} {begun.get(key)}, not {value}",
                    hint="resume it with its own settings, or choose another folder",
                )

    def write_config(self, config: Mapping[str, object]) -> None:
        """Write what the run is made of, in place of what is there."""
        self.path.mkdir(parents=True, exist_ok=True)
        _write(self.path / self.config_name, json.dumps(config, indent=1) + "\n")

    def _config(self) -> dict[str, JsonValue]:
        try:
            found: object = json.loads((self.path / self.config_name).read_bytes())
        except (OSError, ValueError) as error:
            raise self._unreadable(self.config_name) from error
        if not isinstance(found, dict):
            raise self._unreadable(self.config_name)
        return cast("dict[str, JsonValue]", found)

    def save(self, checkpoint: Mapping[str, Any]) -> None:
        """Write weights and state, in place of what is there; whenever it is killed, one of both is whole.

        Parameters
        ----------
        checkpoint
            What `torch.load` takes as weights only; its "state" has the "step" that the run stands at.
        """
        part = self.path / f"{CHECKPOINT}.part"
        torch.save(dict(checkpoint), part)
        part.replace(self.path / CHECKPOINT)

    def checkpoint(self) -> dict[str, Any] | None:
        """Return what was saved last, on the CPU; None if there is nothing.

        Raises
        ------
        ConfigurationError
            If the file is no checkpoint.
        """
        if not self.has_checkpoint:
            return None
        try:
            saved = torch.load(self.path / CHECKPOINT, weights_only=True, map_location="cpu")
            int(saved["state"]["step"])
        except (
            OSError,
            EOFError,
            RuntimeError,
            pickle.UnpicklingError,
            LookupError,
            TypeError,
            ValueError,
        ) as e:
            raise self._unreadable(CHECKPOINT) from e
        return saved

    def resume(self) -> dict[str, Any] | None:
        """Return the checkpoint to go on from, None to begin; the log forgets the steps that are taken again.

        Raises
        ------
        ConfigurationError
            If the checkpoint or the log cannot be read.
        """
        saved = self.checkpoint()
        if saved is None:
            self.log.path.unlink(missing_ok=True)
        else:
            self.log.drop_after(int(saved["state"]["step"]))
        return saved

    def _unreadable(self, name: str) -> ConfigurationError:
        return ConfigurationError(
            f"{name} of the run in {self.path.name!r} cannot be read", hint=_OTHER_FOLDER
        )


def _as_json(config: Mapping[str, object]) -> dict[str, JsonValue]:
    """Return the settings as a file has them: tuples become lists."""
    return json.loads(json.dumps(config))


def _record(line: str, name: str) -> dict[str, float]:
    try:
        found: object = json.loads(line)
    except ValueError as error:
        raise ConfigurationError(f"a line of {name} is no record", hint=_OTHER_FOLDER) from error
    if not isinstance(found, dict) or not isinstance(found.get("step"), int):
        raise ConfigurationError(f"a line of {name} is no record of a step", hint=_OTHER_FOLDER)
    return cast("dict[str, float]", found)


def _write(path: Path, text: str) -> None:
    """Replace the file as a whole: whoever reads it sees the old text or the new one."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
