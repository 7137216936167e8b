"""Key-information extraction: single fields, right or wrong, as precision, recall and F1."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from pydantic import JsonValue

Outcome = Literal["right", "wrong", "missed", "hallucinated", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pred:
    """A predicted value: its text, and its normal form where it has one ("1234.50", "2026-11-20")."""

    text: str
    normalised: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KieScore:
    """Counts of field outcomes over documents, and the scores that follow.

        precision = right / (right + wrong + hallucinated)
        recall = right / (right + wrong + missed)
        F1 = 2 right / (predicted + gold)

    A wrong value counts against both: it is not on the gold's side, and the gold's is not found.
    Nothing predicted gives precision 1, nothing to find gives recall 1.
    """

    counts: Mapping[Outcome, int]

    @property
    def n_pred(self) -> int:
        """Return the number of predicted values."""
        return self._count("right", "wrong", "hallucinated")

    @property
    def n_gold(self) -> int:
        """Return the number of gold values."""
        return self._count("right", "wrong", "missed")

    @property
    def precision(self) -> float:
        """Return the share of predicted values that are right, in [0, 1]."""
        return self._count("right") / self.n_pred if self.n_pred else 1.0

    @property
    def recall(self) -> float:
        """Return the share of gold values that were predicted, in [0, 1]."""
        return self._count("right") / self.n_gold if self.n_gold else 1.0

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall, in [0, 1]; 1 if there is nothing at all."""
        both = self.n_pred + self.n_gold
        return 2 * self._count("right") / both if both else 1.0

    def _count(self, *outcomes: Outcome) -> int:
        return sum(self.counts.get(outcome, 0) for outcome in outcomes)


def kie_score(outcomes: Iterable[Outcome]) -> KieScore:
    """Return the micro score over all fields of all documents.

    Examples
    --------
    >>> round(kie_score(["right", "wrong", "missed", "absent"]).f1, 2)
    0.4
    """
    return KieScore(counts=Counter(outcomes))


def outcome(pred: Pred | None, gold: Sequence[str]) -> Outcome:
    """Return how a field came out; `gold` holds every accepted value, none if the field is absent."""
    if pred is None:
        return "missed" if gold else "absent"
    if not gold:
        return "hallucinated"
    return "right" if any(same(pred, accepted) for accepted in gold) else "wrong"


def same(pred: Pred, gold: str) -> bool:
    """Return whether two values say the same.

    As text: letters and digits, whatever their case, the spaces and the punctuation, which public gold
    transcripts do not agree on. As a value: the normal form of `pred` equals `gold` as a number or
    ISO date. A sign counts: "-45" is not "45".

    Examples
    --------
    >>> same(Pred(text="1.234,50 EUR", normalised="1234.50"), "1234.5")
    True
    >>> same(Pred(text="-45,00", normalised="-45.00"), "45,00")
    False
    """
    if pred.normalised is not None and _value(pred.normalised) == _value(gold):
        return True
    return _letters(pred.text) == _letters(gold) and _is_negative(pred.text) == _is_negative(gold)


def gold_values(value: JsonValue, alternatives: Sequence[str] = ()) -> tuple[str, ...]:
    """Return every accepted text of a gold value; one of a list is enough."""
    own = value if isinstance(value, list) else [value]
    return tuple(str(item) for item in (*own, *alternatives) if item not in (None, ""))


def _value(text: str) -> Decimal | str:
    try:
        return Decimal(text.replace(" ", "")).normalize()
    except InvalidOperation:
        return text.strip()


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _is_negative(text: str) -> bool:
    return re.fullmatch(r"\s*(?:[-−(].*\d.*|\D*\d[\d.,]*\s*-)\s*", text) is not None and not re.search(
        r"[A-Za-z]{4}", text
    )
