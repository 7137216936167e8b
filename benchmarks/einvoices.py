"""E-invoices measured: what differs on real ones, whether altered XML is noticed, whether XML comes back.

`python -m benchmarks.einvoices pages FOLDER` reads every PDF of a folder that carries an e-invoice, once as
it is and then with one term of its XML altered at a time, and counts the `xml_differs` at that term.
`python -m benchmarks.einvoices xml FOLDER` extracts every XML file of a folder, writes it as UBL and as CII,
and compares what comes back. No model is asked.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from app.einvoices.write import OutputSyntax, write_einvoice
from app.extraction.pipeline import Pipeline
from decoding.engines.engine import EngineRequest
from ocr.reader import ReadOptions, read_document
from schemas.document import Document
from schemas.einvoices.fill import CREDIT_NOTES
from schemas.einvoices.model import EInvoice
from schemas.einvoices.parse import parse_einvoice_xml
from schemas.einvoices.values import read_number
from schemas.errors import DecodingError, IncompleteInvoiceError, RasgError
from schemas.extraction import Completion, Extraction
from schemas.prompt import Prompt
from schemas.registry import get_schema
from schemas.walk import values_by_path

_TERMS = (
    *("document_id", "date_issue", "vendor_name", "customer_billing_name", "iban", "date_due"),
    *("amount_total_net", "amount_total_tax", "amount_total_gross", "amount_due"),
)
_COLUMNS = ("quantity", "unit_price_net", "amount_net")


class _NoModel:
    """An engine that is never needed where the XML is a whole invoice."""

    name, model, base_sha256, max_context_tokens = "none", "none", None, 1_000_000

    def count_tokens(self, prompt: Prompt) -> int:
        return sum(len(message.content) for message in prompt.messages)

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        raise DecodingError(f"{len(requests)} windows are left to a model")

    def close(self) -> None:
        return None


_PIPELINE = Pipeline(engine=_NoModel(), read_options=ReadOptions(n_workers=1, einvoice=True))
_SCHEMA = get_schema("invoice")


def _altered(text: str, term: str) -> str:
    """Return another value of the same kind, not far from the first."""
    if term.startswith("date"):
        return (date.fromisoformat(text) + timedelta(days=1)).isoformat()
    number = read_number(text)
    if number is not None and term.startswith(("amount", "quantity", "unit_price")):
        return str(number + (Decimal("10.07") if number else Decimal("1.07")))
    if term in ("vendor_name", "customer_billing_name"):
        return "Somebody Else & Sons Ltd"
    digits = [i for i, char in enumerate(text) if char.isdigit()]
    if not digits:
        return f"{text}9"
    at = digits[-1]
    return f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"


def _alterations(invoice: EInvoice) -> Iterator[tuple[str, str, EInvoice]]:
    """Yield the term, the path and the invoice of each alteration."""
    for term in _TERMS:
        if term in invoice.fields:
            fields = {**invoice.fields, term: _altered(invoice.fields[term], term)}
            yield term, term, invoice.model_copy(update={"fields": fields})
    for column in _COLUMNS:
        at = len(invoice.rows) // 2
        if at < len(invoice.rows) and column in invoice.rows[at]:
            row = {**invoice.rows[at], column: _altered(invoice.rows[at][column], column)}
            rows = (*invoice.rows[:at], row, *invoice.rows[at + 1 :])
            yield f"row {column}", f"line_items[{at}].{column}", invoice.model_copy(update={"rows": rows})


def _differing(document: Document) -> frozenset[str | None]:
    answer = _PIPELINE.extract_document(document, _SCHEMA)
    return frozenset(warning.path for warning in answer.warnings if warning.code == "xml_differs")


def measure_pages(folder: Path) -> None:
    """Print what differs on each PDF as it is, and of the alterations of each term those that are noticed."""
    tried, noticed = Counter[str](), Counter[str]()
    for path in sorted(folder.rglob("*.pdf")):
        document = read_document(path.read_bytes(), options=_PIPELINE.read_options)
        invoice = document.einvoice
        if invoice is None or not invoice.rows:
            print(f"{path.name}: no whole e-invoice")
            continue
        before = _differing(document)
        print(f"{path.name}: differs as it is: {', '.join(map(str, sorted(before, key=str))) or 'nothing'}")
        for term, at, altered in _alterations(invoice):
            tried[term] += 1
            noticed[term] += at in _differing(replace(document, einvoice=altered))
    _print_table(tried, noticed)


def _print_table(tried: Mapping[str, int], noticed: Mapping[str, int]) -> None:
    print("\n| altered in the XML | tried | noticed |\n|---|---|---|")
    for term, n_tried in tried.items():
        print(f"| {term} | {n_tried} | {noticed.get(term, 0)} |")
    print(f"| all | {sum(tried.values())} | {sum(noticed.values())} |")


def measure_xml(folder: Path) -> None:
    """Print for each syntax how many invoices are written and come back with the same values."""
    counts = Counter[tuple[str, str]]()
    for path in sorted(folder.rglob("*.xml")):
        data = path.read_bytes()
        try:
            first = _PIPELINE.extract(data, _SCHEMA).extraction
        except RasgError as error:
            print(f"{path.name}: {error.code}")
            continue
        given = _given(parse_einvoice_xml(data))
        for syntax in ("ubl", "cii"):
            counts[syntax, _round_trip(path.name, first, syntax, given)] += 1
    for (syntax, outcome), n in sorted(counts.items()):
        print(f"| {syntax} | {outcome} | {n} |")


def _given(invoice: EInvoice) -> dict[str, str]:
    """Return the terms of an invoice that the schema has no field for."""
    said = {"BT-40": "vendor_country", "BT-55": "customer_country"}
    given = {term: invoice.fields[name] for term, name in said.items() if name in invoice.fields}
    if invoice.fields.get("type_code") not in CREDIT_NOTES:
        given["BT-3"] = invoice.fields.get("type_code", "380")
    if "customer_delivery_address" in invoice.fields:
        given["BT-80"] = invoice.fields.get("customer_country", "DE")
    categories = {row.get("tax_category", "S") for row in invoice.rows} - {"S"}
    if len(categories) == 1:
        given |= {"BT-151": categories.pop(), "BT-120": "as the XML says"}
    return given


def _round_trip(name: str, first: Extraction, syntax: OutputSyntax, given: Mapping[str, str]) -> str:
    try:
        written = write_einvoice(first, syntax, given=given)
    except IncompleteInvoiceError as error:
        print(f"{name}: {syntax}: lacks {'; '.join(' '.join(issue) for issue in error.issues)}")
        return "something is missing"
    second = _PIPELINE.extract(written.xml, _SCHEMA).extraction
    left = _comparable(first).items() ^ _comparable(second).items()
    if left:
        print(f"{name}: {syntax}: {sorted({path for path, _ in left})}")
    return "other values come back" if left else "the same values come back"


def _comparable(extraction: Extraction) -> dict[str, object]:
    found: dict[str, object] = {}
    for path, value in values_by_path(dict(extraction.output.value)).items():
        number = None if value is None else read_number(str(value))
        found[path] = number.normalize() if number is not None else str(value).replace(" ", "")
    return found


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("pages", "xml"))
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    (measure_pages if asked.what == "pages" else measure_xml)(asked.folder)


if __name__ == "__main__":
    main()
