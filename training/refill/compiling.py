"""An annotated page, compiled into a template: which words are which value, which label, which row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from pydantic import JsonValue

from decoding.grounding.ground import ground_extraction
from decoding.grounding.occurrences import DocumentIndex
from decoding.grounding.page_values import document_style
from schemas.document import Document, Page, Word
from schemas.extraction import FieldMetadata
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Path
from schemas.values import DecimalSeparator
from training.refill.bystanders import find_bystanders
from training.refill.field_finding import PageText, find_fields
from training.refill.head_finding import CellColumn
from training.refill.labels import absent_tags, page_language
from training.refill.places import Places, find_places
from training.refill.printed_amounts import PrintedAmount
from training.refill.proven_rows import COLUMNS, prove_rows
from training.refill.silver_fields import find_silver
from training.refill.sums import PlacedAmount, find_sums
from training.refill.table_finding import Cells, find_table
from training.refill.template import (
    ROWS_TOTAL,
    PageWord,
    Relation,
    Run,
    Template,
    TemplateField,
    TemplateTable,
)

_ROWS = "line_items"  # key of rows that nobody annotated
_TEXT_TAGS = ("name", "address", "cashier")  # in a tag: values that are words, whatever digits they hold


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatedDocument:
    """A document as read, and what it holds.

    Attributes
    ----------
    key, source
        Its id, and the data set that it is of.
    value
        An answer to `schema`; null is not known, not absent.
    tags, row_tags
        What fields and columns mean, by their keys; others are not used.
    language, day_first
        What is taken where the page does not show it.
    """

    key: str
    source: str
    document: Document
    schema: ExtractionSchema
    value: Mapping[str, JsonValue]
    tags: Mapping[str, str]
    row_tags: Mapping[str, str]
    language: str
    day_first: bool


def compile_document(annotated: AnnotatedDocument, *, outcomes: Counter[str]) -> Iterator[Template]:
    """Yield a template for each page of which a value or a table is known; `outcomes` is counted up."""
    metadata = ground_extraction(annotated.value, annotated.schema, annotated.document).metadata
    style = document_style(annotated.document.pages)
    day_first = annotated.day_first if style.day_first is None else style.day_first
    for page in annotated.document.pages:
        if not page.words:
            continue
        template = _compile(annotated, page, metadata, day_first, style.decimal_separator, outcomes)
        outcomes["pages" if template is None or template.table is None else "pages with a table"] += 1
        if template is None:
            outcomes["pages without a known value"] += 1
        else:
            yield template


def _compile(
    annotated: AnnotatedDocument,
    page: Page,
    metadata: Mapping[Path, FieldMetadata],
    day_first: bool,
    decimal: DecimalSeparator | None,
    outcomes: Counter[str],
) -> Template | None:
    words = [word.text for word in page.words]
    language = page_language([words[start:end] for start, end in page.lines], annotated.language)
    places = find_places(words, page.lines, day_first=day_first, language=language, decimal=decimal)
    text = PageText(
        page=page, char_width=char_width(page), index=DocumentIndex((replace(page, page_index=0),))
    )
    table = _table(annotated, page, metadata, places, text, outcomes)
    region = _region(page, table)
    fields = tuple(
        find_fields(annotated.schema, annotated.value, annotated.tags, metadata, text, region, outcomes)
    )
    silver = find_silver(text, places, fields, asked=_asked_tags(annotated), region=region)
    fields = (*fields, *(silver.fields if fields or table is not None else ()))
    kept = _kept(places, fields, words, region)
    fields = tuple(field for field in fields if _can_exchange(field, kept, outcomes))
    if not fields and table is None:
        return None
    present = silver.doubtful | {field.tag for field in fields}
    groups, sums = _sums(kept.amounts, table, text)
    taken = {i for f in fields for run in (*f.places, f.label or ()) for i in run} | set(region)
    taken |= {i for run in (*kept.dates, *kept.amounts) for i in run} | {*kept.times, *kept.codes}
    return Template(
        key=f"{annotated.key}/{page.page_index}",
        source=annotated.source,
        sha256=annotated.document.sha256,
        width_pt=page.width_pt,
        height_pt=page.height_pt,
        words=tuple(_page_word(word) for word in page.words),
        lines=page.lines,
        language=language,
        day_first=day_first,
        decimal=decimal,
        fields=fields,
        table=table,
        amounts=groups,
        sums=sums,
        dates=kept.dates,
        times=kept.times,
        codes=kept.codes,
        bystanders=find_bystanders(text, frozenset(taken)),
        absent=tuple(tag for tag in (*absent_tags(words), *silver.absent) if tag not in present),
    )


def _asked_tags(annotated: AnnotatedDocument) -> frozenset[str]:
    tags = annotated.tags
    return frozenset(tags[key] for key, _ in annotated.schema.root.properties if key in tags)


def char_width(page: Page) -> float:
    """Return the median width of a character, in page fractions; 0.01 if no box has a width."""
    widths = [word.bbox.width / len(word.text) for word in page.words if word.bbox.width]
    return median(widths) if widths else 0.01


def _page_word(word: Word) -> PageWord:
    box = word.bbox
    return word.text, round(box.left, 5), round(box.top, 5), round(box.right, 5), round(box.bottom, 5)


def _table(
    annotated: AnnotatedDocument,
    page: Page,
    metadata: Mapping[Path, FieldMetadata],
    places: Places,
    text: PageText,
    outcomes: Counter[str],
) -> TemplateTable | None:
    """Return the page's table of rows, annotated or proven, if it has one that is regular."""
    key, columns, rows = _annotated_rows(annotated, metadata, page)
    if key is None:
        key, columns, rows = _ROWS, COLUMNS, list(prove_rows(text, places))
        outcomes["pages with proven rows"] += bool(rows)
    if not rows:
        return None
    total = _rows_total(rows, columns, places)
    own = {i for row in rows for run in row.values() for i in run}
    outside = {amount.signed for run, amount in places.amounts.items() if not own & set(run)}
    found = find_table(
        page,
        rows,
        columns,
        key=key,
        char_width=text.char_width,
        knows_all_rows=total is not None and total in outside,
    )
    if isinstance(found, str):
        outcomes[f"table: {found}"] += 1
        return None
    return found.model_copy(update={"rows_total": total})


