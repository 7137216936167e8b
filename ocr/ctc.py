"""From a recogniser's column scores to characters, and from characters to words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_BLANK = 0
# A label of two letters or more, its colon, and a value that begins like a number; not "http://".
_LABEL = re.compile(r"[^\W\d][^\s:]*[^\s:]:(?=[\d$€£+-])")


class Glyph(NamedTuple):
    """One character: its centre as a fraction of the line's length, and its probability."""

    char: str
    center: float
    confidence: float


class LineWord(NamedTuple):
    """One word of a line: where it starts and ends as fractions of the line's length."""

    text: str
    start: float
    end: float
    confidence: float


# "I" and "l" look the same in many faces. "WorId" and "ltem" cannot be right: inside a word, before a small
# letter, it is an l (but "McIntosh"); at the start, before a consonant, it is an I.
_INNER_I = re.compile(r"(?<=[^\W\d_])(?<!Mc)(?<!Mac)I(?=[a-zß-ÿ])")
_INITIAL_L = re.compile(r"^l(?=[bcdfghjkmnpqrstvwxz])")
# A 1 among small letters is an l: "Dunda1k", "Randa11", "Ju1/15/2017". Words with other digits before it are
# codes, and names of mailboxes may hold anything.
_WORDY = re.compile(r"[^\W\d_1][^\W\d_]*1+(?:[^\W\d_]*|[^\w@].*)")
_INNER_1 = re.compile(r"(?<=[a-zß-ÿ])1+(?=[a-zß-ÿ])|(?<=[aeiou])11(?!\w)|(?<=^Ju)1(?!\w)")

Run = tuple[Glyph, ...]


def decode_columns(
    scores: NDArray[np.float32], alphabet: Sequence[str], *, stretch: float = 1.0
) -> tuple[Glyph, ...]:
    """Return the best CTC path through `scores` (n_columns, n_characters) as characters.

    Repeated columns are one character, column 0 of the alphabet is the blank. `stretch` is the length
    of the padded line over that of the line itself, so that centres are fractions of the latter.

    Examples
    --------
    >>> scores = np.array([[0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    >>> "".join(glyph.char for glyph in decode_columns(scores, ("", "a", "b")))
    'aa'
    """
    best = scores.argmax(axis=1)
    glyphs: list[Glyph] = []
    for symbol, run in groupby(range(len(best)), key=lambda column: int(best[column])):
        columns = list(run)
        if symbol != _BLANK:
            center = (columns[0] + columns[-1] + 1) / 2 / len(best) * stretch
            confidence = float(scores[columns[0] : columns[-1] + 1, symbol].max())
            glyphs.append(Glyph(alphabet[symbol], min(center, 1.0), min(confidence, 1.0)))
    return tuple(glyphs)


def split_words(glyphs: Sequence[Glyph]) -> tuple[LineWord, ...]:
    """Return the words of a line, split at spaces and after a label's colon.

    Each has the stretch of the line that it covers.

    A word reaches half a character beyond the centres of its first and last one, and never into its
    neighbour. The width of a character is the line's median distance of centres.
    """
    spaced = [tuple(run) for space, run in groupby(glyphs, key=lambda g: g.char.isspace()) if not space]
    runs = [part for run in spaced for part in _label_and_value(run)]
    half = _pitch(runs) / 2
    starts = [max(0.0, run[0].center - half) for run in runs]
    ends = [min(1.0, run[-1].center + half) for run in runs]
    for i in range(len(runs) - 1):
        if ends[i] > starts[i + 1]:
            ends[i] = starts[i + 1] = (runs[i][-1].center + runs[i + 1][0].center) / 2
    return tuple(
        LineWord(
            _without_look_alikes("".join(g.char for g in run)),
            start,
            end,
            sum(g.confidence for g in run) / len(run),
        )
        for run, start, end in zip(runs, starts, ends, strict=True)
    )


def _label_and_value(run: Run) -> tuple[Run, ...]:
    """Return "Date:5/3/2018" as two runs: recognisers lose the narrow space after a label's colon."""
    found = _LABEL.match("".join(glyph.char for glyph in run))
    return (run[: found.end()], run[found.end() :]) if found else (run,)


def _without_look_alikes(text: str) -> str:
    """Return `text` with I and l where only the other can be meant; the length stays."""
    text = _INITIAL_L.sub("I", _INNER_I.sub("l", text))
    if _WORDY.fullmatch(text) is None:
        return text
    return _INNER_1.sub(lambda found: "l" * len(found[0]), text)


def _pitch(runs: Sequence[Run]) -> float:
    """Return the median distance of neighbouring characters inside words, as a fraction of the line."""
    gaps = [b.center - a.center for run in runs for a, b in pairwise(run)]
    n_chars = sum(len(run) for run in runs)
    return float(np.median(gaps)) if gaps else 0.9 / max(1, n_chars)
