"""What the entry points change in the process is put back after each test."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


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
        logger.setLevel(levels.get(logger, logging.NOTSET))
