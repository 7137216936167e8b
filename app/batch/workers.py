"""Processes that extract files side by side: each builds what it needs itself, and may die without harm."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Generator, Iterable
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Literal, cast

from app.batch.extractor import DocumentOutcome, FileExtractor, FileOutcome
from app.batch.find import BatchFile
from app.errors import ErrorRecord
from schemas.errors import ConfigurationError, RasgError

# Called in each process; it is pickled by its name and arguments, so that these hold neither locks nor files.
BuildExtractor = Callable[[], FileExtractor]

# Numeric libraries keep to one thread where processes run side by side: more of them wait for each other.
_ONE_THREAD = (
    *("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("NUMEXPR_NUM_THREADS", "RAYON_NUM_THREADS"),
)
_PR_SET_PDEATHSIG = 1
_JOIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Why no other file would fare better."""

    message: str
    hint: str | None = None


_Answer = FileOutcome | _Refusal | Literal["ready"]


@dataclass(slots=True, kw_only=True, eq=False)
class _Worker:
    """A process, our end of its pipe, and the file that it has."""

    process: BaseProcess
    pipe: Connection
    file: BatchFile | None = None
    is_ready: bool = False


def extract_in_processes(
    files: Iterable[BatchFile], build: BuildExtractor, n_jobs: int
) -> Generator[tuple[BatchFile, FileOutcome]]:
    """Yield each file with what came of it, in the order in which they are done; `n_jobs` are in work.

    A process that dies takes its file with it, whose record says so, and another one takes its place. All
    are ended when the iterator is closed.

    Raises
    ------
    ConfigurationError
        If the processes cannot be started, or no other file would fare better.
    """
    todo = iter(files)
    done: list[tuple[BatchFile, FileOutcome]] = []
    with closing(_Pool(build)) as pool:
        while True:
            # Before what came is handed on: while it is written, the next ones are in work.
            while pool.n_busy < n_jobs and (file := next(todo, None)) is not None:
                pool.give(file)
            yield from done
            if not pool.n_busy:
                return
            done = pool.take()


class _Pool:
    """Processes that have a file, and those that wait for one."""

    def __init__(self, build: BuildExtractor) -> None:
        self._build = build
        self._busy: list[_Worker] = []
        self._idle: list[_Worker] = []

    @property
    def n_busy(self) -> int:
        return len(self._busy)

    def give(self, file: BatchFile) -> None:
        """Have a process extract a file; one is started if none waits."""
        worker = self._idle.pop() if self._idle else _start(self._build)
        worker.file = file
        self._busy.append(worker)
        with suppress(OSError):  # it died while it waited: what is read of it next says so
            worker.pipe.send(file)

    def take(self) -> list[tuple[BatchFile, FileOutcome]]:
        """Return what came of the files that are done, at least when some process has something to say."""
        ready = wait([worker.pipe for worker in self._busy])
        spoken = [worker for worker in self._busy if worker.pipe in ready]
        return [done for worker in spoken if (done := self._hear(worker)) is not None]

    def _hear(self, worker: _Worker) -> tuple[BatchFile, FileOutcome] | None:
        try:
            answer = cast("_Answer", worker.pipe.recv())
        except (EOFError, OSError):
            answer = self._bury(worker)
        if answer == "ready":
            worker.is_ready = True
            return None
        if isinstance(answer, _Refusal):
            raise ConfigurationError(answer.message, hint=answer.hint)
        file, worker.file = worker.file, None
        self._busy.remove(worker)
        if worker.process.is_alive():
            self._idle.append(worker)
        if file is None:
            raise RuntimeError("a process answered for no file")
        return file, answer

    def _bury(self, worker: _Worker) -> FileOutcome | _Refusal:
        """Return what a process that died leaves."""
        worker.process.join(_JOIN_S)
        worker.pipe.close()
        code = worker.process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        if not worker.is_ready:
            return _Refusal(message=f"a process that extracts files could not start: it ended by {how}")
        record = ErrorRecord(
            code="worker_died",
            message=f"the process that extracted it ended by {how}",
            hint="if memory is short, fewer --jobs need less",
            retryable=True,
        )
        return FileOutcome(documents=(DocumentOutcome(error=record),))

    def close(self) -> None:
        """End all processes, and their children with them."""
        workers = (*self._busy, *self._idle)
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.process.join(_JOIN_S)
            worker.pipe.close()


def _start(build: BuildExtractor) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, build, os.getpid()), daemon=True)
    try:
        with _one_thread(), _uninterrupted():
            process.start()
    except OSError as error:
        raise ConfigurationError(f"a process cannot be started: {error.strerror}") from error
    theirs.close()
    return _Worker(process=process, pipe=ours)


@contextmanager
def _uninterrupted() -> Generator[None]:
    """Have processes that are started meanwhile hear of no Ctrl-C, not even before `_serve` ignores it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread() -> Generator[None]:
    """Have processes that are started meanwhile keep to one numeric thread."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _serve(pipe: Connection, build: BuildExtractor, parent_id: int) -> None:
    """Extract the files that come by a pipe until it is closed; the body of each process."""
    # A key that interrupts goes to all processes of a terminal: the parent says what is to be done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_id:  # it died before that
        return
    try:
        extractor = build()
        pipe.send("ready")
        while True:
            pipe.send(extractor.extract(cast("BatchFile", pipe.recv())))
    except RasgError as error:
        pipe.send(_Refusal(message=str(error), hint=error.hint))
    except (EOFError, BrokenPipeError):
        return
