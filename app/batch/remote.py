"""Files of a batch by URIs, in folders or object stores, as fsspec knows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import has_magic
from typing import IO, Any, Protocol, cast

from app.batch.find import OnLeftOut, log_left_out, take_name
from app.files import is_document_name
from schemas.errors import ConfigurationError, DocumentTooLargeError, InputError


class Files(Protocol):
    """What is used of a file system of fsspec, which has no types."""

    protocol: str | tuple[str, ...]

    def open(self, path: str, mode: str) -> IO[bytes]:
        """Return an open file."""
        ...

    def cat_file(self, path: str) -> bytes:
        """Return the bytes of a file."""
        ...

    def pipe_file(self, path: str, value: bytes) -> None:
        """Write a file."""
        ...

    def find(self, path: str) -> list[str]:
        """Return the paths of all files in a folder."""
        ...

    def glob(self, path: str) -> list[str]:
        """Return the paths that a pattern fits."""
        ...

    def rm_file(self, path: str) -> None:
        """Remove a file."""
        ...

    def unstrip_protocol(self, name: str) -> str:
        """Return the URI of a path."""
        ...

    def invalidate_cache(self) -> None:
        """Forget what was listed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A file by its URI, and the name of its results: no two of a batch have the same.

    Attributes
    ----------
    known_sha256
        Of the bytes that are done already; None if the file was not done, or is to be done again.
    """

    uri: str
    name: str
    known_sha256: str | None = None


def open_place(uri: str) -> tuple[Files, str]:
    """Return the file system of a URI, or of a path of this machine, and the path in it.

    Its client finds the credentials; S3 needs the extra `s3`.

    Raises
    ------
    ConfigurationError
        If there is no client for the URI.
    """
    from fsspec import core

    try:
        files, path = cast("Any", core).url_to_fs(uri)  # it is untyped
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            f"{uri} cannot be opened: {type(error).__name__}", hint="S3 needs the extra `s3`"
        ) from error
    return files, str(path).rstrip("/")


def find_remote(uris: Iterable[str], *, on_left_out: OnLeftOut = log_left_out) -> tuple[RemoteFile, ...]:
    """Return the documents that URIs name, each once: files, all in folders, what patterns fit.

    Of a folder or a pattern what has the name of a document is one: in an object store each look at first
    bytes would be a request. The rest is told to `on_left_out`.

    Raises
    ------
    ConfigurationError
        If a place cannot be listed, or there is no document.
    """
    taken: set[str] = set()
    seen: set[str] = set()
    found: list[RemoteFile] = []
    for uri in uris:
        for each, name, is_named in _list(uri):
            if each in seen:
                continue
            seen.add(each)
            if is_named or is_document_name(name):
                found.append(RemoteFile(uri=each, name=take_name(name, taken)))
            else:
                on_left_out(name, "it has not the name of a document")
    if not found:
        raise ConfigurationError("there is no document in what was named")
    return tuple(found)


def _list(uri: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the URI and the name of each file, and whether it was named itself."""
    files, root = open_place(uri)
    try:
        base, paths = _paths(files, root)
    except OSError as error:
        raise ConfigurationError(f"{uri} cannot be listed: {_say(error)}") from error
    for path in paths:
        is_named = path == root
        name = path.rsplit("/", 1)[-1] if is_named else path.removeprefix(base).lstrip("/")
        yield files.unstrip_protocol(path), name, is_named


def _paths(files: Files, root: str) -> tuple[str, list[str]]:
    """Return the folder that names begin after, and the paths of the files."""
    if has_magic(root):
        parts = root.split("/")
        fixed = parts[: next(n for n, part in enumerate(parts) if has_magic(part))]
        matches = (found for match in files.glob(root) for found in files.find(match))
        return "/".join(fixed), sorted(set(matches))
    return root, sorted(files.find(root)) or [root]


def read_remote(uri: str, max_bytes: int) -> bytes:
    """Return the bytes at a URI; what cannot be read, or is too large, is the caller's error.

    Raises
    ------
    InputError, DocumentTooLargeError
        If it is not there, or has more than `max_bytes`.
    """
    files, path = open_place(uri)
    try:
        with files.open(path, "rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise InputError(f"cannot read {path.rsplit('/', 1)[-1]}: {_say(error)}") from error
    if len(data) > max_bytes:
        raise DocumentTooLargeError(f"the file has more than {max_bytes} bytes")
    return data


def _say(error: OSError) -> str:
    return error.strerror or type(error).__name__
