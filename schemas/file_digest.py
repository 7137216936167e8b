"""SHA-256 of files, worked out once for as long as a file stays as it is."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

# Whatever changes with a file's bytes: device, inode, size, and when it and its entry were written last.
_Identity = tuple[int, int, int, int, int]

# A file system's clock is coarse: what is written just after a file was looked at may leave its times as they
# were. Those of most tick every few thousandths of a second, of some every two.
_SETTLED_NS = 3_000_000_000
_MOST = 256
_known: dict[_Identity, bytes] = {}


def file_sha256(path: Path) -> bytes:
    """Return the 32 bytes of a file's SHA-256.

    It is read again only if it was written since, or lately. Weights take a fourth of a second each time, and
    are asked for when they are checked, when a batch says what made its results, and for a document's answer.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        now = _identify(file.fileno())
        known = _known.get(now)
        if known is not None:
            return known
        digest = hashlib.file_digest(file, "sha256").digest()
        is_settled = time.time_ns() - max(now[3:]) > _SETTLED_NS
        if is_settled and _identify(file.fileno()) == now:
            if len(_known) >= _MOST:
                _known.clear()
            _known[now] = digest
        return digest


def _identify(descriptor: int) -> _Identity:
    found = os.fstat(descriptor)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
