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
# In a row: then memory is short, and it is not the one file's fault.
_MAX_FAILED_STARTS = 3


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

    A process that dies takes its file with it, whose record says so, and another one takes its place. If that
    dies while it starts, as where memory is short, its file goes to the others, and after a few in a row no
    more are started as long as one is left. All are ended when the iterator is closed.

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
            while pool.n_busy < n_jobs and pool.may_give:
                file = pool.take_back() or next(todo, None)
                if file is None:
                    break
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
        self._given_back: list[BatchFile] = []
        self._was_ready = False
        self._n_failed_starts = 0  # in a row

    @property
    def n_busy(self) -> int:
        return len(self._busy)

    @property
    def may_give(self) -> bool:
        """Return whether there is a process for a file, or may be."""
        return bool(self._idle) or self._n_failed_starts < _MAX_FAILED_STARTS

    def take_back(self) -> BatchFile | None:
        """Return a file whose process did not start; None if there is none."""
        return self._given_back.pop() if self._given_back else None

    def give(self, file: BatchFile) -> None:
        """Have a process extract a file; one is started if none waits."""
        try:
            worker = self._idle.pop() if self._idle else _start(self._build)
        except OSError as error:
            self._fail_start(file, f"a process cannot be started: {error.strerror}")
            return
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
        if worker.file is None:
            raise RuntimeError("a process answered for no file")
        file = worker.file
        try:
            answer = cast("_Answer", worker.pipe.recv())
        except (EOFError, OSError):
            how = self._bury(worker)
            if not worker.is_ready:
                self._fail_start(file, f"a process that extracts files could not start: it ended by {how}")
                return None
            self._n_failed_starts = 0  # what it had is free now
            return file, _died(how)
        if answer == "ready":
            worker.is_ready = self._was_ready = True
            self._n_failed_starts = 0
            return None
        if isinstance(answer, _Refusal):
            raise ConfigurationError(answer.message, hint=answer.hint)
        worker.file = None
        self._busy.remove(worker)
        if worker.process.is_alive():
            self._idle.append(worker)
        return file, answer

    def _fail_start(self, file: BatchFile, message: str) -> None:
        """Keep the file of a process that did not start for another, if there is or may be one."""
        self._n_failed_starts += 1
        self._given_back.append(file)
        is_one_left = any(worker.is_ready for worker in (*self._busy, *self._idle))
        if not self._was_ready or not (is_one_left or self._n_failed_starts < _MAX_FAILED_STARTS):
            raise ConfigurationError(message, hint="if memory is short, fewer --jobs need less")

    def _bury(self, worker: _Worker) -> str:
        """Return how a process ended that has died, and forget it."""
        self._busy.remove(worker)
        worker.process.join(_JOIN_S)
        worker.pipe.close()
        code = worker.process.exitcode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def close(self) -> None:
        """End all processes, and their children with them."""
        workers = (*self._busy, *self._idle)
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.process.join(_JOIN_S)
            worker.pipe.close()


def _died(how: str) -> FileOutcome:
    """Return the outcome of the file that a process died of."""
    record = ErrorRecord(
        code="worker_died",
        message=f"the process that extracted it ended by {how}",
        hint="if memory is short, fewer --jobs need less",
        retryable=True,
    )
    return FileOutcome(documents=(DocumentOutcome(error=record),))


def _start(build: BuildExtractor) -> _Worker:
    """Return a new process; `OSError` if there can be none."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, build, os.getpid()), daemon=True)
    with _one_thread(), _uninterrupted():
        process.start()
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
