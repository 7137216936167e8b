"""A PostgreSQL server of a test's own, that can be stopped and started again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest


def _programs() -> Path | None:
    """Return the folder of the server's programs: Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


def _run(*command: str | Path) -> None:
    # The server refuses to run as root; Debian's package makes a user for it.
    prefix = (
        ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    )
    done = subprocess.run([*prefix, *map(str, command)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """A server that runs; `url` is SQLAlchemy's."""

    url: str
    control: tuple[str | Path, ...]
    start_options: tuple[str | Path, ...]

    def kill(self) -> None:
        """Have it end at once, as in a crash."""
        _run(*self.control, "-m", "immediate", "stop")

    def start(self) -> None:
        """Start it again."""
        _run(*self.control, *self.start_options, "start")


@contextmanager
def postgres_server() -> Generator[PostgresServer]:
    """Yield a server that runs; skip the test where none is installed."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed")
    folder = Path("/tmp") / f"rasg-pg-{uuid4().hex[:12]}"
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server = PostgresServer(
        url=f"postgresql+psycopg://rasg@127.0.0.1:{port}/postgres",
        control=(programs / "pg_ctl", "-w", "-D", folder / "data"),
        start_options=("-o", f"-p {port} -k {folder}", "-l", folder / "log"),
    )
    try:
        _run(programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "rasg")
        server.start()
        yield server
        server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
