"""Which words of a text layer a person sees: those that OCR reads in the same place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from ocr.second_look import LIKE_DIGITS
from schemas.document import Word
from schemas.geometry import BBox, clip

# A word stands where another does if they share so much of the smaller one's width and height.
_MIN_SHARED_WIDTH, _MIN_SHARED_HEIGHT = 0.3, 0.5
# OCR misreads a letter now and then: one of so many. Of three letters ("USD", "AUD") none may differ.
_LETTERS_A_MISTAKE = 4
# Readings of signs that are less sure are nearly all wrong (as `ocr.merging`).
_MIN_CONFIDENCE = 0.6
# Values of words below 0.3 are taken for hardly legible and ask for a look (`decoding.checks.legibility`).
_DISPUTED_CONFIDENCE = 0.25
# Words that OCR runs together or parts: a line of a narrow print, no more.
_MAX_JOINED = 12
# Letters that look like digits, and marks that look like one another, in most fonts.
_LOOK_ALIKES = LIKE_DIGITS | str.maketrans("|\u2019\u2018\u2013\u2014\u2010", "1''---")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What a page shows.

    Attributes
    ----------
    kept
        The words of the text layer that OCR read too, in the layer's order and spelling.
    added
        What OCR read and the layer has otherwise, or not.
    refused
        The words of the layer that were not read, in its order.
    """

    kept: tuple[Word, ...]
    added: tuple[Word, ...]
    refused: tuple[Word, ...]

    @property
    def in_doubt(self) -> tuple[Word, ...]:
        """Return the refused words in whose places no word that is kept stands."""
        return tuple(
            word
            for word, found in zip(self.refused, _links(self.refused, self.kept), strict=True)
            if not found.size
        )

    def read_again(self, read: Sequence[Word], layer: Sequence[Word]) -> Confirmed:
        """Return the same after a second look at the places of the words in doubt, where `read` was read.

        A word of `layer` that either look confirms is kept, and what the first look read there left out. So
        are signs other than letters and digits where nothing was read for sure: engines pass over them. What
        was read in the place of a word that no look confirms is less sure than an engine says.
        """
        doubted = self.in_doubt
        found = {id(word) for word in confirm(doubted, read).kept}
        sure = [word for word in self.added if word.confidence >= _MIN_CONFIDENCE]
        for word, others in zip(doubted, _links(doubted, sure), strict=True):
            if not others.size and not any(map(str.isalnum, word.text)):
                found.add(id(word))
        again = tuple(word for word in doubted if id(word) in found)
        refused = tuple(word for word in self.refused if id(word) not in found)
        known = found | {id(word) for word in self.kept}
        return Confirmed(
            kept=tuple(word for word in layer if id(word) in known),
            added=_doubted(
                [word for word in self.added if not any(_share(word.bbox, w.bbox) for w in again)], refused
            ),
            refused=refused,
        )


def keep_undoubted(
    found: Confirmed, layer: Sequence[Word], *, doubted: Sequence[BBox], beside: Sequence[BBox]
) -> Confirmed:
    """Return the same with all words of `layer` but those whose boxes are `doubted`.

    What was read is added only in these boxes and right beside them, and in those where more words may stand
    `beside` the layer's; nowhere where a word stands that is not in doubt.
    """
    at_doubt = frozenset(doubted)
    trusted = [word for word in layer if word.bbox not in at_doubt]
    known = {id(word) for word in (*found.kept, *trusted)}
    near = [*map(_widened, at_doubt), *beside]
    added = [word for word in found.added if any(_holds(box, word.bbox.center) for box in near)]
    free = [word for word, at in zip(added, _links(added, trusted), strict=True) if not at.size]
    return Confirmed(
        kept=tuple(word for word in layer if id(word) in known),
        added=tuple(free),
        refused=tuple(word for word in found.refused if id(word) not in known),
    )


def _widened(box: BBox) -> BBox:
    return clip(box.left - box.height, box.top, box.right + box.height, box.bottom)


def confirm(layer: Sequence[Word], read: Sequence[Word]) -> Confirmed:
    """Return the words of `layer` that are `read` in their places, and what else is read.

    Letters may differ as far as OCR misreads them; digits, and the marks between them, may not: where the
    two differ, what is read is what is drawn. Of several words of the layer in one place those that are
    read are kept, and no word is read twice.

    Parameters
    ----------
    layer, read
        Words with boxes on one page, in any order.
    """
    links = _links(layer, read)
    partner: dict[int, int] = {}
    for exact in (True, False):
        _match_single(layer, read, links, partner, exact=exact)
    kept, used = set(partner), set(partner.values())
    for words, readings in _groups(links, kept, used):
        if agree(_joined(layer, words), _joined(read, readings)) and not _overlap(layer, words):
            kept.update(words)
            used.update(readings)
    return Confirmed(
        kept=tuple(word for i, word in enumerate(layer) if i in kept),
        added=tuple(word for i, word in enumerate(read) if i not in used),
        refused=tuple(word for i, word in enumerate(layer) if i not in kept),
    )


def agree(text: str, reading: str) -> bool:
    """Return whether OCR, which may misread letters, can have read `reading` where `text` is printed.

    Of four letters one may differ, of eight two. Digits have to be the same, with their sign and the marks
    between them; letters that look like digits count as those.

    Examples
    --------
    >>> agree("Rechnung", "Rechnunq"), agree("USD", "AUD"), agree("19.90", "19.80"), agree("5.00", "-5.00")
    (True, False, False, False)
    """
    return text == reading or (_figures(text) == _figures(reading) and _similar(text, reading))


