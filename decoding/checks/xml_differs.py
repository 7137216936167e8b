"""Where an e-invoice's XML and the page that comes with it say different things.

Nothing is asked of a model: the XML's values are looked for on the page. What an invoice has to show
(directive 2006/112/EC, article 226: number, date, parties, totals) and what stands beside a label must be
what the XML says; of a row that layout shows, each cell under a heading that names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from pydantic import JsonValue

from decoding.checks.labelled_values import labelled_values
from decoding.checks.shown_codes import is_shown, shown_codes
from decoding.grounding.occurrences import DocumentIndex
from decoding.grounding.result import GroundedField, GroundedRow, GroundedTable, GroundingResult
from decoding.tables.match import ScopedList, ScopedRow
from schemas.document import Page
from schemas.extraction import ExtractionWarning
from schemas.spec import Path, json_path
from schemas.walk import value_at

_MAX_CHARS = 80  # of a value in a warning
_MAX_WARNINGS = 50
# Shown on every invoice, by name; the others may be in the XML alone.
_ALWAYS_SHOWN = frozenset(
    {"document_id", "date_issue", "vendor_name", "customer_billing_name", "amount_total_gross", "amount_due"}
)
# Shown if they are not nought: an invoice without tax needs no line that says so.
_SHOWN_IF_ANY = frozenset({"amount_total_net", "amount_total_tax"})
_CODES = frozenset({"document_id", "iban", "bic", "vendor_tax_id", "vendor_vat_id"})
# Codes that are known by their check digits wherever they stand: another one in their place is a difference.
_CHECKED: Mapping[str, Literal["iban", "tax_id"]] = MappingProxyType(
    {"iban": "iban", "vendor_tax_id": "tax_id", "vendor_vat_id": "tax_id"}
)
_PRODUCT = ("quantity", "unit_price_net", "amount_net")
_ROUNDED = Decimal("0.05")  # what is left where the price is rounded
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlAnswer:
    """What the XML answers, with its places on the page.

    Attributes
    ----------
    value
        The answer as the XML writes it.
    grounded
        Its leaves; amounts as numbers, dates in ISO form.
    terms
        The term of each leaf, by its path in the answer.
    lists
        The rows that the pages' tables show, by the path of the list that they fill.
    taxes
        The amounts that the total tax is made of: a page may show these instead.
    codes
        The tax numbers of both parties, whether they are asked for or not.
    accounts
        All accounts that the XML names to pay to: a page may show any of them.
    """

    value: Mapping[str, JsonValue]
    grounded: GroundingResult
    terms: Mapping[Path, str]
    lists: Mapping[Path, ScopedList]
    taxes: tuple[Decimal, ...] = ()
    codes: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def text(self, path: Path) -> str:
        """Return what the XML says at a path."""
        return str(value_at(dict(self.value), path))


def find_differences(answer: XmlAnswer, index: DocumentIndex) -> tuple[ExtractionWarning, ...]:
    """Return an `xml_differs` for each value that the page shows otherwise, or has to show and does not.

    On pages without words nothing differs.
    """
    if not any(page.words for page in index.pages):
        return ()
    found = [*_fields(answer, index), *(w for t in answer.grounded.tables for w in _rows(t, answer, index))]
    return tuple(found[:_MAX_WARNINGS])


def differs(
    path: Path, in_xml: str, on_page: str | None, page_number: int | None = None
) -> ExtractionWarning:
    """Return the warning that names both values."""
    shown = "does not show it" if on_page is None else f"shows {on_page[:_MAX_CHARS]!r}"
    message = f"the XML says {in_xml[:_MAX_CHARS]!r}, and the page {shown}"
    return ExtractionWarning(
        code="xml_differs", message=message, path=json_path(path), page_number=page_number
    )


def _fields(answer: XmlAnswer, index: DocumentIndex) -> Iterator[ExtractionWarning]:
    for path, field in answer.grounded.fields.items():
        term = answer.terms.get(path)
        if term is None or field.value is None:
            continue
        claims = tuple(labelled_values(index, term))
        texts = [_text(index.pages[claim.page_index], claim.word_indices) for claim in claims]
        others = answer.accounts if term == "iban" else ()
        if any(_agrees(field, term, text, index) or _is_code_of(others, text) for text in texts):
            continue
        if texts:
            yield differs(path, answer.text(path), texts[0], claims[0].page_index + 1)
        elif _must_show(field, term) and not _is_shown(field, term, answer, index):
            yield differs(path, answer.text(path), _nearly(field))
        elif term in _CHECKED:
            yield from _other_code(path, _CHECKED[term], answer, index)


def _other_code(
    path: Path, code_format: Literal["iban", "tax_id"], answer: XmlAnswer, index: DocumentIndex
) -> Iterator[ExtractionWarning]:
    """Yield that a page shows another code of the form in the place of the XML's, which stands nowhere.

    Of VAT numbers those of the same country that are not another party's, of accounts those that are none of
    the XML's.
    """
    said = answer.text(path)
    if is_shown(index.pages, said):
        return
    others = {_key(code) for code in (*answer.codes, *answer.accounts) if _key(code) != _key(said)}
    shown = [one for one in shown_codes(index.pages, code_format) if _key(one.code) not in others]
    if code_format == "tax_id":
        shown = [one for one in shown if one.code[:2] == said[:2].upper()]
    if shown:
        yield differs(path, said, shown[0].code, shown[0].page_number)


def _must_show(field: GroundedField, term: str) -> bool:
    return term in _ALWAYS_SHOWN or (term in _SHOWN_IF_ANY and bool(field.amount))


def _is_shown(field: GroundedField, term: str, answer: XmlAnswer, index: DocumentIndex) -> bool:
    """Return whether the value stands on the page: numbers to the last digit, names nearly."""
    if field.amount is not None:
        parts = answer.taxes if term == "amount_total_tax" and sum(answer.taxes) == field.amount else ()
        return _is_printed(field.amount, index) or bool(parts and all(_is_printed(p, index) for p in parts))
    if not field.metadata.citations:
        return False
    return field.metadata.alignment != "fuzzy" or (term not in _CODES and _same_text(field))


def _is_printed(amount: Decimal, index: DocumentIndex) -> bool:
    """Return whether an amount is printed, with either sign: credit notes are written with both."""
    return any(index.occurrences(float(number), "number") for number in (amount, -amount))


def _same_text(field: GroundedField) -> bool:
    """Return whether what is nearly a text differs from it by punctuation and case at most."""
    printed = " ".join(cited.reference_text for cited in field.metadata.citations)
    return _key(printed) == _key(str(field.value))


def _nearly(field: GroundedField) -> str | None:
    """Return what the page shows that is nearly the value."""
    return " ".join(cited.reference_text for cited in field.metadata.citations) or None


def _agrees(field: GroundedField, term: str, printed: str, index: DocumentIndex) -> bool:
    """Return whether a value beside a label is that of the XML, as its kind is compared."""
    amount = field.amount
    if amount is not None:
        return _is_amount(amount, printed, index)
    if field.spec.kind == "iso_date":
        return _day(str(field.value)) in index.style.date_readings(printed)
    said, shown = _key(str(field.value)), _key(printed)
    return bool(said) and (said == shown or (term in _CODES and _is_code_of((said,), shown)))


def _is_code_of(codes: Sequence[str], printed: str) -> bool:
    """Return whether a print is one of the codes, or that with what belongs to it, or a part of it.

    A label may be glued to it.
    """
    shown = _key(printed)
    return bool(shown) and any(said and (said in shown or shown in said) for said in map(_key, codes))


def _is_amount(amount: Decimal, printed: str, index: DocumentIndex) -> bool:
    """Return whether a print reads as the amount, to as many decimals as it has; its sign may be a word's."""
    readings = index.style.amount_readings(printed)
    return any(abs(abs(reading) - abs(amount)) <= _half_unit(reading) for reading in readings)


