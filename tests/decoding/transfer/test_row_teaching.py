"""What a corrected table teaches about the next one: columns, lines of cells, kinds of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from decoding.tables.find import find_tables
from decoding.tables.match import ScopedRow, match_lists
from decoding.transfer.row_lessons import RowLesson, learn_rows
from decoding.transfer.row_teaching import TaughtList, align_columns, teach_rows
from schemas.document import Document
from schemas.spec import ObjectSpec
from tests.decoding.tables.pages import item, pages, rows_of

HEADING = "Pos   Code     Description        Qty    Price    Amount"
KNOWN = f"""
{HEADING}
1     A-100    Blue pen             2     1.50      3.00
2     B-200    Desk lamp            1    20.00     20.00
3     C-300    Paper                4     2.00      8.00
               Energy levy                          1.20
Total                                              32.20
"""
ASKED = f"""
{HEADING}
1     D-400    Stapler              3     5.00     15.00
2     E-500    Ink                  2     9.00     18.00
               Energy levy                          0.70
Total                                              33.70
"""
ITEM = item(code="verbatim", description="verbatim", quantity="amount", price="amount", amount="amount")
ROWS: tuple[dict[str, str | None], ...] = (
    {"code": "A-100", "description": "Blue pen", "quantity": "2", "price": "1.50", "amount": "3.00"},
    {"code": "B-200", "description": "Desk lamp", "quantity": "1", "price": "20.00", "amount": "20.00"},
    {"code": "C-300", "description": "Paper", "quantity": "4", "price": "2.00", "amount": "8.00"},
)
LEVY: dict[str, str | None] = {
    "code": None,
    "description": "Energy levy",
    "quantity": None,
    "price": None,
    "amount": "1.20",
}


def _lesson(
    rows: Sequence[Mapping[str, str | None]],
    *,
    text: str = KNOWN,
    spec: ObjectSpec = ITEM,
    example_id: str = "one",
    tells_null: bool = True,
    tells_left_out: bool = True,
) -> RowLesson:
    document = pages(text)
    lesson = learn_rows(
        document,
        find_tables(document),
        rows,
        spec,
        example_id=example_id,
        tells_null=tells_null,
        tells_left_out=tells_left_out,
    )
    assert lesson is not None
    return lesson


def _teach(*lessons: RowLesson, text: str = ASKED, spec: ObjectSpec = ITEM) -> tuple[Document, TaughtList]:
    document = pages(text)
    known = match_lists(rows_of(spec), find_tables(document))[("line_items",)]
    return document, teach_rows(known, spec, lessons, document)


def _texts(document: Document, rows: Sequence[ScopedRow], key: str) -> list[list[str]]:
    words = document.pages[0].words
    return [[" ".join(words[i].text for i in cell) for cell in row.cells[key]] for row in rows]


def _without(rows: Sequence[Mapping[str, str | None]], key: str) -> list[dict[str, str | None]]:
    return [{**row, key: None} for row in rows]


def test_a_line_that_a_person_left_out_is_left_out_of_the_next_table() -> None:
    document, taught = _teach(_lesson(ROWS))
    assert _texts(document, taught.known.rows, "description") == [["Stapler"], ["Ink"]]
    (left,) = taught.left_out
    assert left.example_id == "one"
    assert _texts(document, [left.row], "description") == [["Energy levy"]]
    assert taught.taught_by == {"one"}


def test_a_line_that_a_person_counted_as_a_row_stays_one() -> None:
    document, taught = _teach(_lesson([*ROWS, LEVY]))
    assert _texts(document, taught.known.rows, "description")[-1] == ["Energy levy"]
    assert not taught.left_out


def test_where_as_many_pages_keep_a_line_as_leave_it_out_it_stays() -> None:
    keeps, leaves = _lesson([*ROWS, LEVY], example_id="keeps"), _lesson(ROWS, example_id="leaves")
    for lessons in ((leaves, keeps), (leaves, keeps, keeps)):
        _, taught = _teach(*lessons)
        assert len(taught.known.rows) == 3
    _, taught = _teach(leaves, keeps, leaves)
    assert len(taught.known.rows) == 2


def test_a_full_row_that_begins_like_a_line_that_was_left_out_stays() -> None:
    text = ASKED.replace("Ink        ", "Energy pack")
    document, taught = _teach(_lesson(ROWS), text=text)
    assert _texts(document, taught.known.rows, "description") == [["Stapler"], ["Energy pack"]]


def test_rows_are_never_all_left_out() -> None:
    levy = "               Energy levy                          0.70"
    text = f"{HEADING}\n{levy}\nTotal                                               0.70"
    _, taught = _teach(_lesson(ROWS), text=text)
    assert len(taught.known.rows) == 1


def test_of_an_annotation_that_lacks_rows_nothing_is_left_out() -> None:
    _, taught = _teach(_lesson(ROWS, tells_left_out=False))
    assert not taught.left_out


def test_a_discount_that_a_person_counted_as_a_row_is_one_on_the_next_page() -> None:
    known = KNOWN.replace("Energy levy     ", "Special discount").replace("1.20\n", "-1.20\n")
    asked = ASKED.replace("Energy levy     ", "Special discount").replace("0.70\n", "-0.70\n", 1)
    discount = {**LEVY, "description": "Special discount", "amount": "-1.20"}
    document = pages(asked)
    plain = match_lists(rows_of(ITEM), find_tables(document))[("line_items",)]
    assert len(plain.rows) == 2  # layout alone takes it for no row
    document, taught = _teach(_lesson([*ROWS, discount], text=known), text=asked)
    assert _texts(document, taught.known.rows, "description")[-1] == ["Special discount"]
    assert _texts(document, taught.known.rows, "amount")[-1] == ["-0.70"]
    assert [row.example_id for row in taught.added] == ["one"]


def test_a_key_that_a_person_left_null_is_null_beside_its_column() -> None:
    document, taught = _teach(_lesson(_without(ROWS, "price")))
    assert _texts(document, taught.known.rows, "price") == [[], []]
    assert all("price" not in row.filled for row in taught.known.rows)


def test_a_key_that_was_null_where_its_column_was_empty_is_not_taught_as_null() -> None:
    known = KNOWN.replace("A-100", "     ").replace("B-200", "     ").replace("C-300", "     ")
    document, taught = _teach(_lesson(_without(ROWS, "code"), text=known))
    assert _texts(document, taught.known.rows, "code") == [["D-400"], ["E-500"]]


def test_what_a_file_s_own_data_lack_is_not_taught_as_null() -> None:
    document, taught = _teach(_lesson(_without(ROWS, "price"), tells_null=False))
    assert _texts(document, taught.known.rows, "price") == [["5.00"], ["9.00"]]


def test_a_key_whose_name_says_nothing_is_taken_from_the_column_that_it_was_taken_from() -> None:
    spec = item(description="verbatim", amount="amount", field_7="verbatim")
    rows = [{"description": r["description"], "amount": r["amount"], "field_7": r["code"]} for r in ROWS]
    document, taught = _teach(_lesson(rows, spec=spec), spec=spec)
    assert _texts(document, taught.known.rows, "field_7") == [["D-400"], ["E-500"]]
    assert all("field_7" in row.filled for row in taught.known.rows)


def test_values_that_were_read_into_another_column_than_their_own_teach_none() -> None:
    known = """
