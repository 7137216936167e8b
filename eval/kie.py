"""Key-information extraction: single fields, right or wrong, as precision, recall and F1."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
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

    Amounts by value where both are numbers: "1.250" in a normal form of 1.25 is not 1250. A date by its
    normal form. Anything else as text: letters and digits, whatever their case, the spaces and the
    punctuation, which public gold transcripts do not agree on; an amount's sign counts.

    Examples
    --------
    >>> same(Pred(text="1.234,50 EUR", normalised="1234.50"), "1234.5")
    True
    >>> same(Pred(text="-45,00", normalised="-45.00"), "45,00")
    False
    """
    ours, theirs = _number(pred.normalised or ""), _number(gold)
    if ours is not None and theirs is not None:
        return ours == theirs
    if pred.normalised is not None and pred.normalised == gold.strip():
        return True
    is_amount = ours is not None
    if is_amount and _is_negative(pred.text) != _is_negative(gold):
        return False
    letters = _letters(pred.text), _letters(gold)
    return letters[0] == letters[1] if any(letters) else pred.text.split() == gold.split()


def gold_values(value: JsonValue, alternatives: Sequence[str] = ()) -> tuple[str, ...]:
    """Return every accepted text of a gold value; one of a list is enough."""
    own = value if isinstance(value, list) else [value]
    return tuple(str(item) for item in (*own, *alternatives) if item not in (None, ""))


def _number(text: str) -> Decimal | None:
    """Return a plainly written number; what has separators of thousands or a currency is read elsewhere."""
    return Decimal(text) if re.fullmatch(r"[-+]?\d{1,30}(?:\.\d{1,30})?", text.strip()) else None


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _is_negative(text: str) -> bool:
    return re.fullmatch(r"\s*(?:[-−(].*\d.*|\D*\d[\d.,]*\s*-)\s*", text) is not None
