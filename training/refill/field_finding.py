"""Single fields on a page: the words of the answer, other places that print it, and the label before it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

from decoding.grammar.value_patterns import looks_like_amount, looks_like_date
from decoding.grounding.matching import text_key
from decoding.grounding.occurrences import DocumentIndex, Label
from schemas.document import Page
from schemas.extraction import Alignment, FieldMetadata
from schemas.spec import ExtractionSchema, FieldKind, FieldSpec, Path
from training.refill.labels import MAX_LABEL_WORDS, languages_of
from training.refill.template import Run, TemplateField
from training.synthesis.vocabulary import LEGAL_FORMS

# A misread copy of a name is taken for it if it is so like it, and fills its lines from gap to gap: then it
# is certain where it begins and ends.
_MIN_LIKENESS = 0.85
_GAP_CHARS = 2.0
_MIN_NAME_CHARACTERS = 6  # shorter texts stand in other places by chance
_MAX_LINES_ABOVE = 2
_LEGAL_WORDS = frozenset(word.casefold().strip(".,") for form in LEGAL_FORMS for word in form.split())


@dataclass(frozen=True, kw_only=True)
class PageText:
    """One page, ready to be searched; `char_width` is that of its print, in page fractions."""

    page: Page
    char_width: float
    index: DocumentIndex

    @cached_property
    def line_of(self) -> Mapping[int, int]:
        """Return the line of each word."""
        return {i: n for n, (start, end) in enumerate(self.page.lines) for i in range(start, end)}

    def text(self, run: Run) -> str:
        """Return the words of a run, joined by spaces."""
        return " ".join(self.page.words[i].text for i in run)

    def fills_its_lines(self, run: Run) -> bool:
        """Return whether no word stands close before or behind the run on any of its lines."""
        own = set(run)
        return not any(self.is_joined(i, j) for i in run for j in (i - 1, i + 1) if j not in own)

    def is_joined(self, i: int, j: int) -> bool:
        """Return whether two words stand on one line without a wide gap between."""
        if self.line_of.get(i) != self.line_of.get(j):
            return False
        a, b = self.page.words[min(i, j)].bbox, self.page.words[max(i, j)].bbox
        return b.left - a.right < _GAP_CHARS * self.char_width

    def segment(self, i: int) -> Run:
        """Return the words around one, up to the wide gaps of its line."""
        first = last = i
        while self.is_joined(first - 1, first):
            first -= 1
        while self.is_joined(last, last + 1):
            last += 1
        return tuple(range(first, last + 1))


def find_fields(
    schema: ExtractionSchema,
    value: Mapping[str, JsonValue],
    tags: Mapping[str, str],
    metadata: Mapping[Path, FieldMetadata],
    text: PageText,
    region: range,
    outcomes: Counter[str],
) -> Iterator[TemplateField]:
    """Yield the fields of the page whose words are certain, in schema order.

    Parameters
    ----------
    metadata
        Where the whole document's values stand, by JSON path.
    region
        Words of the page that are a table's rows: a field that stands there is looked for elsewhere.
    """
    taken: dict[Run, FieldKind] = {}
    for key, spec in schema.root.properties:
        found, tag = value.get(key), tags.get(key)
        if not isinstance(spec, FieldSpec) or not isinstance(found, str) or tag is None:
            continue
        run = _answer(key, tag, spec, found, metadata.get((key,)), text, region)
        if isinstance(run, str):
            outcomes[f"field: {run}"] += 1
        elif any(
            set(run) & set(other) and (other != run or spec.kind != kind) for other, kind in taken.items()
        ):
            outcomes["field: its words are another's"] += 1
        else:
            taken[run] = spec.kind
            outcomes["field"] += 1
            yield _field(key, tag, spec, run, text, region)


def _field(key: str, tag: str, spec: FieldSpec, run: Run, text: PageText, region: range) -> TemplateField:
    label, is_above = label_of(run, tag, text)
    return TemplateField(
        key=key,
        tag=tag,
        kind=spec.kind,
        description=spec.description,
        places=(run, *_other_places(run, spec, text, region)),
        label=label,
        is_label_above=is_above,
    )


def label_of(run: Run, tag: str, text: PageText) -> tuple[Run | None, bool]:
    """Return the known label of a value, if it has one, and whether it stands above, not beside it."""
    beside = _label_beside(run, tag, text)
    return (_label_above(run, tag, text), True) if beside is None else (beside, False)


def _answer(
    key: str,
    tag: str,
    spec: FieldSpec,
    value: str,
    known: FieldMetadata | None,
    text: PageText,
    region: range,
) -> Run | str:
    """Return the words of the answer on this page, or why they are not certain."""
    found = _cited(known, text)
    if found is None or set(found[0]) & set(region):
        found = _grounded(key, spec, value, text, region)
    if found is None:
        return "not on the page"
    run, alignment, score = found
    printed = text.text(run)
    if spec.kind == "amount":
        is_whole = looks_like_amount(printed) and not _is_cut(run, text)
        return run if is_whole else "no whole amount"
    if spec.kind == "date":
        return run if looks_like_date(printed) else "no date"
    if tag.endswith("name") and not _is_plain(run, text):
        return "no plain name"
    if alignment != "fuzzy" and (score >= 1.0 or _letters(value) == _letters(printed)):
        return run
    is_like = score >= _MIN_LIKENESS and alignment == "fuzzy"
    return run if is_like and text.fills_its_lines(run) else "its ends are not certain"


def _is_plain(run: Run, text: PageText) -> bool:
    """Return whether a name is whole and nothing else: no number in it, no legal form left behind it."""
    after = run[-1] + 1
    has_more = text.is_joined(run[-1], after) and _is_legal_form(text.page.words[after].text)
    return not has_more and re.search(r"\d{5}", text.text(run)) is None


def _is_cut(run: Run, text: PageText) -> bool:
    """Return whether an amount ends in a mark, or goes on in a word of its own: "12. 50"."""
    after = run[-1] + 1
    has_more = text.is_joined(run[-1], after) and text.page.words[after].text[:1].isdigit()
    return has_more or text.text(run)[-1] in ".,:;="


def _is_legal_form(word: str) -> bool:
    return word.casefold().strip(".,") in _LEGAL_WORDS


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _cited(known: FieldMetadata | None, text: PageText) -> tuple[Run, Alignment, float] | None:
    """Return where the whole document's value stands, if that is in one piece on this page."""
    if known is None or len(known.citations) != 1 or known.alignment is None:
        return None
    citation = known.citations[0]
    if citation.page_number != text.page.page_index + 1:
        return None
    return citation.word_indices, known.alignment, known.alignment_score or 0.0


