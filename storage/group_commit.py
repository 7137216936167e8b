"""Writes of many threads in one transaction: each waits for one sync of the disk, and not for all before it.

A commit to disk takes milliseconds, and a database has one writer. While one transaction is written, what
comes meanwhile gathers, and the next transaction takes all of it. One that is refused takes no other with it:
then all are done again, each in a savepoint of its own. None is told of its success before the commit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from storage.database import translate_errors, write_session

T = TypeVar("T")
# What follows waits for so many at most.
_MAX_AT_ONCE = 128


@dataclass(slots=True, eq=False)
class _Entry(Generic[T]):
    """Work, and what came of it once `is_done`."""

    work: Callable[[Session], T]
    is_done: bool = False
    result: T | None = None
    error: Exception | None = None


class GroupCommit:
    """Runs pieces of work in transactions of the database; safe to share between threads."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._gathering = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[_Entry[object]] = []

    def run(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returns, once all that it changed is durable; what it raises changes nothing.

        It may be run again, where a transaction fails that others are part of: what it remembers beyond a
        transaction, it may keep in `session.info` alone.
        """
        entry = cast("_Entry[object]", _Entry(work))
        with self._gathering:
            self._waiting.append(entry)
        while not entry.is_done:
            with self._writing:
                if not entry.is_done:
                    self._write(self._take())
        if entry.error is not None:
            raise entry.error
        return cast("T", entry.result)

    def _take(self) -> list[_Entry[object]]:
        with self._gathering:
            taken, self._waiting = self._waiting[:_MAX_AT_ONCE], self._waiting[_MAX_AT_ONCE:]
        return taken

    def _write(self, entries: list[_Entry[object]]) -> None:
        try:
            if len(entries) > 1:
                # What fails for all together is tried apart, then alone, and each is told of its own error.
                for write in (self._write_together, self._write_apart):
                    with suppress(Exception):
                        write(entries)
                        break
            for entry in entries:
                if not entry.is_done:
                    self._write_alone(entry)
        finally:
            for entry in entries:  # whose writer was interrupted: nobody waits for ever
                if not entry.is_done:
                    entry.error, entry.is_done = RuntimeError("the writer was interrupted"), True

    def _write_together(self, entries: list[_Entry[object]]) -> None:
        with write_session(self._database) as session:
            results = [entry.work(session) for entry in entries]
        for entry, result in zip(entries, results, strict=True):
            entry.result, entry.is_done = result, True

    def _write_apart(self, entries: list[_Entry[object]]) -> None:
        ends: list[tuple[object, Exception | None]] = []
        with write_session(self._database) as session:
            for entry in entries:
                try:
                    # As the transaction of one alone would tell it.
                    with translate_errors(), session.begin_nested():
                        ends.append((entry.work(session), None))
                except Exception as error:  # noqa: BLE001 - it is its caller's, who is told after the commit
                    session.info.clear()  # what was remembered of what is undone
                    ends.append((None, error))
        for entry, (result, error) in zip(entries, ends, strict=True):
            entry.result, entry.error, entry.is_done = result, error, True

    def _write_alone(self, entry: _Entry[object]) -> None:
        try:
            with write_session(self._database) as session:
                entry.result = entry.work(session)
        except Exception as error:  # noqa: BLE001 - it is its caller's, who is told of it
            entry.error = error
        entry.is_done = True
