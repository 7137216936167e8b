"""The texts of an element by term: of several the one that is meant, and what is wrong about them told."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.einvoices.model import BrokenRule
from schemas.einvoices.names import BUSINESS_TERMS
from schemas.einvoices.paths import ZUGFERD_1_NAMES, Paths
from schemas.einvoices.values import read_day, read_number
from schemas.errors import UnreadableDocumentError

_MAX_CHARS = 10_000  # of one value; longer texts are no terms of an invoice
# Text for people, which is one text wherever it was cut; and what a party may have several of.
_JOINED = frozenset({"payment_terms"})
_MAY_REPEAT = frozenset({"customer_id", "guideline"})
# Beside the tax in the invoice's currency (BT-110) stands the one of the books (BT-111).
_IN_TWO_CURRENCIES = "amount_total_tax"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A text with the currency and the format that its element names."""

    text: str
    currency: str | None = None
    date_format: str | None = None


class TermReader:
    """Reads terms of one invoice, and keeps what is wrong about them in `broken`.

    Parameters
    ----------
    currency
        The invoice's; None if it names none, when no amount is in another.
    """

    def __init__(self, currency: str | None) -> None:
        self._currency = None if currency is None else currency.upper()
        self.broken: list[BrokenRule] = []

    def read(
        self, element: ElementTree.Element, paths: Paths, *, row_index: int | None = None
    ) -> dict[str, str]:
        """Return the text of each term that an element has, from the first of its paths that has one.

        Days are in ISO form if they are days. An amount in another currency than the invoice's is none of its
        amounts. Of a term with several values the first is given.

        Raises
        ------
        UnreadableDocumentError
            If a value has elements in it: readers do not agree what that says.
        """
        found: dict[str, str] = {}
        for term, alternatives in paths.items():
            said: Sequence[_Said] = next(
                (one for path in alternatives if (one := _all_said(element, path))), ()
            )
            text = self._choose(term, said, row_index)
            if text is not None:
                found[term] = text
        return found

    def is_foreign(self, element: ElementTree.Element) -> bool:
        """Return whether an element has an amount in another currency than the invoice's."""
        return any(not self._is_own(_currency(child)) for child in element)

    def _choose(self, term: str, said: Sequence[_Said], row_index: int | None) -> str | None:
        own = [one for one in said if self._is_own(one.currency)]
        if said and not own and term != _IN_TWO_CURRENCIES:
            self._tell(term, f"is in {said[0].currency}, and the invoice in {self._currency}", row_index)
        texts = list({_key(text): text for one in reversed(own) if (text := _read(term, one))}.values())[::-1]
        if any(len(text) > _MAX_CHARS for text in texts):
            self._tell(term, f"has more than {_MAX_CHARS} characters", row_index)
            return None
        if len(texts) > 1 and term not in _JOINED | _MAY_REPEAT:
            self._tell(term, f"has {len(texts)} different values, of which the first is given", row_index)
        if term in _JOINED:
            return " ".join(texts) or None
        return texts[0] if texts else None

    def _is_own(self, currency: str | None) -> bool:
        return self._currency is None or currency in (None, self._currency)

    def _tell(self, term: str, what: str, row_index: int | None) -> None:
        name = BUSINESS_TERMS.get(term, term)
        self.broken.append(BrokenRule(rule=name, term=term, message=f"{name} {what}", row_index=row_index))


def find(element: ElementTree.Element, path: str) -> list[ElementTree.Element]:
    """Return the elements at a path of local names below an element."""
    level = [element]
    for step in path.split("/"):
        level = [child for one in level for child in one if step in ("*", local_name(child.tag))]
    return level


def local_name(tag: str) -> str:
    """Return the name of an element without its namespace, in the words of CII."""
    name = tag.rpartition("}")[2]
    return ZUGFERD_1_NAMES.get(name, name)


def first_text(element: ElementTree.Element, alternatives: Sequence[str]) -> str | None:
    """Return the first text at the first of several paths that has one."""
    return next((said.text for path in alternatives for said in _all_said(element, path)), None)


def _all_said(element: ElementTree.Element, path: str) -> list[_Said]:
    steps, _, attribute = path.partition("/@")
    found = find(element, steps)
    if attribute:
        return [_Said(text=text) for one in found if (text := " ".join(one.get(attribute, "").split()))]
    return [
        _Said(text=text, currency=_currency(one), date_format=one.get("format"))
        for one in found
        if (text := _text(one))
    ]


def _text(element: ElementTree.Element) -> str:
    text = " ".join((element.text or "").split())
    if len(element) and (text or any((child.tail or "").strip() for child in element)):
        raise UnreadableDocumentError("the XML has elements inside of a value")
    return text


def _currency(element: ElementTree.Element) -> str | None:
    return element.get("currencyID", "").strip().upper() or None


def _read(term: str, said: _Said) -> str:
    day = read_day(said.text, said.date_format) if term.startswith("date") else None
    return said.text if day is None else day


def _key(text: str) -> object:
    number = read_number(text)
    return text if number is None else number
