"""A file's hash is that of its bytes as they are, and is worked out once while they stay."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from schemas import file_digest
from schemas.file_digest import file_sha256

HOUR_S = 3600


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows with each file that is read; files count as settled an hour later."""
    seen: list[str] = []
    whole = hashlib.file_digest

    def digest(file: object, name: str) -> object:
        seen.append(name)
        return whole(file, name)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(hashlib, "file_digest", digest)
    monkeypatch.setattr(file_digest, "_known", {})
    return seen


def let_an_hour_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time_ns() + HOUR_S * 1_000_000_000
    monkeypatch.setattr(file_digest.time, "time_ns", lambda: later)


def test_a_file_that_stays_as_it_is_is_read_once(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"abc")
    let_an_hour_pass(monkeypatch)
    assert [file_sha256(path) for _ in range(3)] == 3 * [hashlib.sha256(b"abc").digest()]
    assert len(reads) == 1


def test_a_file_that_was_just_written_is_read_again(tmp_path: Path, reads: list[str]) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"abc")
    assert file_sha256(path) == hashlib.sha256(b"abc").digest()
    path.write_bytes(b"abd")
    assert file_sha256(path) == hashlib.sha256(b"abd").digest()
    assert len(reads) == 2


def test_other_bytes_of_the_same_size_and_time_are_seen(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"abc")
    let_an_hour_pass(monkeypatch)
    file_sha256(path)
    before = path.stat()
    time.sleep(0.05)  # a tick of the file system's clock
    path.write_bytes(b"abd")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file_sha256(path) == hashlib.sha256(b"abd").digest()
    assert len(reads) == 2


def test_no_more_hashes_are_kept_than_some(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_digest, "_MOST", 4)
    let_an_hour_pass(monkeypatch)
    for number in range(9):
        (tmp_path / str(number)).write_bytes(b"%d" % number)
        file_sha256(tmp_path / str(number))
    assert len(file_digest._known) <= 4  # pyright: ignore[reportPrivateUsage]
    assert len(reads) == 9


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        file_sha256(tmp_path / "none")
