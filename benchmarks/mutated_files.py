"""Read thousands of damaged copies of good files and print how they end.

`python -m benchmarks.mutated_files [N] [--seed N] [--folder DIR] [--keep DIR] [--minutes M]` takes N (2,000)
copies of the samples, of their PDFs with nothing compressed, and of small images of their pages, each changed
in one to eight places: bits, bytes, numbers, stretches lost, doubled, moved or taken from another file.
Which they are follows from the seed alone.

Exits with 1 if one ended in anything but a Document or an error of the tree, took longer than 60 seconds, or
left a temporary file; such files are written to the folder that --keep names.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf
from PIL import Image

from ocr.limits import ReadLimits
from ocr.reader import ReadOptions, page_images, read_document
from schemas.errors import RasgError

SAMPLES = Path("samples")
_LIMIT_S = 60.0
# Parsers that fail are looked for, not OCR: of a small page it is quick.
_IMAGE_SIDE_PX = 160
_MAX_PLACES = 8
_LONGEST = 4_096
_NUMBER = re.compile(rb"\d+")
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"255",
    b"65536",
    b"2147483647",
    b"4294967296",
    b"99999999999999999999",
    b"1e9",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How reading one copy ended: "document", an error's code or "FAILED", and after how many seconds."""

    kind: str
    seconds: float
    detail: str


Change = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def _flip(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _set_bytes(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    start, n_bytes = rng.randrange(len(data)), rng.choice((1, 2, 4, 64))
    data[start : start + n_bytes] = rng.choice((b"\x00", b"\xff", rng.randbytes(1))) * n_bytes


def _replace_number(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    found = _NUMBER.search(data, rng.randrange(len(data)))
    if found:
        data[found.start() : found.end()] = rng.choice(_NUMBERS)


def _lose(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    start, end = _stretch(data, rng)
    del data[start:end]


def _double(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    start, end = _stretch(data, rng)
    data[start:start] = data[start:end] * rng.choice((1, 1, 1, 50))


def _move(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    start, end = _stretch(data, rng)
    taken = data[start:end]
    del data[start:end]
    place = rng.randrange(len(data) + 1)
    data[place:place] = taken


def _take(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> None:
    other = bytearray(rng.choice(others))
    start, end = _stretch(other, rng)
    place = rng.randrange(len(data) + 1)
    data[place:place] = other[start:end]


def _cut(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    del data[rng.randrange(1, len(data) + 1) :]


def _stretch(data: bytearray, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(data))
    return start, start + rng.randint(1, _LONGEST)


CHANGES: tuple[Change, ...] = (
    _flip,
    _set_bytes,
    _replace_number,
    _replace_number,
    _lose,
    _double,
    _move,
    _take,
)


def mutate(files: Sequence[bytes], seed: int) -> bytes:
    """Return a damaged copy of one of `files`; the same for the same seed.

    Examples
    --------
    >>> mutate([b"%PDF-1.7 0 obj"], 1) == mutate([b"%PDF-1.7 0 obj"], 1)
    True
    """
    rng = random.Random(seed)
    data = bytearray(rng.choice(files))
    for _ in range(rng.randint(1, _MAX_PLACES)):
        if data:
            rng.choice(CHANGES)(data, rng, files)
    if data and rng.random() < 0.1:
        _cut(data, rng, files)
    return bytes(data)


def good_files(folder: Path) -> tuple[bytes, ...]:
    """Return a folder's PDFs, each also with nothing compressed, and each file's first page as images."""
    found = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    options = ReadOptions(n_workers=1)
    files: list[bytes] = []
    for data in found:
        try:
            document = read_document(data, options=options)
        except RasgError:
            continue
        if document.media_type == "application/pdf":
            files += [data, _uncompressed(data)]
        picture = next(page_images(data, document, dpi=72, options=options))
        files += _as_images(picture)
    return tuple(files)


def _uncompressed(data: bytes) -> bytes:
    """Return a PDF whose streams are text: a change in compressed ones seldom does more than break them."""
    saved = BytesIO()
    with pikepdf.open(BytesIO(data)) as pdf:
        pdf.save(saved, qdf=True, stream_decode_level=pikepdf.StreamDecodeLevel.all, compress_streams=False)
    return saved.getvalue()


def _as_images(png: bytes) -> Iterator[bytes]:
    image = Image.open(BytesIO(png)).convert("RGB")
    image.thumbnail((_IMAGE_SIDE_PX, _IMAGE_SIDE_PX))
    for kind, options in (("PNG", {}), ("JPEG", {}), ("TIFF", {"compression": "tiff_lzw"}), ("WEBP", {})):
        saved = BytesIO()
        image.save(saved, kind, **options)
        yield saved.getvalue()


def read_one(data: bytes, options: ReadOptions) -> Ended:
    """Return how reading a copy ended."""
    started = time.monotonic()
    try:
        document = read_document(data, options=options)
        kind, detail = "document", f"{len(document.pages)} pages"
    except RasgError as error:
        kind, detail = error.code, str(error)
    except Exception as error:  # noqa: BLE001 # the one thing this program looks for
        kind, detail = "FAILED", f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - started
    if seconds > _LIMIT_S:
        kind, detail = "FAILED", f"took {seconds:.0f} s; {detail}"
    return Ended(kind=kind, seconds=seconds, detail=detail)


def _temporary_files() -> frozenset[str]:
    """Return the folders of children that have ended; those of recognisers that wait for pages are in use."""
    found = Path(tempfile.gettempdir()).glob("rasg-children-*/rasg-child-*")
    used = {_folder_of(process) for process in Path("/proc").iterdir() if process.name.isdigit()}
    return frozenset(path.name for path in found if path not in used)


def _folder_of(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:  # it has ended, or is another user's
        return None


def main() -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("n", type=int, nargs="?", default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=SAMPLES)
    parser.add_argument("--keep", type=Path)
    parser.add_argument(
        "--minutes", type=float, default=1e6, help="stop after so many, and tell of what was read"
    )
    args = parser.parse_args()
    options = ReadOptions(n_workers=1, limits=ReadLimits(wall_seconds=_LIMIT_S / 2, max_pages=20))
    files, before = good_files(args.folder), _temporary_files()
    ended: Counter[str] = Counter()
    slowest, deadline = 0.0, time.monotonic() + 60 * args.minutes
    for number in range(args.n):
        if time.monotonic() > deadline:
            break
        data = mutate(files, args.seed * 1_000_000 + number)
        one = read_one(data, options)
        ended[one.kind] += 1
        slowest = max(slowest, one.seconds)
        if one.kind == "FAILED":
            print(f"{number}\t{one.detail}", flush=True)
            if args.keep:
                args.keep.mkdir(parents=True, exist_ok=True)
                (args.keep / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    time.sleep(1.0)  # folders of the last children are removed as they end
    left = _temporary_files() - before
    print("\n".join(f"{n}\t{kind}" for kind, n in ended.most_common()))
    print(f"{ended.total()} copies of {len(files)} files, the slowest in {slowest:.1f} s, {len(left)} left")
    return 1 if ended["FAILED"] or left else 0


if __name__ == "__main__":
    sys.exit(main())
