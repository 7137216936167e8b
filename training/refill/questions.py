"""What is asked of a refilled page: its own schema, or some of its fields and columns under other names.

Now and then a field or a column is asked for that the page certainly lacks; the answer is null.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from decoding.grammar.value_patterns import looks_like_amount, looks_like_date
from decoding.grounding.matching import text_key
from schemas.spec import FieldKind
from training.refill.labels import languages_of
from training.refill.plan import Plan
from training.refill.prepared import Prepared
from training.refill.template import TemplateTable
from training.synthesis.asking import Ask, AskRows, Question
from training.synthesis.choosing import distinct
from training.synthesis.fields import (
    COLUMNS,
    FIELDS,
    ROW_DESCRIPTIONS,
    ROW_KEYS,
    Meaning,
    varied_description,
    varied_key,
)
from training.synthesis.reading import Fact
from training.synthesis.text import pseudo_word

_OWN_SHARE = 0.3  # of questions that are the page's own schema, whole
_MORE_THAN_OWN_SHARE = 0.5  # of those, that ask for some of what nobody annotated, too
_ROWS_SHARE = 0.8  # of questions about a page with rows that ask for them
_ROWS_ONLY_SHARE = 0.2
_VALUES_SHARE = 0.04  # of questions about rows that ask for one column as a plain list
_ABSENT_SHARE = 0.35  # of questions that ask for a field which the page lacks
_ABSENT_COLUMN_SHARE = 0.35
_NAMELESS_SHARE = 0.06
_DESCRIBED_SHARE = 0.55


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a page: its own questions, more that it or what was put in answers, what it lacks."""

    own: tuple[Ask, ...]
    silver: tuple[Ask, ...]
    put_in: tuple[Ask, ...]
    rows: AskRows | None
    more_columns: tuple[Ask, ...]
    absent: tuple[str, ...]
    absent_columns: tuple[str, ...]


def known_of(
    prepared: Prepared, plan: Plan, *, put_in: Sequence[str] = (), absent: frozenset[str] = frozenset()
) -> Known:
    """Return what can be asked of a page of this plan.

    `put_in` are the tags of fields that were put on it, `absent` those of fields that it lacks.
    """
    template, table = prepared.template, prepared.table
    asks = [Ask(key=f.key, tag=f.tag, kind=f.kind, description=f.description) for f in template.fields]
    gone = {template.fields[n].tag for n in plan.less_fields}
    return Known(
        own=tuple(ask for ask, f in zip(asks, template.fields, strict=True) if not f.is_silver),
        silver=tuple(ask for ask, f in zip(asks, template.fields, strict=True) if f.is_silver),
        put_in=tuple(Ask(key=tag, tag=tag, kind=FIELDS[tag].kind) for tag in put_in),
        rows=None if table is None else _own_rows(table),
        more_columns=_more_columns(plan),
        absent=tuple(sorted((absent | gone) & FIELDS.keys())),
        absent_columns=() if table is None else _absent_columns(table, plan),
    )


def _own_rows(table: TemplateTable) -> AskRows:
    columns = (
        Ask(key=c.key, tag=c.tag, kind=c.kind, description=c.description)
        for c in table.columns
        if c.key is not None and c.tag is not None
    )
    return AskRows(key=table.key, description="", columns=tuple(columns))


def _more_columns(plan: Plan) -> tuple[Ask, ...]:
    added = () if plan.shape is None else plan.shape.added.values()
    return tuple(Ask(key=c.tag, tag=c.tag, kind=COLUMNS[c.tag].kind) for c in added)


def _absent_columns(table: TemplateTable, plan: Plan) -> tuple[str, ...]:
    shape = plan.shape
    gone = [
        c.tag for n, c in enumerate(table.columns) if c.tag and shape is not None and shape.shifts[n] is None
    ]
    said = {text_key(heading) for heading in plan.headings.values()}
    added = () if shape is None else [column.tag for column in shape.added.values()]
    said |= {text_key(column.heading) for column in (() if shape is None else shape.added.values())}
    kept = (tag for tag in table.absent if tag not in added)
    absent = (tag for tag in kept if not said & languages_of(f"col.{tag}").keys())
    return (*absent, *gone)


