"""Codes: which texts have their form, how they are when compact, and what a page holds of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import get_cc_module

from decoding.checks.answer import check_answer
from decoding.checks.completeness import find_evidence
from decoding.checks.writable import WritableValues
from decoding.codes import check_holds, compact, has_form
from decoding.grammar.page_text import code_texts
from decoding.grounding.ground import ground_extraction
from schemas.codes import CODE_FORMATS, TAX_COUNTRIES
from schemas.registry import get_schema
from schemas.spec import FieldSpec
from tests.decoding.pages import document_of, schema_of

# Published examples: the registries of ISO 13616 and GS1, and python-stdnum's documentation.
IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.mark.parametrize(
    ("code_format", "text", "plain"),
    [
        ("iban", IBAN, "DE89370400440532013000"),
        ("iban", "GB82WEST12345698765432", "GB82WEST12345698765432"),
        ("bic", "DEUT DE FF 500", "DEUTDEFF500"),
        ("bic", "INGBNL2A", "INGBNL2A"),
        ("eu_vat", "DE 136,695 976", "DE136695976"),
        ("eu_vat", "NL 8104.33.941.B01", "NL810433941B01"),
        ("gtin", "4 006381 333931", "4006381333931"),
        ("currency", "EUR", "EUR"),
        ("currency", "\u20ac", "EUR"),
        ("currency", "$", "$"),
        ("tax_id", "12/345/67890", "12/345/67890"),
        ("tax_id", "51 824 753 556", "51824753556"),
        ("tax_id", "GB 980 7806 84", "GB980780684"),
        ("tax_id", "CHE-107.787.577 IVA", "CHE107787577IVA"),
        ("tax_id", "NO 995 525 828 MVA", "NO995525828MVA"),
        ("tax_id", "RSSMRA85T10A562S", "RSSMRA85T10A562S"),
        ("tax_id:br", "16.727.230/0001-97", "16727230000197"),
        *(
            ("time", text, plain)
            for text, plain in (
                ("21:35", "21:35"),
                ("15:22:33", "15:22:33"),
                ("3:02 PM", "15:02"),
                ("12:18:24AM", "00:18:24"),
                ("11.39AM", "11:39"),
                ("9 a.m.", "09:00"),
                ("10h30", "10:30"),
                ("9.15 Uhr", "09:15"),
                ("15:02 PM", "15:02"),
                ("7:23:34P", "19:23:34"),
                ("05:10:PM", "17:10"),
                ("4 58P", "16:58"),
            )
        ),
        *(
            ("phone", text, plain)
            for text, plain in (
                ("+49 (0) 89 123 456-78", "+498912345678"),
                ("(719) 744-0414", "7197440414"),
                ("0151 4866406", "01514866406"),
                ("405.265.4076", "4052654076"),
                ("05.59.43.65.98", "0559436598"),
                ("05-59-43-65-98", "0559436598"),
                ("28505075", "28505075"),
            )
        ),
        ("email", "Billing@Example.COM", "Billing@example.com"),
        ("email", "accounts.payable@purchasing.subsidiary.long-company-name.example", None),
    ],
)
def test_codes_are_compact(code_format: str, text: str, plain: str | None) -> None:
    assert compact(text, code_format) == (text if plain is None else plain)


@pytest.mark.parametrize(
    ("code_format", "text"),
    [
        *(
            ("iban", text)
            for text in ("DE89 3704", "IBAN", "DE89 3704 0044 Commerzbank AG", "ZZ89370400440532")
        ),
        *(("bic", text) for text in ("INVOICES", "DEUTDE", "DEUT DEFF5 00", "deutdeff")),
        *(("eu_vat", text) for text in ("DE12345678", "US123456789", "136695976")),
        *(("gtin", text) for text in ("12345", "40063813339313", "14.10.2026") if text != "40063813339313"),
        *(("currency", text) for text in ("Total", "kg", "12", "")),
        *(
            ("tax_id", text)
            for text in ("GmbH", "2026", "14.10.2026", "2026-10-14", "DE89370400440532013000")
        ),
        *(("tax_id:br", text) for text in ("16.727.230", "EUR")),
        *(
            ("time", text)
            for text in (
                "25:00",
                "12:75",
                "4 58",
                "458",
                "21:35:",
                "422/1",
                "8.15",
                "3.50",
                "PM",
                "13",
                "1:5",
                ",",
            )
        ),
        *(
            ("phone", text)
            for text in (
                "12/03/2026",
                "2026-03-12",
                "1.234.567",
                "1234567.89",
                "10.19 -0.18",
                "2.24 5.00 2.76",
                "12.03.26 14.05",
                "12 345",
                "(323 939-5528",
                "24",
            )
        ),
        *(("email", text) for text in ("www.example.com", "a@b", "@example.com", "a@b..com")),
    ],
)
def test_what_has_not_the_form_is_no_code(code_format: str, text: str) -> None:
    assert compact(text, code_format) is None
    assert check_holds(text, code_format) is None


@given(text=st.text(max_size=60), code_format=st.sampled_from((*CODE_FORMATS, "tax_id:de", "tax_id:in")))
def test_any_text_has_a_form_or_none(text: str, code_format: str) -> None:
    plain = compact(text, code_format)
    assert plain is None or plain
    assert has_form(text, code_format) is (plain is not None)


def test_the_countries_are_those_of_the_library() -> None:
    assert {country for country in TAX_COUNTRIES if get_cc_module(country, "vat") is None} == set()


@pytest.mark.parametrize(
    ("code_format", "line", "found"),
    [
        ("iban", f"Bank: Test AG, IBAN: {IBAN}, BIC DEUTDEFF", [IBAN]),
        ("iban", "IBAN:GB82WEST12345698765432", ["GB82WEST12345698765432"]),
        # Of no country's length: whole all the same, up to what is no group of it.
        ("iban", "IBAN DE12 1234 4321 9876 00 BIC", ["DE12 1234 4321 9876 00"]),
        ("bic", "BIC/SWIFT: DEUTDEFF500.", ["DEUTDEFF500"]),
        ("eu_vat", "(USt-IdNr. DE136695976)", ["DE136695976"]),
        ("tax_id", "ABN 51 824 753 556 Sydney", ["51 824 753 556"]),
        ("tax_id", "Steuernummer: 12/345/67890", ["12/345/67890"]),
        ("currency", "Total EUR 12.50", ["EUR"]),
        ("currency", "Total 12.50\u20ac", ["\u20ac"]),
        ("gtin", "EAN 4006381333931 12 pcs", ["4006381333931"]),
        ("time", "14/01/2019 3:02 PM 422/1 Chk 20.00", ["3:02 PM"]),
        ("time", "14/01/2019 kl. 15.02", ["15.02"]),
        ("time", "Date:14/01/2019 Time:15:22:33,", ["15:22:33"]),
        ("phone", "Tel. +44 20 7946 0000 Fax (020) 7946 0001.", ["+44 20 7946 0000", "(020) 7946 0001"]),
        ("phone", "STORE 204 (705) 745-3381", ["(705) 745-3381"]),
        ("phone", "(214) 652-4800 20008", ["(214) 652-4800", "(214) 652-4800 20008"]),
        ("phone", "+44 20 7946 0000 12:30", ["+44 20 7946 0000"]),
        ("phone", "405-265-4076 1012", ["405-265-4076", "405-265-4076 1012"]),
        ("phone", "Total 1 234 567.89 on 12/03/2026", []),
        ("email", "Mail: <billing@example.com>, www.example.com", ["billing@example.com"]),
    ],
)
def test_a_page_holds_whole_codes_only(code_format: str, line: str, found: list[str]) -> None:
    assert list(code_texts((tuple(line.split()),), code_format)) == found


def _field(code_format: str) -> FieldSpec:
    return FieldSpec(kind="verbatim", code_format=code_format)


def test_only_a_whole_code_of_the_page_can_be_written() -> None:
    page = document_of([f"Test AG IBAN: {IBAN}", "USt-IdNr.:DE136695976 (BIC DEUTDEFF)"])
    writable = WritableValues(page)
    assert writable.can_write(_field("iban"), IBAN)
    assert not writable.can_write(_field("iban"), "DE89 3704")
    assert not writable.can_write(_field("iban"), "Test AG")
    assert writable.can_write(_field("eu_vat"), "DE136695976")
    assert writable.can_write(_field("bic"), "DEUTDEFF")
    assert writable.can_write(_field("gtin"), None)
    assert not writable.can_write(_field("gtin"), "3704 0044")


@pytest.mark.parametrize(("text", "warned"), [(IBAN, ()), (IBAN[:-1] + "1", ("check_digit_failed",))])
def test_a_code_has_a_compact_normal_form_and_a_check(text: str, warned: tuple[str, ...]) -> None:
    schema = schema_of(payee=_field("iban"))
    document = document_of([f"Bank {text}"])
    grounded = ground_extraction({"payee": text}, schema, document)
    assert grounded.metadata["payee",].normalised == text.replace(" ", "")
    found = check_answer(grounded, find_evidence(grounded, document, {}), document)
    assert tuple(warning.code for warning in found if warning.path == "payee") == warned


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("invoice", "vendor_tax_id customer_tax_id currency_code_amount_due iban bic"),
        ("receipt", "vendor_phone vendor_tax_id currency_code_amount_due"),
        ("purchase_order", "customer_tax_id currency_code_amount_due"),
        ("bank_statement", "iban bic currency"),
    ],
)
def test_the_shipped_schemas_have_forms(name: str, keys: str) -> None:
    assert [path[-1] for path, spec in get_schema(name).leaves() if spec.code_format] == keys.split()
