"""What reading does to a page: skew, jitter, glued, split, dropped and misread words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from training.synthesis.words import Mark

# Pairs that OCR engines mistake for each other.
_CONFUSED = {
    "0": "OQD", "O": "0QD", "1": "lI", "l": "1I", "I": "l1", "5": "S", "S": "5", "8": "B", "B": "8", "2": "Z", "Z": "2",
    "6": "G", "G": "6C", "C": "G", "E": "F", "F": "E", "M": "N", "N": "M", "U": "V", "V": "U", "e": "c", "c": "e",
    "a": "o", "o": "a", "n": "h", "h": "n", "i": "l", "t": "f", "f": "t", "r": "n", "rn": "m", ".": ",", ",": ".", ":": ";",
    "D": "O", "T": "I", "L": "I", "P": "F", "R": "K", "K": "R", "9": "g", "4": "A", "H": "N", "u": "n", "m": "n",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Rates per word, in [0, 1], and geometry in lines."""

    misread: float = 0.0
    drop: float = 0.0
    split: float = 0.0
    glue: float = 0.0
    jitter: float = 0.0
    skew: float = 0.0


def random_noise(rng: random.Random, *, difficulty: float) -> Noise:
    """Return the noise of one page: most pages are read well, a few badly."""
    draw = rng.random()
    if draw < 0.35 or difficulty < 0.15:
        return Noise(jitter=0.02)
    scale = rng.random() ** 2 * difficulty
    return Noise(
        misread=0.05 * scale,
        drop=0.008 * scale,
        split=0.01 * scale,
        glue=rng.choice((0.0, 0.01, 0.02, 0.05, 0.3 if draw > 0.93 else 0.05)),
        jitter=0.02 + 0.14 * scale,
        skew=rng.gauss(0, 0.5) * scale,
    )


def spoiled(marks: list[Mark], noise: Noise, rng: random.Random, *, width: float) -> list[Mark]:
    """Return the marks as reading would give them; the input is used up."""
    if noise.glue:
        marks = list(_glued(marks, noise.glue, rng))
    if noise.split or noise.drop:
        marks = [
            part for mark in marks if rng.random() >= noise.drop for part in _split(mark, noise.split, rng)
        ]
    slope = noise.skew / width
    shake = noise.jitter
    for mark in marks:
        if rng.random() < noise.misread:
            mark.text = _misread(mark.text, rng)
        mark.y += slope * mark.x + shake * (rng.random() - 0.5)
    return marks


def _glued(marks: list[Mark], rate: float, rng: random.Random) -> Iterator[Mark]:
    held: Mark | None = None
    for mark in marks:
        if held is None:
            held = mark
            continue
        gap = mark.x - held.x - held.width
        is_near = mark.y == held.y and 0 <= gap <= 1.3 * held.width / max(len(held.text), 1)
        # Spaces beside punctuation are the first to vanish.
        likely = 2.0 if held.text[-1] in ":,.-#" or not mark.text[0].isalnum() else 0.7
        if is_near and rng.random() < rate * likely:
            held.text += mark.text
            held.width = mark.x + mark.width - held.x
            held.tags = held.tags if held.tags == mark.tags else tuple(dict.fromkeys(held.tags + mark.tags))
        else:
            yield held
            held = mark
    if held is not None:
        yield held


def _split(mark: Mark, rate: float, rng: random.Random) -> tuple[Mark, ...]:
    length = len(mark.text)
    if length < 4 or rng.random() >= rate or any(ch.isdigit() for ch in mark.text):
        return (mark,)
    cut = rng.randint(1, length - 1)
    each = mark.width / length
    first = Mark(mark.text[:cut], mark.x, mark.y, each * (cut - 0.2), mark.height, mark.tags)
    second = Mark(
        mark.text[cut:],
        mark.x + each * (cut + 0.3),
        mark.y,
        each * (length - cut - 0.3),
        mark.height,
        mark.tags,
    )
    return first, second


def _misread(text: str, rng: random.Random) -> str:
    where = rng.randrange(len(text))
    options = _CONFUSED.get(text[where])
    if options is None:
        return text
    return text[:where] + rng.choice(options) + text[where + 1 :]
