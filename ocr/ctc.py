"""From a recogniser's column scores to characters, and from characters to words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocr.spelling import SEEN_ODDS, respell

_BLANK = 0
# A label of two letters or more, its colon, and a value that begins like a number; not "http://".
_LABEL = re.compile(r"[^\W\d][^\s:]*[^\s:]:(?=[\d$€£+-])")
# A date with a time or a word of three letters at its end: "03/02/201815:28", "17/04/2017Time:16:27", after
# the colon of its label too.
_DATE = re.compile(
    r":?(?:\d{1,2}([/.-])\d{1,2}\1(?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d([/.-])\d\d\2\d\d)"
    r"[,;_]{0,2}(?=\d{1,2}:\d\d|[^\W\d_]{3})"
)
# Of 19 accents on 60 receipts and 60 photographed ones, those printed were at least 5.3 times as likely as
# the bare letter, but for one; those that were specks ("SÉLANGOR", "TASÍK") at most 4.1 times, but for one.
_ACCENT_ODDS = 5.0
# On the same pages the letter printed in "ST0RE", "RESERVATI0N", "Nyer1", "Vol1rads" had 0.12 to 0.9 of the
# odds of the digit read, and at most 0.04 where the digit was printed, but for one "Phase1".
_RIVAL_ODDS = 0.1
# On 25 receipts and 25 photographed ones, most places inside of words with at least such a probability had a
# space printed; those that had none stood between digits, around points or before small letters.
_SPACE_ODDS = 0.15
_MAX_SEEN = 6  # letters beside the one that was read
# On 239 receipts, of the figures in whose place another one was seen with at least such odds, and that a
# second look read alike, a third was misread (docs/reading.md).
_FIGURE_ODDS = 0.1
_CURRENCY_SIGNS = frozenset("$\u20ac\u00a3\u00a5")
_TINY = 1e-6
_MIN_DIGITS = 2  # of a word with figures to lose
_RIVALS = {"0": "Oo", "1": "lIi", "O": "0", "o": "0", "l": "1", "I": "1", "i": "1"}


class Glyph(NamedTuple):
    """One character: its centre as a fraction of the line's length, and its probability.

    `rival` is the look-alike, a letter for a digit or a digit for a letter, that may be meant as well;
    `space_before` the probability of a space that was not read, between the character before and this one;
    `seen` the letters that were seen as well, or for a digit the digits and signs of currencies, likelier
    ones first, with their odds to `char`.
    """

    char: str
    center: float
    confidence: float
    rival: str = ""
    space_before: float = 0.0
    seen: tuple[tuple[str, float], ...] = ()


class LineWord(NamedTuple):
    """One word of a line: where it starts and ends as fractions of the line's length.

    `other` is what it may be instead, where other digits were seen in it, or read by another look at it.
    """

    text: str
    start: float
    end: float
    confidence: float
    other: str = ""


# "I" and "l" look the same in many faces. "WorId" and "ltem" cannot be right: inside a word, before a small
# letter, it is an l (but "McIntosh"); at the start, before a consonant, it is an I.
_INNER_I = re.compile(r"(?<=[^\W\d_])(?<!Mc)(?<!Mac)I(?=[a-zß-ÿ])")
_INITIAL_L = re.compile(r"^l(?=[bcdfghjkmnpqrstvwxz])")
# A 1 among small letters is an l: "Dunda1k", "Randa11", "Ju1/15/2017". Words with other digits before it are
# codes, and names of mailboxes may hold anything.
_WORDY = re.compile(r"[^\W\d_1][^\W\d_]*1+(?:[^\W\d_]*|[^\w@].*)")
_INNER_1 = re.compile(r"(?<=[a-zß-ÿ])1+(?=[a-zß-ÿ])|(?<=[aeiou])11(?!\w)|(?<=^Ju)1(?!\w)")
_TIMES_FOR_X = re.compile(r"(?<=[^\W\d_])×")
_S_FOR_DOLLAR = re.compile(r"^S(?=\d+\.\d\d$)")

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
    bare, rivals = _likenesses(tuple(alphabet))
    glyphs: list[Glyph] = []
    space = alphabet.index(" ") if " " in alphabet else None
    end = 0  # of the character before
    for symbol, run in groupby(range(len(best)), key=lambda column: int(best[column])):
        columns = list(run)
        if symbol == _BLANK:
            continue
        peaks = scores[columns[0] : columns[-1] + 1].max(axis=0)
        is_speck = symbol in bare and peaks[symbol] < _ACCENT_ODDS * peaks[bare[symbol]]
        chosen = bare[symbol] if is_speck else symbol
        rival = max(rivals.get(chosen, ()), key=lambda other: float(peaks[other]), default=_BLANK)
        center = min((columns[0] + columns[-1] + 1) / 2 / len(best) * stretch, 1.0)
        is_likely = rival != _BLANK and peaks[rival] >= _RIVAL_ODDS * peaks[chosen]
        glyphs.append(
            Glyph(
                alphabet[chosen],
                center,
                min(float(peaks[symbol]), 1.0),
                alphabet[rival] if is_likely else "",
                0.0 if space is None else float(scores[end : columns[0] + 1, space].max()),
                _seen(peaks, chosen, alphabet),
            )
        )
        end = columns[-1]
    return tuple(glyphs)


def _seen(peaks: NDArray[np.float32], chosen: int, alphabet: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Return the letters, or figures, other than `chosen` that were seen as well, the likeliest first."""
    is_letter = alphabet[chosen].isalpha()
    if not (is_letter or alphabet[chosen].isdigit()):
        return ()
    odds = peaks / max(float(peaks[chosen]), _TINY)
    others = [
        (float(odds[i]), alphabet[i])
        for i in map(int, np.flatnonzero(odds >= (SEEN_ODDS if is_letter else _FIGURE_ODDS)))
        if i != chosen and (alphabet[i].isalpha() if is_letter else _is_figure(alphabet[i]))
    ]
    return tuple((letter, min(1.0, likely)) for likely, letter in sorted(others, reverse=True)[:_MAX_SEEN])


