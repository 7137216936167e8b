"""The labelled documents read at two commits: which words differ, and what a page costs at each.

    python -m benchmarks.read_again read --out after.jsonl
    cd OTHER; PYTHONPATH=. python THIS/benchmarks/read_again.py read --out before.jsonl    # another commit
    python -m benchmarks.read_again compare before.jsonl after.jsonl --list 30

Words are compared as multisets of texts, document by document. Seconds are what reading's child processes
took of a processor, one page at a time, once each engine has loaded its models; noise of a shared machine is
met by reading at both commits side by side. Files are told apart by whether OCR gave any of their words at
either commit. "Stand" is how many of the gold values stand among the words in reading order, letters and
digits alone (`benchmarks.gold`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from benchmarks.gold import GoldDocument, documents, normalised, stands, stands_in_segments
from ocr.reader import ReadOptions, read_document
from schemas.errors import OcrUnavailableError, RasgError

DATA = Path("../shared/data/dev")
# As in `ocr_recall`, and no import of it: this also runs on other commits' packages.
_LANGUAGES = {"einvoice_cii": ("eng", "deu", "fra"), "softmatic_receipts": ("deu",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One file as it was read.

    Attributes
    ----------
    words
        Of all pages, in reading order.
    has_ocr
        Whether OCR gave any of the words.
    cpu_s
        Seconds of a processor that reading took.
    warnings
        The codes that were said.
    """

    dataset: str
    document_id: str
    n_pages: int
    words: tuple[str, ...]
    has_ocr: bool
    cpu_s: float
    warnings: tuple[str, ...]


def read_all(data: Path, datasets: Sequence[str]) -> Iterator[Reading]:
    """Yield each labelled file of the data sets as it is read; of one that cannot be, the error's code."""
    _load_engines()
    for dataset in datasets:
        labels = (data / dataset / "labels.jsonl").read_text("utf-8")
        records = sorted(map(json.loads, labels.splitlines()), key=lambda record: str(record["id"]))
        for record in records:
            yield _read(dataset, str(record["id"]), data / dataset / record["file"])


def _load_engines() -> None:
    """Read a line by each engine: their models are loaded once in a process, and are no page's cost."""
    picture = Image.new("L", (400, 60), 255)
    ImageDraw.Draw(picture).text((20, 20), "Total 1,234.50", fill=0)
    encoded = BytesIO()
    picture.save(encoded, format="PNG")
    for engine in ("tesserocr", "rapidocr"):
        with suppress(OcrUnavailableError):
            read_document(encoded.getvalue(), options=ReadOptions(engine=engine, n_workers=1))


def _read(dataset: str, document_id: str, path: Path) -> Reading:
    options = ReadOptions(languages=_LANGUAGES.get(dataset, ("eng",)), n_workers=1)
    try:
        document = read_document(path.read_bytes(), options=options)
    except RasgError as error:
        return Reading(
            dataset=dataset,
            document_id=document_id,
            n_pages=0,
            words=(),
            has_ocr=False,
            cpu_s=0.0,
            warnings=(error.code,),
        )
    words = [word for page in document.pages for word in page.words]
    stages = dict(document.stage_seconds)
    return Reading(
        dataset=dataset,
        document_id=document_id,
        n_pages=len(document.pages),
        words=tuple(word.text for word in words),
        has_ocr=any(word.source != "text_layer" for word in words),
        # The parts of a stage have names with a point.
        cpu_s=sum(seconds for stage, seconds in stages.items() if "." not in stage),
        warnings=tuple(warning.code for warning in document.warnings),
    )


def load(path: Path) -> dict[tuple[str, str], Reading]:
    """Return the readings of a file by data set and document."""
    found: dict[tuple[str, str], Reading] = {}
    for line in path.read_text("utf-8").splitlines():
        record: dict[str, Any] = json.loads(line)
        for name in ("words", "warnings"):
            record[name] = tuple(record[name])
        reading = Reading(**record)
        found[reading.dataset, reading.document_id] = reading
    return found


@dataclass(slots=True)
class Row:
    """One line of the table: a data set, or all pages of a kind."""

    n_documents: int = 0
    n_pages: int = 0
    n_differ: int = 0
    n_gone: int = 0
    n_new: int = 0
    before_s: float = 0.0
    after_s: float = 0.0
    n_values: int = 0
    n_stood: int = 0
    n_stand: int = 0

    def add(self, before: Reading, after: Reading, gold: GoldDocument | None) -> None:
        """Count one document, and how many of its gold values stand in each reading."""
        gone, new = changes(before, after)
        self.n_documents += 1
        self.n_pages += after.n_pages
        self.n_differ += bool(gone or new)
        self.n_gone += gone.total()
        self.n_new += new.total()
        self.before_s += before.cpu_s
        self.after_s += after.cpu_s
        if gold is not None:
            self.n_values += len(gold.fields)
            self.n_stood += count_standing(before, gold)
            self.n_stand += count_standing(after, gold)

    def cells(self) -> str:
        """Return what is printed of it."""
        n_pages = max(self.n_pages, 1)
        ratio = self.after_s / self.before_s if self.before_s else float("nan")
        return (
            f"{self.n_documents} | {self.n_pages} | {self.n_differ} | {self.n_gone} | {self.n_new} "
            f"| {self.n_values} | {self.n_stood} | {self.n_stand} "
            f"| {self.before_s / n_pages:.3f} | {self.after_s / n_pages:.3f} | {ratio:.2f}"
        )


