"""How many files the service accepts, how quickly, and what it does with too many.

    python -m benchmarks.service_load [--rate 300] [--seconds 60] [--latency 0.02] [--documents 10000]

A server of its own is started in a temporary folder, with the whole service but for the pipeline, which
sleeps for a fixed time. Three parts: a steady rate of acceptances, sent when they are due whether or not
others are answered; as many as connections can send against a short queue; and a batch. The load comes from
the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

_LATENCY = "SERVICE_LOAD_LATENCY_S"
_N_CONNECTIONS = 64
# Of the overload: a queue that is soon full, and an engine that is slow.
_QUEUE_OF_OVERLOAD = 100
_SLOWER = 10
PATH = "/v1/extractions?schema=invoice&wait=0"


class SleepingPipeline:
    """Answers each file after a time, as a server elsewhere would."""

    engine = SimpleNamespace(name="sleep", model="sleep", close=lambda: None)
    read_options = SimpleNamespace(password=None)

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s

    def prepare(self, *, warm: bool) -> None:
        """Be ready."""
        del warm

    def serve(self, _tenant: object, *, password: str | None = None) -> SleepingPipeline:
        """Serve any tenant."""
        del password
        return self

    def extract_all(self, data: bytes, *_: object, **__: object) -> tuple[object, ...]:
        """Return an answer that names the file's length."""
        from app.extraction.pipeline import PipelineResult
        from schemas.document import Document
        from schemas.extraction import Extraction, Output, Usage

        time.sleep(self._latency_s)
        extraction = Extraction(
            document_sha256="0" * 64,
            schema_name="invoice",
            status="succeeded",
            output=Output(value={"n_bytes": len(data)}, metadata={}),
            usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
            engine="sleep",
            model="sleep",
        )
        document = Document(sha256="0" * 64, media_type="application/pdf", pages=())
        return (PipelineResult(extraction=extraction, document=document),)


def application() -> object:
    """Return the service with a pipeline that sleeps; called in the server's process."""
    from app.api.service import create_app
    from app.log import configure_logging
    from app.settings import load_settings

    settings = load_settings()
    configure_logging(settings.log)
    pipeline = SleepingPipeline(float(os.environ[_LATENCY]))
    return create_app(settings, pipeline=cast("Any", pipeline))


