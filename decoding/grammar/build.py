"""Schema and page to the one grammar that every engine runs.

The grammar writes compact JSON in schema order. Whatever weights an engine has, what it writes under this
grammar validates against the schema, and each verbatim, amount and date value is a run of whole words of the
page window, with single spaces between, or null. Everything is bounded, so that it always ends. Only the
page's words enter the grammar: a retrieved example's values cannot.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from decoding.evidence import trace_chars
from decoding.grammar.answer import REASONING_KEY
from decoding.grammar.lark import (
    JSON_CHAR,
    PLAIN_CHAR,
    LarkWriter,
    anchored,
    is_satisfiable,
    json_text,
    literal,
    regex,
    regex_or_none,
    trie_regex,
)
from decoding.grammar.number_regex import decimal_regex, integer_regex, iso_date_regex, number_texts
from decoding.grammar.page_terms import LikelyRow, ListTerms, PageTerms
from decoding.grammar.page_text import has_span, word_runs
from decoding.grammar.row_lists import join_rows, write_key
from decoding.grammar.word_parts import NEVER_FIRST
from decoding.tables.match import ScopedList, ScopedRow
from schemas.document import Document
from schemas.errors import EmptyDocumentError, GrammarCompileError
from schemas.layout import WordSpan
from schemas.prompt import ReasoningMode
from schemas.spec import (
    GROUNDED_KINDS,
    ArraySpec,
    ExtractionSchema,
    FieldSpec,
    ObjectSpec,
    Path,
    Spec,
    allows_null,
    json_path,
    single_fields,
)
from schemas.values import UNDECIDED

# At the first character of a value the lexer takes about 30 steps a word (42,000 tokens, English prose). Our
# engines allow 5,000,000; a vLLM server without our plugin stops at 200,000, some 5,000 words.
MAX_WINDOW_WORDS = 10_000
_FIRST = rf"[^ \n{NEVER_FIRST}]"  # character of a grounded value


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """A compiled-to-text constraint, and what is needed to read what was written under it.

    Attributes
    ----------
    lark
        The grammar in llguidance's Lark dialect.
    schema
        The schema that the output satisfies.
    reasoning_key
        Key of the first property, which holds the reasoning and is no part of the value; None without it.
    n_words
        Words of the page window that values are taken from.
    grounded
        Whether verbatim values are restricted to the page.
    likely_rows
        Of lists whose rows are known, what each row most likely says: an engine may try that first.
    """

    lark: str = field(repr=False)
    schema: ExtractionSchema
    reasoning_key: str | None = None
    n_words: int = 0
    grounded: bool = True
    likely_rows: Mapping[Path, tuple[LikelyRow, ...]] = field(
        default_factory=dict[Path, tuple[LikelyRow, ...]], repr=False
    )


def build_grammar(
    schema: ExtractionSchema,
    document: Document,
    *,
    reasoning: ReasoningMode = "off",
    grounding: bool = True,
    spans: Sequence[WordSpan] | None = None,
    rows: Mapping[Path, ScopedList] | None = None,
    strict: bool = False,
) -> Grammar:
    """Return the grammar of `schema` on `document`, or on the words that `spans` names only.

    Parameters
    ----------
    reasoning
        Whether the first property is a string of reasoning, without quotes, backslashes and control
        characters, of at most `decoding.evidence.trace_chars`.
    grounding
        False leaves verbatim, amount and date fields as bounded strings (for ablations).
    spans
        The window of a long document, as in `LayoutText.spans`; None is all of it.
    rows
        Lists whose rows are known (`decoding.tables.match`): each row is written from its own cells, in the
        page's order, and given once; one that is in doubt may be left out.
    strict
        Where a field must not be null and the window shows no value of its kind, the grammar makes do with
        any words, any number or any date. True makes this an error: another window may do better.

    Raises
    ------
    EmptyDocumentError
        If a field must not be null and nothing in the window can fill it.
    GrammarCompileError
        If the window has more than `MAX_WINDOW_WORDS` words, or no value at all can satisfy a field.
    """
    runs = word_runs(document, spans)
    n_words = sum(len(p.words) for p in document.pages) if spans is None else len(spans)
    if n_words > MAX_WINDOW_WORDS:
        raise GrammarCompileError(
            f"a window has at most {MAX_WINDOW_WORDS} words, got {n_words}", hint="use smaller windows"
        )
    reasoning_chars = trace_chars(schema.root, reasoning)
    key = _reasoning_key(schema.root) if reasoning_chars else None
    builder = _Builder(
        page=PageTerms(runs=runs),
        grounding=grounding,
        n_words=n_words,
        strict=strict,
        lists=ListTerms(document, rows or {}),
    )
    start = builder.root(schema.root, reasoning_key=key, reasoning_chars=reasoning_chars)
    return Grammar(
        lark=builder.writer.text(start),
        schema=schema,
        reasoning_key=key,
        n_words=n_words,
        grounded=grounding,
        likely_rows=builder.lists.likely_rows() if grounding else {},
    )


def list_writable(schema: ExtractionSchema, document: Document, *, grounding: bool = True) -> frozenset[Path]:
    """Return the fields outside of lists that the document shows a value for, as `schema` bounds it.

    Copied texts are shown by any words; an amount, a date or a code only where one stands.
    """
    builder = _Builder(
        page=PageTerms(runs=word_runs(document, None)),
        grounding=grounding,
        n_words=document.n_words,
        strict=True,
        lists=ListTerms(document, {}),
    )
    return frozenset(path for path, spec in single_fields(schema.root) if builder.can_write(spec))


def _reasoning_key(root: ObjectSpec) -> str:
    """Return the key of the reasoning: the schema may have a property of that name itself."""
    key = REASONING_KEY
    while root.get(key) is not None:
        key = "_" + key
    return key


class _Builder:
    """Walks a schema and writes one Lark expression for each node."""

    def __init__(
        self, *, page: PageTerms, grounding: bool, n_words: int, strict: bool, lists: ListTerms
    ) -> None:
        self.page = page
        self.lists = lists
        self.strict = strict
        self.grounding = grounding
        self.n_words = n_words
        self.writer = LarkWriter()

    def root(self, spec: ObjectSpec, *, reasoning_key: str | None, reasoning_chars: int) -> str:
        if reasoning_key is None:
            return self._object(spec, ())
        text = self.writer.terminal(regex(f'"{PLAIN_CHAR}{{0,{reasoning_chars}}}"'))
        opening = literal(f'{{"{json_text(reasoning_key)}":') + f" {text}"
        return f"{opening} {self._properties(spec, (), separator=',')} {literal('}')}"

    def _value(self, spec: Spec, path: Path) -> str:
        if isinstance(spec, FieldSpec):
            return self._scalar(spec, path)
        try:
            body = self._object(spec, path) if isinstance(spec, ObjectSpec) else self._array(spec, path)
        except EmptyDocumentError:
            if spec.nullable:
                return literal("null")
            raise
        return self.writer.rule(f"{body} | {literal('null')}" if spec.nullable else body)

    def _object(self, spec: ObjectSpec, path: Path) -> str:
        return f"{literal('{')} {self._properties(spec, path, separator='')} {literal('}')}"

    def _properties(self, spec: ObjectSpec, path: Path, *, separator: str) -> str:
        parts: list[str] = []
        for key, child in spec.properties:
            value = self._value(child, (*path, key))
            parts.append(f"{literal(f'{separator}{json.dumps(key, ensure_ascii=False)}:')} {value}")
            separator = ","
        return " ".join(parts)

    def _array(self, spec: ArraySpec, path: Path) -> str:
        known = self.lists.rows.get(path) if self.grounding else None
        if known is not None and isinstance(spec.item, ObjectSpec):
            return self._known_rows(spec.item, known, path)
        # A row shows at least one word, so there are no more rows than words.
        n_max = max(min(spec.max_items, self.n_words), spec.min_items)
        if n_max == 0:
            return literal("[]")
        try:
            item = self._value(spec.item, (*path, 0))
        except EmptyDocumentError:
            if spec.min_items == 0:
                return literal("[]")  # nothing on the page can fill a row
            raise
        more = f"({literal(',')} {item}){{{max(spec.min_items - 1, 0)},{n_max - 1}}}"
        rows = f"{item} {more}" if n_max > 1 else item
        return f"{literal('[')} {rows if spec.min_items else f'({rows})?'} {literal(']')}"

    def _known_rows(self, item: ObjectSpec, known: ScopedList, path: Path) -> str:
        """Return the list of all rows that are known, or of any of them in order where that is in doubt."""
        rows = [self.writer.rule(self._known_row(item, row, (*path, i))) for i, row in enumerate(known.rows)]
        return join_rows(self.writer, rows, is_sure=known.is_sure)

    def _known_row(self, item: ObjectSpec, row: ScopedRow, path: Path) -> str:
        """Return the object of one row: each key is taken from its cells, or is null."""
        page, keys = self.page, [key for key, _ in item.properties]
        filled = replace(row, filled=row.filled.union(*row.either))
        try:
            parts = [self._member(item, at, row, path) for at in range(len(keys))]
            for first, _ in reversed(row.either):
                at = keys.index(first)
                sure, sure_second = (self._member(item, i, filled, path) for i in (at, at + 1))
                null = f"{write_key(first, at)} {literal('null')}"
                parts[at : at + 2] = [f"({sure} {parts[at + 1]} | {null} {sure_second})"]
        finally:
            self.page = page
        return f"{literal('{')} {' '.join(parts)} {literal('}')}"

    def _member(self, item: ObjectSpec, at: int, row: ScopedRow, path: Path) -> str:
        key, child = item.properties[at]
        return f"{write_key(key, at)} {self._from_cells(child, row, (*path, key))}"

    def _from_cells(self, child: Spec, row: ScopedRow, path: Path) -> str:
        """Return the value from its own cells; one that must not be null from the row, else from the page."""
        window = self.page
        if path[-1] in row.decided:
            return literal(json.dumps(row.decided[str(path[-1])], ensure_ascii=False))
        own = row.cells.get(str(path[-1]), row.words)
        if path[-1] in row.whole and isinstance(child, FieldSpec) and (text := self._whole(child, row, own)):
            return literal(f'"{json_text(text)}"')
        attempts = [(child, own), (child, row.words)]
        if isinstance(child, FieldSpec) and path[-1] in row.filled:
            attempts.insert(0, (replace(child, nullable=False), own))
        for spec, cells in attempts:
            self.page = self.lists.terms(row, cells, is_own=path[-1] in row.filled and cells is own)
            try:
                return self._value(spec, path)
            except (EmptyDocumentError, GrammarCompileError):
                self.page = window
        return self._value(child, path)

    def _whole(self, spec: FieldSpec, row: ScopedRow, cells: Sequence[Sequence[int]]) -> str | None:
        """Return all of a cell as one verbatim value; None if it is none, or no single run of words."""
        runs = self.lists.terms(row, cells).runs
        if len(runs) != 1 or spec.kind != "verbatim" or spec.pattern or spec.code_format:
            return None
        text = " ".join(runs[0])
        return text if spec.min_length <= len(text) <= spec.max_length else None

    def _scalar(self, spec: FieldSpec, path: Path) -> str:
        body = self._terminal(spec)
        nullable = allows_null(spec)
        if body is None and not nullable:
            raise _nothing_fits(spec, path, by_page=self.strict or spec.kind in GROUNDED_KINDS)
        null = [literal("null")] if nullable else []
        return self.writer.rule(" | ".join([*([self.writer.terminal(body)] if body else []), *null]))

    def can_write(self, spec: FieldSpec) -> bool:
        return self._terminal(spec) is not None

    def _terminal(self, spec: FieldSpec) -> str | None:
        """Return the body of the terminal of the field's values other than null; None if there are none."""
        if spec.kind == "enum":
            values = [json.dumps(v, ensure_ascii=False) for v in spec.enum_values if v is not None]
            return regex(trie_regex(values)) if values else None
        if spec.kind == "boolean":
            return regex("true|false")
        if spec.kind == "iso_date":
            return self._iso_date(spec)
        if spec.kind == "integer":
            return regex_or_none(integer_regex(spec.minimum, spec.maximum))
        if spec.kind == "number":
            return self._number(spec)
        if spec.kind == "free" or not self.grounding:
            return self._free(spec)
        return self._grounded(spec)

    def _number(self, spec: FieldSpec) -> str | None:
        """Return the numbers that the page shows, in every reading; any bounded one if it shows none."""
        texts = number_texts(self.page.amounts, spec.minimum, spec.maximum) if self.grounding else ()
        if texts or self._shown_only(spec):
            return regex(trie_regex(texts)) if texts else None
        return regex_or_none(decimal_regex(spec.minimum, spec.maximum))

    def _iso_date(self, spec: FieldSpec) -> str | None:
        """Return the dates that the page shows, in every reading; any date if it shows none."""
        texts = self.page.dates if self.grounding else ()
        shown = sorted({f'"{day.isoformat()}"' for text in texts for day in UNDECIDED.date_readings(text)})
        if shown or self._shown_only(spec):
            return regex(trie_regex(shown)) if shown else None
        return regex(f'"{iso_date_regex()}"')

    def _shown_only(self, spec: FieldSpec) -> bool:
        """Return whether there is no value where the page shows none of the field's kind."""
        return self.grounding and (spec.nullable or self.strict)

    def _free(self, spec: FieldSpec) -> str | None:
        bounds = f"{{{spec.min_length},{spec.max_length}}}"
        if spec.pattern is None:
            return f'"\\"" {regex(JSON_CHAR + bounds)} "\\""'
        text = f"{regex(PLAIN_CHAR + bounds)} & {anchored(spec.pattern)}"
        name = self.writer.terminal(text)
        return f'"\\"" {name} "\\""' if is_satisfiable(text, ()) else None

    def _grounded(self, spec: FieldSpec) -> str | None:
        if spec.kind == "amount":
            return self._one_of(self.page.amounts, spec)
        if spec.kind == "date":
            return self._one_of(self.page.dates, spec)
        if spec.code_format is not None:
            return self._one_of(self.page.codes(spec.code_format), spec)
        return self._words(spec)

    def _one_of(self, texts: tuple[str, ...], spec: FieldSpec) -> str | None:
        """Return the listed texts; if none fits, null only, or any words where null is not allowed."""
        fitting = [text for text in texts if spec.min_length <= len(text) <= spec.max_length]
        if spec.pattern is not None:
            fitting = [text for text in fitting if json_text(text) == text]
        if fitting:
            body = regex(trie_regex(json_text(text) for text in fitting))
            if spec.pattern is None:
                return f'"\\"" {body} "\\""'
            text = f"{body} & {anchored(spec.pattern)}"
            if is_satisfiable(text, ()):
                return f'"\\"" {self.writer.terminal(text)} "\\""'
        return None if self._shown_only(spec) else self._words(spec)

    def _words(self, spec: FieldSpec) -> str | None:
        """Return any run of whole words within the length bounds (and the pattern)."""
        runs = self.page.runs if spec.pattern is None else self.page.plain_runs
        if not has_span(runs, min_length=max(spec.min_length, 1), max_length=spec.max_length):
            return None
        body = self.page.words if spec.pattern is None else self.page.plain_words
        words = self.writer.terminal(body)
        text = f"{words} & {self._shape(spec)}"
        if spec.pattern is not None:
            text += f" & {anchored(spec.pattern)}"
            if not is_satisfiable(text, (f"{words}: {body}",)):
                return None
        return f'"\\"" {self.writer.terminal(text)} "\\""'

    def _shape(self, spec: FieldSpec) -> str:
        """Return what makes a run of chunks a value: no space at its ends, no colon first, the length bounds.

        One regex instead of three costs the lexer a third less. Where words have escapes, one
        character may be several of the JSON text, so that counting needs a term of its own.
        """
        low, high = max(spec.min_length, 1), spec.max_length
        if spec.pattern is None and self.page.has_escapes:
            count = regex(f"{JSON_CHAR}{{{low},{high}}}")
            return regex(rf"{_FIRST}(?:.*[^ \n])?") + f" & {count}"
        if high == 1:
            return regex(_FIRST)
        inner = rf"{_FIRST}.{{{max(low - 2, 0)},{high - 2}}}[^ \n]"
        return regex(inner if low > 1 else rf"{_FIRST}(?:.{{0,{high - 2}}}[^ \n])?")


def _nothing_fits(spec: FieldSpec, path: Path, *, by_page: bool) -> EmptyDocumentError | GrammarCompileError:
    """Return the error of a field without values; `by_page` says that another page might have some."""
    if by_page and spec.kind in (*GROUNDED_KINDS, "number", "iso_date"):
        return EmptyDocumentError(
            f"nothing in the document can fill {json_path(path)!r}, which must not be null",
            hint="make the field nullable, or check that the document was read",
        )
    return GrammarCompileError(f"no value satisfies the bounds and pattern of {json_path(path)!r}")
