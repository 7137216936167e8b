"""Read every file of a folder of hostile documents and print how each ends.

`python -m benchmarks.torture [DIR] [--out FILE] [--n-workers N]`: one tab-separated row a file (outcome,
seconds, pages, words, warnings or message), then the counts. Exits with 1 if a file ended in anything but a
Document or an error of the tree, took longer than its limit, or left a temporary file behind.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ocr.limits import ReadLimits
from ocr.reader import ReadOptions, read_document
from schemas.errors import RasgError

# Opening, repairing and every retry after a crash come on top of the document's own limit.
_GRACE_S = 60.0
DATA = Path("../shared/data/torture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How reading one file ended: "document", an error's code, or "FAILED"."""

    name: str
    kind: str
    seconds: float
    detail: str

    @property
    def row(self) -> str:
        """Return the outcome as a tab-separated line."""
        return f"{self.name}\t{self.kind}\t{self.seconds:.2f}\t{self.detail}"


def read_one(path: Path, options: ReadOptions) -> Outcome:
    """Return how reading the file at `path` ended."""
    started = time.monotonic()
    try:
        document = read_document(path.read_bytes(), options=options)
    except RasgError as error:
        kind, detail = error.code, str(error)
    except Exception as error:  # noqa: BLE001 # the one thing this program looks for
        kind, detail = "FAILED", f"{type(error).__name__}: {error}"
    else:
        codes = Counter(warning.code for warning in document.warnings)
        noted = ", ".join(f"{code} x{n}" for code, n in sorted(codes.items()))
        kind, detail = (
            "document",
            f"{len(document.pages)} pages, {document.n_words} words; {noted or 'no warnings'}",
        )
    seconds = time.monotonic() - started
    if seconds > options.limits.wall_seconds + _GRACE_S:
        kind, detail = "FAILED", f"took {seconds:.0f} s; {detail}"
    return Outcome(name=path.name, kind=kind, seconds=seconds, detail=detail)


def _temporary_files() -> frozenset[str]:
    return frozenset(path.name for path in Path(tempfile.gettempdir()).glob("rasg-children-*/rasg-child-*"))


def main() -> int:
    """Run the command; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--n-workers", type=int, default=1)
    parser.add_argument("--wall-seconds", type=float, default=120.0)
    parser.add_argument("--only", default="", help="read only the files whose name contains this")
    args = parser.parse_args()
    if not args.folder.is_dir():
        print(f"No folder {args.folder}: no hostile files to read.")
        return 2
    options = ReadOptions(limits=ReadLimits(wall_seconds=args.wall_seconds), n_workers=args.n_workers)
    names = sorted(
        p for p in args.folder.iterdir() if p.is_file() and p.suffix != ".tsv" and args.only in p.name
    )
    before = _temporary_files()  # other readers on the machine have theirs
    rows: list[Outcome] = []
    for path in names:
        rows.append(read_one(path, options))
        print(rows[-1].row, flush=True)
    counts = Counter(row.kind for row in rows)
    summary = ", ".join(f"{kind} {n}" for kind, n in counts.most_common())
    left = _temporary_files() - before
    print(f"{len(rows)} files: {summary}; slowest {max((r.seconds for r in rows), default=0):.1f} s")
    if args.out is not None:
        args.out.write_text("\n".join(row.row for row in rows) + "\n")
    return 1 if counts["FAILED"] or len(left) > args.n_workers + 1 else 0


if __name__ == "__main__":
    sys.exit(main())