@dataclass(slots=True)
class Tally:
    """What came back: how often which status, and the seconds of each answer."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    seconds: list[float] = field(default_factory=list[float])

    def percentile(self, share: float) -> float:
        """Return the seconds within which that share of the answers came; the share is in [0, 1]."""
        ordered = sorted(self.seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Connection:
    """One connection that is kept; the least of HTTP/1.1, so that the load costs little."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", media_type: str = "application/pdf"
    ) -> tuple[int, bytes]:
        """Return the status and the body of an answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n"
        writer.write(f"{head}content-type: {media_type}\r\n\r\n".encode() + body)
        await writer.drain()
        lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        return int(lines[0].split()[1]), await reader.readexactly(length)

    async def close(self) -> None:
        """Close it, if it was opened."""
        if self._streams is not None:
            self._streams[1].close()
            await self._streams[1].wait_closed()


async def send_steadily(port: int, *, rate: float, seconds: float) -> Tally:
    """Send files when they are due; the seconds of an answer count from when it was due."""
    tally, idle = Tally(), asyncio.Queue[Connection]()
    for _ in range(_N_CONNECTIONS):
        idle.put_nowait(Connection(port))
    started = time.perf_counter()

    async def send(number: int, due: float) -> None:
        connection = await idle.get()
        status, _ = await connection.ask("POST", PATH, f"steady {number} {started}".encode() * 100)
        tally.statuses[status] += 1
        tally.seconds.append(time.perf_counter() - due)
        idle.put_nowait(connection)

    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = started + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(send(number, due))
    return tally


async def send_too_many(port: int, *, seconds: float) -> Tally:
    """Send files on all connections, each as soon as the one before is answered."""
    tally, deadline = Tally(), time.perf_counter() + seconds

    async def send(name: int) -> None:
        connection, number = Connection(port), 0
        while (begun := time.perf_counter()) < deadline:
            number += 1
            status, _ = await connection.ask("POST", PATH, f"flood {name} {number} {deadline}".encode())
            tally.statuses[status] += 1
            tally.seconds.append(time.perf_counter() - begun)

    async with asyncio.TaskGroup() as tasks:
        for name in range(_N_CONNECTIONS):
            tasks.create_task(send(name))
    return tally


async def count_states(port: int, states: Iterable[str]) -> int:
    """Return how many jobs are in any of the states."""
    connection, cursor, n_found = Connection(port), "", 0
    query = "".join(f"&status={state}" for state in states)
    while True:
        path = f"/v1/extractions?limit=1000{query}{cursor}"
        _, body = await connection.ask("GET", path)
        found = json.loads(body)
        n_found += len(found["extractions"])
        if found["next"] is None:
            return n_found
        cursor = f"&cursor={found['next']}"


async def wait_until_empty(port: int) -> float:
    """Return the seconds until no job waits or runs."""
    started, connection = time.perf_counter(), Connection(port)
    while True:
        _, body = await connection.ask("GET", "/v1/extractions?limit=1&status=queued&status=running")
        if not json.loads(body)["extractions"]:
            return time.perf_counter() - started
        await asyncio.sleep(0.2)


async def run_batch(port: int, *, n_documents: int) -> tuple[float, float, dict[str, int]]:
    """Return the seconds of acceptance and to the end of a batch, and its documents by status."""
    connection = Connection(port)
    _, body = await connection.ask("POST", PATH, b"the document of the batch")
    job = json.loads(body)
    documents = [{"document_sha256": job["document_sha256"]}] * n_documents
    asked = json.dumps({"schema": "invoice", "documents": documents}).encode()
    started = time.perf_counter()
    status, body = await connection.ask("POST", "/v1/batches", asked, "application/json")
    accepted_s = time.perf_counter() - started
    if status != 202:
        raise SystemExit(f"the batch was refused with {status}: {body.decode()}")
    batch = json.loads(body)
    while batch["status"] != "finished":
        await asyncio.sleep(0.2)
        _, body = await connection.ask("GET", batch["links"]["self"])
        batch = json.loads(body)
    by_status = {name: n for name, n in batch["n_by_status"].items() if n}
    return accepted_s, time.perf_counter() - started, by_status


class Server:
    """The service in a process of its own; its store is a temporary folder."""

    def __init__(self, *, latency_s: float, max_queued: int, n_jobs: int, url: str | None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._folder = tempfile.TemporaryDirectory()
        environment = {
            **os.environ,
            _LATENCY: str(latency_s),
            "RASG_STORE__FOLDER": self._folder.name,
            "RASG_STORE__KEEP_DAYS": "0",
            "RASG_JOBS__MAX_QUEUED": str(max_queued),
            "RASG_JOBS__N_IN_SERVICE": str(n_jobs),
            "RASG_LOG__LEVEL": "ERROR",
            **({} if url is None else {"RASG_STORE__URL": url}),
        }
        command = [sys.executable, "-m", "benchmarks.service_load", "--serve", str(self.port)]
        self._process = subprocess.Popen(command, env=environment)

    async def start(self) -> None:
        """Return once it answers."""
        for _ in range(600):
            connection = Connection(self.port)
            try:
                status, _ = await connection.ask("GET", "/livez")
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.2)
                continue
            finally:
                await connection.close()
            if status == 200:
                return
        raise SystemExit("the server does not start")

    def rss_mb(self) -> float:
        """Return the memory of its processes."""
        found = subprocess.run(
            ["ps", "-o", "rss=", "--ppid", str(self._process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return sum(map(int, found.stdout.split())) / 1024

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        self._folder.cleanup()


async def measure(options: argparse.Namespace) -> None:
    """Run the three parts and print their table."""
    rows: list[tuple[str, str]] = []
    server = Server(latency_s=options.latency, max_queued=10**6, n_jobs=8, url=options.url)
    try:
        await server.start()
        rss = server.rss_mb()
        tally = await send_steadily(server.port, rate=options.rate, seconds=options.seconds)
        rows += _steady_rows(tally, options)
        drained_s = await wait_until_empty(server.port)
        n_ended = await count_states(server.port, ("succeeded",))
        rows.append(("steady: ended / accepted", f"{n_ended} / {tally.statuses[202]}"))
        rows.append(("steady: queue empty after", f"{drained_s:.1f} s more"))
        rows.append(("memory before / after", f"{rss:.0f} / {server.rss_mb():.0f} MB"))
        accepted_s, ended_s, by_status = await run_batch(server.port, n_documents=options.documents)
        rows.append((f"batch of {options.documents}: accepted in", f"{accepted_s:.1f} s"))
        rows.append((f"batch of {options.documents}: ended in", f"{ended_s:.1f} s, {by_status}"))
    finally:
        server.stop()
    server = Server(
        latency_s=_SLOWER * options.latency, max_queued=_QUEUE_OF_OVERLOAD, n_jobs=8, url=options.url
    )
    try:
        await server.start()
        tally = await send_too_many(server.port, seconds=min(options.seconds, 20.0))
        await wait_until_empty(server.port)
        n_ended = await count_states(server.port, ("succeeded",))
        rows.append(("overload: answers", str(dict(sorted(tally.statuses.items())))))
        rows.append(("overload: p50 / p99", _latencies(tally)))
        rows.append(("overload: ended / accepted", f"{n_ended} / {tally.statuses[202]}"))
    finally:
        server.stop()
    print("| | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")


def _steady_rows(tally: Tally, options: argparse.Namespace) -> list[tuple[str, str]]:
    n_5xx = sum(n for status, n in tally.statuses.items() if status >= 500)
    return [
        ("steady: asked", f"{options.rate:g}/s for {options.seconds:g} s"),
        ("steady: answers", str(dict(sorted(tally.statuses.items())))),
        ("steady: 5xx", str(n_5xx)),
        ("steady: p50 / p99", _latencies(tally)),
    ]


def _latencies(tally: Tally) -> str:
    return f"{tally.percentile(0.5) * 1000:.0f} / {tally.percentile(0.99) * 1000:.0f} ms"


def _serve(port: int) -> None:
    from app.api.listening import listen
    from app.api.server import run
    from app.settings import load_settings

    with listen("127.0.0.1", port) as listener:
        run("benchmarks.service_load:application", listener, load_settings().api)


def main() -> None:
    """Serve, or measure a server that is started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--latency", type=float, default=0.02)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--url", help="SQLAlchemy's URL of a PostgreSQL database; SQLite by default")
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        _serve(options.serve)
    else:
        asyncio.run(measure(options))


if __name__ == "__main__":
    main()
