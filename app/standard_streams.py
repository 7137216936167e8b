"""The standard streams of a command, as its caller made them: closed, full, or in an old encoding."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

from schemas.errors import ConfigurationError
from schemas.text import escape

_ERRORS = "rasg.escape"
# Of a disk, a quota or a file system that takes no more.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


@contextmanager
def standard_streams() -> Generator[None]:
    r"""Prepare the standard streams for a command, and tell which error of them ended it.

    A closed one takes and gives nothing: its descriptor would be that of the first file that is opened,
    and what is printed would go there. What the encoding of an output lacks is written as an escape, which
    in JSON means the same (`Z\u00fcrich`): a locale without it would end a batch at the first such name.

    Raises
    ------
    ConfigurationError
        If nothing more can be written.
    """
    _open_closed()
    codecs.register_error(_ERRORS, _escape_rest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _drop_output()
        where = error.filename or "what is printed"
        raise ConfigurationError(f"{where} cannot be written: {error.strerror}") from error


def _open_closed() -> None:
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    # The standard input stays None: a command that asks for it says that nothing comes.
    if sys.stdout is None:  # it was closed
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8")
    if sys.stderr is None:  # it was closed
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8")


def _escape_rest(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return escape(error.object[error.start : error.end]), error.end


def _drop_output() -> None:
    """Have what is still in buffers go nowhere: the interpreter would try again at its end, and complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
