"""Long documents in windows, answered by an engine that reads what it is shown and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Sequence

import pytest
from pydantic import JsonValue

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from ocr.layout_document import layout_document
from ocr.reader import ReadOptions
from schemas.errors import InvalidCursorError
from schemas.extraction import Extraction
from schemas.registry import from_json_schema
from schemas.spec import ExtractionSchema
from tests.app.reader import Reader

_TEXT: JsonValue = {"type": ["string", "null"]}
_AMOUNT: JsonValue = {"type": ["string", "null"], "x-rasg-kind": "amount"}


def make_schema(item: dict[str, JsonValue], **fields: JsonValue) -> ExtractionSchema:
    """Return a schema of these fields and the list `rows`."""
    rows: JsonValue = {"type": "array", "items": item, "maxItems": 500}
    return from_json_schema({"type": "object", "properties": {**fields, "rows": rows}}, name="made_up")


def extract(
    engine: Reader, text: str, schema: ExtractionSchema, options: ExtractionOptions | None = None
) -> Extraction:
    """Return the extraction of a document whose pages are set as `text` is."""
    pipeline = Pipeline(engine=engine, read_options=ReadOptions(n_workers=1))
    return pipeline.extract_document(layout_document(text, sha256="0" * 64), schema, options=options)


ITEM: dict[str, JsonValue] = {
    "type": "object",
    "properties": {"name": _TEXT, "finish": _TEXT, "price": _TEXT},
}


def read_items(lines: list[str]) -> dict[str, JsonValue]:
    """Return what stands in lines of items: a name, a finish below it, its price below that.

    Of an item that the window shows in part there is what it shows.
    """
    rows: list[dict[str, JsonValue]] = []
    order = ("name", "finish", "price")
    for line in lines:
        key, _, text = line.strip().partition(" ")
        if key in order:
            if not rows or order.index(key) <= max(order.index(known) for known in rows[-1]):
                rows.append({})
            rows[-1][key] = text
    return {"rows": list(rows)}


def items_text(names: Sequence[str]) -> tuple[str, list[JsonValue]]:
    """Return one page of items of three lines each, and its rows."""
    rows: list[JsonValue] = [
        {"name": name, "finish": f"oak {name[::-1]}", "price": f"about {len(name)}"} for name in names
    ]
    lines = (f"name {name}\nfinish oak {name[::-1]}\nprice about {len(name)}" for name in names)
    return "\n".join(lines), rows


@pytest.mark.parametrize("n_words", range(40, 75, 7))
def test_rows_without_a_table_are_given_once_wherever_a_page_is_cut(n_words: int) -> None:
    # "chair" stands twice in a row, and again later: printed alike, they are five rows of their own.
    names = ["table", "chair", "chair", "bench", "chair", "shelf", "lamp", "lamp", "lamp", "stool", "chair"]
    text, rows = items_text(names)
    engine = Reader(read_items, n_words=n_words)
    extraction = extract(engine, text, make_schema(ITEM))
    assert extraction.usage.n_windows > 1
    assert extraction.output.value["rows"] == rows
    assert [w.code for w in extraction.warnings if w.code in ("window_conflict", "row_repeated")] == []


def test_items_of_a_plain_list_that_are_printed_alike_are_as_many_as_the_page_has() -> None:
    names = ["red", "red", "blue", "red", "red", "green", "red", "red", "red", "blue", "blue", "red"]

    def read(lines: list[str]) -> dict[str, JsonValue]:
        return {"rows": [line.split()[-1] for line in lines if line.strip()]}

    text = "\n".join(f"colour is {name}" for name in names)
    for n_words in range(12, 30, 6):
        schema = make_schema({"type": "string"})
        extraction = extract(Reader(read, n_words=n_words), text, schema)
        assert extraction.usage.n_windows > 1
        assert extraction.output.value["rows"] == names


INVOICE = make_schema(
    {
        "type": "object",
        "properties": {"description": _TEXT, "quantity": _AMOUNT, "amount": _AMOUNT},
    },
    number=_TEXT,
    order=_TEXT,
    total=_AMOUNT,
)
_LABELS = {"number": "Invoice number:", "order": "Order no:"}


def read_invoice(lines: list[str]) -> dict[str, JsonValue]:
    """Return what stands behind labels, the last sum of a window as the total, and what is in the rows."""
    found: dict[str, JsonValue] = {}
    rows: list[JsonValue] = []
    for line in lines:
        text = line.strip()
        for key, label in _LABELS.items():
            if text.startswith(label):
                found[key] = text.removeprefix(label).strip()
        if text.lower().startswith(("total", "subtotal", "carried")):
            found["total"] = text.split()[-1]
        cells = re.fullmatch(r"(\w+ \w+)\s+(\d+)\s+(\S+)", text)
        if cells:
            rows.append(dict(zip(("description", "quantity", "amount"), cells.groups(), strict=True)))
    return {**found, "rows": rows}


def invoice_text(n_pages: int, *, amid: str = "", order: str = "") -> str:
    """Return an invoice of ten rows a page, with a line amid the table and one in the head."""
    pages: list[str] = []
    for number in range(1, n_pages + 1):
        lines = ["Invoice number: 4711", *([order] if order else [])] if number == 1 else []
        lines.append("Description          Qty      Amount")
        lines += [
            f"Paper {'abcdefghij'[i]}{number}               {i + 1}       {i + 1}.00" for i in range(10)
        ]
        if number == (n_pages + 1) // 2 and amid:
            lines.append(amid)
        is_last = number == n_pages
        lines.append(f"{'Total' if is_last else 'Subtotal'}                      {55 * number}.00")
        pages.append("\n".join(lines))
    return "\n\n".join(pages)


def ask_invoice(text: str) -> tuple[Extraction, list[tuple[str, ...]]]:
    """Return the extraction of an invoice in small windows, and the keys that each request asked for."""
    engine = Reader(read_invoice, n_words=55)
    extraction = extract(engine, text, INVOICE)
    return extraction, [keys for keys, _ in engine.asked]


def test_windows_amid_a_table_are_asked_for_rows_alone() -> None:
    extraction, asked = ask_invoice(invoice_text(5, order="Order no: 77"))
    assert extraction.output.value["total"] == "275.00"
    assert extraction.output.value["number"] == "4711"
    assert extraction.completeness.lists["rows"].n_missing == 0
    assert len(extraction.output.value["rows"]) == 50  # type: ignore[arg-type]
    assert asked[1:-1] == [("rows",)] * (len(asked) - 2)
    assert [w.code for w in extraction.warnings if w.code == "window_conflict"] == []


@pytest.mark.parametrize("amid", ["Order no: 88", "            Order no: 88"])
def test_a_value_that_stands_amid_a_table_alone_is_found(amid: str) -> None:
    extraction, asked = ask_invoice(invoice_text(5, amid=amid))
    assert extraction.output.value["order"] == "88"
    assert extraction.output.metadata["order"].citations[0].page_number == 3
    assert extraction.output.value["total"] == "275.00"
    # What the first and last windows gave is not asked for again.
    assert asked[-1] == ("order",)


def test_a_subtotal_is_no_total_where_rows_follow_and_the_total_is_found() -> None:
    extraction, _ = ask_invoice(invoice_text(3))
    assert extraction.output.value["total"] == "165.00"


def join_rows(parts: Sequence[Extraction]) -> list[JsonValue]:
    """Return the rows of a first answer and of those that went on from it, in the order of what they cite."""
    placed: list[tuple[tuple[int, int], JsonValue]] = []
    for part in parts:
        rows = part.output.value["rows"]
        assert isinstance(rows, list)
        for index, row in enumerate(rows):
            cited = [
                (citation.page_number, min(citation.word_indices))
                for path, entry in part.output.metadata.items()
                if path.startswith(f"rows[{index}]")
                for citation in entry.citations
            ]
            placed.append((min(cited), row))
    return [row for _, row in sorted(placed, key=lambda pair: pair[0])]


def extract_in_parts(
    engine: Reader, text: str, schema: ExtractionSchema, options: ExtractionOptions
) -> list[Extraction]:
    """Return the first answer and each that goes on from the one before, until nothing is left."""
    parts = [extract(engine, text, schema, options)]
    while parts[-1].cursor is not None:
        assert parts[-1].status == "partial"
        assert len(parts) < 99
        onwards = options.model_copy(update={"cursor": parts[-1].cursor})
        parts.append(extract(engine, text, schema, onwards))
    return parts


@pytest.mark.parametrize("n_words", [55, 10_000])
@pytest.mark.parametrize("max_tokens", [5, 16])
@pytest.mark.parametrize("tables", [True, False])
def test_a_cut_answer_goes_on_until_every_row_is_given_once(
    n_words: int, max_tokens: int, tables: bool
) -> None:
    text = invoice_text(4, order="Order no: 77")
    options = ExtractionOptions(tables=tables, max_tokens=max_tokens)
    whole = extract(Reader(read_invoice, n_words=n_words), text, INVOICE, ExtractionOptions(tables=tables))
    assert whole.cursor is None
    engine = Reader(read_invoice, n_words=n_words)
    parts = extract_in_parts(engine, text, INVOICE, options)
    if not tables and max_tokens < 16:  # known rows are cut into windows that have room for their answer
        assert len(parts) > 1
    assert join_rows(parts) == whole.output.value["rows"]
    for key in ("number", "order", "total"):
        given = [part.output.value[key] for part in parts if part.output.value[key] is not None]
        # Only a subtotal, which rows follow, is outdone by what a later part says.
        assert given[-1] == whole.output.value[key]
        assert len(given) == 1 or key == "total"


@pytest.mark.parametrize("max_tokens", [4, 9])
@pytest.mark.parametrize("n_words", [60, 10_000])
def test_rows_printed_alike_are_neither_lost_nor_repeated_where_an_answer_goes_on(
    n_words: int, max_tokens: int
) -> None:
    names = ["chair", "chair", "chair", "lamp", "lamp", "chair", "lamp", "lamp", "lamp", "stool"]
    text, rows = items_text(names)
    options = ExtractionOptions(max_tokens=max_tokens)
    whole = options.model_copy(update={"complete": True})
    extraction = extract(Reader(read_items, n_words=n_words), text, make_schema(ITEM), whole)
    assert extraction.output.value["rows"] == rows
    assert (extraction.status, extraction.cursor) == ("succeeded", None)
    if n_words > 60:
        parts = extract_in_parts(Reader(read_items, n_words=n_words), text, make_schema(ITEM), options)
        assert [row for part in parts for row in part.output.value["rows"]] == rows  # type: ignore[union-attr]


def test_an_answer_that_is_to_be_complete_goes_on_by_itself() -> None:
    text = invoice_text(4, order="Order no: 77")
    whole = extract(Reader(read_invoice, n_words=10_000), text, INVOICE)
    options = ExtractionOptions(max_tokens=7, complete=True)
    extraction = extract(Reader(read_invoice, n_words=10_000), text, INVOICE, options)
    assert extraction.output.value == whole.output.value
    assert extraction.warnings == whole.warnings
    assert extraction.completeness == whole.completeness


def test_a_row_that_no_limit_has_room_for_ends_the_going_on() -> None:
    options = ExtractionOptions(max_tokens=1, complete=True)
    extraction = extract(Reader(read_invoice, n_words=10_000), invoice_text(1), INVOICE, options)
    assert extraction.status == "partial"
    assert extraction.cursor is not None
    more = options.model_copy(update={"max_tokens": 500, "cursor": extraction.cursor})
    rest = extract(Reader(read_invoice, n_words=10_000), invoice_text(1), INVOICE, more)
    assert rest.cursor is None
    assert len(rest.output.value["rows"]) == 10  # type: ignore[arg-type]


CUT = ExtractionOptions(max_tokens=7, tables=False)


@pytest.fixture(scope="module")
def cursor() -> str:
    found = extract(Reader(read_invoice, n_words=10_000), invoice_text(2), INVOICE, CUT).cursor
    assert found is not None
    return found


def go_on(
    cursor: str,
    *,
    text: str | None = None,
    sha256: str = "0" * 64,
    schema: ExtractionSchema = INVOICE,
    options: ExtractionOptions = CUT,
    model: str = "reader",
) -> Extraction:
    """Return what a call that goes on is answered."""
    engine = Reader(read_invoice, n_words=10_000)
    engine.model = model
    pipeline = Pipeline(engine=engine, read_options=ReadOptions(n_workers=1))
    document = layout_document(invoice_text(2) if text is None else text, sha256=sha256)
    onwards = options.model_copy(update={"cursor": cursor})
    return pipeline.extract_document(document, schema, options=onwards)


def test_a_cursor_of_another_call_is_refused_and_says_what_differs(cursor: str) -> None:
    assert go_on(cursor).status == "partial"
    # The limit that cut the answer may be another one.
    assert go_on(cursor, options=CUT.model_copy(update={"max_tokens": 99})).cursor is None
    for differs, said in (
        ({"sha256": "1" * 64}, "another file"),
        ({"text": invoice_text(2).replace("Paper", "Pages")}, "read otherwise"),
        ({"schema": make_schema(ITEM)}, "another schema"),
        ({"options": CUT.model_copy(update={"reasoning": "full"})}, "other options"),
        ({"model": "writer"}, "another model"),
    ):
        with pytest.raises(InvalidCursorError, match=said):
            go_on(cursor, **differs)  # type: ignore[arg-type]


def forge(written: object) -> str:
    """Return a cursor with a right digest, of whatever it holds."""
    packed = base64.urlsafe_b64encode(zlib.compress(json.dumps(written).encode())).decode().rstrip("=")
    digest = hashlib.sha256(json.dumps(packed).encode()).hexdigest()[:16]
    return f"c1.{digest}.{packed}"


def opened(cursor: str) -> dict[str, JsonValue]:
    """Return what a cursor holds."""
    packed = cursor.split(".")[2]
    return json.loads(zlib.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))))


def test_hostile_cursors_are_refused(cursor: str) -> None:
    held = opened(cursor)
    assert go_on(forge(held)).status == "partial"  # the forger works

    def with_rest(**rest: JsonValue) -> dict[str, JsonValue]:
        return {**held, "rests": [{"keys": [["rows"]], "lines": [[0, 0, 1]], **rest}]}

    assert go_on(forge(with_rest())).status == "succeeded"
    bomb = zlib.compress(b"[" * 50_000_000)
    packed = base64.urlsafe_b64encode(bomb).decode().rstrip("=")
    hostile = (
        "",
        "c1.",
        "c1..",
        "../../etc/passwd",
        "\x00" * 9,
        "é" * 50,
        "9" * 1_000_000,
        cursor[:-1],
        cursor[:-3] + "AAA",
        cursor.replace("c1.", "c2."),
        f"c1.{hashlib.sha256(json.dumps(packed).encode()).hexdigest()[:16]}.{packed}",
        forge([]),
        forge({}),
        forge({**held, "more": 1}),
        forge({**held, "rests": []}),
        forge(with_rest(lines=[[0, 0, 10_000]])),
        forge(with_rest(lines=[[9, 0, 1]])),
        forge(with_rest(lines=[[0, 3, 3]])),
        forge(with_rest(lines=[[0, -1, 3]])),
        forge(with_rest(lines=[[0, 0, 10**30]])),
        forge(with_rest(lines=[])),
        forge(with_rest(keys=[["rows", "amount"]])),
        forge(with_rest(keys=[["nothing"]])),
        forge(with_rest(keys=[[]])),
    )
    for text in hostile:
        with pytest.raises(InvalidCursorError):
            go_on(text)
