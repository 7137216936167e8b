"""Files that callers name on the command line."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from ocr.media import SNIFFED_BYTES, MediaType, sniff
from schemas.errors import DocumentTooLargeError, FileChangedError, InputError

# Files with such a name are meant to be documents: one that is none has a record that says so.
_SUFFIXES = frozenset(
    {
        *{".pdf", ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff"},
        *{".webp", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif"},
    }
)


def is_document_name(name: str) -> bool:
    """Return whether a file of that name is meant to be a document; XML may be an e-invoice."""
    return Path(name).suffix.lower() in _SUFFIXES | {".xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderEntry:
    """Something that stands in a folder: a document, or `why_left_out` says why it is taken for none.

    `media_type` is what its first bytes show; None if they show nothing that can be read.
    """

    path: Path
    media_type: MediaType | None = None
    why_left_out: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """Which bytes a file has: their SHA-256, in hexadecimal digits, and their number."""

    sha256: str
    n_bytes: int

    @classmethod
    def of(cls, data: bytes) -> Fingerprint:
        """Return that of these bytes."""
        return cls(sha256=hashlib.sha256(data).hexdigest(), n_bytes=len(data))


def read_file(path: Path, max_bytes: int) -> bytes:
    """Return the file's bytes; one that cannot be read, or is too large, is the caller's error.

    Its size is looked at first; a pipe or a device, which may never end, is not read. A file that is written
    to meanwhile is read once more.

    Raises
    ------
    InputError, DocumentTooLargeError, FileChangedError
        If it is not there, is no regular file, has more than `max_bytes`, or is being written to.
    """
    for _ in range(2):
        with _open_regular(path, max_bytes) as file:
            before = _state(file)
            data = file.read(max_bytes + 1)
            after = _state(file)
        if before == after == (len(data), before[1]):
            return data
    raise FileChangedError(f"{path.name} was written to while it was read", hint="extract it again")


def fingerprint(path: Path, max_bytes: int) -> Fingerprint | None:
    """Return which bytes a file has, without holding them; None if `read_file` would not return them."""
    try:
        with _open_regular(path, max_bytes) as file:
            digest = hashlib.file_digest(file, "sha256")
            return Fingerprint(sha256=digest.hexdigest(), n_bytes=file.tell())
    except (InputError, OSError):
        return None


def _state(file: BufferedReader) -> tuple[int, int]:
    """Return the size of an open file, and when it was last written to."""
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


@contextmanager
def _open_regular(path: Path, max_bytes: int) -> Generator[BufferedReader]:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path.name} is no regular file")
        if found.st_size > max_bytes:
            raise DocumentTooLargeError(f"the file has {found.st_size} bytes, more than {max_bytes}")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise InputError(f"cannot read {path.name}: {error.strerror}") from error


def walk_folder(folder: Path) -> Iterator[FolderEntry]:
    """Yield all that stands in a folder and those inside of it, by name; nothing is passed over.

    A document is what has the name or the first bytes of one; also a file that cannot be opened: its record
    will say why. Links to folders, which may lead in circles, are not followed.
    """
    closed: list[FolderEntry] = []

    def note(error: OSError) -> None:
        path = Path(os.fsdecode(error.filename))
        closed.append(FolderEntry(path=path, why_left_out=f"cannot be opened: {error.strerror}"))

    entries: list[FolderEntry] = []
    for root, folders, files in os.walk(folder, onerror=note):
        links = (Path(root, name) for name in folders if Path(root, name).is_symlink())
        entries += (FolderEntry(path=path, why_left_out="a link to a folder") for path in links)
        entries += (_entry(Path(root, name)) for name in files)
    yield from sorted([*entries, *closed], key=lambda entry: entry.path)


def _entry(path: Path) -> FolderEntry:
    if not path.is_file():
        return FolderEntry(path=path, why_left_out="no regular file")
    try:
        with path.open("rb") as file:
            return FolderEntry(path=path, media_type=sniff(file.read(SNIFFED_BYTES)))
    except InputError as error:
        is_meant = path.suffix.lower() in _SUFFIXES
        return FolderEntry(path=path, why_left_out=None if is_meant else str(error))
    except OSError:
        return FolderEntry(path=path)
