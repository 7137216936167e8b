"""The one place that configures logging: text or JSON lines on stderr, with the request's id."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

from app.settings import LogFormat, LogLevel, LogSettings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_TEXT = "%(asctime)s %(levelname)-7s %(name)s %(request_id)s%(message)s"
# Libraries that would log addresses, or a line for each request that we log ourselves.
_QUIET = ("httpx2", "httpcore", "PIL", "fontTools", "rapidocr", "RapidOCR", "_granian", "multipart")
# A wheel has the packages under another one (docs/adr/0013-one-install.md).
_PREFIX = __name__.removesuffix("app.log")
_OURS = ("app", "decoding", "eval", "ocr", "retrieval", "schemas", "storage", "training")


class _RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        current = request_id.get()
        record.request_id = f"[{current}] " if current else ""
        return True


class JsonFormatter(logging.Formatter):
    """Writes one JSON object a line: time, level, logger, message, request id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            line["request_id"] = current
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logging(settings: LogSettings) -> None:
    """Send all logs to stderr; calling it again replaces what the first call set up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_RequestIdFilter())
    handler.setFormatter(_formatter(settings.format))
    logging.basicConfig(level="WARNING", handlers=[handler], force=True)
    _set_levels(settings.level)


def _set_levels(level: LogLevel) -> None:
    for name in _OURS:
        logging.getLogger(_PREFIX + name).setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel("WARNING")


def _formatter(choice: LogFormat) -> logging.Formatter:
    return JsonFormatter() if choice == "json" else logging.Formatter(_TEXT)
