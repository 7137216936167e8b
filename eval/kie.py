"""Key-information extraction: single fields, right or wrong, as precision, recall and F1.

Each field of a document comes out in one of five ways (`Outcome`). Three matchings say what "right" means:
`exact` (the same characters), `normalised` (the same value, by the field's kind) and `edit` (the share of
characters that is right, which counts in part). See docs/metrics/kie.md.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import JsonValue

from eval.f_scores import Counts, total
from eval.similarity import Similarity, edit, same_amount, same_date, same_text
from schemas.values import parse_amount, parse_date

Outcome = Literal["right", "wrong", "missed", "hallucinated", "absent"]
Matching = Literal["exact", "normalised", "edit"]
MATCHINGS: tuple[Matching, ...] = get_args(Matching)
# How a field's values are compared once they are normalised.
ValueKind = Literal["text", "amount", "date"]
_N_GUESSED_FROM = 10_000
_DECIMALS = re.compile(r"\d[.,]\d{1,2}(?!\d)")
_BY_KIND: Mapping[ValueKind, Similarity] = {"text": same_text, "amount": same_amount, "date": same_date}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pred:
    """A predicted value: its text, and its normal form where it has one ("1234.50", "2026-11-20")."""

    text: str
    normalised: str | None = None


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
    """
    names = dict.fromkeys((*gold, *pred))
    known = kinds or {}
    return tuple(
        _result(name, pred.get(name), gold.get(name, ()), matching, known.get(name, "text")) for name in names
    )


def _result(
    name: str, pred: Pred | None, gold: Sequence[str], matching: Matching, kind: ValueKind
) -> FieldResult:
    if pred is None or not gold:
        outcome: Outcome = ("missed" if gold else "absent") if pred is None else "hallucinated"
        return FieldResult(field=name, outcome=outcome, similarity=0.0)
    best = max(_similarity(pred, accepted, matching, kind) for accepted in gold)
    return FieldResult(field=name, outcome="right" if best == 1.0 else "wrong", similarity=best)


def _similarity(pred: Pred, gold: str, matching: Matching, kind: ValueKind) -> float:
    if matching == "exact":
        return float(pred.text == gold)
    if matching == "edit":
        return edit(pred.text, gold)
    return float(same(pred, gold, kind=kind))


def same(pred: Pred, gold: str, *, kind: ValueKind = "text") -> bool:
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
    similarity = _BY_KIND[kind]
    if similarity(pred.text, gold) == 1.0:
        return True
    return kind != "text" and pred.normalised is not None and similarity(pred.normalised, gold) == 1.0


def gold_values(value: JsonValue, alternatives: Sequence[str] = ()) -> tuple[str, ...]:
    """Return every accepted text of a gold value; one of a list is enough."""
    own = value if isinstance(value, list) else [value]
    return tuple(str(item) for item in (*own, *alternatives) if item not in (None, ""))


def guessed_kinds(gold: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, ValueKind]:
    """Return the kind of each field, from its gold values (the first 10,000 different ones).

    A field is a date if all of its values are, an amount if all are and one has decimals (numbers of
    documents and telephones have none), else text.
    """
    texts: dict[str, dict[str, None]] = {}
    for document in gold:
        for name, values in document.items():
            known = texts.setdefault(name, {})
            if len(known) < _N_GUESSED_FROM:
                known.update(dict.fromkeys(values))
    return {name: _guessed_kind(tuple(values)) for name, values in texts.items()}


def _guessed_kind(texts: Sequence[str]) -> ValueKind:
    if texts and all(parse_date(text) is not None for text in texts):
        return "date"
    are_amounts = all(parse_amount(text) is not None for text in texts)
    return "amount" if are_amounts and any(_DECIMALS.search(text) for text in texts) else "text"
