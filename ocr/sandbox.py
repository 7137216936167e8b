"""Child processes for untrusted bytes: killable, limited, and believed only as far as their answers validate.

A child is forked from a small process of its own (`ocr.zygote`) that has the libraries loaded and neither the
service's memory nor its environment. What comes back is JSON, checked against the types it must have, and
plain bytes; nothing is ever unpickled.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from schemas.errors import (
    ConfigurationError,
    DocumentTooLargeError,
    EmptyDocumentError,
    OcrError,
    OcrTimeoutError,
    OcrUnavailableError,
    ParserCrashedError,
    PasswordRequiredError,
    RasgError,
    UnreadableDocumentError,
    UnsupportedMediaTypeError,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

_MAX_MESSAGE_BYTES = 64 * 1024
# A child that uses no processor time (it waits for something that never comes) is ended after this many times
# the processor time it is allowed; a busy machine may give it only a small share.
_WALL_FACTOR = 4.0
_WALL_GRACE_S = 10.0
_FATE_TIMEOUT_S = 5.0
_HANDLE_TIMEOUT_S = 1.0
# What a child may need of our environment; everything else, secrets above all, stays out.
_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "TESSDATA_PREFIX",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
)
_ONE_THREAD = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_ERRORS: Mapping[str, type[RasgError]] = {
    error.code: error
    for error in (
        UnsupportedMediaTypeError,
        DocumentTooLargeError,
        UnreadableDocumentError,
        PasswordRequiredError,
        EmptyDocumentError,
        OcrError,
        OcrUnavailableError,
        OcrTimeoutError,
        ConfigurationError,
    )
}

ChildKind = Literal["parser", "recogniser"]


class SharedFile:
    """Bytes in memory that another process can read or write; no file on disk, gone when closed."""

    def __init__(self, data: bytes = b"") -> None:
        self.fd = os.memfd_create("rasg", os.MFD_CLOEXEC)
        view = memoryview(data)
        written = 0
        while written < len(view):
            written += os.pwrite(self.fd, view[written:], written)

    def read(self, size: int) -> bytes:
        """Return the first `size` bytes; fewer if the file is shorter."""
        return os.pread(self.fd, size, 0)

    def close(self) -> None:
        """Free the memory."""
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a task gave: a JSON object, `size` bytes in the output file, and the CPU seconds it took."""

    meta: Mapping[str, Any]
    size: int
    cpu_s: float


_REPLY = TypeAdapter(Reply)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """Address space and the largest file of a child, in bytes."""

    memory_bytes: int
    file_bytes: int


class Child:
    """A limited process that runs one task at a time; after an error other than a refusal it is gone."""

    def __init__(self, *, kind: ChildKind, limits: ChildLimits) -> None:
        self.kind: ChildKind = kind
        self.limits = limits
        self.is_alive = True
        self._control, self._status = _zygote().fork(limits)
        self._handle: int | None = None

    def run(
        self,
        task: str,
        args: Mapping[str, Any],
        *,
        cpu_s: float,
        output: SharedFile,
        source: SharedFile | None = None,
    ) -> Reply:
        """Run `task` on the content of `source` and return its reply; what it wrote is in `output`.

        Raises
        ------
        RasgError
            As the task raised it; the child lives on.
        OcrTimeoutError, ParserCrashedError, DocumentTooLargeError
            If the child used up its time, died, or ran out of memory; the child is gone.
        """
        request = json.dumps({"task": task, "args": args, "cpu_s": cpu_s}).encode()
        fds = [source.fd if source is not None else output.fd, output.fd]
        self._control.settimeout(_WALL_FACTOR * cpu_s + _WALL_GRACE_S)
        try:
            socket.send_fds(self._control, [request], fds)
            message = self._control.recv(_MAX_MESSAGE_BYTES)
        except TimeoutError as error:
            self.close()
            raise OcrTimeoutError(f"{task} took longer than {cpu_s:.0f} CPU seconds allow") from error
        except OSError:
            message = b""
        if not message:
            raise self._fate(task)
        return self._reply(task, message)

    def _reply(self, task: str, message: bytes) -> Reply:
        try:
            answer = json.loads(message)
            if answer["ok"]:
                return _REPLY.validate_python({key: answer[key] for key in ("meta", "size", "cpu_s")})
            code, text, hint = str(answer["code"]), str(answer["message"]), answer["hint"]
        except (ValueError, KeyError, TypeError) as error:
            self.close()
            raise ParserCrashedError(f"{task} gave an answer that makes no sense") from error
        if code == "memory":
            self.close()
            raise DocumentTooLargeError(f"{task} needs more memory than {self.limits.memory_bytes} bytes")
        if code in _ERRORS:
            raise _ERRORS[code](text, hint=hint if isinstance(hint, str) else None)
        logger.warning("task %s failed in the child: %s", task, text.split(":")[0])
        raise _unexpected(self.kind, task, text)

    def _fate(self, task: str) -> RasgError:
        """Return the error that tells how the child died."""
        signal_number = self._ended_by()
        self.close()
        if signal_number == signal.SIGXCPU:
            return OcrTimeoutError(f"{task} used up its processor time")
        name = signal.Signals(signal_number).name if signal_number else "without a signal"
        return ParserCrashedError(
            f"the process that ran {task} died ({name})",
            hint="the file is damaged or hostile, or needs more memory than allowed",
        )

    def _ended_by(self) -> int | None:
        self._status.settimeout(_FATE_TIMEOUT_S)
        with suppress(OSError, ValueError):
            while message := self._status.recv(_MAX_MESSAGE_BYTES):
                number = json.loads(message).get("signal")
                if isinstance(number, int):
                    return number
        return None

    def close(self) -> None:
        """End the process, at once and with all it started."""
        if not self.is_alive:
            return
        self.is_alive = False
        self._control.close()
        with suppress(OSError, ValueError):
            self._status.settimeout(_HANDLE_TIMEOUT_S)
            _, handles, _, _ = socket.recv_fds(self._status, _MAX_MESSAGE_BYTES, 1)
            for handle in handles:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                os.close(handle)
        self._status.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _unexpected(kind: ChildKind, task: str, text: str) -> RasgError:
    if kind == "parser":
        return UnreadableDocumentError(f"the document cannot be parsed: {text}")
    return OcrError(f"{task} failed: {text}")