Pos   Code         Description       Qty    Price    Amount
1               A-100 Blue pen         2     1.50      3.00
2               B-200 Desk lamp        1    20.00     20.00
3               C-300 Paper            4     2.00      8.00
Total                                                 31.00
"""
    lesson = _lesson(ROWS, text=known)
    assert "code" not in lesson.keys
    document, taught = _teach(lesson)
    assert _texts(document, taught.known.rows, "code")[:2] == [["D-400"], ["E-500"]]


def test_of_pages_that_say_otherwise_most_decide_and_as_many_decide_nothing() -> None:
    spec = item(description="verbatim", amount="amount", field_7="verbatim")

    def lesson(key: str) -> RowLesson:
        rows = [{"description": r["description"], "amount": r["amount"], "field_7": r[key]} for r in ROWS]
        return _lesson(rows, spec=spec, example_id=key)

    code, price = lesson("code"), lesson("price")
    document, taught = _teach(price, code, code, spec=spec)
    assert _texts(document, taught.known.rows, "field_7") == [["D-400"], ["E-500"]]
    _, undecided = _teach(price, code, spec=spec)
    assert all(len(row.cells["field_7"]) > 1 for row in undecided.known.rows)


def test_where_headings_say_otherwise_than_on_the_example_the_page_counts() -> None:
    # There the heading said nothing, and a person found quantities below it; here it says what it is.
    known = KNOWN.replace("Code ", "Zzyx ")
    rows = [{**row, "code": None, "quantity": row["code"]} for row in ROWS]
    document, taught = _teach(_lesson(rows, text=known))
    assert _texts(document, taught.known.rows, "code") == [["D-400"], ["E-500"]]
    document, taught = _teach(_lesson(rows, text=known), text=ASKED.replace("Code ", "Zzyx "))
    assert _texts(document, taught.known.rows, "code") == [[], []]


def test_columns_in_another_order_are_those_of_another_template() -> None:
    asked = ASKED.replace("Qty    Price ", "Price  Qty   ")
    _, taught = _teach(_lesson(_without(ROWS, "price")), text=asked)
    assert not taught.taught_by


WRAPPED = """
Pos   Code     Description           Qty    Price    Amount
1     A-100    Blue pen                2     1.50      3.00
      41234    Packed in: 1.80