def draw_question(rng: random.Random, known: Known) -> Question:
    """Return a random question about a page; it asks for at least one thing."""
    if rng.random() < _OWN_SHARE:
        has_more = bool(known.silver) and rng.random() < _MORE_THAN_OWN_SHARE
        more = rng.sample(known.silver, rng.randint(1, len(known.silver))) if has_more else []
        renamed = (_renamed(rng, ask, FIELDS[ask.tag]) for ask in more)
        return distinct([*known.own, *renamed, *([known.rows] if known.rows else [])])
    asks: list[Ask | AskRows] = []
    has_rows = known.rows is not None and rng.random() < _ROWS_SHARE
    if not (has_rows and rng.random() < _ROWS_ONLY_SHARE):
        pool = (*known.own, *known.silver, *known.put_in)
        chosen = rng.sample(pool, rng.randint(min(1, len(pool)), len(pool)))
        gone = {ask.tag for ask in chosen if ask.tag in known.absent}
        asks += [_renamed(rng, ask, FIELDS[ask.tag]) for ask in chosen]
        if known.absent and rng.random() < _ABSENT_SHARE:
            tags = [tag for tag in known.absent if tag not in gone]
            for tag in rng.sample(tags, min(len(tags), rng.randint(1, 2))):
                asks.append(_renamed(rng, Ask(key=tag, tag=tag, kind=FIELDS[tag].kind), FIELDS[tag]))
        rng.shuffle(asks)
    if known.rows is not None and (has_rows or not asks):
        rows = _renamed_rows(rng, [*known.rows.columns, *known.more_columns], known.absent_columns)
        asks.insert(len(asks) if rng.random() < 0.8 else rng.randint(0, len(asks)), rows)
    return distinct(asks)


def _renamed(rng: random.Random, ask: Ask, meaning: Meaning) -> Ask:
    """Return the question under one of the names of what it means, in any order of words and case."""
    described = varied_description(rng, meaning) if rng.random() < _DESCRIBED_SHARE else ""
    if rng.random() < _NAMELESS_SHARE:
        key = rng.choice((f"field_{rng.randint(1, 30)}", f"f{rng.randint(1, 30)}", pseudo_word(rng)))
        return Ask(
            key=key, tag=ask.tag, kind=ask.kind, description=described or varied_description(rng, meaning)
        )
    return Ask(
        key=varied_key(rng, rng.choice(meaning.keys)), tag=ask.tag, kind=ask.kind, description=described
    )


def _renamed_rows(rng: random.Random, known: Sequence[Ask], absent: Sequence[str]) -> AskRows:
    tags: dict[str, FieldKind] = {column.tag: column.kind for column in known}
    chosen = rng.sample(list(tags), rng.randint(min(2, len(tags)), len(tags)))
    if "description" in tags and "description" not in chosen and rng.random() < 0.7:
        chosen.insert(0, "description")
    missing = [tag for tag in absent if tag not in chosen]
    if missing and rng.random() < _ABSENT_COLUMN_SHARE:
        chosen.insert(rng.randint(0, len(chosen)), rng.choice(missing))
    asks = [Ask(key=tag, tag=tag, kind=tags.get(tag) or COLUMNS[tag].kind) for tag in chosen]
    columns = [_renamed(rng, ask, COLUMNS[ask.tag]) for ask in asks]
    unique = tuple({column.key: column for column in reversed(columns)}.values())[::-1]
    if rng.random() < _VALUES_SHARE and unique[0].tag not in absent:
        return AskRows(key=unique[0].key, description="", columns=(unique[0],), shape="values")
    key = varied_key(rng, rng.choice(ROW_KEYS))
    return AskRows(key=key, description=rng.choice(ROW_DESCRIPTIONS), columns=unique)


class NotAskable(Exception):  # noqa: N818 - a signal inside this package: the sample is drawn again
    """The page does not answer the question well: a value in pieces, or one that does not parse."""


def answer(
    question: Question, facts: Mapping[str, Fact], known: Known, *, n_rows: int
) -> dict[str, JsonValue]:
    """Return the gold answer, keys in the question's order.

    Raises
    ------
    NotAskable
        If a value stands in pieces or was misread into something that its kind does not take, or if it is
        not on the page without being known to be absent.
    """
    gold: dict[str, JsonValue] = {}
    for ask in question:
        if isinstance(ask, Ask):
            gold[ask.key] = _scalar(ask, ask.tag, facts, is_absent=ask.tag in known.absent)
            continue
        rows = [_row(ask, n, facts) for n in range(n_rows)]
        printed = [row for row in rows if any(value is not None for value in row.values())]
        gold[ask.key] = [v for row in printed for v in row.values()] if ask.shape == "values" else [*printed]
    return gold


def _row(ask: AskRows, n: int, facts: Mapping[str, Fact]) -> dict[str, JsonValue]:
    return {
        column.key: _scalar(column, f"line.{n}.{column.tag}", facts, is_absent=True) for column in ask.columns
    }


def _scalar(ask: Ask, tag: str, facts: Mapping[str, Fact], *, is_absent: bool) -> JsonValue:
    fact = facts.get(tag)
    if fact is None:
        if is_absent:
            return None
        raise NotAskable(tag)
    text = fact.text
    if text is None or (ask.kind == "amount" and not looks_like_amount(text)):
        raise NotAskable(tag)
    if ask.kind == "date" and not looks_like_date(text):
        raise NotAskable(tag)
    return text
