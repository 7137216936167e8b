"""Texts that were read on from a document's title, which the page sets apart from them as columns are.

"FACTUUR." at the left and the seller's name at the right are neighbours on one line, and no name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from decoding.grounding.result import GroundedField, GroundingResult
from decoding.kinds.titles import MOST_PHRASE_WORDS, plain_words, title_phrases
from decoding.tables.totals import folded_words
from schemas.document import Document, Page
from schemas.spec import FieldSpec, Path

# From here a model's mind is made up about where a text begins and ends.
_SURE = 0.95
# Widths of a character that part columns; words of one phrase stand about one apart.
_WIDE_GAP = 4.0
# What asks for a title itself.
_ASKS_TITLE = frozenset("title heading kind type titel titre art typ".split())


def drop_titles(
    grounded: GroundingResult, document: Document, probabilities: Mapping[Path, float | None]
) -> dict[Path, str]:
    """Return the copied texts outside of rows, by path, that are to be given without a title.

    Parameters
    ----------
    grounded
        The answer and where it stands.
    probabilities
        Of the values, as far as the model gave them: of what it was sure of nothing is dropped.

    Notes
    -----
    Only texts that stand in one place, as whole words, are looked at; fields with a pattern or the form of a
    code, and those that ask for a title, are left alone. Nothing is left without a word.
    """
    found: dict[Path, str] = {}
    for path, field in grounded.fields.items():
        probability = probabilities.get(path)
        if _asks_title(path, field.spec) or (probability is not None and probability >= _SURE):
            continue
        page, words = _place(field, document)
        kept = words if page is None else _without_title(page, words)
        if page is not None and kept != words:
            found[path] = _text(page, kept)
    return found


def _asks_title(path: Path, spec: FieldSpec) -> bool:
    keys = (part.replace("_", " ") for part in path if isinstance(part, str))
    return not folded_words([*keys, spec.description]).isdisjoint(_ASKS_TITLE)


def _place(field: GroundedField, document: Document) -> tuple[Page | None, tuple[int, ...]]:
    """Return the page and the words of a text that is exactly these words."""
    spec, cited = field.spec, field.metadata.citations
    if spec.kind != "verbatim" or spec.pattern is not None or spec.code_format is not None or len(cited) != 1:
        return None, ()
    page, words = document.pages[cited[0].page_number - 1], cited[0].word_indices
    return (page, words) if field.value == _text(page, words) else (None, ())


def _text(page: Page, words: Sequence[int]) -> str:
    return " ".join(page.words[i].text for i in words)


def _without_title(page: Page, words: tuple[int, ...]) -> tuple[int, ...]:
    for n in range(min(MOST_PHRASE_WORDS, len(words) - 1), 0, -1):
        if _is_title(page, words[:n]) and _is_apart(page, words[n - 1], words[n]):
            return words[n:]
        if _is_title(page, words[-n:]) and _is_apart(page, words[-n - 1], words[-n]):
            return words[:-n]
    return words


def _is_title(page: Page, words: Sequence[int]) -> bool:
    return bool(title_phrases().get(" ".join(plain_words(_text(page, words)))))


def _is_apart(page: Page, first: int, second: int) -> bool:
    """Return whether two words stand on one line with a gap between them as between columns."""
    start, end = next((start, end) for start, end in page.lines if start <= first < end)
    if not start <= second < end:
        return False
    one, other = page.words[first], page.words[second]
    width = max((word.bbox.right - word.bbox.left) / len(word.text) for word in (one, other))
    return other.bbox.left - one.bbox.right > _WIDE_GAP * width
