"""An e-invoice's answer: what its XML says fills the schema, the page is compared, the model has the rest.

In the EU the XML is the invoice and the page a picture of it. So with `prefer`, the default, it is the
answer, and a model is asked only for what it leaves open; with `compare` the page is the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from app.extraction.known_rows import KnownRows, known_rows, list_seen_rows
from app.extraction.options import ExtractionOptions
from app.extraction.review import add_doubts, review_answer
from decoding.checks.answer import list_reading_warnings
from decoding.checks.check_digits import check_digits
from decoding.checks.completeness import find_evidence, warn_of_missing_rows
from decoding.checks.validity import withdraw_invalid
from decoding.checks.xml_compare import compare_with_xml
from decoding.checks.xml_differs import XmlAnswer, find_differences
from decoding.grounding.ground import ground_extraction
from decoding.grounding.occurrences import DocumentIndex
from decoding.merging import WindowAnswer
from decoding.required import Demand, subschema_for
from decoding.windows import Window, cut_windows
from schemas.completeness import Completeness
from schemas.document import Document
from schemas.einvoices.fill import Filled, fill_schema
from schemas.einvoices.model import BrokenRule, EInvoice
from schemas.einvoices.rules import broken_rules
from schemas.einvoices.values import read_day, read_number
from schemas.errors import EmptyDocumentError, UnsupportedMediaTypeError
from schemas.extraction import Extraction, ExtractionWarning, FieldMetadata, Output, Usage
from schemas.registry import list_schemas
from schemas.spec import (
    ArraySpec,
    ExtractionSchema,
    ObjectSpec,
    Path,
    Spec,
    allows_null,
    json_path,
    row_path,
    spec_at,
)
from schemas.validate import validate_output
from schemas.values import currency_code
from schemas.walk import Leaf, leaves, replace_leaves, value_at

# What answers where no model does.
ENGINE = "xml"
_INVOICE = "invoice"
_MAX_BROKEN = 50
_MONEY = ("amount_", "unit_price")
_ACCOUNT = "iban"
_MAX_ACCOUNTS, _MAX_ACCOUNT_CHARS = 5, 40  # in one warning

Ask = Callable[[ExtractionSchema], Extraction]


def answer_with_xml(
    document: Document, schema: ExtractionSchema, options: ExtractionOptions, ask: Ask
) -> Extraction:
    """Return the extraction of a document, of its e-invoice's XML as far as `options.xml` says so.

    Parameters
    ----------
    ask
        Has the model answer a schema, the caller's or a part of it, from the pages.

    Raises
    ------
    UnsupportedMediaTypeError
        If there is XML alone and it is not to be used, or the schema asks for nothing that it says.
    EmptyDocumentError
        If there is XML alone, and it lacks a value that must not be null.
    """
    invoice = document.einvoice if options.xml != "ignore" else None
    filled = Filled() if invoice is None or _is_of_others(schema) else _fill_valid(schema, invoice)
    is_xml_alone = document.media_type == "application/xml"
    if is_xml_alone and (filled.is_empty or invoice is None):
        raise UnsupportedMediaTypeError(
            "the file is an e-invoice in XML, and nothing that it says is asked for",
            hint="name the schema `invoice`, or call its fields as that schema does",
        )
    if invoice is None or filled.is_empty:
        return ask(schema)
    known = _Known(document=document, schema=schema, invoice=invoice, filled=filled)
    if options.xml == "compare" and document.pages:
        return _compare(ask(schema), known)
    return _prefer(known, ask)


def _is_of_others(schema: ExtractionSchema) -> bool:
    """Return whether it ships for another kind of document: a statement's `document_id` is no invoice's."""
    return schema.name != _INVOICE and schema in list_schemas()


def _fill_valid(schema: ExtractionSchema, invoice: EInvoice) -> Filled:
    """Return what the XML answers; what breaks the schema (a pattern, a bound) is left open."""
    filled = fill_schema(schema, invoice)
    value = _fill(schema.root, (), filled.values, {})
    at = [path for path, _ in validate_output(value, schema)]
    broken = [path for path in filled.values if any(one[: len(path)] == path for one in at)]
    if not broken:
        return filled
    return Filled(
        values={path: said for path, said in filled.values.items() if path not in broken},
        terms={p: term for p, term in filled.terms.items() if not any(p[: len(b)] == b for b in broken)},
        open=(*filled.open, *broken),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A document, what is asked, and what its XML answers of that."""

    document: Document
    schema: ExtractionSchema
    invoice: EInvoice
    filled: Filled


