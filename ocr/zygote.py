"""The process that children are forked from: libraries loaded once, no secrets, no network.

`python -m ocr.zygote FD` serves the socket `FD`. Each request asks for one child and brings two sockets: the
child's control socket, and one on which its process handle and, at the end, its fate are told. When the
socket closes, all children are ended and the process leaves.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import logging
import os
import resource
import selectors
import shutil
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import FrameType

_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_MAX_MESSAGE_BYTES = 4096
# After so many new objects a child looks for garbage; a dense page has as many glyphs.
_N_ALLOCATIONS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Child:
    status: socket.socket
    folder: Path


@dataclass(slots=True)
class _Zygote:
    server: socket.socket
    children: dict[int, _Child] = field(default_factory=dict[int, _Child])

    def run(self) -> None:
        """Fork a child for each request until the server socket is closed."""
        wake, waker = socket.socketpair()
        wake.setblocking(False)
        waker.setblocking(False)
        signal.signal(signal.SIGCHLD, _do_nothing)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self.server, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if wake in ready:
                    with contextlib.suppress(BlockingIOError):
                        wake.recv(4096)
                    self.reap()
                if self.server in ready and not self.accept():
                    return

    def accept(self) -> bool:
        """Fork one child; return False when the other side has hung up."""
        message, fds, _, _ = socket.recv_fds(self.server, _MAX_MESSAGE_BYTES, 2)
        if not message:
            return False
        control, status = (socket.socket(fileno=fd) for fd in fds)
        folder = Path(tempfile.mkdtemp(prefix="rasg-child-"))
        pid = os.fork()
        if pid == 0:
            self.become_child(json.loads(message), control, folder)
        control.close()
        self.children[pid] = _Child(status=status, folder=folder)
        handle = os.pidfd_open(pid)
        with contextlib.suppress(OSError):
            socket.send_fds(status, [json.dumps({"pid": pid}).encode()], [handle])
        os.close(handle)
        return True

    def become_child(self, limits: dict[str, int], control: socket.socket, folder: Path) -> None:
        """Turn this fork into a limited child that serves `control`, and never return."""
        exit_code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.server.close()
            for child in self.children.values():
                child.status.close()
            os.setsid()
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            _limit(limits)
            # C libraries print what they find odd in a file; documents do not belong in logs.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
            os.chdir(folder)
            from ocr.tasks import serve

            serve(control)
            exit_code = 0
        finally:
            os._exit(exit_code)

    def reap(self) -> None:
        """Tell the fate of each child that has ended, end what it started, remove what it left."""
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            # The child is still a zombie, so its group cannot be anyone else's.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(ended.si_pid, signal.SIGKILL)
            _, code, used = os.wait4(ended.si_pid, 0)
            child = self.children.pop(ended.si_pid, None)
            if child is not None:
                self.tell(child, code, used.ru_maxrss)

    def tell(self, child: _Child, code: int, max_rss_kb: int) -> None:
        """Send the fate of `child` and remove its folder."""
        number = os.waitstatus_to_exitcode(code)
        fate = {"signal": -number if number < 0 else None, "exit_code": number, "max_rss_kb": max_rss_kb}
        with contextlib.suppress(OSError):
            child.status.sendall(json.dumps(fate).encode())
        child.status.close()
        shutil.rmtree(child.folder, ignore_errors=True)

    def end_children(self) -> None:
        """Kill and reap all children."""
        signal.set_wakeup_fd(-1)
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid, child in self.children.items():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
            shutil.rmtree(child.folder, ignore_errors=True)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Let the wake-up descriptor alone tell of the signal."""


def _limit(limits: dict[str, int]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["file_bytes"], limits["file_bytes"]))
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory_bytes"], limits["memory_bytes"]))


def drop_privileges() -> None:
    """Give up the network and the way to more rights, as far as this system lets us."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # Containers often forbid it; the parsers open no connections of their own either way.
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _load_libraries() -> None:
    """Import what every child needs, so that a fork has it at once."""
    # The last ones others import when they are first used, which is in each child anew.
    for name in (f"{__package__}.tasks", "cv2", "numpy.ma", "heapq", "encodings.utf_16_le"):
        import_module(name)
    # As all numeric libraries here: pages run side by side in processes. No variable tells it so.
    sys.modules["cv2"].setNumThreads(1)
    import_module(f"{__package__}.digit_shapes").load_references()
    # What was loaded is never garbage: looking for some among it took a fifth of the time of reading a text
    # layer, and made each child a copy of the pages that the fork shares. A child holds one page's glyphs.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_N_ALLOCATIONS)
    logging.disable(logging.WARNING)


def main() -> None:
    """Serve the socket whose number is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    zygote = _Zygote(server=socket.socket(fileno=int(sys.argv[1])))
    drop_privileges()
    _load_libraries()
    try:
        zygote.run()
    finally:
        zygote.end_children()
        # Whoever started it may have been killed; the folder was made for it.
        shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)


if __name__ == "__main__":
    main()
