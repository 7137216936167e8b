"""The answer of an e-invoice: the XML's, compared with the page, and a model only for the rest."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from io import BytesIO

import pikepdf
import pytest
from pydantic import JsonValue

from app.extraction.options import ExtractionOptions, XmlMode
from app.extraction.pipeline import FailedPart, Pipeline
from decoding.engines.engine import EngineRequest
from ocr.reader import ReadOptions
from schemas.errors import DecodingError, EmptyDocumentError, UnsupportedMediaTypeError
from schemas.extraction import Completion, Extraction
from schemas.prompt import Prompt
from schemas.registry import from_json_schema, get_schema
from schemas.spec import ExtractionSchema
from schemas.validate import validate_output
from tests.app.einvoices.altered import ALTERATIONS, altered
from tests.app.einvoices.made import IBANS, LABELS, Made, attach, made

INVOICE = get_schema("invoice")
WORD = "Hafenstrasse"
TEXT: JsonValue = {"type": ["string", "null"]}


class NoModel:
    """An engine that must not be asked."""

    name, model, base_sha256, max_context_tokens = "none", "none", None, 100_000

    def count_tokens(self, prompt: Prompt) -> int:
        return len(prompt.messages)

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        raise DecodingError(f"the model was asked {len(requests)} times")

    def close(self) -> None:
        return None


@pytest.fixture
def silent() -> Pipeline:
    return Pipeline(engine=NoModel(), read_options=ReadOptions(n_workers=1))


class OneWord(NoModel):
    """An engine that gives the same word of the page to each field it is asked for."""

    def complete(self, requests: Sequence[EngineRequest]) -> tuple[Completion, ...]:
        return tuple(self._answer(request) for request in requests)

    def _answer(self, request: EngineRequest) -> Completion:
        keys = (key for key, _ in request.grammar.schema.root.properties)
        text = json.dumps(dict.fromkeys(keys, WORD), separators=(",", ":"))
        return Completion(
            text=text,
            finish_reason="stop",
            n_prompt_tokens=1,
            n_completion_tokens=1,
            engine=self.name,
            model=self.model,
        )


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline(engine=OneWord(), read_options=ReadOptions(n_workers=1))


def options(xml: XmlMode) -> ExtractionOptions:
    return ExtractionOptions(n_candidates=1, max_tokens=600, xml=xml)


def extract(
    pipeline: Pipeline, data: bytes, schema: ExtractionSchema = INVOICE, *, xml: XmlMode = "prefer"
) -> Extraction:
    return pipeline.extract(data, schema, options=options(xml)).extraction


def schema_of(**properties: JsonValue) -> ExtractionSchema:
    return from_json_schema({"title": "mine", "type": "object", "properties": properties})


def differing(extraction: Extraction) -> list[str | None]:
    return [warning.path for warning in extraction.warnings if warning.code == "xml_differs"]


def test_a_whole_e_invoice_is_answered_without_a_model_and_keeps_its_places(silent: Pipeline) -> None:
    invoice = made(4)
    answer = extract(silent, invoice.pdf())
    value, metadata = answer.output.value, answer.output.metadata
    assert validate_output(value, INVOICE) == ()
    assert (answer.status, answer.warnings, answer.engine) == ("succeeded", (), "xml")
    assert value["amount_total_gross"] == invoice.data["BT-112"]
    gross = metadata["amount_total_gross"]
    assert (gross.source, gross.normalised, gross.currency) == ("xml", invoice.data["BT-112"], "EUR")
    assert gross.citations[0].page_number == 1
    # The code of the unit stands in the XML alone.
    assert metadata["line_items[0].units_of_measure"].citations == ()
    assert metadata["line_items[0].amount_net"].citations[0].page_number == 1
    assert {entry.source for entry in metadata.values()} == {"xml"}


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_xml_alone_is_answered_without_a_page(silent: Pipeline, syntax: str) -> None:
    data = made(4).xml("ubl" if syntax == "ubl" else "cii")
    result = silent.extract(data, "auto")
    answer = result.extraction
    assert (answer.schema_name, answer.status, answer.usage.n_pages) == ("invoice", "succeeded", 0)
    assert answer.kind is not None
    assert answer.kind.name == "invoice"
    assert answer.output.value["document_id"] == made(4).data["BT-1"]
    assert all(not entry.citations for entry in answer.output.metadata.values())
    (part,) = silent.extract_all(data, INVOICE, split="auto")
    assert not isinstance(part, FailedPart)


def test_the_model_is_asked_for_what_the_xml_leaves_open(pipeline: Pipeline) -> None:
    schema = schema_of(invoice_number=TEXT, forwarder=TEXT)
    answer = extract(pipeline, made(4).pdf(), schema)
    assert list(answer.output.value) == ["invoice_number", "forwarder"]
    assert answer.output.value["invoice_number"] == made(4).data["BT-1"]
    sources = {path: entry.source for path, entry in answer.output.metadata.items()}
    assert sources == {"invoice_number": "xml", "forwarder": "page"}
    assert answer.usage.n_completion_tokens > 0


def test_a_value_of_the_xml_that_breaks_the_schema_is_read_on_the_page(pipeline: Pipeline) -> None:
    schema = schema_of(invoice_number={"type": "string", "pattern": "^[A-Za-z]+$"}, seller_name=TEXT)
    answer = extract(pipeline, made(4).pdf(), schema)
    assert answer.output.value["invoice_number"] == WORD
    sources = {path: entry.source for path, entry in answer.output.metadata.items()}
    assert sources == {"invoice_number": "page", "seller_name": "xml"}


def test_a_schema_that_asks_for_nothing_of_the_xml_is_read_on_the_page(pipeline: Pipeline) -> None:
    answer = extract(pipeline, made(4).pdf(), schema_of(forwarder=TEXT))
    assert answer.output.metadata["forwarder"].source == "page"


def test_xml_alone_has_to_say_what_is_asked(silent: Pipeline) -> None:
    data = made(4).xml()
    with pytest.raises(UnsupportedMediaTypeError):
        extract(silent, data, schema_of(forwarder=TEXT))
    with pytest.raises(UnsupportedMediaTypeError):
        extract(silent, data, xml="ignore")
    with pytest.raises(EmptyDocumentError, match="forwarder"):
        extract(silent, data, schema_of(invoice_number=TEXT, forwarder={"type": "string"}))
    lacking = extract(silent, data, schema_of(invoice_number=TEXT, forwarder=TEXT))
    assert lacking.output.value["forwarder"] is None
    assert [(w.code, w.path) for w in lacking.warnings] == [("xml_incomplete", "forwarder")]
    assert lacking.status == "needs_review"


def test_xml_alone_without_lines_says_that_they_are_missing(silent: Pipeline) -> None:
    whole = made(4).xml().decode()
    lines = whole[whole.index("<ram:Included") : whole.rindex("</ram:Included")]
    answer = extract(silent, whole.replace(lines, "<ram:IncludedSupplyChainTradeLineItem>").encode())
    assert answer.output.value["line_items"] == []
    assert "line_items" in {w.path for w in answer.warnings if w.code == "xml_incomplete"}


def test_more_lines_than_a_list_holds_are_told_and_no_list_is_cut(silent: Pipeline) -> None:
    row: JsonValue = {"type": "object", "properties": {"description": TEXT}}
    schema = schema_of(invoice_number=TEXT, line_items={"type": "array", "items": row, "maxItems": 1})
    answer = extract(silent, made(4).xml(), schema)
    (warning,) = [w for w in answer.warnings if w.code == "xml_incomplete"]
    assert (answer.output.value["line_items"], warning.path) == ([], "line_items")
    assert f"{len(made(4).data['BG-25'])} lines" in warning.message


@pytest.mark.parametrize(
    ("written", "day"), [("202604", None), ("04/05/2026", None), ("2026-04-17Z", "2026-04-17")]
)
def test_a_date_is_normalised_only_if_it_is_a_day(silent: Pipeline, written: str, day: str | None) -> None:
    issued = made(4).data["BT-2"].isoformat()
    xml = made(4).xml("ubl").decode().replace(f"IssueDate>{issued}", f"IssueDate>{written}")
    answer = extract(silent, xml.encode())
    assert answer.output.metadata["date_issue"].normalised == day
    assert [w.path for w in answer.warnings if w.code == "xml_invalid"] == ([] if day else ["date_issue"])


def test_what_is_wrong_in_a_line_is_told_at_its_cell(silent: Pipeline) -> None:
    amount = made(4).data["BG-25"][1]["BT-131"]
    xml = (
        made(4)
        .xml()
        .decode()
        .replace(f"LineTotalAmount>{amount}", f"LineTotalAmount>{amount.replace('.', ',')}")
    )
    broken = [w.path for w in extract(silent, xml.encode()).warnings if w.code == "xml_invalid"]
    assert broken == ["line_items[1].amount_net"]


def test_an_account_that_is_no_iban_is_none(silent: Pipeline) -> None:
    xml = made(4).xml("ubl").decode().replace(made(4).data["BT-84"], "1234567")
    answer = extract(silent, xml.encode())
    assert answer.output.value["iban"] is None
    assert [w.path for w in answer.warnings] == ["iban"]


@pytest.mark.parametrize("path", ["iban", "vendor_tax_id"])
def test_another_code_in_the_place_of_the_xmls_is_found_without_a_label(silent: Pipeline, path: str) -> None:
    invoice, other = made(4), made(5)
    altered = copy.deepcopy(invoice.data)
    if path == "iban":
        altered["BT-84"] = next(one for one in IBANS if one != invoice.data["BT-84"])
    else:
        altered["BG-4"]["vat_identifier"] = other.data["BG-4"]["vat_identifier"]
    page = unlabelled(invoice)
    assert differing(extract(silent, attach(page, {"factur-x.xml": invoice.xml()}))) == []
    assert differing(extract(silent, attach(page, {"factur-x.xml": invoice.xml(data=altered)}))) == [path]


OTHER_MEANS = (
    "<ram:SpecifiedTradeSettlementPaymentMeans><ram:TypeCode>58</ram:TypeCode>"
    "<ram:PayeePartyCreditorFinancialAccount><ram:IBANID>{}</ram:IBANID>"
    "</ram:PayeePartyCreditorFinancialAccount></ram:SpecifiedTradeSettlementPaymentMeans>"
)


def with_first_account(invoice: Made, number: str) -> bytes:
    """Return the invoice's XML with another account before its own, which alone the page shows."""
    begin = "<ram:SpecifiedTradeSettlementPaymentMeans>"
    return invoice.xml().decode().replace(begin, OTHER_MEANS.format(number) + begin).encode()