def _annotated_rows(
    annotated: AnnotatedDocument, metadata: Mapping[Path, FieldMetadata], page: Page
) -> tuple[str | None, tuple[CellColumn, ...], list[Cells]]:
    """Return key, columns and rows of the first list of rows; no key if the schema has none."""
    for key, spec in annotated.schema.root.properties:
        if isinstance(spec, ArraySpec) and isinstance(spec.item, ObjectSpec):
            columns = _columns(spec.item, annotated.row_tags)
            return key, columns, list(_rows(key, annotated.value.get(key), columns, metadata, page))
    return None, (), []


def _columns(item: ObjectSpec, tags: Mapping[str, str]) -> tuple[CellColumn, ...]:
    return tuple(
        CellColumn(key=key, tag=tags[key], kind=spec.kind, description=spec.description)
        for key, spec in item.properties
        if isinstance(spec, FieldSpec) and key in tags
    )


def _rows(
    key: str,
    value: JsonValue,
    columns: Sequence[CellColumn],
    metadata: Mapping[Path, FieldMetadata],
    page: Page,
) -> Iterator[Cells]:
    """Yield the cells of each row of which some stand on this page, each in one piece."""
    for index in range(len(value) if isinstance(value, list) else 0):
        cells: dict[str, Run] = {}
        for column in columns:
            known = metadata.get((key, index, column.key))
            citations = () if known is None else known.citations
            if len(citations) == 1 and citations[0].page_number == page.page_index + 1:
                cells[column.key] = citations[0].word_indices
        if cells:
            yield cells


