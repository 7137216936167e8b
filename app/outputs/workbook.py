"""Tables as a workbook (XLSX), by the extra `excel`: numbers and dates are such, texts never formulas."""

# xlsxwriter is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.outputs.cells import Cell, is_formula, plain_text
from app.outputs.tables import Row, Table
from schemas.errors import ConfigurationError

# Of the format: rows of a sheet, columns, and characters of a cell.
MAX_ROWS, MAX_COLUMNS, MAX_CHARS = 1_048_576, 16_384, 32_767
# A workbook's numbers are doubles: an amount of more digits stays the text that it is.
_MAX_DIGITS = 15
# The first day that a workbook knows; its calendar has a day too many before March 1900.
_FIRST_DAY = date(1900, 3, 1)
_WIDTH = 16


def require_workbooks() -> None:
    """Check that workbooks can be written.

    Raises
    ------
    ConfigurationError
        If the library is not installed.
    """
    try:
        import xlsxwriter  # noqa: F401 # pyright: ignore[reportUnusedImport]
    except ImportError as error:
        raise ConfigurationError(
            "workbooks need xlsxwriter", hint="install the extra `excel`: pip install 'rasg[excel]'"
        ) from error


class Workbook:
    """Writes a table a sheet, row by row without keeping them; a table of too many rows has further sheets.

    Raises
    ------
    ConfigurationError
        If the library is not installed, or a table has more columns than a sheet can.
    """

    def __init__(self, path: Path, tables: tuple[Table, ...], *, max_rows: int = MAX_ROWS) -> None:
        require_workbooks()
        import xlsxwriter

        if any(len(table.columns) > MAX_COLUMNS for table in tables):
            raise ConfigurationError(f"a sheet has at most {MAX_COLUMNS} columns", hint="use parquet or csv")
        # In constant memory: each row goes to disk when the next one begins.
        self._book: Any = xlsxwriter.Workbook(str(path), {"constant_memory": True})
        self._head = self._book.add_format({"bold": True, "text_wrap": False})
        self._quoted = self._book.add_format({"quote_prefix": True})
        self._amount = self._book.add_format({"num_format": "#,##0.00########"})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._max_rows = max_rows
        self._tables = {table.name: table for table in tables}
        self._sheets: dict[str, Any] = {}
        self._n_rows = dict.fromkeys(self._tables, 0)
        self._n_sheets = dict.fromkeys(self._tables, 0)
        for name in self._tables:
            self._begin_sheet(name)

    def _begin_sheet(self, name: str) -> None:
        self._n_sheets[name] += 1
        number = self._n_sheets[name]
        sheet = self._book.add_worksheet(name if number == 1 else f"{name} {number}")
        columns = self._tables[name].columns
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        for index, column in enumerate(columns):
            sheet.write_string(0, index, _short(plain_text(column.name)), self._head)
        self._sheets[name], self._n_rows[name] = sheet, 1

    def add(self, table: str, row: Row) -> None:
        """Write a row of the table of that name."""
        if self._n_rows[table] == self._max_rows:
            self._begin_sheet(table)
        for index, cell in enumerate(row):
            self._write(self._sheets[table], self._n_rows[table], index, cell)
        self._n_rows[table] += 1

    def _write(self, sheet: Any, row: int, column: int, cell: Cell) -> None:  # noqa: ANN401
        if cell is None:
            return
        if isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, Decimal) and len(cell.as_tuple().digits) <= _MAX_DIGITS:
            sheet.write_number(row, column, float(cell), self._amount)
        elif isinstance(cell, int | float) and abs(cell) < 10**_MAX_DIGITS:
            sheet.write_number(row, column, cell)
        elif isinstance(cell, date) and cell >= _FIRST_DAY:
            sheet.write_datetime(row, column, cell, self._date)
        else:
            text = _short(plain_text(cell))
            # As when a person types an apostrophe before it: it stays text when the cell is edited.
            sheet.write_string(row, column, text, self._quoted if is_formula(text) else None)

    def close(self) -> None:
        """Write what is left, and the file."""
        self._book.close()

    def abandon(self) -> None:
        """Leave the file unwritten, and remove the rows that are on disk."""
        for sheet in self._book.worksheets():
            sheet._opt_close()  # its files are closed and removed nowhere else


def _short(text: str) -> str:
    return text if len(text) <= MAX_CHARS else f"{text[: MAX_CHARS - 1]}…"
