"""Prints how much of the gold each OCR engine reads, and what that costs.

    python -m benchmarks.ocr_recall --datasets sroie --engines auto,tesserocr --n 20

`whole` is the share of gold values whose letters and digits stand on the pages as read, one after the
other, in row or column order. `recall` also counts a value of WildReceipt, whose annotators joined
segments in any order, if each of its segments stands. `words` is the share that stands as a run of whole
words, which is what grounded decoding can say. `rapidocr-wheel` is the rapidocr package as it comes, on
one thread: the yardstick of cost.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.gold import (
    GoldDocument,
    documents,
    normalised,
    page_images,
    stands,
    stands_as_words,
    stands_in_segments,
)
from ocr.reading_order import arrange
from ocr.router import ENGINES, read_page_image
from schemas.document import Word
from schemas.geometry import from_pixels

DATA = Path("../shared/data/dev")
WHEEL = "rapidocr-wheel"
_LANGUAGES = {"einvoice_cii": ("eng", "deu", "fra"), "softmatic_receipts": ("deu",)}
_TESSERACT = frozenset({"tesserocr", "pytesseract"})

Image = NDArray[np.uint8]
Reader = Callable[[Image, int | None], tuple[tuple[Word, ...], tuple[tuple[str, float], ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: an engine on a data set."""

    dataset: str
    engine: str
    n_pages: int
    n_values: int
    n_found: int
    n_in_segments: int
    n_as_words: int
    cpu_s: float
    stage_s: tuple[tuple[str, float], ...]
    missed: tuple[tuple[str, str], ...]

    def share_outside_tesseract(self) -> float:
        """Return the share of the stages' CPU time that was not spent in Tesseract."""
        total = sum(seconds for _, seconds in self.stage_s)
        outside = sum(seconds for stage, seconds in self.stage_s if stage not in _TESSERACT)
        return outside / total if total else 0.0


def measure(
    dataset: str,
    engine: str,
    gold: Sequence[GoldDocument],
    *,
    max_pages: int,
    progress: Callable[[str], None],
) -> Row:
    """Return what `engine` reads of the gold documents of one data set."""
    read = _reader(engine, _LANGUAGES.get(dataset, ("eng",)))
    read(np.full((64, 64, 3), 255, np.uint8), 200)  # loads the models
    n_pages = n_values = n_found = n_in_segments = n_as_words = 0
    cpu_s, stages, missed = 0.0, Counter[str](), list[tuple[str, str]]()
    for document in gold:
        progress(f"{dataset} {engine} {document.document_id}")
        images, dpi = page_images(document.path, max_pages=max_pages)
        start = _cpu_seconds()
        readings = [read(image, dpi) for image in images]
        cpu_s += _cpu_seconds() - start
        for _, seconds in readings:
            stages.update(dict(_summed(seconds)))
        orders = _reading_orders([words for words, _ in readings])
        texts = [normalised("".join(order)) for order in orders]
        n_pages += len(images)
        for name, values in document.fields:
            found = stands(values, texts)
            n_values, n_found = n_values + 1, n_found + found
            n_in_segments += found or (document.in_segments and stands_in_segments(values, texts))
            n_as_words += stands_as_words(values, orders)
            if not found:
                missed.append((document.document_id, name))
    return Row(
        dataset=dataset,
        engine=engine,
        n_pages=n_pages,
        n_values=n_values,
        n_found=n_found,
        n_in_segments=n_in_segments,
        n_as_words=n_as_words,
        cpu_s=cpu_s,
        stage_s=tuple(stages.items()),
        missed=tuple(missed),
    )


def _summed(seconds: Sequence[tuple[str, float]]) -> Counter[str]:
    total = Counter[str]()
    for stage, value in seconds:
        total[stage] += value  # pyright: ignore[reportArgumentType]
    return total


def _reading_orders(pages: Sequence[Sequence[Word]]) -> tuple[list[str], list[str]]:
    rows: list[str] = []
    columns: list[str] = []
    for page in pages:
        arranged = arrange(page)
        rows.extend(word.text for word in arranged.words)
        columns.extend(arranged.words[index].text for index in arranged.block_order)
    return rows, columns


