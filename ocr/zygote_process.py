"""The service's end of the process that children are forked from (`ocr.zygote`): started, asked, replaced."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from schemas.errors import SandboxLostError

_CLOSE_TIMEOUT_S = 5.0
_PAUSE_S = 0.05
# A process that was killed is seen to be gone a moment after its sockets are closed.
_GONE_WITHIN_S = 1.0
# What a child may need of our environment; everything else, secrets above all, stays out.
_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TESSDATA_PREFIX",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
)
_ONE_THREAD = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Pictures of pages are made and dropped several times a page. By default the C library gives such blocks
# back to the kernel at once, and each new one is a thousand page faults, a tenth of the time of a page with
# a text layer. A child keeps so much for the next one; C libraries other than glibc do not look at these.
_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """Address space and the largest file of a child, in bytes."""

    memory_bytes: int
    file_bytes: int


@dataclass(slots=True)
class ZygoteProcess:
    """The process that children are forked from, and the folder that holds those of its children."""

    server: socket.socket
    process: subprocess.Popen[bytes]
    folder: Path
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
                raise SandboxLostError("the process that starts parsers is gone; try again") from error
        return control, status

    def is_gone(self) -> bool:
        """Return whether it has ended, or does within a second."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=_GONE_WITHIN_S)
        return self.process.poll() is not None

    def close(self) -> None:
        """Hang up, so that the process ends its children and leaves, and remove what they left."""
        self.server.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=_CLOSE_TIMEOUT_S)
        remove_folder(self.folder)


def remove_folder(folder: Path) -> None:
    """Remove a folder, in which children that were killed may make files for a moment yet."""
    ends = time.monotonic() + _CLOSE_TIMEOUT_S
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists() and time.monotonic() < ends:
        time.sleep(_PAUSE_S)
        shutil.rmtree(folder, ignore_errors=True)


_lock = threading.Lock()
_zygotes: dict[int, ZygoteProcess] = {}  # by the id of the process that started it: forks start their own


def running_zygote() -> ZygoteProcess:
    """Return this process's zygote, started if there is none or if it was killed."""
    with _lock:
        found = _zygotes.get(os.getpid())
        if found is None or found.process.poll() is not None:
            if found is not None:
                found.close()
                atexit.unregister(found.close)
            found = _zygotes[os.getpid()] = _start()
            atexit.register(found.close)
        return found


def _start() -> ZygoteProcess:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Of its own, so that it can be removed also when the process had no time to.
    folder = Path(tempfile.mkdtemp(prefix="rasg-children-"))
    with theirs:
        process = subprocess.Popen(
            # -P: the folder that the user stands in may hold a module of a library's name.
            [sys.executable, "-P", "-m", f"{__package__}.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=_environment(folder),
        )
    return ZygoteProcess(server=ours, process=process, folder=folder)


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 # "" means just that
    ours = {"TMPDIR": str(folder), "PYTHONPATH": path}
    return {**kept, **ours, **_KEPT_MEMORY, **dict.fromkeys(_ONE_THREAD, "1")}
