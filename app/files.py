"""Files that callers name on the command line."""

from __future__ import annotations

import stat
from pathlib import Path

from schemas.errors import DocumentTooLargeError, InputError


def read_file(path: Path, max_bytes: int) -> bytes:
    """Return the file's bytes; one that cannot be read, or is too large, is the caller's error.

    Its size is looked at first; a pipe or a device, which may never end, is not read.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{path.name} is no regular file")
        if found.st_size > max_bytes:
            raise DocumentTooLargeError(f"the file has {found.st_size} bytes, more than {max_bytes}")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path.name}: {error.strerror}") from error