def _half_unit(reading: Decimal) -> Decimal:
    """Return half of a print's last digit if it has decimals: prices may be rounded, whole numbers not."""
    exponent = reading.as_tuple().exponent
    return Decimal(5).scaleb(exponent - 1) if isinstance(exponent, int) and exponent < 0 else Decimal(0)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _key(text: str) -> str:
    return _NOT_WORD.sub("", text).casefold()


def _text(page: Page, words: Sequence[int]) -> str:
    return " ".join(page.words[i].text for i in words)


def _rows(table: GroundedTable, answer: XmlAnswer, index: DocumentIndex) -> Iterator[ExtractionWarning]:
    """Yield what the rows of a list say otherwise than the page's."""
    scoped = answer.lists.get(table.path)
    shown = _match(table.rows, () if scoped is None else scoped.rows)
    for number, row in enumerate(table.rows):
        seen = shown.get(number)
        if seen is not None:
            yield from _row(row, seen, answer, index)
        else:
            yield from _unplaced_row(row, answer, index)
    unmatched = () if scoped is None else tuple(r for r in scoped.rows if r not in shown.values())
    if scoped is not None and scoped.is_sure and shown and unmatched:
        first = unmatched[0]
        text = _text(index.pages[first.page_index], [word for cell in first.words for word in cell])
        says = f"{len(table.rows)} rows"
        yield differs(table.path, says, f"{len(scoped.rows)}, of them {text}", first.page_index + 1)