@pytest.mark.parametrize("is_labelled", [True, False])
def test_several_accounts_are_named_and_a_page_may_show_any_of_them(
    silent: Pipeline, is_labelled: bool
) -> None:
    invoice = made(4)
    own, other = invoice.data["BT-84"], next(one for one in IBANS if one != invoice.data["BT-84"])
    page = invoice.page() if is_labelled else unlabelled(invoice)
    answer = extract(silent, attach(page, {"factur-x.xml": with_first_account(invoice, other)}))
    assert answer.output.value["iban"] == other
    (warning,) = answer.warnings
    assert (warning.code, warning.path) == ("xml_several_accounts", "iban")
    assert f"{other}, {own}" in warning.message
    assert (answer.status, answer.review) == ("succeeded", ())  # each of them is right


def test_to_compare_each_account_of_the_xml_is_right(pipeline: Pipeline) -> None:
    invoice = made(4)
    data = attach(invoice.page(), {"factur-x.xml": with_first_account(invoice, WORD)})
    # The model reads the word, which is one of the accounts, where the first is an IBAN.
    assert differing(extract(pipeline, data, schema_of(iban=TEXT), xml="compare")) == []
    assert differing(extract(pipeline, invoice.pdf(), schema_of(iban=TEXT), xml="compare")) == ["iban"]


