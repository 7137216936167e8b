"""A batch beyond one machine: what is done is not done again, and what is done now is written in parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from app.batch.extractor import FileOutcome
from app.batch.folder import Known
from app.batch.manifest import Recipe
from app.batch.parts import PartsFolder
from app.batch.remote import RemoteFile
from app.batch.run import FileDone, OnDone, make_entry, name_documents, name_results

# Takes files as it gets to them, and yields each with what came of it, in any order; what has the bytes that
# are done comes back without documents.
ExtractRemote = Callable[[Iterable[RemoteFile]], Generator[tuple[RemoteFile, FileOutcome]]]

# A part has some megabytes, and a crash of the driver loses a minute of work.
PART_FILES = 1000
PART_S = 60.0


@dataclass(slots=True, kw_only=True)
class RemoteBatch:
    """One run of a batch into a place of parts; only this process writes there.

    Attributes
    ----------
    again
        Whether what is done is done again.
    on_done
        Told each file when its results are written, or were there before.
    part_files, part_s
        A part is written when it has so many files, or when its first one has waited so long.
    """

    folder: PartsFolder
    recipe: Recipe
    on_done: OnDone
    again: bool = False
    part_files: int = PART_FILES
    part_s: float = PART_S
    _held: list[FileDone] = field(default_factory=list[FileDone])
    _begun_s: float = 0.0

    def run(self, files: Sequence[RemoteFile], extract_each: ExtractRemote) -> None:
        """Extract what is not done, and write results as they come; when stopped, what has come is written.

        Raises
        ------
        ConfigurationError
            If no other file would fare better, or results cannot be written; what was written stays.
        """
        files = tuple(self._named_before(files))
        names = {file.name for file in files}
        key = self.recipe.key
        with closing(extract_each(self._mark_done(files, key))) as done:
            try:
                for file, outcome in done:
                    self._take(file, outcome, names, key)
                    self._commit_if_due()
            finally:  # before the cluster is left, which takes seconds
                self._commit()
        self.folder.settle()

    def _named_before(self, files: Sequence[RemoteFile]) -> Iterator[RemoteFile]:
        """Yield the files under the names that their results have had."""
        taken = set[str]()
        for file in files:
            named = replace(file, name=self.folder.name_at(file.name, file.uri, taken))
            taken.add(named.name)
            yield named

    def _mark_done(self, files: Iterable[RemoteFile], key: str) -> Iterator[RemoteFile]:
        """Yield the files with the hashes of the bytes that are done, for whoever reads them."""
        for file in files:
            known = None if self.again else self.folder.done_sha256(file.name, key)
            yield file if known is None else replace(file, known_sha256=known)

    def _take(self, file: RemoteFile, outcome: FileOutcome, names: set[str], key: str) -> None:
        known = self.folder.known(file.name)
        if not outcome.documents and known is not None:
            self.on_done(FileDone(file=file, outcome=known.outcome, was_done=True))
            return
        if known is not None and _is_another(known, file, outcome):
            file, known = replace(file, name=self.folder.free_name(file.name, names)), None
            names.add(file.name)
        mine = set[str]() if known is None else set(known.documents)
        results = name_results(name_documents(file.name, len(outcome.documents), names - mine), outcome)
        names.update(result.file for result in results)
        entry = make_entry(file.name, file.uri, results, outcome, recipe=self.recipe, key=key)
        self.folder.keep(entry, results)
        self._begun_s = self._begun_s if self._held else time.monotonic()
        self._held.append(
            FileDone(file=file, outcome=entry.outcome, seconds=outcome.seconds, results=results)
        )

    def _commit_if_due(self) -> None:
        is_old = time.monotonic() - self._begun_s >= self.part_s
        if len(self._held) >= self.part_files or (self._held and is_old):
            self._commit()

    def _commit(self) -> None:
        self.folder.commit()
        held, self._held = self._held, []
        for done in held:
            self.on_done(done)


def _is_another(known: Known, file: RemoteFile, outcome: FileOutcome) -> bool:
    """Return whether what is known under a file's name is of a file elsewhere, and of other bytes."""
    sha256 = None if outcome.fingerprint is None else outcome.fingerprint.sha256
    return known.place != file.uri and (sha256 is None or known.sha256 != sha256)
