"""What all readers share: files of a folder, JSON that is checked, errors that name the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.datasets import GoldRecord
from eval.lines import require_regular
from schemas.errors import EvaluationError

MAX_FILE_BYTES = 200_000_000
_IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
# What malformed content of the right type raises: missing keys, wrong types, wrong numbers.
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)


def files(folder: Path, *patterns: str) -> tuple[Path, ...]:
    """Return the files below `folder` that match a pattern, by name.

    Raises
    ------
    EvaluationError
        If there are none.
    """
    found = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    if not found:
        raise EvaluationError(f"no {' or '.join(patterns)} in {folder.name!r}")
    return tuple(found)


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    EvaluationError
        If it is no regular file, larger than `MAX_FILE_BYTES`, or cannot be read.
    """
    require_regular(path, "file")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise EvaluationError(f"{path.name!r} is larger than {MAX_FILE_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"{path.name!r} cannot be read") from error


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Return a JSON file's content; a byte-order mark is no part of it.

    Raises
    ------
    EvaluationError
        If it cannot be read, or is no JSON.
    """
    try:
        return json.loads(read_bytes(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise EvaluationError(f"{path.name!r} is no JSON") from error


def each(paths: Sequence[Path], read: Callable[[Path], GoldRecord]) -> Iterator[GoldRecord]:
    """Yield the record of each file.

    Raises
    ------
    EvaluationError
        Naming the first file that is not as published.
    """
    for path in paths:
        try:
            yield read(path)
        except _MALFORMED as error:
            raise EvaluationError(f"{path.name!r} is not as published: {error}") from error


def beside(folder: Path, stem: str, folders: Sequence[str], suffixes: Sequence[str] = _IMAGES) -> str:
    """Return the document of a label file, as a path inside `folder`.

    Raises
    ------
    EvaluationError
        If there is none.
    """
    for sub in folders:
        for suffix in suffixes:
            for name in (f"{stem}{suffix}", f"{stem}{suffix.upper()}"):
                if (folder / sub / name).is_file():
                    return (Path(sub) / name).as_posix()
    raise EvaluationError(f"no document for {stem!r} in {', '.join(folders)}")