def _prefer(known: _Known, ask: Ask) -> Extraction:
    """Return the XML's answer with what the model reads of the rest."""
    rest = _ask_rest(known, ask)
    value = _fill(known.schema.root, (), known.filled.values, {} if rest is None else rest.output.value)
    answer = WindowAnswer(value=value if isinstance(value, dict) else {}, metadata={}, page_indices={})
    answer, refused = withdraw_invalid(answer, known.schema)
    own = _ground(known, answer.value)
    entries = {json_path(path): entry for path, entry in own.metadata.items()}
    if rest is not None:
        entries = {**rest.output.metadata, **entries}
    places = (json_path(leaf.path) for leaf in leaves(known.schema.root, dict(answer.value)))
    metadata = {path: entries[path] for path in places if path in entries}
    built = _of_xml(known, answer.value) if rest is None else rest
    built = built.model_copy(
        update={
            "schema_name": known.schema.name,
            "output": Output(value=dict(answer.value), metadata=metadata),
            "completeness": _join(own.completeness, built.completeness),
        }
    )
    return add_doubts(
        built,
        (
            *(*refused, *own.warnings, *_broken(known), *_other_accounts(known)),
            *(*_unanswered(known), *own.differences),
        ),
    )


def _ask_rest(known: _Known, ask: Ask) -> Extraction | None:
    """Return what the model says of what the XML leaves open; None if nothing, or there is no page."""
    paths = known.filled.open
    if not paths:
        return None
    specs = {path: spec_at(known.schema.root, path) for path in paths}
    wanted = [Demand(keys=tuple(map(str, p)), spec=spec) for p, spec in specs.items() if spec is not None]
    if known.document.pages:
        return ask(subschema_for(known.schema, wanted))
    lacking = next((d for d in wanted if not _may_lack(d.spec)), None)
    if lacking is not None:
        raise EmptyDocumentError(
            f"the XML does not say {json_path(lacking.keys)!r}, which must not be null",
            hint="make the field nullable, or send the PDF that the XML belongs to",
        )
    return None


def _may_lack(spec: Spec) -> bool:
    return allows_null(spec) or (isinstance(spec, ArraySpec) and spec.min_items == 0)


def _fill(spec: Spec, path: Path, said: Mapping[Path, JsonValue], read: JsonValue) -> JsonValue:
    """Return the value at `path`: the XML's where it has one, else what was read, else null or no rows."""
    if path in said:
        return said[path]
    if isinstance(spec, ObjectSpec):
        return {key: _fill(child, (*path, key), said, read) for key, child in spec.properties}
    found = value_at(read, path)
    return [] if found is None and isinstance(spec, ArraySpec) and not spec.nullable else found


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnPage:
    """What is known of the XML's values on the page."""

    metadata: Mapping[Path, FieldMetadata]
    completeness: Completeness
    warnings: tuple[ExtractionWarning, ...]
    differences: tuple[ExtractionWarning, ...]


def _ground(known: _Known, value: Mapping[str, JsonValue]) -> _OnPage:
    """Return where the XML's values stand, which sums they keep, and where the page says otherwise."""
    schema = _as_written(known.schema, known.filled)
    said = replace_leaves(schema.root, dict(value), _as_number)
    grounded = ground_extraction(said if isinstance(said, dict) else {}, schema, known.document)
    windows = cut_windows(known.document, fits=lambda _: True) if known.document.pages else ()
    lists = _lists(windows, schema)
    completeness = find_evidence(grounded, known.document, list_seen_rows(windows, schema))
    taxes = tuple(a for share in known.invoice.taxes if (a := read_number(share.amount)) is not None)
    fields = known.invoice.fields
    compared = XmlAnswer(
        value=value,
        grounded=grounded,
        terms=known.filled.terms,
        lists=lists,
        taxes=taxes,
        codes=tuple(text for term, text in fields.items() if term.endswith(("_vat_id", "_tax_id"))),
        accounts=known.invoice.accounts,
    )
    currency = fields.get("currency_code_amount_due")
    return _OnPage(
        metadata={
            path: _of_the_xml(entry, value_at(dict(value), path), known.filled.terms.get(path), currency)
            for path, entry in grounded.metadata.items()
        },
        completeness=completeness,
        # The XML keeps the standard's own sums, or breaks a rule; ours know of no allowances.
        warnings=(*check_digits(grounded), *warn_of_missing_rows(completeness)),
        differences=find_differences(compared, DocumentIndex(known.document.pages)),
    )


def _lists(windows: Sequence[Window], schema: ExtractionSchema) -> KnownRows:
    return {path: rows for window in windows for path, rows in known_rows(window, schema).items()}


def _as_written(schema: ExtractionSchema, filled: Filled) -> ExtractionSchema:
    """Return the part of the schema that the XML answers, with its amounts and dates as XML writes them.

    There a point is always a decimal's, whatever the page's notation.
    """
    wanted = [
        Demand(keys=tuple(map(str, path)), spec=_normal(spec))
        for path in filled.values
        if (spec := spec_at(schema.root, path)) is not None
    ]
    return subschema_for(schema, wanted)


def _normal(spec: Spec) -> Spec:
    if isinstance(spec, ArraySpec):
        return replace(spec, item=_normal(spec.item))
    if isinstance(spec, ObjectSpec):
        return replace(spec, properties=tuple((key, _normal(child)) for key, child in spec.properties))
    if spec.kind == "amount":
        return replace(spec, kind="number")
    return replace(spec, kind="iso_date") if spec.kind == "date" else spec


