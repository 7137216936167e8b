"""The one place that configures logging: text or JSON lines on stderr, with the ids of request and trace.

A record is one line whatever it says: line breaks, escapes and marks that turn the direction of text are
written out, so that nobody forges a line or moves a terminal's cursor. An exception is its type and the
places that it came through; its message is told only where it is one of ours, which hold no contents.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from app.settings import LogFormat, LogLevel, LogSettings
from schemas.errors import RasgError
from schemas.text import one_line

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)

_TEXT = "%(asctime)s %(levelname)-7s %(name)s %(ids)s%(message)s"
# Libraries that would log addresses, or a line for each request that we log ourselves.
_QUIET = ("httpx2", "httpcore", "PIL", "fontTools", "rapidocr", "RapidOCR", "_granian", "multipart")
# The server's own, which would go to stdout in lines of its own. What an application raised it tells with the
# exception's message, which may hold words of a document; whoever answered the request has told it already.
_SERVER, _TOLD = "_granian", "Application callable raised an exception"
# A wheel has the packages under another one (docs/adr/0013-one-install.md).
_PREFIX = __name__.removesuffix("app.log")
_OURS = ("app", "decoding", "eval", "ocr", "retrieval", "schemas", "storage", "training")
_MAX_CHARS = 4_000
# Of a traceback the innermost places, of a chain of causes the nearest.
_MAX_PLACES, _MAX_CAUSES = 6, 4
_ROOT = Path(__file__).parent.parent

Field = str | int | float | bool | None


def with_fields(fields: Mapping[str, Field]) -> Mapping[str, object]:
    """Return the `extra` of a logging call by which a line has `fields` beside its message."""
    return {"fields": fields}


def escape_controls(text: str) -> str:
    r"""Return `text` with each character that could forge or move a line written out, and cut where endless.

    Examples
    --------
    >>> escape_controls("a\nb")
    'a\\u000ab'
    """
    cut = text if len(text) <= _MAX_CHARS else text[:_MAX_CHARS] + "…"
    return one_line(cut)


def describe_exception(error: BaseException) -> str:
    """Return an exception and its causes in one line: types and places, and messages only of `RasgError`.

    `ValueError at app/api/routes.py:12 in work < …; from KeyError at …`, the innermost place first.
    """
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < _MAX_CAUSES:
        said = f" ({current})" if isinstance(current, RasgError) else ""
        parts.append(f"{type(current).__name__}{said}{_places(current.__traceback__)}")
        hides = current.__suppress_context__
        current = current.__cause__ or (None if hides else current.__context__)
    return escape_controls("; from ".join(parts))


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-_MAX_PLACES:]
    places = [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in reversed(frames)]
    return f" at {' < '.join(places)}" if places else ""


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])


def _ids() -> dict[str, str]:
    found = {"request_id": request_id.get(), "trace_id": trace_id.get()}
    return {name: value for name, value in found.items() if value}


def _fields_of(record: logging.LogRecord) -> dict[str, Field]:
    fields: dict[str, Field] = getattr(record, "fields", {})
    return {name: escape_controls(v) if isinstance(v, str) else v for name, v in fields.items()}


def _exception_of(record: logging.LogRecord) -> str | None:
    error = record.exc_info[1] if record.exc_info else None
    return None if error is None else describe_exception(error)


class JsonFormatter(logging.Formatter):
    """Writes one JSON object a line: time, level, logger, message, ids, the record's fields, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, Field] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": escape_controls(record.getMessage()),
            **_ids(),
            **_fields_of(record),
        }
        if (exception := _exception_of(record)) is not None:
            line["exception"] = exception
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """Writes one line of text: what `JsonFormatter` does, for people."""

    def __init__(self, line: str = _TEXT) -> None:
        super().__init__(line)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of text."""
        current = request_id.get()
        record.ids = f"[{current}] " if current else ""
        fields = "".join(f" {name}={value}" for name, value in _fields_of(record).items())
        exception = _exception_of(record)
        said = "" if exception is None else f": {exception}"
        record.message = escape_controls(record.getMessage()) + fields + said
        # `Formatter.format` would append the traceback, whose last line is the exception's message.
        record.asctime = self.formatTime(record)
        return self.formatMessage(record)


def configure_logging(settings: LogSettings) -> None:
    """Send all logs to stderr; calling it again replaces what the first call set up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings.format))
    handler.addFilter(_is_news)
    logging.basicConfig(level="WARNING", handlers=[handler], force=True)
    _set_levels(settings.level)
    server = logging.getLogger(_SERVER)
    server.handlers, server.propagate = [], True


def log_uncaught() -> None:
    """Make what nobody catches, in any thread of a service's process, one line of its log."""

    def in_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        logging.getLogger(__name__).critical("uncaught", exc_info=(kind, error, trace))

    def in_thread(said: threading.ExceptHookArgs) -> None:
        if said.exc_value is not None:
            in_process(said.exc_type, said.exc_value, said.exc_traceback)

    sys.excepthook, threading.excepthook = in_process, in_thread


def _is_news(record: logging.LogRecord) -> bool:
    return not (record.name.startswith(_SERVER) and record.getMessage().startswith(_TOLD))


def _set_levels(level: LogLevel) -> None:
    for name in _OURS:
        logging.getLogger(_PREFIX + name).setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel("WARNING")


def _formatter(choice: LogFormat) -> logging.Formatter:
    return JsonFormatter() if choice == "json" else TextFormatter()
