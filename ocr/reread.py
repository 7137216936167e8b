"""Which lines of a page one engine doubts, and how another engine's reading replaces them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ocr.rapid import Quad
from schemas.document import Word

# Tesseract's words below 0.6 are wrong more often than not. On clean invoices and forms they hold 0.00 to
# 0.08 of the characters, on receipts 0.09 to 0.58.
_LOW_WORD_CONFIDENCE = 0.6
_DOUBTFUL_SHARE = 0.08
# On pages this bad Tesseract's confident words are often wrong too ("SON BHD" for "SDN BHD"): none is kept.
_HOPELESS_SHARE = 0.15
_TRUSTED_WORD_CONFIDENCE = 0.85


def mean_confidence(words: Sequence[Word]) -> float:
    """Return the mean confidence of the words' characters; 0.0 without words."""
    n_chars = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / n_chars if n_chars else 0.0


def is_doubtful(words: Sequence[Word]) -> bool:
    """Return whether more than 8 % of the characters are in words below 0.6, or there are no words."""
    return _low_share(words) > _DOUBTFUL_SHARE


def trusted(words: Sequence[Word]) -> tuple[Word, ...]:
    """Return the words that need no second reading; none if more than 15 % are in words below 0.6."""
    if _low_share(words) > _HOPELESS_SHARE:
        return ()
    return tuple(word for word in words if word.confidence >= _TRUSTED_WORD_CONFIDENCE)


def _low_share(words: Sequence[Word]) -> float:
    n_chars = sum(len(word.text) for word in words)
    n_low = sum(len(word.text) for word in words if word.confidence < _LOW_WORD_CONFIDENCE)
    return n_low / n_chars if n_chars else 1.0


def regions_in_doubt(
    words: Sequence[Word], quads: Sequence[Quad], shape: tuple[int, ...]
) -> tuple[Quad, ...]:
    """Return the stretches of the lines that no trusted word covers, as quads in pixels.

    `quads` are lines on the upright page of `shape` (height, width, ...); stretches shorter than a line is
    high are left out unless a word in doubt stands there.
    """
    safe = frozenset(map(id, trusted(words)))
    return tuple(region for quad in quads for region in _untrusted_stretches(words, safe, quad, shape))


def _untrusted_stretches(
    words: Sequence[Word], safe: frozenset[int], quad: Quad, shape: tuple[int, ...]
) -> Iterator[Quad]:
    inside = _inside(words, quad, shape)
    left, right = float(quad[:, 0].min()), float(quad[:, 0].max())
    height = float(quad[:, 1].max() - quad[:, 1].min())
    covered = sorted((w.bbox.left * shape[1], w.bbox.right * shape[1]) for w in inside if id(w) in safe)
    doubted = [w.bbox.center[0] * shape[1] for w in inside if id(w) not in safe]
    start = left
    for next_start, next_end in (*covered, (right, right)):
        holds_doubt = any(start <= x <= next_start for x in doubted)
        if next_start - start >= height or (holds_doubt and next_start > start):
            yield _stretch(quad, (start - left) / (right - left), (next_start - left) / (right - left))
        start = max(start, next_end)


def _stretch(quad: Quad, start: float, end: float) -> Quad:
    """Return the part of a line from `start` to `end`, fractions of its length."""
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    corners = (quad[0] + start * top, quad[0] + end * top, quad[3] + end * bottom, quad[3] + start * bottom)
    return np.stack(corners).astype(np.float32)


def merged(
    words: Sequence[Word],
    quads: Sequence[Quad],
    readings: Sequence[Sequence[Word]],
    shape: tuple[int, ...],
) -> tuple[Word, ...]:
    """Return `words` with those inside each of `quads` replaced by its new reading.

    A line whose new reading is empty keeps its old words, except those in doubt.
    """
    replaced: set[int] = set()
    new: list[Word] = []
    for quad, reading in zip(quads, readings, strict=True):
        if reading:
            replaced.update(id(word) for word in _inside(words, quad, shape))
            new.extend(reading)
    kept = [w for w in words if id(w) not in replaced and w.confidence >= _LOW_WORD_CONFIDENCE]
    return (*kept, *new)


def _inside(words: Sequence[Word], quad: Quad, shape: tuple[int, ...]) -> list[Word]:
    """Return the words whose centre lies in the upright box around `quad`."""
    (x0, y0), (x1, y1) = quad.min(axis=0) / np.array(shape[1::-1]), quad.max(axis=0) / np.array(shape[1::-1])
    centers = ((word, *word.bbox.center) for word in words)
    return [word for word, x, y in centers if x0 <= x <= x1 and y0 <= y <= y1]
