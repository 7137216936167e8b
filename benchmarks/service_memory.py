"""What memory the service takes: for large uploads at a time, and over many extractions.

    python -m benchmarks.service_memory [--uploads 200] [--megabytes 10] [--extractions 20000] [--minutes 15]

The server is that of `benchmarks.service_load`, whose pipeline sleeps. All uploads begin at once, each over a
connection of its own. Extractions go through the whole service, one job each; once the time is over, those
that were sent count.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections import Counter

from benchmarks.service_load import PATH, Connection, Server, count_states, wait_until_empty

_SAMPLE_EVERY_S = 0.1
# Of the whole run, beside the answer to the last of them.
_N_SENDERS = 32
_N_READINGS = 10
# What is loaded and kept once is loaded by then.
_N_WARM = 500


class Rss:
    """The memory of a server, looked at all the time."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.before_mb = self.most_mb = server.rss_mb()

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            self.most_mb = max(self.most_mb, await asyncio.to_thread(self._server.rss_mb))
            await asyncio.sleep(_SAMPLE_EVERY_S)


async def send_large(port: int, *, n_files: int, n_bytes: int) -> tuple[Counter[int], float]:
    """Return the statuses of files that are sent all at once, and the seconds until the last is answered."""
    body, started = os.urandom(n_bytes - 8), time.perf_counter()

    async def send(number: int) -> int:
        connection = Connection(port)
        try:
            return (await connection.ask("POST", PATH, number.to_bytes(8) + body))[0]
        finally:
            await connection.close()

    statuses = await asyncio.gather(*(send(number) for number in range(n_files)))
    return Counter(statuses), time.perf_counter() - started


async def measure_uploads(options: argparse.Namespace) -> None:
    """Print the memory that uploads take beside each other."""
    server = Server(latency_s=0.0, max_queued=10**6, n_jobs=0, url=None)
    try:
        await server.start()
        await send_large(server.port, n_files=4, n_bytes=100_000)
        rss = Rss(server)
        watch = asyncio.create_task(rss.watch())
        statuses, seconds = await send_large(
            server.port, n_files=options.uploads, n_bytes=options.megabytes * 10**6
        )
        await asyncio.sleep(1)
        watch.cancel()
        sent = f"{options.uploads} uploads of {options.megabytes} MB"
        print(f"{sent}: {dict(statuses)} in {seconds:.1f} s")
        after_mb = server.rss_mb()
        print(f"memory, MB: {rss.before_mb:.0f} before, {rss.most_mb:.0f} at most, {after_mb:.0f} after")
    finally:
        server.stop()


async def send_many(port: int, *, n_files: int, deadline: float) -> int:
    """Return how many files were accepted by the deadline, of so many at most."""
    numbers, n_accepted = iter(range(n_files)), 0

    async def send() -> None:
        nonlocal n_accepted
        connection = Connection(port)
        while time.perf_counter() < deadline and (number := next(numbers, None)) is not None:
            status, _ = await connection.ask("POST", PATH, f"{deadline} {number} ".encode() * 100)
            n_accepted += status == 202
        await connection.close()

    await asyncio.gather(*(send() for _ in range(_N_SENDERS)))
    return n_accepted


async def measure_extractions(options: argparse.Namespace) -> None:
    """Print the memory after each tenth of many extractions."""
    server = Server(latency_s=0.005, max_queued=10**6, n_jobs=8, url=None)
    deadline = time.perf_counter() + 60 * options.minutes
    try:
        await server.start()
        n_sent = await send_many(server.port, n_files=_N_WARM, deadline=deadline)
        await wait_until_empty(server.port)
        readings = [server.rss_mb()]
        while time.perf_counter() < deadline and len(readings) <= _N_READINGS:
            n_sent += await send_many(
                server.port, n_files=options.extractions // _N_READINGS, deadline=deadline
            )
            await wait_until_empty(server.port)
            readings.append(server.rss_mb())
            print(f"{n_sent} extractions: {readings[-1]:.0f} MB", flush=True)
        n_ended = await count_states(server.port, ("succeeded",))
        print(f"ended / accepted: {n_ended} / {n_sent}")
        least, most = min(readings), max(readings)
        print(f"memory, MB: {readings[0]:.0f} after {_N_WARM}, {least:.0f} least, {most:.0f} most")
    finally:
        server.stop()


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=200, help="0 leaves them out")
    parser.add_argument("--megabytes", type=int, default=10)
    parser.add_argument("--extractions", type=int, default=20_000, help="0 leaves them out")
    parser.add_argument("--minutes", type=float, default=15.0)
    options = parser.parse_args()
    if options.uploads:
        asyncio.run(measure_uploads(options))
    if options.extractions:
        asyncio.run(measure_extractions(options))


if __name__ == "__main__":
    main()
