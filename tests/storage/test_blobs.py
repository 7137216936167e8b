"""Documents' bytes: whole and durable when acknowledged, each tenant's apart, changed ones refused."""

from __future__ import annotations

import errno
import hashlib
import os
from io import BytesIO
from pathlib import Path

import pytest

from schemas.errors import (
    ConfigurationError,
    InputError,
    RetrievalError,
    StorageFullError,
    StorageUnavailableError,
)
from storage.blobs import BlobStore, open_blobs

DATA = b"%PDF-1.7 some bytes" * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(params=["folder", "object store"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return open_blobs(tmp_path if request.param == "folder" else f"memory://{tmp_path.name}")


def test_what_is_kept_is_read_by_its_hash_until_it_is_deleted(blobs: BlobStore) -> None:
    kept = blobs.keep("acme", BytesIO(DATA))
    assert (kept.sha256, kept.n_bytes) == (SHA256, len(DATA))
    assert blobs.keep("acme", BytesIO(DATA)) == kept
    assert blobs.has("acme", SHA256)
    assert blobs.read("acme", SHA256) == DATA
    blobs.delete("acme", SHA256)
    blobs.delete("acme", SHA256)
    assert not blobs.has("acme", SHA256)
    with pytest.raises(RetrievalError, match="gone"):
        blobs.read("acme", SHA256)


def test_a_tenant_has_no_way_to_anothers_bytes(blobs: BlobStore) -> None:
    blobs.keep("acme", BytesIO(DATA))
    assert not blobs.has("bolt", SHA256)
    blobs.delete("bolt", SHA256)
    assert blobs.has("acme", SHA256)
    for name in ("../acme", "acme/..", ""):
        with pytest.raises(InputError):
            blobs.has(name, SHA256)
    with pytest.raises(ValueError, match="hexadecimal"):
        blobs.read("acme", "../../etc/passwd")


def test_what_is_old_is_listed_with_its_tenant(blobs: BlobStore) -> None:
    blobs.keep("acme", BytesIO(DATA))
    assert list(blobs.list_older(-60)) == [("acme", SHA256)]
    assert list(blobs.list_older(60)) == []


def test_changed_bytes_are_not_served(tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path)
    blobs.keep("acme", BytesIO(DATA))
    (tmp_path / "acme" / SHA256[:2] / SHA256).write_bytes(DATA[:-1])
    with pytest.raises(RetrievalError, match="changed"):
        blobs.read("acme", SHA256)
    blobs.keep("acme", BytesIO(DATA))  # heals it
    assert blobs.read("acme", SHA256) == DATA


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, StorageFullError), (errno.EIO, StorageUnavailableError)]
)
def test_a_disk_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception]
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    blobs = open_blobs(tmp_path)
    monkeypatch.setattr(os, "fsync", fail)
    (tmp_path / "acme").mkdir()
    with pytest.raises(error):
        blobs.keep("acme", BytesIO(DATA))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_only_this_user_can_read_documents(tmp_path: Path) -> None:
    open_blobs(tmp_path / "blobs").keep("acme", BytesIO(DATA))
    modes = {oct(path.stat().st_mode & 0o077) for path in (tmp_path / "blobs").rglob("*")}
    assert modes == {"0o0"}


def test_a_cut_copy_is_swept_away_once_it_is_old(tmp_path: Path) -> None:
    blobs = open_blobs(tmp_path)
    blobs.keep("acme", BytesIO(DATA))
    (tmp_path / "acme" / "0.part").write_bytes(b"half")
    list(blobs.list_older(60))
    assert (tmp_path / "acme" / "0.part").exists()
    list(blobs.list_older(-60))
    assert not (tmp_path / "acme" / "0.part").exists()


def test_a_store_without_a_client_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError):
        open_blobs("nonsense://bucket")
