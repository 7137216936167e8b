"""Documents' bytes, kept by the hash of their content: in a folder, or in an object store by its URI.

Each tenant's are apart: the same file of two tenants is kept twice, so that neither learns of the other's.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol, cast
from uuid import uuid4

from schemas.errors import ConfigurationError, RetrievalError, StorageFullError, StorageUnavailableError
from schemas.example import check_tenant

_BLOCK = 2**18
_PART = ".part"
_MODE = 0o700
_SHA256 = re.compile(r"[0-9a-f]{64}")
# A disk that is full, and a share of one that is.
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBlob:
    """What is kept: the hash of its content, and its length."""

    sha256: str
    n_bytes: int


class BlobStore(Protocol):
    """Keeps bytes; safe to share between threads and processes.

    All methods raise `StorageUnavailableError` if the store cannot be reached or written, as
    `StorageFullError` if there is no space.
    """

    def keep(self, tenant: str, source: IO[bytes]) -> KeptBlob:
        """Keep a file from its beginning; when this returns it is whole and durable.

        A crash before leaves nothing under its name. The same content twice is kept once.
        """
        ...

    def read(self, tenant: str, sha256: str) -> bytes:
        """Return the bytes of that hash; `RetrievalError` if they are gone or changed."""
        ...

    def has(self, tenant: str, sha256: str) -> bool:
        """Return whether there are bytes of that hash."""
        ...

    def delete(self, tenant: str, sha256: str) -> None:
        """Delete them; what is not there is deleted already."""
        ...

    def list_older(self, age_s: float) -> Iterator[tuple[str, str]]:
        """Yield tenant and hash of what was kept longer ago than that."""
        ...


class _Files(Protocol):
    """What is used of a file system of fsspec, which has no types."""

    def open(self, path: str, mode: str) -> IO[bytes]: ...

    def cat_file(self, path: str) -> bytes: ...

    def exists(self, path: str) -> bool: ...

    def rm_file(self, path: str) -> None: ...

    def find(self, path: str) -> list[str]: ...

    def modified(self, path: str) -> datetime: ...

    def invalidate_cache(self) -> None: ...


def open_blobs(place: str | Path) -> BlobStore:
    """Return the store at a folder or an object store's URI, such as s3://bucket/rasg.

    Its client finds the credentials; S3 needs the extra `s3`.

    Raises
    ------
    ConfigurationError
        If there is no client for the URI.
    """
    if isinstance(place, Path) or "://" not in place:
        return FolderBlobs(Path(place))
    from fsspec import core

    # It is untyped.
    url_to_fs = cast("Any", core).url_to_fs
    try:
        files, root = url_to_fs(place)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            f"the store of documents is refused: {type(error).__name__}", hint="S3 needs the extra `s3`"
        ) from error
    return ObjectBlobs(files, str(root))


@contextmanager
def _translate_errors() -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise StorageFullError("there is no space left for documents") from error
        raise StorageUnavailableError("the store of documents cannot be used now") from error


def _check_whole(data: bytes, sha256: str) -> bytes:
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RetrievalError(f"the document {sha256[:12]} was changed in the store")
    return data


class FolderBlobs:
    """Bytes in a folder: `TENANT/ab/abcd…`, readable by this user alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, tenant: str, source: IO[bytes]) -> KeptBlob:
        """Copy to disk and then give it its name, as `BlobStore.keep` says."""
        with _translate_errors():
            home = self._make(self._folder / check_tenant(tenant))
            part = home / f"{uuid4().hex}{_PART}"
            try:
                kept = _copy(source, part)
                shard = self._make(home / kept.sha256[:2])
                part.replace(shard / kept.sha256)
                sync_folder(shard)
            finally:
                part.unlink(missing_ok=True)
            return kept

    def read(self, tenant: str, sha256: str) -> bytes:
        """Return the bytes, which are what they were."""
        with _translate_errors():
            try:
                data = self._path(tenant, sha256).read_bytes()
            except FileNotFoundError as error:
                raise RetrievalError(f"the document {sha256[:12]} is gone from the store") from error
        return _check_whole(data, sha256)

    def has(self, tenant: str, sha256: str) -> bool:
        """Return whether there is a file of that name."""
        with _translate_errors():
            return self._path(tenant, sha256).is_file()

    def delete(self, tenant: str, sha256: str) -> None:
        """Delete the file."""
        with _translate_errors():
            self._path(tenant, sha256).unlink(missing_ok=True)

    def list_older(self, age_s: float) -> Iterator[tuple[str, str]]:
        """Yield what is old, and delete old copies that were cut."""
        oldest = time.time() - age_s
        with _translate_errors():
            for left in self._folder.glob(f"*/*{_PART}"):
                if _is_older(left, oldest):
                    left.unlink(missing_ok=True)
            for path in self._folder.glob("*/??/*"):
                if _SHA256.fullmatch(path.name) and _is_older(path, oldest):
                    yield path.parent.parent.name, path.name

    def _path(self, tenant: str, sha256: str) -> Path:
        return self._folder / check_tenant(tenant) / sha256[:2] / _check_hash(sha256)

    def _make(self, folder: Path) -> Path:
        """Return a folder that is there, and whose name is on disk."""
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir(exist_ok=True, mode=_MODE)
            sync_folder(folder.parent)
        return folder


