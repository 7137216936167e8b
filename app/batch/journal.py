"""`results.jsonl`: all results, a line a document; each is on the disk before its file is said to be done."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from app.outputs.records import FileResult, read_result, result_line
from app.outputs.writing import sync

RESULTS = "results.jsonl"
# How `result_line` begins: the name is read without the rest of a line.
_BEGINNING = b'{"file":'
_DECODER = json.JSONDecoder()
_PART = ".results.jsonl.part"


class Journal:
    """The results of a folder, added at the end, and read by the names of their documents.

    Of two lines of a name the last counts; `settle` leaves out the others, and a last line that was cut.

    Raises
    ------
    OSError
        If the file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / RESULTS
        self._places: dict[str, tuple[int, int]] = {}
        self._n_left_over = 0
        self._file = self._open()

    def _open(self) -> BinaryIO:
        file = self.path.open("a+b")
        file.seek(0)
        end = 0
        for line in file:
            name = _name_of(line)
            if name is not None:
                self._note(name, end, len(line))
            else:
                self._n_left_over += 1
            end += len(line)
        return file

    def _note(self, name: str, start: int, length: int) -> None:
        self._n_left_over += name in self._places
        self._places[name] = (start, length)

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def add(self, results: tuple[FileResult, ...]) -> None:
        """Write the results of one file, together, and have the disk hold them."""
        start = self._file.seek(0, os.SEEK_END)
        lines = [(result.file, result_line(result).encode("utf-8")) for result in results]
        append(self._file, b"".join(line for _, line in lines))
        for name, line in lines:
            self._note(name, start, len(line))
            start += len(line)

    def read(self, name: str) -> FileResult:
        """Return the result of a document that is there."""
        start, length = self._places[name]
        return read_result(os.pread(self._file.fileno(), length, start))

    def settle(self, names: Collection[str]) -> None:
        """Leave each of `names` once, in the order of the file, and nothing else."""
        kept = {name: place for name, place in self._places.items() if name in names}
        if len(kept) == len(self._places) and not self._n_left_over:
            return
        part = self.path.with_name(_PART)
        with part.open("wb") as new:
            for start, length in sorted(kept.values()):
                new.write(os.pread(self._file.fileno(), length, start))
        sync(part)
        part.replace(self.path)
        self.close()
        self._places, self._n_left_over = {}, 0
        self._file = self._open()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def append(file: BinaryIO, data: bytes) -> None:
    """Write bytes at the end of a file that is opened for that, and have the disk hold them.

    Nothing stays in a buffer, which would be written later, after an error.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(file.fileno(), view) :]
    os.fsync(file.fileno())


def _name_of(line: bytes) -> str | None:
    """Return the name of the document whose result a line is; None if it is none, or was cut."""
    if not line.startswith(_BEGINNING) or not line.endswith(b"}\n"):
        return None
    try:
        # A name is short, and a character that the cut falls into is behind it.
        text = line[len(_BEGINNING) : len(_BEGINNING) + 16_384].decode("utf-8", "replace")
        name, _ = _DECODER.raw_decode(text)
    except ValueError:
        return None
    return name if isinstance(name, str) else None