def count_standing(reading: Reading, gold: GoldDocument) -> int:
    """Return how many of the gold values stand among the words, one after the other."""
    text = [normalised("".join(reading.words))]
    in_parts = stands_in_segments if gold.in_segments else stands
    return sum(stands(values, text) or in_parts(values, text) for _, values in gold.fields)


def changes(before: Reading, after: Reading) -> tuple[Counter[str], Counter[str]]:
    """Return the words that are gone and those that are new."""
    first, second = Counter(before.words), Counter(after.words)
    return first - second, second - first


_KINDS = ("OCR at both", "OCR at the second alone", "text layer alone", "all")


def table(
    before: Mapping[tuple[str, str], Reading], after: Mapping[tuple[str, str], Reading], data: Path
) -> str:
    """Return what differs, as a table in Markdown; documents that only one file has are left out."""
    rows: dict[str, Row] = {}
    gold = {each: _gold(data, each) for each in {dataset for dataset, _ in before}}
    for key in before.keys() & after.keys():
        for name in (key[0], _kind(before[key], after[key]), _KINDS[-1]):
            rows.setdefault(name, Row()).add(before[key], after[key], gold[key[0]].get(key[1]))
    lines = [
        "| | documents | pages | differ | words gone | new | values | stood | stand "
        "| CPU s/page, before | now | ratio |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    names = (*sorted(rows.keys() - set(_KINDS)), *(name for name in _KINDS if name in rows))
    return "\n".join([*lines, *(f"| {name} | {rows[name].cells()} |" for name in names)])


def _kind(before: Reading, after: Reading) -> str:
    if before.has_ocr:
        return _KINDS[0]
    return _KINDS[1] if after.has_ocr else _KINDS[2]


def _gold(data: Path, dataset: str) -> Mapping[str, GoldDocument]:
    if not (data / dataset / "labels.jsonl").is_file():
        return {}
    return {found.document_id: found for found in documents(data, dataset, sys.maxsize)}


def listed(
    before: Mapping[tuple[str, str], Reading], after: Mapping[tuple[str, str], Reading]
) -> Iterator[str]:
    """Yield a paragraph for each document that differs."""
    for key in sorted(before.keys() & after.keys()):
        gone, new = changes(before[key], after[key])
        if gone or new:
            yield f"{key[0]} {key[1]}\n  gone {sorted(gone.elements())}\n  new  {sorted(new.elements())}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, or compare; 1 if the folder of the data is not there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="part", required=True)
    read = parts.add_parser("read")
    read.add_argument("--data", type=Path, default=DATA)
    read.add_argument("--datasets", help="separated by commas; all of the folder by default")
    read.add_argument("--out", type=Path, required=True)
    compare = parts.add_parser("compare")
    compare.add_argument("before", type=Path)
    compare.add_argument("after", type=Path)
    compare.add_argument("--data", type=Path, default=DATA)
    compare.add_argument("--list", type=int, default=0, help="documents whose differences are listed")
    options = parser.parse_args(arguments)
    if options.part == "compare":
        _compare(options)
        return 0
    if not options.data.is_dir():
        print(f"No data sets at {options.data}; name their folder with --data.", file=sys.stderr)
        return 1
    _read_to_file(options)
    return 0


def _compare(options: argparse.Namespace) -> None:
    before, after = load(options.before), load(options.after)
    print(table(before, after, options.data))
    for number, paragraph in enumerate(listed(before, after)):
        if number >= options.list:
            break
        print(paragraph)


def _read_to_file(options: argparse.Namespace) -> None:
    there = sorted(folder.name for folder in options.data.iterdir() if (folder / "labels.jsonl").is_file())
    datasets = options.datasets.split(",") if options.datasets else there
    started = time.monotonic()
    with options.out.open("w", encoding="utf-8") as file:
        for number, reading in enumerate(read_all(options.data, datasets), start=1):
            file.write(json.dumps(asdict(reading), ensure_ascii=False) + "\n")
            file.flush()
            if sys.stderr.isatty():
                seconds = time.monotonic() - started
                print(f"\r\033[K{number} files, {seconds:.0f} s", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
