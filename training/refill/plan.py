"""What the pages of one imagined sender have in common: drawn once, and shared by an example and its query.

A plan says how columns stand, under which headings, which labels announce the fields, what is left out and
what is put in. Values are none of it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from decoding.grounding.matching import text_key
from training.refill.columns import Shape, draw_added, shape_of
from training.refill.compiling import is_text
from training.refill.labels import has_labels, synonyms, tags_said
from training.refill.prepared import Prepared
from training.refill.template import Template, TemplateField, TemplateTable
from training.synthesis.lexicon import LANGUAGES
from training.synthesis.noise import Noise, random_noise

_PERMUTED_SHARE = 0.55
_LESS_A_COLUMN_SHARE = 0.15
_NEW_HEADINGS_SHARE = 0.5
_NEW_LABEL_SHARE = 0.4
_OTHER_LANGUAGE_SHARE = 0.3
_LESS_A_FIELD_SHARE = 0.12
_INSERTED_SHARE = 0.35
_BOXES_SHARE = 0.35
_MAX_INSERTED = 4
_NEW_HEAD_SHARE = 0.75  # of tables without headings that are given some
_NARROW_SHARE = 0.3  # of tables whose descriptions wrap earlier than they need to
_ADDED_SHARE = 0.7  # of tables that may be given more columns
_NOISE_DIFFICULTY = 0.5  # real pages have their own misreadings

_CLEAN = Noise()

# Fields that a page may be made to print, where it certainly does not.
INSERTABLE = (
    "date_due",
    "order_id",
    "customer_id",
    "payment_reference",
    "iban",
    "bic",
    "vendor_tax_id",
    "contact_person",
    "date_delivery",
)
# Of a page without its number, its date or its due date, nothing else says what they were.
_DELETABLE = frozenset({"document_id", "date_issue", "date_due", "order_id", "customer_id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Inserted:
    """A field that is put in: its tag and its label."""

    tag: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The layout decisions of one imagined sender.

    Attributes
    ----------
    language
        Of new labels and headings.
    shape
        Where columns stand; None without a table.
    headings
        New headings by column.
    labels
        New labels by the field's number in the template.
    less_fields
        Numbers of fields that are left out with their labels.
    inserted, anchor, is_boxed
        Fields that are put in below the line of the anchor's field, one below the other or, boxed, side by
        side with their labels above; no anchor if none are.
    repeats_head
        Whether a table that goes on on another page has its headings there again.
    seed
        Of smaller choices: which lines between and below the rows are no rows.
    """

    language: str
    shape: Shape | None
    headings: Mapping[int, str] = field(default_factory=lambda: dict[int, str]())
    labels: Mapping[int, str] = field(default_factory=lambda: dict[int, str]())
    less_fields: frozenset[int] = frozenset()
    inserted: tuple[Inserted, ...] = ()
    anchor: int | None = None
    is_boxed: bool = False
    repeats_head: bool = False
    noise: Noise = _CLEAN
    seed: int = 0


def draw_plan(rng: random.Random, prepared: Prepared) -> Plan:
    """Return a random plan for a template."""
    template, table = prepared.template, prepared.table
    language = template.language if rng.random() >= _OTHER_LANGUAGE_SHARE else rng.choice(LANGUAGES)
    less_fields = frozenset(n for n in _deletable(template) if rng.random() < _LESS_A_FIELD_SHARE)
    kept = [n for n in range(len(template.fields)) if n not in less_fields]
    anchors = [n for n in kept if _is_anchor(template, template.fields[n])]
    has_new = bool(anchors) and rng.random() < _INSERTED_SHARE
    headings = {} if table is None else _headings(rng, prepared, table, language)
    return Plan(
        language=language,
        shape=None if table is None else draw_shape(rng, prepared, table, headings, language),
        headings=headings,
        labels=_labels(rng, prepared, kept, language),
        less_fields=less_fields,
        inserted=_inserted(rng, prepared, language) if has_new else (),
        anchor=rng.choice(anchors) if has_new else None,
        is_boxed=rng.random() < _BOXES_SHARE,
        repeats_head=rng.random() < 0.5,
        noise=random_noise(rng, difficulty=_NOISE_DIFFICULTY),
        seed=rng.getrandbits(32),
    )


def _deletable(template: Template) -> list[int]:
    """Return the fields of which nothing is left on the page if their value and label are taken off."""
    return [n for n, field in enumerate(template.fields) if _is_deletable(template, field)]


def _is_deletable(template: Template, field: TemplateField) -> bool:
    answer, *others = field.places
    if field.tag not in _DELETABLE or field.label is None or others or field.is_silver:
        return False
    own = set(answer)
    if field.kind == "date":
        return all(set(run) <= own for run in template.dates)
    texts = [template.words[i][0] for i in own if any(map(str.isdigit, template.words[i][0]))]
    rest = " ".join(word[0] for i, word in enumerate(template.words) if i not in own)
    return not any(text.strip("#:.") in rest for text in texts)