class ObjectBlobs:
    """Bytes in an object store, as objects that appear whole or not at all."""

    def __init__(self, files: _Files, root: str) -> None:
        self._files = files
        self._root = root.rstrip("/")

    def keep(self, tenant: str, source: IO[bytes]) -> KeptBlob:
        """Hash, then send; the object is there once its upload is completed."""
        with _translate_errors():
            source.seek(0)
            digest, n_bytes = hashlib.sha256(), 0
            while block := source.read(_BLOCK):
                digest.update(block)
                n_bytes += len(block)
            sha256 = digest.hexdigest()
            source.seek(0)
            with self._files.open(self._path(tenant, sha256), "wb") as target:
                while block := source.read(_BLOCK):
                    target.write(block)
            return KeptBlob(sha256=sha256, n_bytes=n_bytes)

    def read(self, tenant: str, sha256: str) -> bytes:
        """Return the bytes, which are what they were."""
        with _translate_errors():
            try:
                data = self._files.cat_file(self._path(tenant, sha256))
            except FileNotFoundError as error:
                raise RetrievalError(f"the document {sha256[:12]} is gone from the store") from error
        return _check_whole(data, sha256)

    def has(self, tenant: str, sha256: str) -> bool:
        """Return whether there is an object of that name now, whatever was listed before."""
        with _translate_errors():
            self._files.invalidate_cache()
            return self._files.exists(self._path(tenant, sha256))

    def delete(self, tenant: str, sha256: str) -> None:
        """Delete the object."""
        with _translate_errors(), suppress(FileNotFoundError):
            self._files.rm_file(self._path(tenant, sha256))

    def list_older(self, age_s: float) -> Iterator[tuple[str, str]]:
        """Yield what is old by the store's own clock; parts of cut uploads are its business."""
        oldest = time.time() - age_s
        with _translate_errors():
            self._files.invalidate_cache()
            for path in self._files.find(self._root):
                tenant, _, name = path.removeprefix(f"{self._root}/").split("/")
                if _SHA256.fullmatch(name) and self._files.modified(path).timestamp() < oldest:
                    yield tenant, name

    def _path(self, tenant: str, sha256: str) -> str:
        return f"{self._root}/{check_tenant(tenant)}/{sha256[:2]}/{_check_hash(sha256)}"


def _check_hash(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise ValueError("a blob is named by 64 hexadecimal digits")
    return sha256


def _copy(source: IO[bytes], target: Path) -> KeptBlob:
    """Copy to disk from the beginning, hashing on the way: no more than a block is in memory."""
    source.seek(0)
    digest, n_bytes = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as copy:
        while block := source.read(_BLOCK):
            digest.update(block)
            n_bytes += len(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return KeptBlob(sha256=digest.hexdigest(), n_bytes=n_bytes)


def _is_older(path: Path, oldest: float) -> bool:
    try:
        return path.stat().st_mtime < oldest
    except FileNotFoundError:  # whose copy has just ended, or which was deleted meanwhile
        return False


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
