"""API keys: made, rotated, revoked, and never kept as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.access.gate import Gate
from app.access.keys import KeyRing
from app.access.limits import Limiter
from schemas.errors import InputError
from schemas.service_errors import KeyNotFoundError, TooManyRequestsError, UnauthenticatedError
from storage.database import open_database, sqlite_url
from storage.keys import KeyStore

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeyRing]:
    database = open_database(sqlite_url(tmp_path))
    yield KeyRing(KeyStore(database))
    database.dispose()


def test_a_key_is_known_again_with_its_tenant_and_scopes(keys: KeyRing) -> None:
    made = keys.create("erp", tenant="acme", scopes=("extract", "read"), actor="ada")
    caller = keys.caller(made.text)
    assert (caller.tenant, caller.scopes, caller.key_id) == ("acme", ("extract", "read"), made.key.key_id)
    assert (caller.may("read"), caller.may("teach"), caller.may("admin")) == (True, False, False)


def test_no_file_of_the_store_holds_a_secret(keys: KeyRing, tmp_path: Path) -> None:
    made = keys.create("erp", tenant="acme", scopes=("admin",), actor="ada")
    keys.caller(made.text)
    secret = made.text.split("_", 2)[2]
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert made.key.key_id.encode() in held
    assert secret.encode() not in held
    assert hashlib.sha256(secret.encode()).digest() in held


def test_a_secret_has_32_random_bytes_and_no_two_are_alike(keys: KeyRing) -> None:
    made = [keys.create("erp", tenant="acme", scopes=("read",), actor="ada").text for _ in range(20)]
    # 32 bytes in base64 without padding: ceil(32 * 4 / 3) = 43 characters.
    assert {len(text.split("_", 2)[2]) for text in made} == {43}
    assert len(set(made)) == 20


def test_what_is_no_key_opens_nothing(keys: KeyRing) -> None:
    right = keys.create("erp", tenant="acme", scopes=("read",), actor="ada").text
    other = keys.create("erp", tenant="acme", scopes=("read",), actor="ada").text
    swapped = "_".join([*right.split("_", 2)[:2], other.split("_", 2)[2]])
    unknown_id = f"rasg_{'0' * 12}_{right.split('_', 2)[2]}"
    wrong = ("", "x", right[:-1], right + "x", right.upper(), swapped, unknown_id, right + "\n", "é" * 61)
    for text in wrong:
        with pytest.raises(UnauthenticatedError):
            keys.caller(text)


def test_a_key_ends_at_its_time_and_not_before(keys: KeyRing) -> None:
    made = keys.create("erp", tenant="acme", scopes=("read",), actor="ada", lifetime=DAY, at=NOW)
    assert keys.caller(made.text, at=NOW + DAY - timedelta(seconds=1)).tenant == "acme"
    with pytest.raises(UnauthenticatedError):
        keys.caller(made.text, at=NOW + DAY)


def test_a_revoked_key_opens_nothing_and_still_shuts_the_service(keys: KeyRing) -> None:
    assert not keys.is_locked()
    made = keys.create("erp", tenant="acme", scopes=("read",), actor="ada")
    keys.revoke(made.key.key_id)
    with pytest.raises(UnauthenticatedError):
        keys.caller(made.text)
    assert keys.is_locked()
    (known,) = keys.known()
    assert known.revoked_at is not None


def test_both_keys_open_while_a_rotation_overlaps(keys: KeyRing) -> None:
    old = keys.create("erp", tenant="acme", scopes=("extract", "read"), actor="ada")
    new = keys.rotate(old.key.key_id, overlap=DAY, actor="bob")
    assert keys.caller(new.text).scopes == keys.caller(old.text).scopes == ("extract", "read")
    with pytest.raises(UnauthenticatedError):
        keys.caller(old.text, at=datetime.now(UTC) + DAY)
    assert keys.caller(new.text, at=datetime.now(UTC) + DAY).tenant == "acme"


def test_a_rotation_never_lengthens_the_old_keys_life(keys: KeyRing) -> None:
    old = keys.create("erp", tenant="acme", scopes=("read",), actor="ada", lifetime=timedelta(hours=1))
    keys.rotate(old.key.key_id, overlap=DAY, actor="ada")
    before, _ = keys.known()
    assert before.expires_at == old.key.expires_at


def test_what_opens_nothing_cannot_be_rotated(keys: KeyRing) -> None:
    made = keys.create("erp", tenant="acme", scopes=("read",), actor="ada")
    keys.revoke(made.key.key_id)
    with pytest.raises(InputError, match="revoked"):
        keys.rotate(made.key.key_id, overlap=DAY, actor="ada")
    with pytest.raises(KeyNotFoundError):
        keys.rotate("0" * 12, overlap=DAY, actor="ada")
    with pytest.raises(KeyNotFoundError):
        keys.revoke("0" * 12)


@pytest.mark.parametrize(
    ("name", "tenant", "days"),
    [
        ("", "acme", None),
        ("a\x1b[31mb", "acme", None),
        ("x" * 129, "acme", None),
        ("erp", "../acme", None),
        ("erp", "acme", 0.0),
        ("erp", "acme", -1.0),
    ],
)
def test_a_key_without_a_name_a_tenant_or_a_life_is_refused(
    keys: KeyRing, name: str, tenant: str, days: float | None
) -> None:
    lifetime = None if days is None else timedelta(days=days)
    with pytest.raises(InputError):
        keys.create(name, tenant=tenant, scopes=("read",), actor="ada", lifetime=lifetime)
    assert not keys.is_locked()


def test_the_last_use_is_noted_to_the_minute(keys: KeyRing) -> None:
    made = keys.create("erp", tenant="acme", scopes=("read",), actor="ada")

    def noted_after(seconds: float) -> datetime | None:
        keys.caller(made.text, at=NOW + timedelta(seconds=seconds))
        return keys.known()[0].last_used_at

    assert [noted_after(0), noted_after(59), noted_after(60)] == [NOW, NOW, NOW + timedelta(seconds=60)]


def test_the_gate_is_open_only_while_there_is_no_key_and_nobody_else_to_come_in(keys: KeyRing) -> None:
    limiter = Limiter(per_minute=0, at_a_time=0)
    inside = Gate(keys=keys, limiter=limiter, tenant="default", may_be_open=True)
    outside = Gate(keys=keys, limiter=limiter, tenant="default", may_be_open=False)
    assert inside.caller_of(None).may("admin")
    with pytest.raises(UnauthenticatedError, match="no key exists"):
        outside.caller_of(None)
    with pytest.raises(UnauthenticatedError):
        inside.caller_of("guess")
    keys.create("erp", tenant="acme", scopes=("read",), actor="ada")
    with pytest.raises(UnauthenticatedError, match="a key is needed"):
        inside.caller_of(None)


# --- how much a key may ask


def test_a_key_that_asked_its_share_of_the_minute_is_told_when_to_come_back() -> None:
    limiter = Limiter(per_minute=3, at_a_time=0)
    left: list[int] = []
    for _ in range(3):
        with limiter.request("a") as allowance:
            assert allowance is not None
            left.append(allowance.n_left)
    assert left == [2, 1, 0]
    with pytest.raises(TooManyRequestsError) as refused, limiter.request("a"):
        pass
    assert 1 <= refused.value.retry_after_s <= 60
    with limiter.request("b") as other:  # another key's share is its own
        assert other is not None
        assert other.headers()["RateLimit-Policy"] == '"minute";q=3;w=60'


def test_a_key_runs_so_many_requests_at_a_time_and_a_place_that_is_left_is_free() -> None:
    limiter = Limiter(per_minute=0, at_a_time=1)
    with limiter.request("a") as allowance:
        assert allowance is None
        with pytest.raises(TooManyRequestsError), limiter.request("a"):
            pass
        with limiter.request("b"):
            pass
    with pytest.raises(ZeroDivisionError), limiter.request("a"):
        _ = 1 / 0
    with limiter.request("a"):
        pass


def test_a_request_that_is_refused_for_the_minute_takes_no_place() -> None:
    limiter = Limiter(per_minute=1, at_a_time=1)
    with limiter.request("a"):
        pass
    for _ in range(3):
        with pytest.raises(TooManyRequestsError, match="a minute"), limiter.request("a"):
            pass