def _as_number(leaf: Leaf) -> JsonValue:
    if leaf.spec.kind != "number" or not isinstance(leaf.value, str):
        return leaf.value
    number = read_number(leaf.value)
    return None if number is None else float(number)


def _of_the_xml(
    entry: FieldMetadata, value: JsonValue, term: str | None, currency: str | None
) -> FieldMetadata:
    # Of a number the XML's own digits: "19.00" says more than 19.0.
    written = None if entry.normalised is None or not isinstance(value, str) else read_number(value)
    normalised = entry.normalised if written is None else format(written, "f")
    if term is not None and term.startswith("date"):
        normalised = read_day(value) if isinstance(value, str) else None
    is_money = term is not None and term.startswith(_MONEY)
    marked = currency_code(currency) if is_money and currency is not None else entry.currency
    return entry.model_copy(update={"source": "xml", "currency": marked, "normalised": normalised})


def _of_xml(known: _Known, value: Mapping[str, JsonValue]) -> Extraction:
    """Return an extraction that no model had a part in."""
    extraction = Extraction(
        document_sha256=known.document.sha256,
        schema_name=known.schema.name,
        status="partial"
        if any(w.code in {"pages_skipped", "unreadable_page"} for w in known.document.warnings)
        else "succeeded",
        output=Output(value=dict(value), metadata={}),
        warnings=list_reading_warnings(known.document),
        usage=Usage(n_pages=len(known.document.pages), n_windows=0, n_prompt_tokens=0, n_completion_tokens=0),
        engine=ENGINE,
        model=known.invoice.syntax,
    )
    return review_answer(extraction, ())


def _join(own: Completeness, other: Completeness) -> Completeness:
    """Return what is known of the lists of both, and of the sums of the XML, which has the totals."""
    return own.model_copy(update={"lists": {**other.lists, **own.lists}})


def _broken(known: _Known) -> tuple[ExtractionWarning, ...]:
    """Return an `xml_invalid` for each rule of the standard that the XML breaks, of many for the first."""
    broken = broken_rules(known.invoice)
    found = [
        _invalid(f"the XML breaks {one.rule} of EN 16931: {one.message}", _path_of(one, known.filled))
        for one in broken[:_MAX_BROKEN]
    ]
    if len(broken) > len(found):
        found.append(_invalid(f"the XML breaks rules of EN 16931 in {len(broken) - len(found)} more places"))
    return tuple(found)


def _other_accounts(known: _Known) -> Iterator[ExtractionWarning]:
    """Yield that the invoice may be paid to another account than the one that is given."""
    accounts = known.invoice.accounts
    if len(accounts) < 2:
        return
    named = ", ".join(one[:_MAX_ACCOUNT_CHARS] for one in accounts[:_MAX_ACCOUNTS])
    more = " and others" if len(accounts) > _MAX_ACCOUNTS else ""
    message = f"the XML names {len(accounts)} accounts to pay to, of which the first is given: {named}{more}"
    for path, term in known.filled.terms.items():
        if term == _ACCOUNT:
            yield ExtractionWarning(code="xml_several_accounts", message=message, path=json_path(path))


def _invalid(message: str, path: Path | None = None) -> ExtractionWarning:
    return ExtractionWarning(
        code="xml_invalid", message=message, path=None if path is None else json_path(path)
    )


def _path_of(broken: BrokenRule, filled: Filled) -> Path | None:
    """Return the path of the value at which a rule is broken; None if the schema does not ask for it.

    Of a line whose value is not there it is the row.
    """
    in_row = [path for path in filled.terms if _row_index(path) == broken.row_index]
    exact = (path for path in in_row if filled.terms[path] == broken.term)
    return next(exact, None) or next((row_path(path) for path in in_row), None)


def _row_index(path: Path) -> str | int | None:
    row = row_path(path)
    return None if row is None else row[-1]


def _unanswered(known: _Known) -> tuple[ExtractionWarning, ...]:
    """Return an `xml_incomplete` for each thing asked that XML alone does not say, as there is no page."""
    if known.document.pages:
        return ()
    n_rows = len(known.invoice.rows)
    return tuple(
        ExtractionWarning(
            code="xml_incomplete",
            message=f"the XML has {n_rows} lines, which do not fit this list, and no page to read them from"
            if n_rows and isinstance(spec_at(known.schema.root, path), ArraySpec)
            else "the XML does not say this, or not in this form, and there is no page to read it from",
            path=json_path(path),
        )
        for path in known.filled.open
    )


def _compare(read: Extraction, known: _Known) -> Extraction:
    """Return what was read on the page, with a doubt wherever the XML says something else."""
    said = _fill(known.schema.root, (), known.filled.values, {})
    accounts = {_account_key(one) for one in known.invoice.accounts}
    # Whichever of several accounts the page shows, the XML has it too.
    paths = [
        path
        for path, term in known.filled.terms.items()
        if term != _ACCOUNT or _account_key(str(value_at(read.output.value, path))) not in accounts
    ]
    found = compare_with_xml(read.output, said, known.schema.root, paths)
    return add_doubts(read, (*_broken(known), *found))


def _account_key(text: str) -> str:
    return "".join(text.split()).upper()