def _is_figure(char: str) -> bool:
    return char.isdigit() or char in _CURRENCY_SIGNS


@lru_cache(maxsize=4)
def _likenesses(
    alphabet: tuple[str, ...],
) -> tuple[Mapping[int, int], Mapping[int, tuple[int, ...]]]:
    """Return the places of accented letters with their bare ones', and of digits and letters alike."""
    places = {char: index for index, char in enumerate(alphabet)}
    bare = {
        index: places[letter]
        for index, char in enumerate(alphabet)
        if (letter := _without_accent(char)) != char and letter in places
    }
    rivals = {
        places[char]: tuple(places[other] for other in others if other in places)
        for char, others in _RIVALS.items()
        if char in places
    }
    return bare, rivals


def _without_accent(char: str) -> str:
    if char == "\N{LATIN SMALL LETTER DOTLESS I}":
        return "i"
    parts = unicodedata.normalize("NFD", char)
    is_accented = len(parts) > 1 and parts[0].isascii() and parts[0].isalpha()
    return parts[0] if is_accented else char


def split_words(
    glyphs: Sequence[Glyph], is_known: Callable[[str], bool] | None = None
) -> tuple[LineWord, ...]:
    """Return the words of a line, split at spaces, after a label's colon, and between date and time.

    Each has the stretch of the line that it covers. A word that is not known becomes one that `is_known`, in
    small letters, if the letters for it were seen (`ocr.spelling`).

    A word reaches half a character beyond the centres of its first and last one, and never into its
    neighbour. The width of a character is the line's median distance of centres.
    """
    spaced = [tuple(run) for space, run in groupby(glyphs, key=lambda g: g.char.isspace()) if not space]
    runs = [part for run in spaced for whole in _at_lost_spaces(run) for part in _parts(whole)]
    half = _pitch(runs) / 2
    starts = [max(0.0, run[0].center - half) for run in runs]
    ends = [min(1.0, run[-1].center + half) for run in runs]
    for i in range(len(runs) - 1):
        if ends[i] > starts[i + 1]:
            ends[i] = starts[i + 1] = (runs[i][-1].center + runs[i + 1][0].center) / 2
    return tuple(
        LineWord(
            text := _spelt(run, is_known),
            start,
            end,
            sum(g.confidence for g in run) / len(run),
            _with_other_figure(text, run),
        )
        for run, start, end in zip(runs, starts, ends, strict=True)
    )


