"""A batch: what is done is not done again, each file's results are kept as they come, twins share theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from app.batch.extractor import FileOutcome
from app.batch.find import BatchFile, place_of, take_name
from app.batch.folder import OutputFolder
from app.batch.manifest import DocumentEntry, ManifestEntry, Outcome, Recipe, worst
from app.batch.remote import RemoteFile
from app.files import fingerprint
from app.outputs.records import FileResult

# Takes files as it gets to them, and yields each with what came of it, in any order.
ExtractEach = Callable[[Iterable[BatchFile]], Generator[tuple[BatchFile, FileOutcome]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDone:
    """A file whose results are kept.

    Attributes
    ----------
    was_done
        Whether they were there before.
    same_as
        The name of the file of the same bytes that they were taken from.
    replaces
        Whether results of other bytes, which the file had before, gave way to these.
    results
        One a document; empty where they were there before.
    """

    file: BatchFile | RemoteFile
    outcome: Outcome
    was_done: bool = False
    same_as: str | None = None
    replaces: bool = False
    seconds: float = 0.0
    results: tuple[FileResult, ...] = ()


OnDone = Callable[[FileDone], None]


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many files ended how, how many were done before, and how many have other bytes than then."""

    outcomes: Counter[Outcome] = field(default_factory=Counter["Outcome"])
    n_done_before: int = 0
    n_replaced: int = 0

    def add(self, done: FileDone) -> None:
        """Count a file."""
        self.outcomes[done.outcome] += 1
        self.n_done_before += done.was_done
        self.n_replaced += done.replaces


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRun:
    """One run of a batch into a folder.

    Attributes
    ----------
    again
        Whether what is done is done again.
    max_bytes
        Of a file; larger ones are the extractor's to refuse.
    on_done
        Told each file when its results are kept, or were there before.
    """

    folder: OutputFolder
    recipe: Recipe
    max_bytes: int
    on_done: OnDone
    again: bool = False

    def run(self, files: Sequence[BatchFile], extract_each: ExtractEach) -> None:
        """Extract what is not done, and keep the results of each file as they come.

        Raises
        ------
        ConfigurationError
            If no other file would fare better, or results cannot be kept; what was kept stays.
        """
        state = _State(self, files)
        left: Sequence[BatchFile] = files
        while left:
            with closing(extract_each(state.choose(left))) as done:
                for file, outcome in done:
                    state.keep(file, outcome)
            left = state.take_left()