def checked(adapter: TypeAdapter[T], content: bytes) -> T:
    """Return the JSON `content` as the value it must be.

    Raises
    ------
    ParserCrashedError
        If it is anything else.
    """
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        raise ParserCrashedError("a child process gave an answer of the wrong type") from error


@dataclass(slots=True)
class _ZygoteProcess:
    """Our end of the process that children are forked from."""

    server: socket.socket
    process: subprocess.Popen[bytes]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fork(self, limits: ChildLimits) -> tuple[socket.socket, socket.socket]:
        """Return the control and the status socket of a new child."""
        control, child_control = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        status, child_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps({"memory_bytes": limits.memory_bytes, "file_bytes": limits.file_bytes}).encode()
        with child_control, child_status:
            try:
                with self.lock:
                    socket.send_fds(self.server, [request], [child_control.fileno(), child_status.fileno()])
            except OSError as error:
                control.close()
                status.close()
                raise ParserCrashedError("the process that starts parsers is gone; try again") from error
        return control, status

    def close(self) -> None:
        """Hang up, so that the process ends its children and leaves."""
        self.server.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=_FATE_TIMEOUT_S)


_zygote_lock = threading.Lock()
_zygotes: dict[int, _ZygoteProcess] = {}  # by the id of the process that started it: forks start their own


def _zygote() -> _ZygoteProcess:
    with _zygote_lock:
        found = _zygotes.get(os.getpid())
        if found is None or found.process.poll() is not None:
            if found is not None:
                found.server.close()
            found = _zygotes[os.getpid()] = _start_zygote()
            atexit.register(found.close)
        return found


def _start_zygote() -> _ZygoteProcess:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            # -P: the folder that the user stands in may hold a module of a library's name.
            [sys.executable, "-P", "-m", f"{__package__}.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=_environment(),
        )
    return _ZygoteProcess(server=ours, process=process)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 # "" means just that
    return {**kept, "PYTHONPATH": path, **dict.fromkeys(_ONE_THREAD, "1")}


class ChildPool:
    """Children that are kept between documents, because loading their models takes longer than a page."""

    def __init__(self, *, kind: ChildKind, max_idle: int, max_uses: int) -> None:
        self._kind: ChildKind = kind
        self._max_idle = max_idle
        self._max_uses = max_uses
        self._idle: list[tuple[Child, int]] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()

    @contextmanager
    def borrow(self, limits: ChildLimits) -> Generator[Child]:
        """Yield a child of these limits; it returns to the pool unless it died or has served long enough."""
        child, n_uses = self._take(limits)
        try:
            yield child
        finally:
            if not self._give_back(child, n_uses + 1):
                child.close()

    def _take(self, limits: ChildLimits) -> tuple[Child, int]:
        with self._lock:
            if self._owner != os.getpid():
                # These children belong to the process we were forked from.
                self._idle, self._owner = [], os.getpid()
            for i, (child, _) in enumerate(self._idle):
                if child.limits == limits:
                    return self._idle.pop(i)
        return Child(kind=self._kind, limits=limits), 0

    def _give_back(self, child: Child, n_uses: int) -> bool:
        with self._lock:
            keeps = child.is_alive and n_uses < self._max_uses and len(self._idle) < self._max_idle
            if keeps:
                self._idle.append((child, n_uses))
            return keeps

    def close(self) -> None:
        """End the idle children."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child, _ in idle:
            child.close()