def _figures(text: str) -> str:
    """Return the digits of a text, the marks between them and the minus beside them."""
    plain = text.translate(_LOOK_ALIKES)
    at = [i for i, ch in enumerate(plain) if ch.isdigit()]
    if not at:
        return ""
    before, after = plain[: at[0]][-1:], plain[at[-1] + 1 :][:1]
    between = "".join(ch for ch in plain[at[0] : at[-1] + 1] if not ch.isalpha())
    return f"{before if before == '-' else ''}{between}{after if after == '-' else ''}"


def _similar(text: str, reading: str) -> bool:
    a, b = (_plain(each) for each in (text, reading))
    if not a or not b:
        return a == b
    return Levenshtein.distance(a, b) <= max(len(a), len(b)) // _LETTERS_A_MISTAKE


def _plain(text: str) -> str:
    return "".join(ch for ch in text.translate(_LOOK_ALIKES).casefold() if ch.isalnum())


def _links(layer: Sequence[Word], read: Sequence[Word]) -> list[NDArray[np.intp]]:
    """Return for each word of the layer the indices of the readings in its place, the best first."""
    if not layer or not read:
        return [np.zeros(0, dtype=np.intp) for _ in layer]
    boxes = _boxes(read)
    sizes = boxes[:, 2:] - boxes[:, :2]
    found: list[NDArray[np.intp]] = []
    for box in _boxes(layer):
        shared = np.minimum(boxes[:, 2:], box[2:]) - np.maximum(boxes[:, :2], box[:2])  # (n_read, 2)
        smaller = np.minimum(sizes, box[2:] - box[:2])
        meets = (shared > 0) & (shared >= np.array([_MIN_SHARED_WIDTH, _MIN_SHARED_HEIGHT]) * smaller)
        at = np.flatnonzero(meets.all(axis=1))
        found.append(at[np.argsort(-shared[at].prod(axis=1), kind="stable")])
    return found


def _boxes(words: Sequence[Word]) -> NDArray[np.float64]:
    return np.array([(w.bbox.left, w.bbox.top, w.bbox.right, w.bbox.bottom) for w in words])


def _match_single(
    layer: Sequence[Word],
    read: Sequence[Word],
    links: Sequence[NDArray[np.intp]],
    partner: dict[int, int],
    *,
    exact: bool,
) -> None:
    """Give each word of the layer the reading that is its like, each reading once."""
    taken = set(partner.values())
    for i, word in enumerate(layer):
        if i in partner:
            continue
        for j in map(int, links[i]):
            if j in taken:
                continue
            said = read[j].text
            if word.text == said if exact else agree(word.text, said):
                partner[i] = j
                taken.add(j)
                break


def _groups(
    links: Sequence[NDArray[np.intp]], kept: set[int], used: set[int]
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the words and readings that are left, those that meet together; large groups are left out."""
    left = {i: [j for j in found.tolist() if j not in used] for i, found in enumerate(links) if i not in kept}
    by_reading: dict[int, list[int]] = {}
    for i, found in left.items():
        for j in found:
            by_reading.setdefault(j, []).append(i)
    seen: set[int] = set()
    for start in by_reading:
        if start not in seen:
            words, readings = _meeting(start, by_reading, left)
            seen.update(readings)
            if len(words) <= _MAX_JOINED and len(readings) <= _MAX_JOINED:
                yield list(words), list(readings)


def _meeting(
    start: int, by_reading: Mapping[int, Sequence[int]], by_word: Mapping[int, Sequence[int]]
) -> tuple[dict[int, None], dict[int, None]]:
    """Return the words and readings that a reading meets, those that these meet, and so on."""
    words: dict[int, None] = {}
    readings: dict[int, None] = {start: None}
    queue = [start]
    while queue:
        for i in by_reading[queue.pop()]:
            if i not in words:
                words[i] = None
                queue += (j for j in by_word[i] if j not in readings)
                readings.update(dict.fromkeys(by_word[i]))
    return words, readings


def _doubted(read: Sequence[Word], refused: Sequence[Word]) -> tuple[Word, ...]:
    """Return what was read, with little confidence where the text layer says something else."""
    disputed = {j for found in _links(refused, read) for j in map(int, found)}
    return tuple(
        replace(word, confidence=min(word.confidence, _DISPUTED_CONFIDENCE)) if j in disputed else word
        for j, word in enumerate(read)
    )


def _share(a: BBox, b: BBox) -> bool:
    """Return whether one of the boxes holds the centre of the other."""
    return _holds(a, b.center) or _holds(b, a.center)


def _holds(box: BBox, point: tuple[float, float]) -> bool:
    return box.left <= point[0] <= box.right and box.top <= point[1] <= box.bottom


def _joined(words: Sequence[Word], indices: Iterable[int]) -> str:
    return "".join(words[i].text for i in sorted(indices, key=lambda i: words[i].bbox.left))


def _overlap(words: Sequence[Word], indices: Sequence[int]) -> bool:
    """Return whether two of the words stand in one place: then one of them is not seen."""
    ordered = sorted((words[i].bbox for i in indices), key=lambda box: box.left)
    return any(a.center[0] > b.left for a, b in pairwise(ordered))
