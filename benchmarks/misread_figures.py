"""Prints how many figures OCR misreads, and how many of these it tells of.

    python -m benchmarks.misread_figures --receipts
    python -m benchmarks.misread_figures --pages --skip 14 --n 14

`--receipts` reads the photographs and scans of the development set that have human transcripts with boxes,
`--pages` the first pages of PDFs, made worse (rendered at 150 and 120 dpi, blurred, noisy), whose text layer
says what stands there. A word of two digits or more is misread if its digits do not stand where it does.
Told of are words with another reading (`Word.other_reading`).
"""

# OpenCV and pdfium leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.reader import read_document
from ocr.router import read_page_image
from schemas.document import Word

DATA = Path("../shared/data/dev")
_RECEIPTS = ("sroie", "wildreceipt", "softmatic_receipts")
_PAGES = ("einvoice_cii", "vrdu_adbuy")
_DAMAGES = ((150, 0.8, 12.0), (120, 0.6, 8.0))  # dpi, blur in pixels, noise in grey levels
_AMOUNT = re.compile(r"[^\w\s]{0,3}(?:RM|\$)?\d[\d,.]*[.,]\d\d[^\w]{0,2}")

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Line:
    """A text that stands in a box, in fractions of the page: left, top, right, bottom."""

    text: str
    box: tuple[float, float, float, float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the documents and print a table."""
    parser = argparse.ArgumentParser(description="Count misread figures, and those that OCR tells of.")
    parser.add_argument("--receipts", action="store_true")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--skip", type=int, default=0, help="documents of each set to leave out first")
    parser.add_argument("--n", type=int, default=1_000, help="documents of each set at most")
    parser.add_argument("--show", action="store_true", help="print each word that is told of")
    options = parser.parse_args(arguments)
    counts: Counter[tuple[str, ...]] = Counter()
    names = (*(_RECEIPTS if options.receipts else ()), *(_PAGES if options.pages else ()))
    for name in names:
        pages, n_each = (receipts, 1) if name in _RECEIPTS else (_worse_pages, len(_DAMAGES))
        last = options.skip + options.n
        for image, dpi, lines in islice(pages(name), options.skip * n_each, last * n_each):
            _count(name, read_page_image(image, dpi=dpi).words, lines, counts, shows=options.show)
    _print(names, counts)


def receipts(name: str) -> Iterator[tuple[Image, int, list[Line]]]:
    """Yield the picture of each receipt of a set, its resolution, and the lines of its transcript."""
    import cv2

    for record in _records(name):
        image = np.asarray(cv2.imread(str(DATA / name / record["file"]), cv2.IMREAD_COLOR_RGB), np.uint8)
        height, width = image.shape[:2]
        scale = (width, height, width, height)
        yield (
            image,
            200,
            [
                Line(line["text"], tuple(x / size for x, size in zip(line["box"], scale, strict=True)))
                for line in record.get("ocr") or ()
            ],
        )


def _worse_pages(name: str) -> Iterator[tuple[Image, int, list[Line]]]:
    import cv2
    import pypdfium2

    noise_source = np.random.default_rng(1)
    for record in _records(name):
        data = (DATA / name / record["file"]).read_bytes()
        page = read_document(data).pages[0]
        lines = [Line(word.text, box_of(word)) for word in page.words if word.source == "text_layer"]
        for dpi, blur, noise in _DAMAGES:
            pdf: Any = pypdfium2.PdfDocument(data)
            drawn = pdf[0].render(scale=dpi / 72, grayscale=True).to_numpy()
            grey = cv2.GaussianBlur(np.asarray(drawn, np.float32).reshape(drawn.shape[:2]), (0, 0), blur)
            grey += noise_source.normal(0, noise, grey.shape).astype(np.float32)
            yield np.clip(grey, 0, 255).astype(np.uint8), dpi, lines


def _records(name: str) -> Iterator[dict[str, Any]]:
    with (DATA / name / "labels.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def box_of(word: Word) -> tuple[float, float, float, float]:
    """Return where a word stands, in fractions of the page: left, top, right, bottom."""
    return word.bbox.left, word.bbox.top, word.bbox.right, word.bbox.bottom


def _count(
    name: str, words: Sequence[Word], lines: Sequence[Line], counts: Counter[tuple[str, ...]], *, shows: bool
) -> None:
    for word in words:
        standing = [line for line in lines if overlap(box_of(word), line.box)]
        if len(_digits(word.text)) < 2 or not standing:
            continue
        printed = "".join(_digits(line.text) for line in sorted(standing, key=lambda line: line.box[0]))
        how = "right" if _digits(word.text) in printed else "misread"
        told = "told" if word.other_reading else "untold"
        kinds = ("all", "amount") if _AMOUNT.fullmatch(word.text) else ("all",)
        for kind in kinds:
            counts[name, kind, how, told] += 1
        if shows and word.other_reading:
            said = f"{word.text} | {word.other_reading}  {[line.text for line in standing][:3]}"
            sys.stdout.write(f"{name} {how} {word.source} {word.confidence:.2f} {said}\n")


def overlap(word: Sequence[float], line: Sequence[float]) -> bool:
    """Return whether the middle of a word's height lies in a line, and the two overlap in width."""
    middle = (word[1] + word[3]) / 2
    return line[1] <= middle <= line[3] and min(word[2], line[2]) > max(word[0], line[0])


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _print(names: Sequence[str], counts: Counter[tuple[str, ...]]) -> None:
    head = ("documents", "words", "right", "of which told of", "misread", "of which told of")
    rows = [head, ("---",) * len(head)]
    for name in names:
        for kind in ("all", "amount"):
            cells = [name, kind]
            for how in ("right", "misread"):
                told, untold = counts[name, kind, how, "told"], counts[name, kind, how, "untold"]
                cells += [str(told + untold), str(told)]
            rows.append(tuple(cells))
    sys.stdout.write("".join(f"| {' | '.join(row)} |\n" for row in rows))


if __name__ == "__main__":
    main()