def _match(rows: Sequence[GroundedRow], seen: Sequence[ScopedRow]) -> dict[int, ScopedRow]:
    """Return by the number of a row the page's row: in order if there are as many, else by their words."""
    if len(rows) == len(seen):
        return dict(enumerate(seen))
    found: dict[int, ScopedRow] = {}
    for number, row in enumerate(rows):
        cited = _cited(row)
        best = max(seen, key=lambda one: len(cited & _words(one)), default=None)
        if best is not None and cited & _words(best) and best not in found.values():
            found[number] = best
    return found


def _cited(row: GroundedRow) -> frozenset[tuple[int, int]]:
    return frozenset(
        (cited.page_number - 1, word)
        for cell in row.cells.values()
        for cited in cell.metadata.citations
        for word in cited.word_indices
    )


def _words(row: ScopedRow) -> frozenset[tuple[int, int]]:
    return row.places


def _row(
    row: GroundedRow, seen: ScopedRow, answer: XmlAnswer, index: DocumentIndex
) -> Iterator[ExtractionWarning]:
    """Yield the numbers of a row that the page's row has otherwise under their headings."""
    page = index.pages[seen.page_index]
    by_term = {answer.terms.get((*row.path, *path)): (path, field) for path, field in row.cells.items()}
    other: dict[str, ExtractionWarning] = {}
    for term in _PRODUCT:
        if term not in by_term:
            continue
        path, field = by_term[term]
        amount, cell = field.amount, seen.likely.get(str(path[0]))
        place = (*row.path, *path)
        if cell is None and term == "amount_net" and amount and not _is_printed(amount, index):
            other[term] = differs(place, answer.text(place), None)
        printed = "" if cell is None else _text(page, cell)
        if amount is None or not index.style.amount_readings(printed) or _is_amount(amount, printed, index):
            continue
        other[term] = differs(place, answer.text(place), printed, seen.page_index + 1)
    # A price before a discount may be printed; then the amounts agree, and so does the XML's own product.
    if other.keys() == {"unit_price_net"} and _multiplies({t: f for t, (_, f) in by_term.items()}):
        return
    yield from other.values()


def _multiplies(cells: Mapping[str | None, GroundedField]) -> bool:
    amounts = [cells[term].amount if term in cells else None for term in _PRODUCT]
    known = [amount for amount in amounts if amount is not None]
    return len(known) == len(_PRODUCT) and abs(known[0] * known[1] - known[2]) < _ROUNDED


def _unplaced_row(row: GroundedRow, answer: XmlAnswer, index: DocumentIndex) -> Iterator[ExtractionWarning]:
    """Yield the amount of a row that stands nowhere on the pages."""
    for path, field in row.cells.items():
        place = (*row.path, *path)
        if answer.terms.get(place) == "amount_net" and field.amount and not _is_printed(field.amount, index):
            yield differs(place, answer.text(place), None)
