"""A tenant's examples; and what the entry points change in the process is put back after each test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.examples.service import ExampleService
from retrieval.store import ExampleStore
from storage.database import sqlite_url


@pytest.fixture
def book(tmp_path: Path) -> Iterator[ExampleService]:
    """Yield an empty book of examples, three of each template at most."""
    store = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    yield ExampleService(store, tenant="acme", per_template=3)
    store.close()


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Restore handlers and levels: the command line configures logging for the whole process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    known = (logging.getLogger(name) for name in tuple(root.manager.loggerDict))
    levels = {logger: logger.level for logger in known}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in tuple(root.manager.loggerDict):
        logger = logging.getLogger(name)
        before = levels.get(logger, logging.NOTSET)
        if logger.level != before:  # each change has all loggers forget what they know: of 600, 0.2 s a test
            logger.setLevel(before)
