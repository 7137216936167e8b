"""Templates: real pages of which it is known which words are which value, kept as JSON lines.

A template is made once (`training.refill.compiling`), because reading and grounding are slow, and refilled
any number of times (`training.refill.refilling`). It holds the words of the page as they are printed, so a
file of templates is as confidential as the documents it was made of, and belongs in no repository.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from schemas.errors import ConfigurationError
from schemas.frozen import Value
from schemas.spec import FieldKind
from schemas.values import DecimalSeparator

# Text, and the box (left, top, right, bottom) in page fractions.
PageWord = tuple[str, float, float, float, float]
# Indices of neighbouring words, in the order of the value.
Run = Annotated[tuple[int, ...], Field(min_length=1)]
# Sum of coefficient times amount group is zero; the group ROWS_TOTAL stands for the sum of the rows' amounts.
Relation = tuple[tuple[int, int], ...]
ROWS_TOTAL = -1


class TemplateField(Value):
    """A field of the page's own schema, and where it stands.

    Attributes
    ----------
    tag
        What it means (`training.synthesis.fields.FIELDS`).
    places
        Where its value stands: first the answer, then the other places that print the same.
    label
        The words that announce it, if they are known ones; `is_label_above` tells those above it.
    is_silver
        Whether nobody annotated it: the page's labels and arithmetic say it.
    """

    key: str
    tag: str
    kind: FieldKind
    description: str
    places: tuple[Run, ...]
    label: Run | None = None
    is_label_above: bool = False
    is_silver: bool = False


class TemplateColumn(Value):
    """A column of a table, from left to right; `tag` and `key` are None for one that is not annotated.

    `left` and `right` are page fractions around its heading and its cells.
    """

    key: str | None
    tag: str | None
    kind: FieldKind = "verbatim"
    description: str = ""
    heading: tuple[int, ...]
    left: float
    right: float


class TemplateRow(Value):
    """The lines [start, end) of the page that a row takes up, and its cells by index of the column.

    Words of the lines that are in no cell stand in `extras`, by the column that they stand in: currency
    marks, units, article numbers, remarks.
    """

    start: int
    end: int
    cells: dict[int, Run]
    extras: dict[int, tuple[int, ...]]


class TemplateTable(Value):
    """A table of which every word is accounted for, so that rows can be made anew and columns moved.

    Attributes
    ----------
    rows
        Those of its rows that are whole, as patterns for new ones.
    head, region
        The lines [start, end) of its headings (equal numbers if it has none), and of all its rows.
    n_rows, rows_total
        How many rows it has, and the sum of their amounts in ten-thousandths; None if it is not known.
    absent
        Tags of columns that it certainly lacks.
    is_stacked
        Whether descriptions stand on lines of their own, above or below the numbers.
    is_headless
        Whether nothing above the rows looks like a heading of theirs.
    """

    key: str
    columns: tuple[TemplateColumn, ...]
    rows: tuple[TemplateRow, ...]
    head: tuple[int, int]
    region: tuple[int, int]
    n_rows: int
    rows_total: int | None
    absent: tuple[str, ...]
    is_stacked: bool
    is_headless: bool


class Template(Value):
    """An annotated page, compiled.

    Attributes
    ----------
    key, source, sha256
        The document's id, the data set that it is of, and its hash.
    words, lines
        The words in row-major order, and their lines as half-open ranges.
    language, day_first, decimal
        How the page writes labels, dates and amounts.
    amounts
        Groups of places that print the same amount; those of the rows of `table` are in none.
    sums
        What holds between the groups, in ten-thousandths and with the printed signs.
    dates, times, codes
        Places of dates, of times, and single words that are numbers or codes.
    bystanders
        Words of names and addresses that are in no field.
    absent
        Tags of fields that the page certainly lacks.
    """

    key: str
    source: str
    sha256: str
    width_pt: float
    height_pt: float
    words: tuple[PageWord, ...]
    lines: tuple[tuple[int, int], ...]
    language: str
    day_first: bool
    decimal: DecimalSeparator | None
    fields: tuple[TemplateField, ...]
    table: TemplateTable | None
    amounts: tuple[tuple[Run, ...], ...]
    sums: tuple[Relation, ...]
    dates: tuple[Run, ...]
    times: tuple[int, ...]
    codes: tuple[int, ...]
    bystanders: tuple[int, ...]
    absent: tuple[str, ...]

    def untouched(self) -> Iterator[int]:
        """Yield the words that only their own part may exchange: of fields, labels and the table."""
        for field in self.fields:
            yield from (i for place in field.places for i in place)
            yield from field.label or ()
        if self.table is not None:
            yield from range(self.lines[self.table.head[0]][0], self.lines[self.table.region[1] - 1][1])

    def text(self, run: Iterable[int]) -> str:
        """Return the words of a run, joined by spaces."""
        return " ".join(self.words[index][0] for index in run)


def write_templates(templates: Iterable[Template], path: Path) -> int:
    """Write one template a line and return how many there were."""
    n = 0
    with path.open("w", encoding="utf-8") as file:
        for template in templates:
            file.write(template.model_dump_json() + "\n")
            n += 1
    return n


def read_templates(path: Path) -> tuple[Template, ...]:
    """Return the templates of a file, in its order.

    Raises
    ------
    ConfigurationError
        If it cannot be read, a line is no template, or there is none.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            found = tuple(_parsed(lines, path.name))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the templates {path.name!r} cannot be read") from error
    if not found:
        raise ConfigurationError(f"{path.name!r} holds no template")
    return found


def _parsed(lines: Iterable[str], name: str) -> Iterator[Template]:
    for number, line in enumerate(lines, start=1):
        try:
            yield Template.model_validate_json(line)
        except ValidationError as error:
            raise ConfigurationError(f"line {number} of {name!r} is no template") from error