def _reader(engine: str, languages: tuple[str, ...]) -> Reader:
    def by_router(image: Image, dpi: int | None) -> tuple[tuple[Word, ...], tuple[tuple[str, float], ...]]:
        reading = read_page_image(image, dpi=dpi, engine=engine, languages=languages)
        return reading.words, reading.engine_seconds

    return _by_wheel if engine == WHEEL else by_router


def _by_wheel(image: Image, dpi: int | None) -> tuple[tuple[Word, ...], tuple[tuple[str, float], ...]]:
    del dpi
    start = _cpu_seconds()
    result: Any = _wheel()(image[:, :, ::-1].copy())
    words: list[Word] = []
    for text, quad in zip(result.txts or (), _quads(result), strict=True):
        x0, y0, x1, y1 = (float(edge) for edge in (*quad.min(axis=0), *quad.max(axis=0)))
        box = from_pixels(x0, y0, x1, y1, width_px=image.shape[1], height_px=image.shape[0])
        parts = str(text).split()
        # The wheel reads lines; its words share the line by their lengths, which only orders them.
        edges = np.cumsum([0, *(len(part) + 1 for part in parts)]) / max(1, len(str(text)) + 1)
        for part, start_share, end_share in zip(parts, edges, edges[1:], strict=False):
            left, right = box.left + box.width * start_share, box.left + box.width * min(end_share, 1.0)
            word_box = from_pixels(left, box.top, right, box.bottom, width_px=1, height_px=1)
            words.append(Word(text=part, bbox=word_box, source="rapidocr"))
    return tuple(words), (("rapidocr", _cpu_seconds() - start),)


def _quads(result: Any) -> list[NDArray[np.float64]]:  # noqa: ANN401
    return [] if result.boxes is None else [np.asarray(box, np.float64) for box in result.boxes]


@lru_cache(maxsize=1)
def _wheel() -> Any:  # noqa: ANN401
    from rapidocr import RapidOCR

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={**threads, "Global.log_level": "error"})


def _cpu_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a text table."""
    headings = ("pages", "values", "recall", "whole", "words", "CPU s/page", "not Tesseract")
    widths = (7, 8, 8, 8, 8, 12, 15)
    lines = [f"{'dataset':20}{'engine':16}" + "".join(map(str.rjust, headings, widths))]
    for row in rows:
        n = max(1, row.n_values)
        shares = "".join(f"{k / n:8.3f}" for k in (row.n_in_segments, row.n_found, row.n_as_words))
        cost = f"{row.cpu_s / max(1, row.n_pages):12.2f}{row.share_outside_tesseract():15.2f}"
        lines.append(f"{row.dataset:20}{row.engine:16}{row.n_pages:7}{row.n_values:8}{shares}{cost}")
    for engine in dict.fromkeys(row.engine for row in rows):
        own = [row for row in rows if row.engine == engine]
        n_pages, cpu_s = sum(row.n_pages for row in own), sum(row.cpu_s for row in own)
        lines.append(f"{'all':20}{engine:16}{n_pages:7}{'':32}{cpu_s / max(1, n_pages):12.2f}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table for the data sets and engines asked for.

    Returns 1 if the folder named with --data is not there; where only the default one is missing, says so.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help=f"folder of data sets; {DATA} by default")
    parser.add_argument("--datasets", default="sroie,wildreceipt,einvoice_cii,vrdu_adbuy")
    parser.add_argument("--engines", default="auto", help=f"of {', '.join((*ENGINES, WHEEL))}")
    parser.add_argument("--n", type=int, default=20, help="documents of each data set")
    parser.add_argument("--max-pages", type=int, default=3, help="first pages of each document")
    parser.add_argument("--misses", action="store_true", help="list the fields that were missed")
    options = parser.parse_args(arguments)
    data: Path = options.data or DATA
    if not data.is_dir():
        print(f"No data sets at {data}, so no OCR recall; name their folder with --data.", file=sys.stderr)
        return 1 if options.data else 0
    rows: list[Row] = []
    for dataset in options.datasets.split(","):
        gold = documents(data, dataset, options.n)
        rows += [
            measure(dataset, engine, gold, max_pages=options.max_pages, progress=_progress)
            for engine in options.engines.split(",")
        ]
    print(table(rows))
    if options.misses:
        print(
            "\n".join(f"{row.engine} missed {name} of {which}" for row in rows for which, name in row.missed)
        )
    return 0


def _progress(message: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{message}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
