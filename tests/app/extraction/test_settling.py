from __future__ import annotations

from pydantic import JsonValue

from app.extraction.settling import ground_answer
from decoding.merging import WindowAnswer
from schemas.extraction import FieldMetadata, OtherValue
from schemas.registry import from_json_schema
from schemas.spec import Path
from tests.decoding.pages import document_of

_AMOUNT = {"type": ["string", "null"], "x-rasg-kind": "amount"}
SCHEMA = from_json_schema(
    {
        "title": "totals",
        "type": "object",
        "properties": dict.fromkeys(("net_total", "tax_total", "grand_total"), _AMOUNT),
    }
)
DOCUMENT = document_of(["Net 100.00", "Tax 19.00", "Total 119.00", "Paid 125.00"])
VALUE: dict[str, JsonValue] = {"net_total": "100.00", "tax_total": "19.00", "grand_total": "125.00"}
OTHER = OtherValue(path=("grand_total",), value="119.00", gap=0.7)


def answer_of(known: FieldMetadata) -> WindowAnswer:
    metadata: dict[Path, FieldMetadata] = {("grand_total",): known}
    return WindowAnswer(value=VALUE, metadata=metadata, others={("grand_total",): (OTHER,)})


def test_a_settled_amount_is_given_with_its_place_its_probability_and_a_warning() -> None:
    answer = answer_of(FieldMetadata(probability=0.6))
    given, grounded, warnings = ground_answer(answer, DOCUMENT, SCHEMA, by_sums=True)
    assert given.value["grand_total"] == "119.00"
    (cited,) = grounded.fields["grand_total",].metadata.citations
    assert cited.reference_text == "119.00"
    # exp(-0.7) times 0.6
    assert round(given.metadata["grand_total",].probability or 0, 3) == 0.298
    assert [(w.code, w.path) for w in warnings] == [("settled_by_sum", "grand_total")]


def test_what_a_confirmed_page_taught_is_not_settled() -> None:
    answer = answer_of(FieldMetadata(probability=0.6, taught_by="example"))
    given, _, warnings = ground_answer(answer, DOCUMENT, SCHEMA, by_sums=True)
    assert (given.value["grand_total"], warnings) == ("125.00", ())


def test_sums_decide_nothing_where_they_are_turned_off() -> None:
    given, _, warnings = ground_answer(answer_of(FieldMetadata()), DOCUMENT, SCHEMA, by_sums=False)
    assert (given.value["grand_total"], warnings) == ("125.00", ())


def test_a_tax_that_was_left_out_is_given_from_the_page_with_what_none_left_of_its_probability() -> None:
    value: dict[str, JsonValue] = {"net_total": "100.00", "tax_total": None, "grand_total": "119.00"}
    answer = WindowAnswer(value=value, metadata={("tax_total",): FieldMetadata(probability=0.875)})
    given, grounded, warnings = ground_answer(answer, DOCUMENT, SCHEMA, by_sums=True)
    assert given.value["tax_total"] == "19.00"
    (cited,) = grounded.fields["tax_total",].metadata.citations
    assert cited.reference_text == "19.00"
    assert given.metadata["tax_total",].probability == 0.125
    assert [(w.code, w.path) for w in warnings] == [("settled_by_sum", "tax_total")]


def test_a_total_that_a_confirmed_page_taught_to_be_none_stays_none() -> None:
    value: dict[str, JsonValue] = {"net_total": "100.00", "tax_total": None, "grand_total": "119.00"}
    answer = WindowAnswer(value=value, metadata={("tax_total",): FieldMetadata(taught_by="example")})
    given, _, warnings = ground_answer(answer, DOCUMENT, SCHEMA, by_sums=True)
    assert (given.value["tax_total"], warnings) == (None, ())


def test_a_date_that_was_left_out_is_given_with_a_warning_whether_or_not_sums_decide() -> None:
    date = {"type": ["string", "null"], "x-rasg-kind": "date"}
    schema = from_json_schema({"title": "receipt", "type": "object", "properties": {"date": date}})
    document = document_of(["VEN 18 AVR 2014 21:35"])
    for by_sums in (True, False):
        answer = WindowAnswer(value={"date": None}, metadata={("date",): FieldMetadata(probability=0.875)})
        given, grounded, warnings = ground_answer(answer, document, schema, by_sums=by_sums)
        assert given.value["date"] == "18 AVR 2014"
        assert grounded.fields["date",].metadata.normalised == "2014-04-18"
        assert given.metadata["date",].probability == 0.125
        assert [(w.code, w.path) for w in warnings] == [("sole_date", "date")]


def test_a_date_that_a_confirmed_page_taught_to_be_none_stays_none() -> None:
    date = {"type": ["string", "null"], "x-rasg-kind": "date"}
    schema = from_json_schema({"title": "receipt", "type": "object", "properties": {"date": date}})
    answer = WindowAnswer(value={"date": None}, metadata={("date",): FieldMetadata(taught_by="example")})
    given, _, warnings = ground_answer(answer, document_of(["18.04.2014"]), schema, by_sums=True)
    assert (given.value["date"], warnings) == (None, ())


def test_what_the_page_names_is_given_but_for_the_rest_of_an_answer() -> None:
    """A value that breaks the schema is not given, and hinders no other."""
    text = {"type": ["string", "null"]}
    job = {**text, "pattern": "^J[0-9]+$"}
    schema = from_json_schema(
        {"title": "job", "type": "object", "properties": {"job_number": job, "order_number": text}}
    )
    null = FieldMetadata(probability=0.75)
    answer = WindowAnswer(
        value={"job_number": None, "order_number": None},
        metadata={("job_number",): null, ("order_number",): null},
    )
    document = document_of(["Job No.: 77", "Order No.: 4711"])
    given, grounded, warnings = ground_answer(answer, document, schema, by_sums=False)
    assert given.value == {"job_number": None, "order_number": "4711"}
    assert grounded.metadata["order_number",].citations
    assert given.metadata["order_number",].probability == 0.25
    assert [(w.code, w.path) for w in warnings] == [("named_value", "order_number")]
    rest, _, warnings = ground_answer(answer, document, schema, by_sums=False, is_part=True)
    assert (rest.value, warnings) == (answer.value, ())
