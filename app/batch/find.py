"""What a batch is of: files, folders, patterns and standard input, each under a name of its own."""

from __future__ import annotations

import glob
import hashlib
import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.files import FolderEntry, walk_folder
from schemas.errors import ConfigurationError

logger = logging.getLogger(__name__)

# Told the name of what stands in a folder and is no document, and why it is taken for none.
OnLeftOut = Callable[[str, str], None]

# Gives the results of a file, whose own name is told, a name that is not taken in the batch, and takes it.
ClaimName = Callable[[Path, str, set[str]], str]

STDIN, STDIN_NAME = "-", "stdin"
# How the names of files of results end: a folder of such a name would stand where one of them has to.
_ENDS_OF_RESULTS = (".json", ".jsonl", ".html", ".csv", ".xlsx", ".parquet", ".part")
# NAME.value.json has the value of NAME, and not what is known of a file NAME.value.
_END_OF_VALUES = ".value"
# Bytes of a part of a name, so that names made of it are not too long for a file system (255).
_MAX_NAME_BYTES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFile:
    """A file, and the name of its results: no two of a batch have the same."""

    path: Path
    name: str


def log_left_out(name: str, reason: str) -> None:
    """Log what is no document."""
    logger.warning("left out: %s: %s", name, reason)


def claim_free_name(_: Path, name: str, taken: set[str]) -> str:
    """Return a name that no other file of the batch has: the file's own, or the first like it."""
    return take_name(name, taken)


def find_files(
    named: Iterable[str | Path],
    *,
    stdin: Path | None = None,
    on_left_out: OnLeftOut = log_left_out,
    claim_name: ClaimName = claim_free_name,
    results: Path | None = None,
) -> tuple[BatchFile, ...]:
    """Return what was named: files by their names, those of folders and patterns by their paths in these.

    A file that is named is read whatever it is; what else stands in a folder is told to `on_left_out`, and so
    is a pattern that nothing is like. What is named twice is read once.

    Parameters
    ----------
    stdin
        The file that stands for `-`.
    claim_name
        Gives each file the name of its results.
    results
        The folder that these are written to: where it stands in a folder that is named, it is left out.

    Raises
    ------
    ConfigurationError
        If there is no document.
    """
    taken: set[str] = set()
    seen: set[str] = set()
    files: list[BatchFile] = []
    for entry, found in _find(named, stdin, results):
        # A name on disk may be no UTF-8; what is written is.
        name = as_text(found)
        place = os.path.abspath(entry.path)  # noqa: PTH100 - of bytes, which `place_of` may not tell apart
        if place in seen:
            continue
        seen.add(place)
        if entry.why_left_out is None:
            files.append(BatchFile(path=entry.path, name=claim_name(entry.path, own_name(name), taken)))
        else:
            on_left_out(name, entry.why_left_out)
    if not files:
        raise ConfigurationError("there is no document in what was named")
    return tuple(files)


def take_name(name: str, taken: set[str]) -> str:
    """Return `name`, or the first like it that is not taken; then it is."""
    unique, n = name, 2
    while unique in taken:
        unique, n = f"{name}.{n}", n + 1
    taken.add(unique)
    return unique


def as_text(path: str) -> str:
    """Return a path on disk, which may be no UTF-8, as it is written."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def names_like(
    name: str, taken: Collection[str], known: Collection[str], others: Collection[str] = ()
) -> Iterator[str]:
    """Yield those `known` names of files of earlier batches that are like `name`, and last one that is free.

    A name that is `taken` in this batch is left out; the free one is none of `others` either.
    """
    one, n = name, 2
    while one in taken or one in known or one in others:
        if one in known and one not in taken:
            yield one
        one, n = f"{name}.{n}", n + 1
    yield one


def place_of(path: Path) -> str:
    """Return where a file is, whatever the folder that a command is given in; links are not followed."""
    return as_text(os.path.abspath(path))  # noqa: PTH100


def own_name(name: str) -> str:
    """Return a file's own name, of which files of results can be made beside those of all others.

    Its parts are short enough to be those of files; a hash keeps long ones apart. Where a part would be the
    name of what holds results, or the results of another file, a `_` follows it.

    Examples
    --------
    >>> own_name("a.pdf.json/b.pdf"), own_name("a.pdf.value"), own_name("a.json")
    ('a.pdf.json_/b.pdf', 'a.pdf.value_', 'a.json')
    """
    *folders, last = name.split("/")
    marked = [f"{part}_" if part.endswith(_ENDS_OF_RESULTS) else part for part in folders]
    marked.append(f"{last}_" if last.endswith(_END_OF_VALUES) else last)
    return "/".join(map(_short_part, marked))


def _short_part(part: str) -> str:
    data = part.encode("utf-8")
    if len(data) <= _MAX_NAME_BYTES:
        return part
    start = data[: _MAX_NAME_BYTES - 9].decode("utf-8", "ignore")
    return f"{start}~{hashlib.sha256(data).hexdigest()[:8]}"


def _find(
    named: Iterable[str | Path], stdin: Path | None, results: Path | None
) -> Iterator[tuple[FolderEntry, str]]:
    for each in named:
        path = Path(each)
        if str(each) == STDIN and stdin is not None:
            yield FolderEntry(path=stdin), STDIN_NAME
        elif path.is_dir():
            yield from _without(results, path, _walk(path, path))
        elif glob.has_magic(str(each)) and not os.path.lexists(path):
            yield from _match(str(each))
        else:
            yield FolderEntry(path=path), path.name


def _without(
    results: Path | None, folder: Path, found: Iterator[tuple[FolderEntry, str]]
) -> Iterator[tuple[FolderEntry, str]]:
    """Yield what was found in a folder, and in the place of all that stands in `results`, this."""
    if results is None or not _is_in(results, folder):
        yield from found
        return
    yield from (each for each in found if not _is_in(each[0].path, results))
    here = os.path.relpath(results, folder)
    yield FolderEntry(path=results, why_left_out="the folder of the results"), here


def _is_in(path: Path, folder: Path) -> bool:
    return os.path.abspath(path).startswith(os.path.join(os.path.abspath(folder), ""))  # noqa: PTH100, PTH118


def _walk(folder: Path, base: Path) -> Iterator[tuple[FolderEntry, str]]:
    for entry in walk_folder(folder):
        yield entry, entry.path.relative_to(base).as_posix()


def _match(pattern: str) -> Iterator[tuple[FolderEntry, str]]:
    """Yield what a pattern fits: files, whatever they are, and what stands in folders.

    `**` is any number of folders, which are on the way only; links to folders are not followed.
    """
    base, rest = _fixed_part(pattern)
    is_deep = "**" in rest.parts
    try:
        # Of a last `**` the files are meant, as a shell has it.
        matches = sorted(base.glob(str(rest / "*" if rest.name == "**" else rest)))
    except ValueError as error:
        raise ConfigurationError(f"{pattern!r} is no pattern: {error}") from error
    for path in matches:
        if not path.is_dir():
            yield FolderEntry(path=path), path.relative_to(base).as_posix()
        elif not is_deep:
            yield from _walk(path, base)
    if not matches:
        yield FolderEntry(path=Path(pattern), why_left_out="nothing is like this"), pattern


def _fixed_part(pattern: str) -> tuple[Path, Path]:
    """Return the folder before the first part of a pattern that may be several things, and the rest."""
    parts = Path(pattern).parts
    n_fixed = next(n for n, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:n_fixed]), Path(*parts[n_fixed:])
