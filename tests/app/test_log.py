"""A record is one line that nobody can forge, and no line holds a value."""

from __future__ import annotations

import json
import logging
import threading

import pytest

from app.log import configure_logging, describe_exception, log_uncaught, request_id, trace_id, with_fields
from app.settings import LogFormat, LogSettings
from schemas.errors import EngineUnavailableError

FORGED = 'x\n{"level": "INFO", "message": "forged"}\r\x1b[2K\x1b[31m\u202egnp.exe\u2028\x85\x00'
FORMATS: tuple[LogFormat, ...] = ("json", "text")


def fail() -> None:
    raise ValueError("IBAN DE89 3704 0044 0532 0130 00")


def caught() -> Exception:
    try:
        try:
            fail()
        except ValueError as error:
            raise EngineUnavailableError("the server is away") from error
    except EngineUnavailableError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize("form", FORMATS)
def test_line_breaks_and_escapes_in_what_is_logged_stay_in_one_line(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(LogSettings(format=form))
    logging.getLogger("app.x").info("path %s", FORGED, extra=with_fields({"route": FORGED}))
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert not any(ord(char) < 32 or char in "\x1b\x7f\x85\u202e\u2028" for char in said.rstrip("\n"))
    assert "\\u001b[31m" in (json.loads(said)["message"] if form == "json" else said)


@pytest.mark.parametrize("form", FORMATS)
def test_an_exception_is_its_type_and_place_and_never_its_value(
    form: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(LogSettings(format=form))
    logging.getLogger("app.x").error("failed", exc_info=caught())
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "EngineUnavailableError (the server is away) at tests/app/test_log.py:" in said
    assert "from ValueError at tests/app/test_log.py:" in said
    assert "in fail" in said
    assert "IBAN" not in said


def test_a_long_chain_and_a_deep_stack_are_cut() -> None:
    def deep(n: int) -> None:
        if n:
            deep(n - 1)
        fail()

    error: Exception = ValueError()
    try:
        deep(500)
    except ValueError as found:
        error = found
    for _ in range(50):
        outer = RuntimeError()
        outer.__cause__ = error
        error = outer
    assert len(describe_exception(error)) < 2_000


def test_a_json_line_has_its_ids_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(format="json"))
    tokens = request_id.set("order-7"), trace_id.set("4bf9")
    try:
        logging.getLogger("app.x").info("request", extra=with_fields({"status": 200, "tenant": None}))
    finally:
        request_id.reset(tokens[0])
        trace_id.reset(tokens[1])
    line = json.loads(capsys.readouterr().err)
    assert line.pop("time")
    assert line == {
        "level": "INFO",
        "logger": "app.x",
        "message": "request",
        "request_id": "order-7",
        "trace_id": "4bf9",
        "status": 200,
        "tenant": None,
    }


def test_an_endless_message_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(LogSettings(format="json"))
    logging.getLogger("app.x").warning("%s", "x" * 1_000_000)
    assert len(capsys.readouterr().err) < 5_000


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_catches_in_a_thread_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr("sys.excepthook", None)
    configure_logging(LogSettings(format="json"))
    log_uncaught()
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    line = json.loads(capsys.readouterr().err)
    assert line["level"] == "CRITICAL"
    assert line["exception"].startswith("ValueError at tests/app/test_log.py:")
    assert "IBAN" not in str(line)
