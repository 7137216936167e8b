"""Values that OCR could hardly read, or reads in two ways: how sure a model is does not tell."""

from __future__ import annotations

from collections.abc import Iterator

from decoding.grounding.result import GroundingResult
from schemas.document import Document, Word
from schemas.extraction import ExtractionWarning
from schemas.spec import Path, json_path

# Of 296 values that were read right on 66 scans and photographs none holds a word of less.
_LEGIBLE = 0.3


def check_legibility(grounded: GroundingResult, document: Document) -> tuple[ExtractionWarning, ...]:
    """Return what OCR doubts of each value: `low_ocr_confidence` and `readings_differ`.

    The first where a cited word has less confidence than 0.3, the second where the figures of one were read
    in two ways (`Word.other_reading`). Values without citations and words of a text layer are never doubted.
    """
    hardly = (
        ExtractionWarning(
            code="low_ocr_confidence",
            message=f"a word of the value was read with a confidence of {entry.ocr_confidence:.2f}",
            path=json_path(path),
            page_number=entry.citations[0].page_number if entry.citations else None,
        )
        for path, entry in grounded.metadata.items()
        if entry.ocr_confidence is not None and entry.ocr_confidence < _LEGIBLE
    )
    in_two_ways = (
        ExtractionWarning(
            code="readings_differ",
            message=f"read as {word.text!r}, and as {word.other_reading!r} at another look",
            path=json_path(path),
            page_number=page_number,
        )
        for path, word, page_number in read_in_two_ways(grounded, document)
    )
    return (*hardly, *in_two_ways)


def read_in_two_ways(grounded: GroundingResult, document: Document) -> Iterator[tuple[Path, Word, int]]:
    """Yield the path of each value that cites figures read in two ways, the word, and its page (from 1)."""
    for path, entry in grounded.metadata.items():
        words = (
            (document.pages[cited.page_number - 1].words[index], cited.page_number)
            for cited in entry.citations
            for index in cited.word_indices
        )
        found = next(((word, number) for word, number in words if word.other_reading), None)
        if found:
            yield path, *found