def _with_other_figure(text: str, run: Run) -> str:
    """Return a word with the likeliest other digit that was seen, or sign in the place of its first one.

    Empty if none was seen, and for words of less than two digits.
    """
    others = [
        (odds, at, char)
        for at, glyph in enumerate(run)
        for char, odds in (glyph.seen if glyph.char.isdigit() and text[at] == glyph.char else ())
        if char.isdigit() or at == 0
    ]
    if not others or sum(map(str.isdigit, text)) < _MIN_DIGITS:
        return ""
    _, at, char = max(others)
    return text[:at] + char + text[at + 1 :]


def _spelt(run: Run, is_known: Callable[[str], bool] | None) -> str:
    text = _without_look_alikes(_meant(run))
    return text if is_known is None else respell(text, [glyph.seen for glyph in run], is_known)


def _at_lost_spaces(run: Run) -> Iterator[Run]:
    """Yield the parts of "GREENGATEMARKET": the recogniser saw a space, and was surer that there is none."""
    start = 0
    for i in range(1, len(run)):
        if run[i].space_before >= _SPACE_ODDS and _may_part(run, i):
            yield run[start:i]
            start = i
    yield run[start:]


def _may_part(run: Run, i: int) -> bool:
    """Return whether a word may begin at `i`: not inside of numbers, nor of words ("adjus tments")."""
    before, char = run[i - 1].char, run[i].char
    if char == "(":
        return before.isalnum()
    if before in ",;)":
        is_number = i > 1 and run[i - 2].char.isdigit() and char.isdigit()
        return char.isalnum() and not is_number
    return before.isalpha() and char.isupper()


def _parts(run: Run) -> tuple[Run, ...]:
    """Return "Date:5/3/201812:30" as three runs: recognisers lose the narrow spaces between them."""
    text = "".join(glyph.char for glyph in run)
    found = _LABEL.match(text) or _DATE.match(text)
    return (run[: found.end()], *_parts(run[found.end() :])) if found else (run,)


def _meant(run: Run) -> str:
    """Return a word's characters, look-alikes chosen by the others: "ST0RE" is a word, "475O0" a number.

    Only if every character of the wrong kind is in doubt, because codes hold both.
    """
    n_letters, n_digits = sum(g.char.isalpha() for g in run), sum(g.char.isdigit() for g in run)
    is_word, is_number = n_letters >= 3 and n_letters > n_digits, n_digits >= 3 and n_letters < 2
    wrong = [g for g in run if (is_word and g.char.isdigit()) or (is_number and g.char.isalpha())]
    if not wrong or not all(g.rival for g in wrong):
        return "".join(g.char for g in run)
    return "".join(g.rival if g in wrong else g.char for g in run)


def _without_look_alikes(text: str) -> str:
    """Return `text` with I, l, x and $ where only they can be meant; the length stays."""
    text = _S_FOR_DOLLAR.sub("$", _TIMES_FOR_X.sub("x", text))
    text = _INITIAL_L.sub("I", _INNER_I.sub("l", text))
    if _WORDY.fullmatch(text) is None:
        return text
    return _INNER_1.sub(lambda found: "l" * len(found[0]), text)


def _pitch(runs: Sequence[Run]) -> float:
    """Return the median distance of neighbouring characters inside words, as a fraction of the line."""
    gaps = [b.center - a.center for run in runs for a, b in pairwise(run)]
    n_chars = sum(len(run) for run in runs)
    return float(np.median(gaps)) if gaps else 0.9 / max(1, n_chars)