def _rows_total(rows: Sequence[Cells], columns: Sequence[CellColumn], places: Places) -> int | None:
    """Return the sum of the rows' amounts in ten-thousandths, None if one of them cannot be read."""
    key = next((column.key for column in columns if column.tag == "amount"), None)
    amounts = [_amount_in(row.get(key, ()) if key else (), places) for row in rows]
    known = [amount.signed for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(rows) else None


def _amount_in(cell: Sequence[int], places: Places) -> PrintedAmount | None:
    return next((amount for run, amount in places.amounts.items() if set(run) <= set(cell)), None)


def _region(page: Page, table: TemplateTable | None) -> range:
    """Return the words of the table's headings and rows."""
    if table is None:
        return range(0)
    return range(page.lines[table.head[0]][0], page.lines[table.region[1] - 1][1])


def _kept(places: Places, fields: Sequence[TemplateField], words: Sequence[str], region: range) -> Places:
    """Return the places that can be exchanged by themselves.

    Rows are printed anew, names and addresses are exchanged as a whole, and what stands partly in a field is
    left as it is. Words of a field that is a number or a code are codes, however short.
    """
    whole = {i for f in fields if is_text(f) for run in f.places for i in run} | set(region)
    answers = [set(f.places[0]) for f in fields if not is_text(f)]

    def fits(run: Run) -> bool:
        own = set(run)
        return not own & whole and all(own <= answer or not own & answer for answer in answers)

    amounts = {run: amount for run, amount in places.amounts.items() if fits(run)}
    dates = tuple(run for run in places.dates if fits(run))
    times = tuple(i for i in places.times if fits((i,)))
    taken = {i for run in (*amounts, *dates) for i in run} | set(times)
    numbered = {
        i
        for f in fields
        if f.kind == "verbatim" and not is_text(f)
        for i in f.places[0]
        if any(map(str.isdigit, words[i]))
    }
    codes = sorted(({i for i in places.codes if fits((i,))} | numbered) - taken)
    return Places(dates=dates, times=times, amounts=amounts, codes=tuple(codes))


def _can_exchange(field: TemplateField, kept: Places, outcomes: Counter[str]) -> bool:
    """Return whether a date or an amount can be printed anew; one that cannot stays, and is not asked for."""
    runs = {"date": kept.dates, "amount": tuple(kept.amounts)}.get(field.kind)
    is_known = runs is None or any(set(run) <= set(field.places[0]) for run in runs)
    if not is_known:
        outcomes[f"field: its {field.kind} cannot be exchanged"] += 1
    return is_known


def is_text(field: TemplateField) -> bool:
    """Return whether a field's value is a name or an address, whole, not a number or a code."""
    return field.kind == "verbatim" and field.tag.endswith(_TEXT_TAGS)


def _sums(
    amounts: Mapping[Run, PrintedAmount], table: TemplateTable | None, text: PageText
) -> tuple[tuple[tuple[Run, ...], ...], tuple[Relation, ...]]:
    """Return the places by amount, and what holds between the amounts."""
    groups: dict[int, list[Run]] = {}
    for run, amount in amounts.items():
        groups.setdefault(amount.units, []).append(run)
    number = {units: n for n, units in enumerate(groups)}
    placed = [
        PlacedAmount(
            group=number[amount.units],
            signed=amount.signed,
            line=text.line_of[run[0]],
            right=text.page.words[run[-1]].bbox.right,
        )
        for run, amount in amounts.items()
    ]
    if table is not None and table.rows_total:
        right = next((c.right for c in table.columns if c.tag == "amount"), 1.0)
        rows = PlacedAmount(group=ROWS_TOTAL, signed=table.rows_total, line=table.region[1] - 1, right=right)
        placed = sorted([*placed, rows], key=lambda place: place.line)
    counts = {
        line: [int(text.page.words[i].text) for i in range(*span) if text.page.words[i].text.isdecimal()]
        for line, span in enumerate(text.page.lines)
    }
    relations = [*find_sums(placed, counts), *_equal_to_rows(placed)]
    return tuple(tuple(runs) for runs in groups.values()), tuple(relations)


def _equal_to_rows(placed: Sequence[PlacedAmount]) -> Iterator[Relation]:
    """Yield that an amount is the sum of the rows, for each that is."""
    rows = next((place for place in placed if place.group == ROWS_TOTAL), None)
    for group in {p.group for p in placed if rows is not None and p is not rows and p.signed == rows.signed}:
        yield ((ROWS_TOTAL, 1), (group, -1))