def test_very_many_accounts_are_counted_and_some_named(silent: Pipeline) -> None:
    xml = made(4).xml().decode()
    begin = "<ram:SpecifiedTradeSettlementPaymentMeans>"
    others = "".join(OTHER_MEANS.format(f"{number}" * 1000) for number in range(10, 60))
    (warning,) = extract(silent, xml.replace(begin, others + begin).encode()).warnings
    assert "51 accounts" in warning.message
    assert len(warning.message) < 500


def unlabelled(invoice: Made) -> bytes:
    """Return the page with other words than a label before the account and the VAT number."""
    with pikepdf.open(BytesIO(invoice.page())) as document:
        contents = document.pages[0].Contents
        text = contents.read_bytes().replace(b"IBAN: ", b"Konto ")
        contents.write(text.replace(LABELS[invoice.language]["vat"].encode("latin-1"), b"Nr."))
        out = BytesIO()
        document.save(out)
        return out.getvalue()


def test_ignored_xml_is_as_if_it_were_not_there(pipeline: Pipeline) -> None:
    schema = schema_of(invoice_number=TEXT)
    without = extract(pipeline, made(4).page(), schema).output
    assert extract(pipeline, made(4).pdf(), schema, xml="ignore").output == without


def test_to_compare_the_page_is_the_answer_and_each_difference_is_named(pipeline: Pipeline) -> None:
    invoice = made(4)
    schema = schema_of(invoice_number=TEXT, seller_name=TEXT)
    read = extract(pipeline, invoice.page(), schema).output
    answer = extract(pipeline, invoice.pdf(), schema, xml="compare")
    assert answer.output == read
    said = {"invoice_number": invoice.data["BT-1"], "seller_name": invoice.data["BG-4"]["name"]}
    assert read.value == dict.fromkeys(said, WORD)
    assert differing(answer) == list(said)
    assert answer.status == "needs_review"


