"""What confirmed pages teach about the fields of a page like them.

A field that stands at one place on a confirmed page is sought at the aligned place of the page at hand, and a
field that the confirmed page does not have is taken for absent here too. Either is a claim beside what the
model said, and has to weigh more than the model's confidence (`decoding.transfer.weigh`): most where a person
corrected that field and the model repeats the mistake. A taught value is always words of the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pydantic import JsonValue

from decoding.evidence import read_key, read_place, write_value
from decoding.grammar.page_text import is_span
from decoding.grammar.value_patterns import looks_like_amount, looks_like_date
from decoding.transfer.alignment import Alignment, Place
from decoding.transfer.tokens import Span, find_spans, line_end, line_start, same_text, words_in
from decoding.transfer.weigh import Claim, log_odds
from schemas.example import Example
from schemas.spec import GROUNDED_KINDS, ExtractionSchema, FieldSpec, Path, json_path, single_fields
from schemas.walk import value_at

# A claim is followed where it is this much likelier than what the model said (log-odds of 0.6).
_LEAST_ODDS = math.log(0.6 / 0.4)
# A model so sure is contradicted only where it was corrected before.
_SURE = 0.95
# Of two pages of other templates not a fifth of the words belong together, of nine in ten of one template
# more.
_LEAST_OVERLAP = 0.25
# Each further confirmed page that claims the same; each that finds what the model said, or on which it was
# right.
_SECONDED, _OPPOSED = 0.5, 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the model said of a field, and how sure it was, in [0, 1] (None: not known)."""

    value: JsonValue
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What a field is by a confirmed page, how likely that is the better value, and which page says so."""

    value: str | None
    probability: float
    example_id: str


class Lesson:
    """A confirmed page beside the text of the page at hand; `similarity` of the two is in [0, 1]."""

    def __init__(self, example: Example, similarity: float, page_text: str) -> None:
        self.example = example
        self.similarity = similarity
        self._page_text = page_text

    @cached_property
    def _alignment(self) -> Alignment:
        return Alignment(self.example.text, self._page_text)

    def claim(self, path: Path, spec: FieldSpec, said: Said) -> Claim | None:
        """Return what the page claims of a field; None if nothing, or nothing that can stand there."""
        example, name = self.example, json_path(path)
        value = value_at(example.answer, path)
        if name in example.unknown or (value is None and name in example.known):
            return None
        if not self.was_wrong(path) and (said.confidence or 0.0) >= _SURE:
            return None
        if self._alignment.overlap < _LEAST_OVERLAP:
            return None
        place = None
        if value is not None:
            place = self._find_place(path, str(value))
            if place is None or not _can_be(place.text, spec):
                return None
        elif not spec.nullable:
            return None
        return Claim(
            place=place,
            similarity=self.similarity,
            was_mistaken=self.was_wrong(path),
            repeats_mistake=self.was_wrong(path) and self._repeats(example.mistakes[name], said),
            confidence=said.confidence,
            says_null=said.value is None,
        )

    def had_right(self, path: Path) -> bool:
        """Return whether a person saw what the service answered to a field of the page, and left it."""
        name = json_path(path)
        return self.example.source == "feedback" and name in self.example.known and not self.was_wrong(path)

    def was_wrong(self, path: Path) -> bool:
        """Return whether a person corrected what the service answered to a field of the page."""
        return json_path(path) in self.example.mistakes

    def _find_place(self, path: Path, value: str) -> Place | None:
        known = self._alignment.known
        spans = find_spans(known, value)
        place = self._alignment.find_place(self._on_named_line(path, spans) or spans)
        if place is None:
            return None
        printed = " ".join(words_in(known[place.known.start : place.known.end]))
        text = _without_glue(place.text, printed, value)
        return None if text is None else replace(place, text=text)

    def _on_named_line(self, path: Path, spans: Sequence[Span]) -> tuple[Span, ...]:
        """Return those of the spans that begin in the line that the annotation names for the field."""
        key = read_key(write_value(str(path[-1])))
        named = {read_place(line) for line in self.example.evidence if read_key(line) == key} - {""}
        tokens = self._alignment.known

        def begins_there(span: Span) -> bool:
            line = " ".join(words_in(tokens[line_start(tokens, span.start) : line_end(tokens, span.start)]))
            return any(line.startswith(place) for place in named)

        return tuple(span for span in spans if begins_there(span))

    def _repeats(self, mistake: JsonValue, said: Said) -> bool:
        if mistake is None or said.value is None:
            return mistake is None and said.value is None
        place = self._alignment.find_place(find_spans(self._alignment.known, str(mistake)))
        return place is not None and same_text(place.text, str(said.value))


def find_taught(
    said: Mapping[Path, Said], lessons: Sequence[Lesson], schema: ExtractionSchema
) -> dict[Path, Taught]:
    """Return the fields for which confirmed pages outweigh the model, outside of lists, by path.

    Parameters
    ----------
    said
        What the model said of each field; one that is not named is not taught.
    lessons
        The confirmed pages, the nearest first.
    """
    found: dict[Path, Taught] = {}
    for path, spec in single_fields(schema.root):
        if spec.kind in GROUNDED_KINDS and path in said:
            n_right = sum(lesson.had_right(path) for lesson in lessons)
            taught = _weigh(tuple(_claims(path, spec, said[path], lessons)), said[path], n_right)
            if taught is not None:
                found[path] = taught
    return found


def _claims(
    path: Path, spec: FieldSpec, said: Said, lessons: Sequence[Lesson]
) -> Iterator[tuple[Claim, Lesson]]:
    for lesson in lessons:
        claim = lesson.claim(path, spec, said)
        if claim is not None:
            yield claim, lesson


def _weigh(claims: Sequence[tuple[Claim, Lesson]], said: Said, n_right: int) -> Taught | None:
    """Return the claim that weighs most, if it weighs enough, with those that second and oppose it.

    On `n_right` of the confirmed pages the model had the field right, which weighs against a correction.
    """
    others = [(claim, lesson) for claim, lesson in claims if not agrees(claim, said)]
    if not others:
        return None
    best, lesson = max(others, key=lambda pair: log_odds(pair[0]))
    n_seconding = sum(_claim_same(claim, best) for claim, _ in others) - 1
    n_agreeing = len(claims) - len(others)
    n_opposing = max(n_agreeing, n_right) if best.was_mistaken else n_agreeing
    odds = log_odds(best) + _SECONDED * n_seconding - _OPPOSED * n_opposing
    if odds < _LEAST_ODDS:
        return None
    value = None if best.place is None else best.place.text
    return Taught(value=value, probability=1 / (1 + math.exp(-odds)), example_id=lesson.example.example_id)


def agrees(claim: Claim, said: Said) -> bool:
    """Return whether a claim is what the model said: the same letters and digits, or null."""
    if claim.place is None or said.value is None:
        return claim.place is None and said.value is None
    return same_text(claim.place.text, str(said.value))


def _claim_same(first: Claim, second: Claim) -> bool:
    if first.place is None or second.place is None:
        return first.place is None and second.place is None
    return same_text(first.place.text, second.place.text)


def _can_be(text: str, spec: FieldSpec) -> bool:
    """Return whether a text can be a value of the field, by its kind and its length."""
    if spec.kind == "date" and not looks_like_date(text):
        return False
    if spec.kind == "amount" and not looks_like_amount(text):
        return False
    return spec.min_length <= len(text) <= spec.max_length


def _without_glue(text: str, printed: str, value: str) -> str | None:
    """Return a text without what is glued to its ends, as the confirmed value lacks it on its own page.

    None if a label or currency is glued to the one and not in the same way to the other.
    """
    before, found, behind = printed.partition(value)
    if not found:
        return text
    if text.startswith(before) and text.endswith(behind):
        bare = text[len(before) : len(text) - len(behind)]
        if bare and is_span(bare, tuple(text.split())):
            return bare
    return None if any(map(str.isalnum, before + behind)) else text
