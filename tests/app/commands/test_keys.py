"""`rasg keys`, and what a service without a key refuses."""

from __future__ import annotations

import logging

import pytest
from typer.testing import CliRunner, Result

from app.api.server import check_exposure
from app.cli import app
from app.settings import load_settings
from app.wiring import build_keys, open_database
from schemas.access import Caller
from schemas.errors import ConfigurationError, InputError
from schemas.service_errors import UnauthenticatedError


def rasg(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def caller_of(key: str) -> Caller:
    database = open_database(load_settings())
    try:
        return build_keys(database).caller(key)
    finally:
        database.dispose()


def test_a_key_is_made_shown_once_rotated_and_revoked() -> None:
    made = rasg("keys", "create", "erp", "--tenant", "acme", "--scope", "teach", "--days", "30")
    key = made.stdout.strip()
    key_id = key.split("_")[1]
    assert (caller_of(key).tenant, caller_of(key).scopes) == ("acme", ("teach",))
    listed = rasg("keys", "list").stdout
    assert key_id in listed
    assert key not in listed
    new = rasg("keys", "rotate", key_id, "--overlap-hours", "0").stdout.strip()
    assert caller_of(new).scopes == ("teach",)
    with pytest.raises(UnauthenticatedError):
        caller_of(key)
    assert rasg("keys", "revoke", new.split("_")[1]).exit_code == 0
    with pytest.raises(UnauthenticatedError):
        caller_of(new)
    assert ("revoked" in rasg("keys", "list").stdout, "over" in rasg("keys", "list").stdout) == (True, True)


def test_a_key_may_extract_and_read_if_nothing_is_said() -> None:
    assert caller_of(rasg("keys", "create", "erp").stdout.strip()).scopes == ("extract", "read")


def test_a_scope_that_is_none_is_refused_with_those_that_are() -> None:
    result = rasg("keys", "create", "erp", "--scope", "everything")
    assert isinstance(result.exception, InputError)
    assert "extract, read, teach, manage, metrics, admin" in str(result.exception.hint)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_a_service_without_a_key_does_not_listen_for_others(
    host: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigurationError, match="there is no key") as refused:
        check_exposure(load_settings(), host)
    assert "rasg keys create" in str(refused.value.hint)
    monkeypatch.setenv("RASG_API__ALLOW_OPEN", "true")
    check_exposure(load_settings(), host)
    monkeypatch.delenv("RASG_API__ALLOW_OPEN")
    rasg("keys", "create", "erp")
    caplog.clear()
    check_exposure(load_settings(), host)
    assert caplog.records == []


def test_a_service_without_a_key_says_who_may_ask(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        check_exposure(load_settings(), "127.0.0.1")
    assert "there is no key: whoever is on this machine may ask" in caplog.text


@pytest.mark.parametrize("days", ["99999999999", "inf", "nan", "36501"])
def test_days_that_no_calendar_has_are_refused(days: str) -> None:
    made = rasg("keys", "create", "erp", "--days", days)
    assert made.exit_code == 2, made.output
    assert "days" in made.output


def test_a_refused_name_is_said_to_be_the_keys() -> None:
    with pytest.raises(InputError, match="say what the key is for, in 1 to 128 printable characters"):
        CliRunner().invoke(app, ["keys", "create", " "], catch_exceptions=False)
