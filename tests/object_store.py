"""An object store that speaks S3, in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest


@contextmanager
def object_store(bucket: str) -> Generator[str]:
    """Yield the address of a store with an empty bucket; skip the test where the server is not installed."""
    if find_spec("moto") is None:
        pytest.skip("moto[server] is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "moto.server", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        endpoint = f"http://127.0.0.1:{port}"
        made = Request(f"{endpoint}/{bucket}", method="PUT", headers={"Host": "s3.amazonaws.com"})
        for _ in range(100):
            try:
                urlopen(made).close()
                break
            except URLError:
                time.sleep(0.2)
        try:
            yield endpoint
        finally:
            server.terminate()
