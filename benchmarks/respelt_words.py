"""Prints the words of receipts that OCR spells as known ones, and whether that is what is printed.

    python -m benchmarks.respelt_words --skip 60
    python -m benchmarks.respelt_words --set wildreceipt --n 70

Each receipt of the development set is read twice, without the list of words and with it (`ocr.spelling`). A
word is mended if the human transcript has it in its place now and had not before, spoilt the other way round.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from unittest.mock import patch

from benchmarks.misread_figures import Line, box_of, overlap, receipts
from ocr.router import read_page_image
from schemas.document import Word


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the receipts and print the words and their numbers."""
    parser = argparse.ArgumentParser(description="Count words that OCR spells as known ones.")
    parser.add_argument("--set", default="sroie", help="sroie, wildreceipt or softmatic_receipts")
    parser.add_argument("--skip", type=int, default=0, help="receipts to leave out first")
    parser.add_argument("--n", type=int, default=1_000, help="receipts at most")
    options = parser.parse_args(arguments)
    counts: Counter[str] = Counter()
    for image, dpi, lines in islice(receipts(options.set), options.skip, options.skip + options.n):
        counts["receipts"] += 1
        now = read_page_image(image, dpi=dpi).words
        with _without_words():
            before = read_page_image(image, dpi=dpi).words
        counts["words"] += len(now)
        for old, new, what in _respelt(before, now, lines):
            counts[what] += 1
            sys.stdout.write(f"{what}: {old} -> {new}\n")
    sys.stdout.write(f"{dict(counts)}\n")


def _without_words() -> ExitStack:
    stack = ExitStack()
    stack.enter_context(patch("ocr.rapid.known_words", return_value=frozenset()))
    stack.enter_context(patch("ocr.rapid.sure_words", return_value=()))
    return stack


def _respelt(
    before: Sequence[Word], now: Sequence[Word], lines: Sequence[Line]
) -> Iterator[tuple[str, str, str]]:
    """Yield the text of each word that is spelt otherwise, before and now, and what came of it."""
    for old, new in zip(before, now, strict=True):
        if old.text == new.text:
            continue
        standing = "".join(line.text for line in lines if overlap(box_of(new), line.box))
        was_right, is_right = (_letters(word.text) in _letters(standing) for word in (old, new))
        told = {(False, True): "mended", (True, False): "spoilt"}
        yield old.text, new.text, told.get((was_right, is_right), "neither is printed")


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


if __name__ == "__main__":
    main()