class _State:
    """Which files are being extracted, and which wait for one of the same bytes."""

    def __init__(self, batch: BatchRun, files: Sequence[BatchFile]) -> None:
        self._batch = batch
        self._folder = batch.folder
        self._key = batch.recipe.key
        self._names = {file.name for file in files}
        self._in_work: dict[str, str] = {}  # hash of the bytes by the file's name
        self._twins: dict[str, list[BatchFile]] = {}  # by hash, while one of them is in work
        self._made_now: set[str] = set()  # hashes
        self._left: list[BatchFile] = []

    def take_left(self) -> list[BatchFile]:
        """Return the files that were put off."""
        left, self._left = self._left, []
        return left

    def choose(self, files: Iterable[BatchFile]) -> Iterator[BatchFile]:
        """Yield what has to be extracted; what is done, or waits for its twin, is passed over."""
        for file in files:
            found = fingerprint(file.path, self._batch.max_bytes)
            sha256 = None if found is None else found.sha256
            if sha256 is None:  # its record will say why
                yield file
            elif self._is_done(file, sha256):
                continue
            elif sha256 in self._twins and self._folder.can_share:
                self._twins[sha256].append(file)
            else:
                self._twins[sha256] = []
                self._in_work[file.name] = sha256
                yield file

    def _is_done(self, file: BatchFile, sha256: str) -> bool:
        known = self._folder.known(file.name)
        is_fresh = not self._batch.again or sha256 in self._made_now
        if known is not None and is_fresh and self._folder.is_done(file.name, sha256, self._key):
            self._folder.complete(file.name)
            self._batch.on_done(FileDone(file=file, outcome=known.outcome, was_done=True))
            return True
        twin = self._folder.same_content(sha256, self._key) if is_fresh else None
        if twin is None:
            return False
        self._keep_as(file, twin, self._folder.results_of(twin), sha256)
        return True

    def keep(self, file: BatchFile, outcome: FileOutcome) -> None:
        """Keep what came of a file, and give it to those that wait for it."""
        results = name_results(self._name(file, len(outcome.documents)), outcome)
        self._commit(file, results, outcome, pages=[document.page for document in outcome.documents])
        expected = self._in_work.pop(file.name, None)
        if expected is None:
            return
        waiting = self._twins.pop(expected, [])
        if outcome.fingerprint is None or outcome.fingerprint.sha256 != expected:  # written to since
            self._left += waiting
            return
        self._made_now.add(expected)
        for twin in waiting:
            self._keep_as(twin, file.name, results, expected)

    def _keep_as(self, file: BatchFile, twin: str, found: tuple[FileResult, ...], sha256: str) -> None:
        """Give a file the results of another of the same bytes, under its own name."""
        now = fingerprint(file.path, self._batch.max_bytes)
        if now is None or now.sha256 != sha256:  # it was written to since
            self._left.append(file)
            return
        names = self._name(file, len(found))
        results = tuple(replace(result, file=name) for result, name in zip(found, names, strict=True))
        self._commit(file, results, FileOutcome(documents=(), fingerprint=now), same_as=twin)

    def _name(self, file: BatchFile, n_documents: int) -> tuple[str, ...]:
        if n_documents == 1:
            return (file.name,)
        known = self._folder.known(file.name)
        mine = set[str]() if known is None else set(known.documents)
        others = (self._names - mine) | self._folder.others_documents(file.name)
        return name_documents(file.name, n_documents, others)

    def _commit(
        self,
        file: BatchFile,
        results: tuple[FileResult, ...],
        outcome: FileOutcome,
        *,
        same_as: str | None = None,
        pages: Sequence[str | None] = (),
    ) -> None:
        self._names |= {result.file for result in results}
        entry = make_entry(
            file.name,
            place_of(file.path),
            results,
            outcome,
            recipe=self._batch.recipe,
            key=self._key,
            same_as=same_as,
        )
        before = self._folder.known(file.name)
        self._folder.keep(entry, results, pages)
        self._batch.on_done(
            FileDone(
                file=file,
                outcome=entry.outcome,
                same_as=same_as,
                replaces=before is not None and _is_other(before.sha256, entry.sha256),
                seconds=outcome.seconds,
                results=results,
            )
        )


def _is_other(before: str | None, now: str | None) -> bool:
    return before is not None and now is not None and before != now


def make_entry(
    name: str,
    path: str,
    results: Sequence[FileResult],
    outcome: FileOutcome,
    *,
    recipe: Recipe,
    key: str,
    same_as: str | None = None,
) -> ManifestEntry:
    """Return the line of a file that is done now; `key` is that of the recipe, which is long to reckon."""
    documents = tuple(_document_entry(result) for result in results)
    return ManifestEntry(
        file=name,
        path=path,
        sha256=None if outcome.fingerprint is None else outcome.fingerprint.sha256,
        n_bytes=None if outcome.fingerprint is None else outcome.fingerprint.n_bytes,
        outcome=worst(document.outcome for document in documents),
        documents=documents,
        same_as=same_as,
        seconds=round(outcome.seconds, 3),
        made_at=datetime.now(UTC),
        key=key,
        recipe=recipe,
    )


def name_results(names: Sequence[str], outcome: FileOutcome) -> tuple[FileResult, ...]:
    """Return what came of the documents of a file, under their names."""
    return tuple(
        FileResult(file=name, extraction=document.extraction, error=document.error)
        for name, document in zip(names, outcome.documents, strict=True)
    )


def name_documents(name: str, n_documents: int, taken: set[str]) -> tuple[str, ...]:
    """Return names for the documents of a file: its own for one, else NAME#1, NAME#2 ...; none is `taken`."""
    if n_documents == 1:
        return (name,)
    return tuple(take_name(f"{name}#{n}", taken) for n in range(1, n_documents + 1))


def _document_entry(result: FileResult) -> DocumentEntry:
    found = result.extraction
    if found is None:
        code = None if result.error is None else result.error.code
        return DocumentEntry(name=result.file, outcome="failed", error=code)
    return DocumentEntry(
        name=result.file,
        outcome=found.status,
        schema_name=found.schema_name,
        adapter=found.adapter,
        adapter_sha256=found.adapter_sha256,
    )
