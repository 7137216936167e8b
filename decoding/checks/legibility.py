"""Values that OCR could hardly read: how sure a model is of them says nothing of their letters."""

from __future__ import annotations

from decoding.grounding.result import GroundingResult
from schemas.extraction import ExtractionWarning
from schemas.spec import json_path

# Of 296 values that were read right on 66 scans and photographs none holds a word of less.
_LEGIBLE = 0.3


def check_legibility(grounded: GroundingResult) -> tuple[ExtractionWarning, ...]:
    """Return a `low_ocr_confidence` for each value that cites a word of less confidence than 0.3.

    Values without citations and words of a text layer, whose confidence is 1, are never doubted.
    """
    return tuple(
        ExtractionWarning(
            code="low_ocr_confidence",
            message=f"a word of the value was read with a confidence of {entry.ocr_confidence:.2f}",
            path=json_path(path),
            page_number=entry.citations[0].page_number if entry.citations else None,
        )
        for path, entry in grounded.metadata.items()
        if entry.ocr_confidence is not None and entry.ocr_confidence < _LEGIBLE
    )
