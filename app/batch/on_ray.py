"""Files read and extracted by actors of a Ray cluster; the only module that imports Ray.

Readers turn bytes into pages, extractors turn pages into answers. Pages go from one to the other through the
cluster's object store; the driver, which runs this, sees what is known of a file and its answer. Each actor
builds what it needs from plain values, and is replaced when it dies.
"""

# Ray is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Generic, Literal, TypeVar, cast

import ray
from ray.exceptions import RayError, RayTaskError

from app.batch.extractor import DocumentOutcome, FileExtractor, FileOutcome
from app.batch.reading import BuildReader, FileReader, ReadHead
from app.batch.remote import RemoteFile
from app.batch.workers import BuildExtractor
from app.errors import ErrorRecord
from schemas.document import Document
from schemas.errors import ConfigurationError, RasgError

Role = Literal["read", "extract"]
Built = TypeVar("Built")

# A file whose actor dies is tried again on another: a machine may have gone. Then the file is to blame.
_MAX_TRIES = 3
# Files that are read and wait, for each extractor: their pages are in memory.
_MAX_WAITING = 2
_STORE_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Where the actors are, and how many.

    Attributes
    ----------
    address
        Of a cluster that runs, as `ray.init` takes it; None for one on this machine, for this batch only.
    reader_cpus, extractor_cpus, extractor_gpus
        That an actor takes: little for an extractor that asks a server, or for a reader that mostly waits.
    """

    address: str | None = None
    n_readers: int = 1
    n_extractors: int = 1
    reader_cpus: float = 1.0
    extractor_cpus: float = 1.0
    extractor_gpus: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Why no other file would fare better."""

    message: str
    hint: str | None = None

    @classmethod
    def of(cls, error: RasgError) -> _Refusal:
        return cls(message=str(error), hint=error.hint)


class _Actor(Generic[Built]):
    """Works in a process of the cluster, with what it builds there."""

    def __init__(self, build: Callable[[], Built]) -> None:
        self._build = build
        self._built: Built | None = None

    def prepare(self) -> _Refusal | None:
        """Build what works; return why it cannot be."""
        try:
            self._built = self._build()
        except RasgError as error:
            return _Refusal.of(error)
        return None

    def built(self) -> Built:
        """Return what was built."""
        if self._built is None:
            raise RuntimeError("the actor is not prepared")
        return self._built


class ReadActor(_Actor[FileReader]):
    """Reads files, in a process of the cluster."""

    def read(self, file: RemoteFile) -> tuple[ReadHead | _Refusal, Document | None]:
        """Return what is known of a file, and its pages."""
        reader = self.built()
        try:
            return reader.read(file)
        except RasgError as error:
            return _Refusal.of(error), None


class ExtractActor(_Actor[FileExtractor]):
    """Extracts files that were read, in a process of the cluster."""

    def extract(self, head: ReadHead, document: Document) -> FileOutcome | _Refusal:
        """Return what came of a file."""
        extractor = self.built()
        try:
            return extractor.extract_read(head, document)
        except RasgError as error:
            return _Refusal.of(error)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Work:
    """A file on its way: how often it was begun, and what was read of it."""

    file: RemoteFile
    n_tries: int = 1
    head: ReadHead | None = None
    document: Any = None  # a reference to its pages


@dataclass(slots=True, kw_only=True, eq=False)
class _Pool:
    """The actors of one role: those that have work are known by the reference to what they will answer."""

    role: Role
    kind: Any
    build: BuildReader | BuildExtractor
    size: int
    options: dict[str, float]
    idle: list[Any] = field(default_factory=list[Any])
    starting: dict[Any, Any] = field(default_factory=dict[Any, Any])
    busy: dict[Any, tuple[Any, _Work]] = field(default_factory=dict[Any, "tuple[Any, _Work]"])
    n_failed_starts: int = 0

    @property
    def refs(self) -> list[Any]:
        return [*self.starting, *self.busy]

    def has(self, ref: object) -> bool:
        """Return whether one of its actors will answer that."""
        return ref in self.starting or ref in self.busy

    def grow(self) -> None:
        """Start actors until there are as many as there should be."""
        while len(self.idle) + len(self.starting) + len(self.busy) < self.size:
            actor = self.kind.options(**self.options).remote(self.build)
            self.starting[actor.prepare.remote()] = actor

    def end(self) -> None:
        for actor in (*self.idle, *self.starting.values(), *(actor for actor, _ in self.busy.values())):
            ray.kill(actor)


def extract_on_ray(
    files: Iterable[RemoteFile], build_reader: BuildReader, build_extractor: BuildExtractor, cluster: Cluster
) -> Generator[tuple[RemoteFile, FileOutcome]]:
    """Yield each file with what came of it, in the order in which they are done.

    A file that has the bytes which are done already comes back without documents. An actor that dies is
    replaced, and its file begun anew; at its third death the file's record is `worker_died`.

    Raises
    ------
    ConfigurationError
        If the cluster cannot be reached, actors cannot be started, or no other file would fare better.
    """
    with _connected(cluster):
        run = _Run(files, build_reader, build_extractor, cluster)
        try:
            yield from run.each()
        finally:
            run.end()