2     B-200    Desk lamp               1    20.00     20.00
      41235    Packed in: 24.00
Total                                                 23.00
"""


def test_lines_of_a_cell_that_never_belong_to_the_value_are_not_offered() -> None:
    asked = WRAPPED.replace("Blue pen ", "Stapler  ").replace("A-100", "D-400").replace("41234", "51234")
    document, taught = _teach(_lesson(ROWS[:2], text=WRAPPED), text=asked)
    assert _texts(document, taught.known.rows, "description") == [["Stapler"], ["Desk lamp"]]
    assert _texts(document, taught.known.rows, "code") == [["D-400"], ["B-200"]]


def test_a_value_of_the_second_line_is_taken_from_the_second_line() -> None:
    rows = [{**row, "code": code} for row, code in zip(ROWS[:2], ("41234", "41235"), strict=True)]
    asked = WRAPPED.replace("41234", "51234")
    document, taught = _teach(_lesson(rows, text=WRAPPED), text=asked)
    assert _texts(document, taught.known.rows, "code") == [["51234"], ["41235"]]


def test_values_that_were_all_of_their_cells_are_so_again_where_a_cell_has_one_line() -> None:
    _, taught = _teach(_lesson(ROWS))
    assert all("description" in row.whole for row in taught.known.rows)
    # A cell that goes on below says nothing: it may be the page's foot that does.
    wrapped = ASKED.replace("2     E-500", "               black, large\n2     E-500")
    _, longer = _teach(_lesson(ROWS), text=wrapped)
    assert "description" not in longer.known.rows[0].whole
    assert "description" in longer.known.rows[1].whole


def test_a_table_of_another_template_teaches_nothing() -> None:
    other = """
Datum        Leistung             Menge    Einzelpreis    Gesamt
01.02.2026   Blue pen                 2           1.50      3.00
02.02.2026   Desk lamp                1          20.00     20.00
03.02.2026   Paper                    4           2.00      8.00
Summe                                                      31.00
"""
    _, taught = _teach(_lesson(ROWS, text=other))
    assert not taught.taught_by
    assert len(taught.known.rows) == 3


def test_a_page_whose_rows_stand_in_no_table_teaches_nothing() -> None:
    document = pages(KNOWN)
    rows = [{"description": "Elephant", "amount": "99.99"}]
    learnt = learn_rows(
        document,
        find_tables(document),
        rows,
        ITEM,
        example_id="one",
        tells_null=True,
        tells_left_out=True,
    )
    assert learnt is None


@pytest.mark.parametrize(
    ("known", "asked", "expected"),
    [
        (HEADING, HEADING, {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5}),
        (HEADING, HEADING.replace("Code ", "Cdoe "), {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5}),
        (HEADING, "Qty    Item name        Total", None),
    ],
)
def test_columns_of_one_template_are_aligned(known: str, asked: str, expected: dict[int, int] | None) -> None:
    tables = [find_tables(pages(text.replace(HEADING, h)))[0] for text, h in ((KNOWN, known), (ASKED, asked))]
    assert align_columns(tables[0].columns, tables[1].columns) == expected
