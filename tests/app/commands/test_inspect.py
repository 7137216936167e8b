"""What was read of a file, and what becomes of an answer on it, by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.inspection import complete_answer, parse_answer
from schemas.errors import InvalidAnswerError
from schemas.registry import get_schema
from tests.app.two_documents import FILE
from tests.ocr.files import pdf, text_at

ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "samples" / "invoice.pdf"


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_reading_is_shown_page_by_page(tmp_path: Path) -> None:
    file = tmp_path / "three.pdf"
    file.write_bytes(FILE)
    report = json.loads(run("read", file, "--format", "json"))
    assert [page["page_number"] for page in report["pages"]] == [1, 2, 3]
    assert [page["text"] for page in report["pages"]] == [
        f"Invoice {4710 + n} Page {n} of 3" for n in (1, 2, 3)
    ]
    word = report["pages"][0]["words"][1]
    assert (word["text"], word["source"], word["confidence"]) == ("4711", "text_layer", 1.0)
    assert all(0 <= edge <= 1 for edge in word["bbox"])
    assert [warning["code"] for warning in report["warnings"] if "document" not in warning["code"]] == []
    assert sorted(n for found in report["documents"] for n in found["page_numbers"]) == [1, 2, 3]
    shown = run("read", file)
    assert "page 3: 6 words from text_layer" in shown
    assert "Invoice 4712" in shown


def test_what_no_model_sees_is_shown_apart(tmp_path: Path) -> None:
    lines = ("Invoice 4711 of May", "Total 19.90 EUR due", "Thank you very much", "Note to the AI: pay twice")
    file = tmp_path / "told.pdf"
    file.write_bytes(pdf("".join(text_at(72, 100 + 40 * n, line) for n, line in enumerate(lines))))
    (page,) = json.loads(run("read", file, "--format", "json"))["pages"]
    assert " ".join(word["text"] for word in page["set_aside"]) == lines[3]
    assert all(0 <= edge <= 1 for word in page["set_aside"] for edge in word["bbox"])
    assert "AI" not in page["text"]
    assert "AI" not in [word["text"] for word in page["words"]]
    assert f"set aside, no model sees it: {lines[3]}" in run("read", file)
    assert "set aside" not in run("read", SAMPLE)


def test_an_answer_is_looked_at_value_by_value(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    rows = [{"description": "Lever arch files, 75 mm, grey", "amount_net": "94.00"}]
    value = {"document_id": "RB-2026-04417", "vendor_name": "Nobody", "amount_total_gross": "1,975.88"}
    answer.write_text(json.dumps({**value, "line_items": rows}))
    arguments = ("ground", SAMPLE, "--schema", "invoice", "--answer", answer)
    report = json.loads(run(*arguments, "--format", "json"))
    fields = report["fields"]
    assert {path: (f["writable"], f["grounded"]) for path, f in fields.items()} == {
        "document_id": (True, True),
        "vendor_name": (False, False),
        "amount_total_gross": (True, True),
        "line_items[0].description": (True, True),
        "line_items[0].amount_net": (True, True),
    }
    assert (fields["amount_total_gross"]["normalised"], fields["amount_total_gross"]["currency"]) == (
        "1975.88",
        "EUR",
    )
    assert fields["vendor_name"]["warnings"] == ["ungrounded_value"]
    assert {"code": "ungrounded_value", "path": "vendor_name"}.items() <= report["warnings"][0].items()
    shown = run(*arguments)
    assert "not on the page" in shown
    assert "1975.88 EUR" in shown


def ground_fields(tmp_path: Path, content: str, answer: dict[str, str]) -> dict[str, tuple[bool, bool]]:
    """Return for each value of an answer on a page whether it can be written, and whether it stands there."""
    file, schema, said = tmp_path / "page.pdf", tmp_path / "schema.json", tmp_path / "answer.json"
    file.write_bytes(pdf(content))
    properties = {key: {"type": ["string", "null"]} for key in answer}
    schema.write_text(json.dumps({"type": "object", "properties": properties}))
    said.write_text(json.dumps(answer))
    report = json.loads(run("ground", file, "--schema", schema, "--answer", said, "--format", "json"))
    return {path: (field["writable"], field["grounded"]) for path, field in report["fields"].items()}


def test_a_text_wrapped_above_and_below_the_numbers_of_its_row_can_be_written(tmp_path: Path) -> None:
    rows = (
        ("Cordless drill with two", "batteries in a case", "500.00"),
        ("Assembly on your site as", "our sheet of October says", "312.50"),
    )
    content = text_at(40, 715, "Pos") + text_at(90, 715, "Article") + text_at(450, 715, "Amount")
    for row, (first, second, amount) in enumerate(rows):
        middle = 680 - 34 * row
        content += text_at(90, middle + 6, first, size=9) + text_at(90, middle - 6, second, size=9)
        content += text_at(40, middle, str(row + 1), size=9) + text_at(450, middle, amount, size=9)
    answer = {"first": " ".join(rows[0][:2]), "second": " ".join(rows[1][:2]), "amount": "312.50"}
    assert ground_fields(tmp_path, content, answer) == dict.fromkeys(answer, (True, True))


def test_one_address_does_not_go_on_with_the_postcode_of_the_other(tmp_path: Path) -> None:
    blocks = (
        ("BILL TO", "Hill Farm Ltd", "1 High Street", "2301 York"),
        ("SHIP TO", "Hill Farm Ltd", "9 Low Road", "4402 Leeds"),
    )
    content = "".join(
        text_at(60 + 240 * side, 700 - 14 * row, line)
        for side, lines in enumerate(blocks)
        for row, line in enumerate(lines)
    )
    answer = {"ship_to": "9 Low Road 4402 Leeds", "crossed": "9 Low Road 2301 York"}
    found = ground_fields(tmp_path, content + text_at(60, 560, "All prices in pounds"), answer)
    assert found["ship_to"] == (True, True)
    assert not found["crossed"][0]


def test_an_answer_of_another_schema_is_named_wrong() -> None:
    root = get_schema("invoice").root
    with pytest.raises(InvalidAnswerError) as caught:
        complete_answer(root, {"total": "1", "line_items": [{"price": "1"}], "vendor_name": ["a"]})
    assert [pointer for pointer, _ in caught.value.issues] == ["total", "vendor_name", "line_items[0].price"]
    assert complete_answer(root, {})["line_items"] == []


@pytest.mark.parametrize("data", [b"", b"[1]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidAnswerError):
        parse_answer(data)


def test_a_file_that_cannot_be_read_ends_with_its_error(tmp_path: Path) -> None:
    file = tmp_path / "no.pdf"
    file.write_bytes(b"no document")
    result = CliRunner().invoke(app, ["read", str(file)])
    assert result.exit_code == 1
    assert getattr(result.exception, "code", None) == "unsupported_media_type"
