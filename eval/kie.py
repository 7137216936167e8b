"""Key-information extraction: single fields, right or wrong, as precision, recall and F1.

Each field of a document comes out in one of five ways (`Outcome`). Three matchings say what "right" means:
`exact` (the same characters), `normalised` (the same value, by the field's kind) and `edit` (the share of
characters that is right, which counts in part). See docs/metrics/kie.md.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Literal, get_args

from pydantic import JsonValue

from eval.f_scores import Counts, total
from eval.similarity import edit, same_amount_as, same_date, same_text
from schemas.values import DecimalSeparator, vote_decimal_separator

Outcome = Literal["right", "wrong", "missed", "hallucinated", "absent"]
Matching = Literal["exact", "normalised", "edit"]
MATCHINGS: tuple[Matching, ...] = get_args(Matching)
# How a field's values are compared once they are normalised.
ValueKind = Literal["text", "amount", "date"]
# What a normal form is written with, whatever the document has.
_OF_NORMAL_FORMS: DecimalSeparator = "."
_THREE_DECIMALS = re.compile(r"\.\d{3}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pred:
    """A predicted value: its text, and its normal form where it has one ("1234.50", "2026-11-20")."""

    text: str
    normalised: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Separators:
    """The decimal separator of each side's ambiguous amounts ("1.234"); None reads them as thousands."""

    pred: DecimalSeparator | None = None
    gold: DecimalSeparator | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldResult:
    """How one field of one document came out, and how near the prediction was, in [0, 1]."""

    field: str
    outcome: Outcome
    similarity: float

    @property
    def counts(self) -> Counts:
        """Return the result as a score with its two counts."""
        return Counts(
            score=self.similarity,
            n_pred=int(self.outcome in ("right", "wrong", "hallucinated")),
            n_gold=int(self.outcome in ("right", "wrong", "missed")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KieScore:
    """Outcomes over documents, and the figures that follow; all in [0, 1].

        precision = S / (right + wrong + hallucinated)
        recall    = S / (right + wrong + missed)
        F1        = 2 S / (predicted + gold)

    with S the sum of similarities, which is the number of right values unless the matching is `edit`. A
    wrong value counts against both. Nothing predicted and nothing to find is agreement: 1.
    """

    counts: Counts
    outcomes: Mapping[Outcome, int]
    fields: Mapping[str, KieScore] = field(default_factory=dict[str, "KieScore"])

    @property
    def precision(self) -> float:
        """Return the share of predicted values that are right."""
        return self.counts.precision

    @property
    def recall(self) -> float:
        """Return the share of gold values that were found."""
        return self.counts.recall

    @property
    def f1(self) -> float:
        """Return the micro F1: every value weighs the same."""
        return self.counts.f1

    @property
    def macro_f1(self) -> float:
        """Return the mean of the fields' F1: every field weighs the same; of no fields the F1."""
        scores = [score.f1 for score in self.fields.values()]
        return sum(scores) / len(scores) if scores else self.f1


def kie_score(results: Iterable[FieldResult]) -> KieScore:
    """Return the score of all results and of each field, in order of appearance.

    Examples
    --------
    >>> said = {"total": Pred(text="9.00"), "date": Pred(text="today")}
    >>> kie_score(kie_results(said, {"total": ("9.00",), "vendor": ("ACME",)})).f1
    0.5
    """
    by_field: dict[str, list[FieldResult]] = {}
    for result in results:
        by_field.setdefault(result.field, []).append(result)
    fields = {name: _score(group) for name, group in by_field.items()}
    return KieScore(
        counts=total(score.counts for score in fields.values()),
        outcomes=sum((Counter(score.outcomes) for score in fields.values()), Counter[Outcome]()),
        fields=fields,
    )


def _score(results: Sequence[FieldResult]) -> KieScore:
    outcomes: Counter[Outcome] = Counter(result.outcome for result in results)
    return KieScore(counts=total(result.counts for result in results), outcomes=outcomes)


def kie_results(
    pred: Mapping[str, Pred | None],
    gold: Mapping[str, Sequence[str]],
    *,
    matching: Matching = "normalised",
    kinds: Mapping[str, ValueKind] | None = None,
    separators: Separators = Separators(),
) -> tuple[FieldResult, ...]:
    """Return how each field of one document came out, gold's fields first.

    Parameters
    ----------
    pred
        The predicted value of each field, None where there is none.
    gold
        Every accepted text of each field, none if the field is not on the document.
    kinds
        How values are compared when normalised; "text" for fields that are not named.
    separators
        How ambiguous amounts are read when normalised.
    """
    names = dict.fromkeys((*gold, *pred))
    known = kinds or {}

    def similarity(name: str, value: Pred, text: str) -> float:
        if matching == "exact":
            return float(value.text == text)
        if matching == "edit":
            return edit(value.text, text)
        return float(same(value, text, kind=known.get(name, "text"), separators=separators))

    return tuple(
        _result(name, pred.get(name), gold.get(name, ()), partial(similarity, name)) for name in names
    )


def _result(
    name: str, pred: Pred | None, gold: Sequence[str], similarity: Callable[[Pred, str], float]
) -> FieldResult:
    if pred is None or not gold:
        outcome: Outcome = ("missed" if gold else "absent") if pred is None else "hallucinated"
        return FieldResult(field=name, outcome=outcome, similarity=0.0)
    best = max(similarity(pred, accepted) for accepted in gold)
    return FieldResult(field=name, outcome="right" if best == 1.0 else "wrong", similarity=best)


def same(pred: Pred, gold: str, *, kind: ValueKind = "text", separators: Separators = Separators()) -> bool:
    """Return whether two values say the same: amounts as numbers, dates as days, text by its letters.

    Text is compared by letters and digits in lower case: public transcripts do not agree on spaces and
    punctuation. An amount or date is compared by value where both can be read, else as text; the
    prediction's own normal form is believed, as it knows how the document writes dates.

    Examples
    --------
    >>> same(Pred(text="1.234,50 EUR"), "1234.5", kind="amount")
    True
    >>> same(Pred(text="-45,00"), "45,00", kind="amount")
    False
    """
    if kind == "text":
        return same_text(pred.text, gold) == 1.0
    if kind == "date":
        return any(same_date(said, gold) == 1.0 for said in (pred.text, pred.normalised) if said is not None)
    if same_amount_as(separators.pred, separators.gold)(pred.text, gold) == 1.0:
        return True
    known = pred.normalised
    return known is not None and same_amount_as(_OF_NORMAL_FORMS, separators.gold)(known, gold) == 1.0


def printed(value: JsonValue) -> str:
    """Return a scalar as text, a number of JSON so that every locale reads it alike.

    Letters with accents are one character each (Unicode's form NFC): readers and transcripts differ in how
    they write the same letter.

    Examples
    --------
    >>> printed("3.125"), printed(3.125), printed(1e16), printed(5)
    ('3.125', '3.1250', '10000000000000000', '5')
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (isinstance(value, float) and not math.isfinite(value)):
        return unicodedata.normalize("NFC", str(value))
    text = format(Decimal(str(value)), "f")
    return f"{text}0" if _THREE_DECIMALS.search(text) else text


def is_absent(value: JsonValue) -> bool:
    """Return whether a value says that there is none: null, or a text of nothing but spaces.

    Examples
    --------
    >>> is_absent(""), is_absent("null"), is_absent(0)
    (True, False, False)
    """
    return value is None or (isinstance(value, str) and not value.strip())


def gold_values(value: JsonValue, alternatives: Sequence[str] = ()) -> tuple[str, ...]:
    """Return every accepted text of a gold value; one of a list is enough."""
    own = value if isinstance(value, list) else [value]
    return tuple(printed(item) for item in (*own, *alternatives) if not is_absent(item))


def printed_amounts(values: Mapping[str, JsonValue], kinds: Mapping[str, ValueKind]) -> Iterator[str]:
    """Yield the amounts that are texts: numbers of JSON do not say how a document writes decimals."""
    for name, value in values.items():
        if kinds.get(name) == "amount":
            yield from (
                text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
            )


def separators_of(pred: Iterable[str], gold: Iterable[str]) -> Separators:
    """Return how each side writes decimals, by what it prints; a side that does not say is as the other."""
    ours, theirs = vote_decimal_separator(pred), vote_decimal_separator(gold)
    return Separators(pred=ours or theirs, gold=theirs or ours)