def _grounded(
    key: str, spec: FieldSpec, value: str, text: PageText, region: range
) -> tuple[Run, Alignment, float] | None:
    """Return where the value stands on this page outside of the table, if exactly."""
    label = Label(key, spec.description)
    runs = [
        run for run in text.index.occurrences(value, spec.kind) if not set(run.word_indices) & set(region)
    ]
    exact = [run for run in runs if run.alignment != "fuzzy"]
    if not exact:
        return None
    best = max(exact, key=lambda run: (run.score, text.index.label_score(run, label), -run.word_indices[0]))
    return best.word_indices, best.alignment, best.score


def _other_places(run: Run, spec: FieldSpec, text: PageText, region: range) -> Iterator[Run]:
    """Yield the other runs that print the same words; amounts and dates are found by their values instead."""
    printed = text.text(run)
    if spec.kind != "verbatim" or len(printed) < _MIN_NAME_CHARACTERS:
        return
    taken = {*run, *region}
    for other in text.index.occurrences(printed, "verbatim"):
        if other.score >= 1.0 and other.alignment != "fuzzy" and not taken & set(other.word_indices):
            taken.update(other.word_indices)
            yield other.word_indices


def _label_beside(run: Run, tag: str, text: PageText) -> Run | None:
    """Return the longest known label that ends right before the value on its line."""
    first, known = min(run), languages_of(tag)
    while (
        first > 0
        and text.line_of.get(first - 1) == text.line_of[first]
        and not _letters(text.page.words[first - 1].text)
    ):
        first -= 1  # a colon of its own
    for size in range(MAX_LABEL_WORDS, 0, -1):
        label = tuple(range(first - size, first))
        if (
            label[0] >= 0
            and text.line_of[label[0]] == text.line_of[min(run)]
            and text_key(text.text(label)) in known
        ):
            return label
    return None


def _label_above(run: Run, tag: str, text: PageText) -> Run | None:
    """Return the known label that stands above the value, alone between two gaps."""
    known, box = languages_of(tag), text.page.words[run[0]].bbox
    line = text.line_of[run[0]]
    for above in range(line - 1, max(line - 1 - _MAX_LINES_ABOVE, -1), -1):
        for i in range(*text.page.lines[above]):
            over = text.page.words[i].bbox
            if over.left < box.right and over.right > box.left:
                segment = text.segment(i)
                return segment if text_key(text.text(segment)) in known else None
    return None