def _is_anchor(template: Template, field: TemplateField) -> bool:
    """Return whether a line can be put in below a field: its label stands beside it, outside of the table."""
    if field.label is None or field.is_label_above:
        return False
    line = next(n for n, (start, end) in enumerate(template.lines) if start <= field.places[0][0] < end)
    table = template.table
    return table is None or not table.head[0] <= line < table.region[1]


def _inserted(rng: random.Random, prepared: Prepared, language: str) -> tuple[Inserted, ...]:
    tags = [tag for tag in INSERTABLE if tag in prepared.template.absent]
    rng.shuffle(tags)
    found: list[Inserted] = []
    taken = set(prepared.phrases)
    for tag in tags[: rng.randint(1, _MAX_INSERTED)]:
        label = _free_label(rng, tag, language, taken)
        # What is announced like another field that is put in would be that field as well.
        if label is not None and not any(tag in tags_said(one.label) for one in found):
            said = tags_said(label)
            if not any(one.tag in said for one in found):
                found.append(Inserted(tag=tag, label=label))
                taken.add(text_key(label))
    return tuple(found)


def _free_label(rng: random.Random, tag: str, language: str, taken: set[str]) -> str | None:
    options = [label for label in synonyms(tag, language) if text_key(label) not in taken]
    return rng.choice(options) if options else None


def _labels(rng: random.Random, prepared: Prepared, kept: Sequence[int], language: str) -> dict[int, str]:
    """Return new labels for some fields; none is a phrase that the page already prints."""
    template, taken = prepared.template, set(prepared.phrases)
    found: dict[int, str] = {}
    for n in kept:
        field = template.fields[n]
        if (
            field.label is None
            or is_text(field)
            or not has_labels(field.tag)
            or rng.random() >= _NEW_LABEL_SHARE
        ):
            continue
        label = _free_label(rng, field.tag, language, taken)
        if label is not None:
            found[n] = label
            taken.add(text_key(label))
    return found


def _headings(rng: random.Random, prepared: Prepared, table: TemplateTable, language: str) -> dict[int, str]:
    """Return new headings for known columns, all different; for all or none where there were no headings."""
    has_head = table.head[0] < table.head[1]
    named = [column for column in table.columns if column.tag is not None]
    # Where one has no heading of its own, another's holds it: "Item Qty".
    if not (all(column.heading for column in named) if has_head else table.is_headless):
        return {}
    if rng.random() >= (_NEW_HEADINGS_SHARE if has_head else _NEW_HEAD_SHARE):
        return {}
    taken = set(prepared.phrases)
    found: dict[int, str] = {}
    for n, column in enumerate(table.columns):
        if column.tag is None or (has_head and not column.heading):
            continue
        label = _free_label(rng, f"col.{column.tag}", language, taken)
        if label is not None:
            found[n] = label
            taken.add(text_key(label))
        elif not has_head:
            return {}
    return found


def draw_shape(
    rng: random.Random, prepared: Prepared, table: TemplateTable, headings: Mapping[int, str], language: str
) -> Shape | None:
    """Return where the columns stand: as they did, in another order, one less, or with others put in."""
    columns = table.columns
    named = [n for n, column in enumerate(columns) if column.tag is not None]
    has_heads = all(columns[n].heading or n in headings for n in named)
    can_move = has_heads and not table.is_stacked
    added = _added(rng, prepared, table, headings, language) if can_move else ()
    order = list(range(len(columns) + len(added)))
    if added or (can_move and rng.random() < _PERMUTED_SHARE):
        rng.shuffle(order)
    less = None
    if has_heads and not added and len(named) > 2 and rng.random() < _LESS_A_COLUMN_SHARE:
        less = rng.choice([n for n in named if columns[n].tag != "description"])
    is_narrow = rng.random() < _NARROW_SHARE
    plain = list(range(len(columns)))
    return shape_of(
        prepared, columns, order, less=less, is_narrow=is_narrow, is_stacked=table.is_stacked, added=added
    ) or shape_of(prepared, columns, plain, is_narrow=is_narrow, is_stacked=table.is_stacked)


def _added(
    rng: random.Random, prepared: Prepared, table: TemplateTable, headings: Mapping[int, str], language: str
) -> tuple[tuple[str, str], ...]:
    """Return tags and headings of columns to put in, none on most pages."""
    amounts = [n for n, column in enumerate(table.columns) if column.tag == "amount"]
    is_free = any(pattern.numbers[n].units == 0 for pattern in prepared.patterns for n in amounts)
    if is_free or rng.random() >= _ADDED_SHARE:
        return ()
    taken = {*prepared.phrases, *map(text_key, headings.values())}
    found: list[tuple[str, str]] = []
    for tag in draw_added(rng, table):
        heading = _free_label(rng, f"col.{tag}", language, taken)
        if heading is None:
            return ()
        found.append((tag, heading))
        taken.add(text_key(heading))
    return tuple(found)