class _Run:
    """Files on their way through the two pools."""

    def __init__(
        self,
        files: Iterable[RemoteFile],
        build_reader: BuildReader,
        build_extractor: BuildExtractor,
        cluster: Cluster,
    ) -> None:
        self._todo = iter(files)
        self._again: deque[_Work] = deque()
        self._waiting: deque[_Work] = deque()  # read, to be extracted
        self._max_waiting = _MAX_WAITING * cluster.n_extractors
        self._readers = _Pool(
            role="read",
            kind=ray.remote(ReadActor),
            build=build_reader,
            size=cluster.n_readers,
            options={"num_cpus": cluster.reader_cpus},
        )
        self._extractors = _Pool(
            role="extract",
            kind=ray.remote(ExtractActor),
            build=build_extractor,
            size=cluster.n_extractors,
            options={"num_cpus": cluster.extractor_cpus, "num_gpus": cluster.extractor_gpus},
        )

    def each(self) -> Iterator[tuple[RemoteFile, FileOutcome]]:
        upcoming = next(self._todo, None)
        while upcoming is not None or self._is_at_work:
            self._readers.grow()
            self._extractors.grow()
            self._give_pages()
            while self._may_read and (self._again or upcoming is not None):
                if self._again:
                    self._read(self._again.popleft())
                elif upcoming is not None:
                    self._read(_Work(file=upcoming))
                    upcoming = next(self._todo, None)
            done, _ = ray.wait([*self._readers.refs, *self._extractors.refs], num_returns=1)
            for ref in done:
                yield from self._take(ref)

    @property
    def _is_at_work(self) -> bool:
        return bool(self._again or self._waiting or self._readers.busy or self._extractors.busy)

    @property
    def _may_read(self) -> bool:
        return bool(self._readers.idle) and (
            len(self._waiting) + len(self._readers.busy) < self._max_waiting + self._readers.size
        )

    def _read(self, work: _Work) -> None:
        actor = self._readers.idle.pop()
        head, document = actor.read.options(num_returns=2).remote(work.file)
        begun = _Work(file=work.file, n_tries=work.n_tries, document=document)
        self._readers.busy[head] = (actor, begun)

    def _give_pages(self) -> None:
        while self._waiting and self._extractors.idle:
            work, actor = self._waiting.popleft(), self._extractors.idle.pop()
            self._extractors.busy[actor.extract.remote(work.head, work.document)] = (actor, work)

    def _take(self, ref: object) -> Iterator[tuple[RemoteFile, FileOutcome]]:
        pool = self._readers if self._readers.has(ref) else self._extractors
        if ref in pool.starting:
            self._take_started(pool, ref)
            return
        actor, work = pool.busy.pop(ref)
        try:
            answer = _answer_of(ref)
        except RayTaskError:  # a mistake of ours
            raise
        except RayError as error:
            ray.kill(actor)
            yield from self._begin_again(work, error)
            return
        pool.idle.append(actor)
        if isinstance(answer, _Refusal):
            raise ConfigurationError(answer.message, hint=answer.hint)
        if isinstance(answer, FileOutcome):
            yield work.file, answer
        elif answer.is_known:
            yield work.file, FileOutcome(documents=(), fingerprint=answer.fingerprint)
        elif answer.error is not None:
            failed = (DocumentOutcome(error=answer.error),)
            yield (
                work.file,
                FileOutcome(documents=failed, fingerprint=answer.fingerprint, seconds=answer.seconds),
            )
        else:
            self._waiting.append(
                _Work(file=work.file, n_tries=work.n_tries, head=answer, document=work.document)
            )

    def _take_started(self, pool: _Pool, ref: object) -> None:
        actor = pool.starting.pop(ref)
        try:
            refusal = _answer_of(ref)
        except RayTaskError:
            raise
        except RayError as error:
            pool.n_failed_starts += 1
            if pool.n_failed_starts >= _MAX_TRIES * pool.size:
                raise ConfigurationError(
                    f"actors that {pool.role} cannot be started: {type(error).__name__}"
                ) from error
            return
        if refusal is not None:
            raise ConfigurationError(refusal.message, hint=refusal.hint)
        pool.idle.append(actor)

    def _begin_again(self, work: _Work, error: RayError) -> Iterator[tuple[RemoteFile, FileOutcome]]:
        """Have a file read anew whose actor, or whose pages, are gone; or say that it was tried enough."""
        if work.n_tries < _MAX_TRIES:
            self._again.append(_Work(file=work.file, n_tries=work.n_tries + 1))
            return
        record = ErrorRecord(
            code="worker_died",
            message=f"{work.n_tries} processes that had it ended: {type(error).__name__}",
            hint="if memory is short, fewer actors on a machine need less",
            retryable=True,
        )
        yield work.file, FileOutcome(documents=(DocumentOutcome(error=record),))

    def end(self) -> None:
        """End all actors."""
        self._readers.end()
        self._extractors.end()


def _answer_of(ref: object) -> Any:  # noqa: ANN401 - what the actor's method returns
    return ray.get(cast("Any", ref))


@contextmanager
def _connected(cluster: Cluster) -> Generator[None]:
    """Have a cluster while the block runs: the one at an address, or one of this machine's processes."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    # Ray is to leave what actors see of devices as it is: they have what they asked for, and no more.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Actors of this machine share its cores, however many they are.
    n_cpus = ceil(cluster.n_readers * cluster.reader_cpus + cluster.n_extractors * cluster.extractor_cpus)
    here: dict[str, Any] = {
        "num_cpus": n_cpus,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
    }
    try:
        ray.init(
            address=cluster.address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **({} if cluster.address else here),
        )
    except (RuntimeError, ConnectionError, ValueError, OSError) as error:
        raise ConfigurationError(f"no Ray cluster: {type(error).__name__}: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()
