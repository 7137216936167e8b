"""The folder of a batch's results: what is done, and files that are whole or not there after any crash."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.batch.find import names_like, place_of
from app.batch.journal import RESULTS, Journal, append
from app.batch.manifest import MANIFEST, ManifestEntry, Outcome, read_manifest
from app.files import fingerprint
from app.outputs.records import FileResult, result_json, value_json
from app.outputs.writing import Format, write_tables, write_whole
from schemas.errors import ConfigurationError
from schemas.spec import ExtractionSchema

logger = logging.getLogger(__name__)

_SUFFIXES = {Format.JSON: ".json", Format.VALUE: ".value.json"}
_PAGE = ".html"
# How a manifest begins, and bytes that are looked through at a time for the end of its last whole line.
_BEGINNING = b'{"file":'
_BLOCK = 65_536
# Names of files that were written and are told; of more only the number is.
_MAX_TOLD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What has to be known of a file that is done, and where it was; a folder may hold very many."""

    place: str
    sha256: str | None
    key: str
    outcome: Outcome
    documents: tuple[str, ...]


class OutputFolder:
    """A folder that one batch at a time writes to. All of it is opened, and tried, before any work.

    What the folder holds of earlier batches stays: `results.jsonl` has each document once, and the manifest
    each file that was ever done. A file of another place and other bytes has another name (`claim_name`).

    Raises
    ------
    ConfigurationError
        If it cannot be written, another process writes to it, or its manifest is none.
    """

    def __init__(self, path: Path, formats: Sequence[Format], *, with_pages: bool = False) -> None:
        self.path = path
        self.written: list[str] = []
        self.n_written = 0
        self._formats = tuple(formats)
        self._with_pages = with_pages
        self._known: dict[str, Known] = {}
        self._owners: dict[str, str] = {}  # files by the names of their documents
        # Files by what they hold and how it was made: the same bytes need not be extracted again.
        self._by_content: dict[tuple[str, str], str] = {}
        with _can_write(path):
            path.mkdir(parents=True, exist_ok=True)
            # That a file can be opened to be added to does not say that new ones can be made.
            tempfile.NamedTemporaryFile(dir=path, prefix=".rasg-").close()
            self._manifest = _open_manifest(path / MANIFEST)
            try:
                for entry in read_manifest(path / MANIFEST):
                    self._note(entry)
                self._journal = Journal(path)
                self._forget_lost()
            except BaseException:
                self._manifest.close()
                raise

    def _forget_lost(self) -> None:
        """Leave out files whose results are not there, and results of no file."""
        lost = [n for n, known in self._known.items() if any(d not in self._journal for d in known.documents)]
        for name in lost:
            known = self._known.pop(name)
            self._disown(name, known)
            self._by_content.pop((known.sha256 or "", known.key), None)
        self._journal.settle(self._documents())

    def _documents(self) -> set[str]:
        return {document for known in self._known.values() for document in known.documents}

    def _note(self, entry: ManifestEntry) -> None:
        before = self._known.get(entry.file)
        if before is not None:
            self._disown(entry.file, before)
        self._owners.update((document.name, entry.file) for document in entry.documents)
        self._known[entry.file] = Known(
            place=place_of(Path(entry.path)),  # once it was written as it was named
            sha256=entry.sha256,
            key=entry.key,
            outcome=entry.outcome,
            documents=tuple(document.name for document in entry.documents),
        )
        if entry.sha256 is not None and entry.outcome != "failed":
            self._by_content[entry.sha256, entry.key] = entry.file

    def _disown(self, name: str, known: Known) -> None:
        for document in known.documents:
            if self._owners.get(document) == name:
                del self._owners[document]

    def claim_name(self, path: Path, name: str, taken: set[str], *, max_bytes: int) -> str:
        """Return the name of a file's results, and take it: no other file's are lost by it.

        It is the one that they had before, or that of results of the same bytes, as the file may have been
        moved; else the file's own or the first like it that nothing has.
        """
        *like, free = names_like(name, taken, self._known, self._owners)
        place = place_of(path)
        claimed = next((one for one in like if self._known[one].place == place), None)
        if claimed is None and like and (found := fingerprint(path, max_bytes)) is not None:
            claimed = next((one for one in like if self._known[one].sha256 == found.sha256), None)
        claimed = free if claimed is None else claimed
        taken.add(claimed)
        return claimed

    def others_documents(self, name: str) -> set[str]:
        """Return the names of the documents of all other files."""
        return {document for document, owner in self._owners.items() if owner != name}

    def known(self, name: str) -> Known | None:
        """Return what is known of the file of that name; None if it was never done."""
        return self._known.get(name)

    def is_done(self, name: str, sha256: str, key: str) -> bool:
        """Return whether the file has results of these bytes and this recipe; one that failed has none."""
        known = self._known.get(name)
        if known is None or (known.sha256, known.key) != (sha256, key) or known.outcome == "failed":
            return False
        return not self._with_pages or any(self._file_of(d, _PAGE).is_file() for d in known.documents)

    @property
    def can_share(self) -> bool:
        """Return whether files of the same bytes can share results: pages that explain them bear names."""
        return not self._with_pages

    def same_content(self, sha256: str, key: str) -> str | None:
        """Return the name of a file that has results of these bytes and this recipe; None if none has."""
        name = self._by_content.get((sha256, key)) if self.can_share else None
        return name if name is not None and self.is_done(name, sha256, key) else None

    def results_of(self, name: str) -> tuple[FileResult, ...]:
        """Return the results of a file that is done."""
        return tuple(self._journal.read(document) for document in self._known[name].documents)

    def keep(
        self, entry: ManifestEntry, results: tuple[FileResult, ...], pages: Sequence[str | None] = ()
    ) -> None:
        """Keep the results of a file, one a document, with the pages that explain them: then it is done.

        Raises
        ------
        ConfigurationError
            If they cannot be written.
        """
        before = self._known.get(entry.file)
        with _can_write(self.path):
            self._journal.add(results)
            for result in results:
                self._write(result)
            for result, page in zip(results, pages, strict=False):
                if page is not None:
                    self._write_page(result.file, page)
            append(self._manifest, entry.model_dump_json().encode() + b"\n")
            self._note(entry)
            if before is not None:
                self._remove(set(before.documents) - {result.file for result in results})

    def complete(self, name: str) -> None:
        """Write what is missing of the files of a file that is done: it may have been done for other formats.

        Raises
        ------
        ConfigurationError
            If it cannot be written.
        """
        with _can_write(self.path):
            for document in self._known[name].documents:
                if any(not self._file_of(document, s).is_file() for s in self._suffixes()):
                    self._write(self._journal.read(document))

    def _suffixes(self) -> tuple[str, ...]:
        return tuple(_SUFFIXES[each] for each in self._formats if each in _SUFFIXES)

    def _file_of(self, document: str, suffix: str) -> Path:
        return self.path / f"{document}{suffix}"

    def _write(self, result: FileResult) -> None:
        for each, text_of in ((Format.JSON, result_json), (Format.VALUE, value_json)):
            if each in self._formats:
                self._write_file(f"{result.file}{_SUFFIXES[each]}", text_of(result))

    def _write_page(self, document: str, page: str) -> None:
        try:
            self._write_file(f"{document}{_PAGE}", page)
        except IsADirectoryError as error:  # the answer is there all the same
            logger.warning("no page that explains %s: %s", document, error.strerror)

    def _write_file(self, name: str, text: str) -> None:
        write_whole(self.path / name, text.encode("utf-8", "replace"))
        self._tell(name)

    def _tell(self, *names: str) -> None:
        self.n_written += len(names)
        self.written += names[: max(0, _MAX_TOLD - len(self.written))]

    def _remove(self, documents: Iterable[str]) -> None:
        """Remove the files of documents that are no more: the file has other ones now."""
        for document in documents:
            for suffix in (*_SUFFIXES.values(), _PAGE):
                with suppress(FileNotFoundError, IsADirectoryError):
                    self._file_of(document, suffix).unlink()

    def results(self, key: str, names: Iterable[str]) -> Iterator[FileResult]:
        """Yield the results of one recipe: of files of earlier batches, then of `names`, in this order."""
        now = dict.fromkeys(names)
        earlier = (name for name, known in self._known.items() if known.key == key and name not in now)
        for name in (*earlier, *now):
            if name in self._known:
                yield from self.results_of(name)

    def finish(
        self,
        key: str,
        names: Sequence[str],
        schemas: Sequence[ExtractionSchema],
        *,
        go_on: Callable[[], bool],
    ) -> bool:
        """Write the tables, and leave each document once in `results.jsonl`; False if there was no time.

        Raises
        ------
        ConfigurationError
            If they cannot be written.
        """
        made = write_tables(self.results(key, names), schemas, self._formats, self.path, go_on=go_on)
        self._tell(*made, *([RESULTS] if Format.JSONL in self._formats else []))
        if go_on():
            with _can_write(self.path):
                self._journal.settle(self._documents())
        return go_on()

    def close(self) -> None:
        """Close the files, and let another process write to the folder."""
        self._journal.close()
        self._manifest.close()


def _open_manifest(path: Path) -> BinaryIO:
    """Return the manifest, to be added to by this process alone, without a last line that was cut."""
    file = path.open("a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise ConfigurationError(f"another process writes to {path.parent}") from error
    try:
        _drop_cut_line(file)
    except ConfigurationError:
        file.close()
        raise
    return file


def _drop_cut_line(file: BinaryIO) -> None:
    """Cut off what a crash left of a last line.

    Raises
    ------
    ConfigurationError
        If the file does not begin as a manifest does: nobody else's is cut.
    """
    file.seek(0)
    if not _BEGINNING.startswith(file.read(len(_BEGINNING))):
        raise ConfigurationError(f"{MANIFEST} is of no batch", hint="name another folder with --out")
    position = end = file.seek(0, os.SEEK_END)
    tail = b""
    while position and b"\n" not in tail:
        step = min(_BLOCK, position)
        position -= step
        file.seek(position)
        tail = file.read(step)
    whole = position + tail.rfind(b"\n") + 1 if b"\n" in tail else 0
    if whole < end:
        file.truncate(whole)


@contextmanager
def _can_write(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror or error}") from error
