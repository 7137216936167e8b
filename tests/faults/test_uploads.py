"""Many large files at a time take little memory: they are on disk while they come."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.service_load import Server
from benchmarks.service_memory import Rss, send_large


@pytest.mark.slow
def test_a_hundred_uploads_at_a_time_take_no_memory_of_their_size() -> None:
    async def send() -> tuple[dict[int, int], float]:
        server = Server(latency_s=0.0, max_queued=1000, n_jobs=0, url=None)
        try:
            await server.start()
            await send_large(server.port, n_files=4, n_bytes=100_000)
            rss = Rss(server)
            watch = asyncio.create_task(rss.watch())
            statuses, _ = await send_large(server.port, n_files=100, n_bytes=4_000_000)
            watch.cancel()
            return dict(statuses), rss.most_mb - rss.before_mb
        finally:
            server.stop()

    statuses, more_mb = asyncio.run(send())
    assert statuses == {202: 100}
    # 35 MB are measured; with 1 MB of each file and 0.4 MB of each connection in memory it was 145.
    assert more_mb < 80