QUICK = ("gross total", "amount due is the net", "account by a digit", "row amount", "a row less")


@pytest.mark.parametrize("name", QUICK)
def test_what_the_page_shows_otherwise_is_found(silent: Pipeline, name: str) -> None:
    find(silent, made(30 + QUICK.index(name)), name)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALTERATIONS)
def test_each_of_the_alterations_is_found(silent: Pipeline, name: str) -> None:
    find(silent, made(100 + list(ALTERATIONS).index(name)), name)


def find(pipeline: Pipeline, invoice: Made, name: str) -> None:
    path = ALTERATIONS[name][1]
    answer = extract(pipeline, invoice.pdf(data=altered(invoice.data, name)))
    found = differing(answer)
    assert any(at == path or (path == "line_items" and str(at).startswith(path)) for at in found), found
    assert answer.status == "needs_review"
    assert {reason.code for reason in answer.review} >= {"xml_differs"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_nothing_differs_where_xml_and_page_agree(silent: Pipeline, seed: int) -> None:
    assert extract(silent, made(seed).pdf()).warnings == ()


def test_both_values_and_the_page_are_in_the_warning(silent: Pipeline) -> None:
    invoice = made(101)
    answer = extract(silent, invoice.pdf(data=altered(invoice.data, "number")))
    (warning,) = [w for w in answer.warnings if w.code == "xml_differs"]
    assert invoice.data["BT-1"] in warning.message
    assert altered(invoice.data, "number")["BT-1"] in warning.message
    assert (warning.path, warning.page_number) == ("document_id", 1)


def test_xml_that_breaks_its_own_sums_is_told_at_the_path(silent: Pipeline) -> None:
    invoice = made(7)
    xml = invoice.xml(data=altered(invoice.data, "tax"))
    broken = [w for w in extract(silent, xml).warnings if w.code == "xml_invalid"]
    assert [(w.path, "BR-CO" in w.message) for w in broken] == [
        ("amount_total_gross", True),  # net and tax
        ("amount_total_tax", True),  # the breakdown
    ]


def test_xml_that_cannot_be_used_is_told_and_the_page_is_read(pipeline: Pipeline) -> None:
    data = attach(made(4).page(), {"factur-x.xml": b"<a/>"})
    answer = extract(pipeline, data, schema_of(invoice_number=TEXT))
    assert [w.code for w in answer.warnings if w.code.startswith("xml")] == ["xml_unusable"]
    assert answer.output.metadata["invoice_number"].source == "page"


def test_an_e_invoice_is_one_document_unless_each_page_is_to_be(silent: Pipeline, pipeline: Pipeline) -> None:
    data = attach(two_pages(made(4)), {"factur-x.xml": made(4).xml()})
    (whole,) = silent.extract_all(data, INVOICE, options=options("prefer"), split="auto")
    assert not isinstance(whole, FailedPart)
    schema = schema_of(invoice_number=TEXT)
    parts = pipeline.extract_all(data, schema, options=options("prefer"), split="pages")
    first = parts[0]
    assert not isinstance(first, FailedPart)
    assert len(parts) == 2
    assert [w.code for w in first.extraction.warnings if w.code.startswith("xml")] == ["xml_unusable"]
    assert first.extraction.output.metadata["invoice_number"].source == "page"


def two_pages(invoice: Made) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(invoice.page())) as first, pikepdf.open(BytesIO(made(9).page())) as second:
        first.pages.extend(second.pages)
        first.save(out)
    return out.getvalue()
