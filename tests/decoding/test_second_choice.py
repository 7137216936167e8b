"""Values that another part of the document outdoes: sums of some rows, what stands in a table."""

from __future__ import annotations

from decoding.second_choice import find_second_choices
from schemas.spec import FieldSpec, ObjectSpec, Path

ROOT = ObjectSpec(
    properties=(("total", FieldSpec(kind="amount")), ("vendor", FieldSpec(kind="verbatim", nullable=True)))
)
LINES = [
    line.split()
    for line in (
        "Paper 680.40 1.00",
        "Übertrag 681.40",
        "Report 681.40",
        "Ink 5.00",
        "Zwischensumme 685.40",
        "Sous-total 685.90",
        "Summe 686.40",
    )
]


def found(total: str, vendor: str | None = None, *, rows_follow: bool = False) -> frozenset[Path]:
    """Return the second choices among a total and a vendor of these lines, of which two are rows."""
    value = {"total": total, "vendor": vendor}
    return find_second_choices(ROOT, value, LINES, in_rows=frozenset({0, 3}), rows_follow=rows_follow)


def test_amounts_on_lines_of_carried_sums_alone_are_second_choice() -> None:
    assert found("681.40") == {("total",)}
    assert found("686.40") == frozenset()
    assert found("7.00") == frozenset()  # on no line


def test_subtotals_are_second_choice_where_rows_follow() -> None:
    for total in ("685.40", "685.90"):
        assert found(total) == frozenset()
        assert found(total, rows_follow=True) == {("total",)}


def test_what_stands_in_a_table_alone_is_second_choice() -> None:
    assert found("680.40", "Ink") == {("total",), ("vendor",)}
    assert found("686.40", "Summe") == frozenset()
