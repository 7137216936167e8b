"""Results at a URI, in parts that are there whole or do not count: an object store has no file to add to.

    OUT/manifest/part-000001.jsonl       which files the part holds, and what made them; written last
    OUT/results/part-000001.parquet      a row a document
    OUT/line_items/part-000001.parquet   a row for each row of its lists
    OUT/records/part-000001.parquet      a row a document: `file`, and all that is known of it as JSON

A part counts when its manifest is there. One process writes; what a crash leaves of a part is removed when
the next one begins, and a file that is done anew leaves the part that it was in.
"""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from app.batch.find import names_like
from app.batch.folder import Known
from app.batch.manifest import ManifestEntry
from app.batch.remote import Files, open_place
from app.outputs.part_tables import keep_rows, part_tables
from app.outputs.records import FileResult
from app.outputs.writing import write_whole
from schemas.errors import ConfigurationError
from schemas.spec import ExtractionSchema

_MANIFEST = "manifest"
_LOCK = ".lock"
_LOCAL = "file"


class PartsFolder:
    """A place that one batch at a time writes parts to; all of what it holds is looked at before any work.

    Raises
    ------
    ConfigurationError
        If it cannot be read or written, another process of this machine writes to it, its manifest is none,
        or it holds results of another schema, which have other columns.
    """

    def __init__(self, uri: str, schemas: Sequence[ExtractionSchema], *, schema_sha256: str) -> None:
        self.uri = uri
        self._files, self._root = open_place(uri)
        self._schemas = tuple(schemas)
        self._known: dict[str, Known] = {}
        self._part_of: dict[str, int] = {}  # by the name of the file
        self._names_of: dict[int, set[str]] = {}  # names of files by the number of their part
        self._held: list[tuple[ManifestEntry, tuple[FileResult, ...]]] = []
        self._lock = self._take_lock()
        try:
            with self._can_use():
                self._read(schema_sha256)
                self.settle()
        except BaseException:
            self.close()
            raise

    @property
    def n_held(self) -> int:
        """Return how many files are kept and not yet written."""
        return len(self._held)

    def known(self, name: str) -> Known | None:
        """Return what is known of the file of that name; None if it was never done."""
        return self._known.get(name)

    def name_at(self, name: str, uri: str, taken: Collection[str]) -> str:
        """Return the name that the results of the file at `uri` have had; `name` if they had none like it."""
        like = names_like(name, taken, self._known)
        return next((one for one in like if one in self._known and self._known[one].place == uri), name)

    def free_name(self, name: str, taken: Collection[str]) -> str:
        """Return the first name like that which no file has had, nor one of the batch."""
        *_, free = names_like(name, taken, self._known)
        return free

    def done_sha256(self, name: str, key: str) -> str | None:
        """Return which bytes of a file have results by that recipe; one that failed has none."""
        known = self._known.get(name)
        if known is None or known.key != key or known.outcome == "failed":
            return None
        return known.sha256

    def keep(self, entry: ManifestEntry, results: tuple[FileResult, ...]) -> None:
        """Hold the results of a file for the next part."""
        self._held.append((entry, results))

    def commit(self) -> tuple[ManifestEntry, ...]:
        """Write what is held as one part, and return its files: now they are done.

        Raises
        ------
        ConfigurationError
            If it cannot be written.
        """
        if not self._held:
            return ()
        number = max(self._names_of, default=0) + 1
        entries = tuple(entry for entry, _ in self._held)
        results = [result for _, each in self._held for result in each]
        with self._can_use():
            self._write(number, part_tables(results, self._schemas), entries)
        self._held = []
        for entry in entries:
            self._note(entry, number)
        return entries

    def settle(self) -> None:
        """Have each file in the last part that it was written to, and nowhere else.

        Raises
        ------
        ConfigurationError
            If that cannot be written.
        """
        with self._can_use():
            for number, names in tuple(self._names_of.items()):
                live = {name for name in names if self._part_of[name] == number}
                if live != names:
                    self._shrink(number, live)

    def _read(self, schema_sha256: str) -> None:
        self._files.invalidate_cache()
        numbers = sorted(self._numbers(_MANIFEST))
        for number in numbers:
            for entry in self._entries(number):
                if entry.recipe.schema_sha256 != schema_sha256:
                    raise ConfigurationError(
                        f"{self.uri} has results of another schema", hint="name another place with --out"
                    )
                self._note(entry, number)
        for table in part_tables((), self._schemas):
            for number in self._numbers(table) - set(numbers):  # a crash left them
                self._files.rm_file(self._path(table, number))

    def _entries(self, number: int) -> tuple[ManifestEntry, ...]:
        lines = self._files.cat_file(self._path(_MANIFEST, number)).splitlines()
        try:
            return tuple(ManifestEntry.model_validate_json(line) for line in lines)
        except ValidationError as error:
            raise ConfigurationError(
                f"part {number} of {self.uri} is of no batch", hint="name another place with --out"
            ) from error

    def _note(self, entry: ManifestEntry, number: int) -> None:
        self._names_of.setdefault(number, set()).add(entry.file)
        self._part_of[entry.file] = number
        self._known[entry.file] = Known(
            place=entry.path,
            sha256=entry.sha256,
            key=entry.key,
            outcome=entry.outcome,
            documents=tuple(document.name for document in entry.documents),
        )

    def _shrink(self, number: int, live: set[str]) -> None:
        """Leave in a part the files of `live`: first in the tables, then in the manifest."""
        entries = [entry for entry in self._entries(number) if entry.file in live]
        documents = {document.name for entry in entries for document in entry.documents}
        names = tuple(part_tables((), self._schemas))
        if entries:
            paths = {name: self._path(name, number) for name in names}
            kept = {name: keep_rows(self._files.cat_file(path), documents) for name, path in paths.items()}
            self._write(number, kept, entries)
            self._names_of[number] = live
            return
        self._files.rm_file(self._path(_MANIFEST, number))
        for name in names:
            self._files.rm_file(self._path(name, number))
        del self._names_of[number]

    def _write(self, number: int, tables: Mapping[str, bytes], entries: Iterable[ManifestEntry]) -> None:
        for name, data in tables.items():
            self._put(self._path(name, number), data)
        lines = b"".join(entry.model_dump_json().encode() + b"\n" for entry in entries)
        self._put(self._path(_MANIFEST, number), lines)

    def _put(self, path: str, data: bytes) -> None:
        """Write a file whole: an object store gives it its name when it is; on this machine it is synced."""
        if self._is_local:
            write_whole(Path(path), data)
        else:
            self._files.pipe_file(path, data)

    def _path(self, table: str, number: int) -> str:
        suffix = "jsonl" if table == _MANIFEST else "parquet"
        return f"{self._root}/{table}/part-{number:06}.{suffix}"

    def _numbers(self, table: str) -> set[int]:
        names = (path.rsplit("/", 1)[-1] for path in _find(self._files, f"{self._root}/{table}"))
        return {int(name[5:].split(".")[0]) for name in names if name.startswith("part-")}

    @property
    def _is_local(self) -> bool:
        protocol = self._files.protocol
        return _LOCAL in ((protocol,) if isinstance(protocol, str) else protocol)

    def _take_lock(self) -> BinaryIO | None:
        """Return the lock of a folder of this machine; object stores have none."""
        if not self._is_local:
            return None
        with self._can_use():
            Path(self._root).mkdir(parents=True, exist_ok=True)
            lock = Path(self._root, _LOCK).open("ab")  # noqa: SIM115 - held until `close`
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise ConfigurationError(f"another process writes to {self.uri}") from error
        return lock

    @contextmanager
    def _can_use(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ConfigurationError(f"{self.uri} cannot be used: {why}") from error

    def close(self) -> None:
        """Let another process write to the place."""
        if self._lock is not None:
            self._lock.close()


def _find(files: Files, folder: str) -> list[str]:
    try:
        return files.find(folder)
    except FileNotFoundError:
        return []
