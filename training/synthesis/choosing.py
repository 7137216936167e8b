"""Random questions: which fields of a page are asked, under which keys, in which order."""

from __future__ import annotations

import random
from collections.abc import Sequence

from schemas.spec import FieldKind
from training.synthesis.asking import Ask, AskRows, Facts, Question
from training.synthesis.fields import (
    CHOICES,
    COLUMNS,
    FIELDS,
    ROW_DESCRIPTIONS,
    ROW_KEYS,
    Meaning,
    snake_case,
    varied_description,
    varied_key,
)
from training.synthesis.numbers import CURRENCY_CODES
from training.synthesis.official_fields import box_asks
from training.synthesis.setting import Draft, FormLabel
from training.synthesis.text import pseudo_word

_MISSING_SHARE = 0.11
_ROWS_SHARE = 0.36
# Few callers want numbers and ISO dates from the model itself: the service normalises beside the value.
_NORMAL_SHARE = 0.025
_RECORD_SHARE = 0.03


def random_question(rng: random.Random, draft: Draft, facts: Facts, *, difficulty: float) -> Question:
    """Return a random question about the page: a subset of its fields in random order, few absent ones."""
    asks: list[Ask | AskRows]
    if draft.boxes:
        asks = box_asks(rng, draft, facts, difficulty=difficulty)
    else:
        labels = _form_asks(rng, draft, facts, difficulty) if draft.form else []
        asks = [*labels, *_field_asks(rng, draft, facts, difficulty, n_labels=len(labels))]
    if rng.random() < 0.7:
        rng.shuffle(asks)
    if rng.random() < _RECORD_SHARE:
        asks = _with_record(rng, asks)
    if draft.columns and rng.random() < _ROWS_SHARE * min(1.0, 0.3 + difficulty):
        rows = rows_ask(rng, draft, facts)
        if rows is not None:
            asks = asks if rng.random() < 0.75 else []
            asks.insert(len(asks) if rng.random() < 0.8 else rng.randint(0, len(asks)), rows)
    return distinct(asks)


def _with_record(rng: random.Random, asks: list[Ask | AskRows]) -> list[Ask | AskRows]:
    """Return the asks with those of one party, or of the sums, moved into a record of their own."""
    prefix, key = rng.choice(
        (("vendor_", "vendor"), ("vendor_", "seller"), ("customer_", "customer"), ("amount_", "totals"))
    )
    inner = [ask for ask in asks if isinstance(ask, Ask) and ask.tag.startswith(prefix)]
    unique = {ask.key: ask for ask in inner}
    if not unique:
        return asks
    rest = [ask for ask in asks if ask not in inner]
    rest.insert(
        rng.randint(0, len(rest)),
        AskRows(key=key, description="", columns=tuple(unique.values()), shape="record"),
    )
    return rest


def distinct(asks: Sequence[Ask | AskRows]) -> Question:
    """Return the asks with distinct keys: of equal keys the first stays."""
    kept: dict[str, Ask | AskRows] = {}
    for ask in asks:
        kept.setdefault(ask.key, ask)
    return tuple(kept.values())


def _field_asks(
    rng: random.Random, draft: Draft, facts: Facts, difficulty: float, *, n_labels: int
) -> list[Ask | AskRows]:
    present = [tag for tag in FIELDS if facts.get(tag) is not None]
    absent = [tag for tag in FIELDS if tag not in facts and tag in _PLAUSIBLE[draft.kind]]
    if draft.kind == "agreement" and rng.random() < 0.45:  # every window is asked all of it
        return [field_ask(rng, tag, draft) for tag in _AGREED if facts.get(tag, "") is not None]
    if not present and not n_labels:  # a page between the pages that answer
        return [field_ask(rng, tag, draft) for tag in rng.sample(absent, min(len(absent), rng.randint(1, 4)))]
    most = 3 if difficulty < 0.2 else 10 if n_labels == 0 else 2
    wanted = rng.randint(0 if n_labels else 1, most)
    core = [tag for tag in _CORE if tag in present]
    # Half of the questions are about what most people ask; the rest about anything on the page.
    chosen = set(core if rng.random() < 0.3 and not n_labels else ())
    pool = core if rng.random() < 0.4 else present
    chosen |= set(rng.sample(pool, min(wanted, len(pool))))
    asks: list[Ask | AskRows] = [field_ask(rng, tag, draft) for tag in present if tag in chosen]
    for tag in absent:
        if rng.random() < _MISSING_SHARE * (len(asks) + 1) / max(len(absent), 1):
            asks.append(field_ask(rng, tag, draft))
    asks += [field_ask(rng, tag, draft) for tag in CHOICES if tag in draft.enums and rng.random() < 0.06]
    return asks


def field_ask(rng: random.Random, tag: str, draft: Draft) -> Ask:
    """Return a question for a field of known meaning, under one of its names or under none."""
    meaning = FIELDS[tag]
    if tag == "currency" and draft.enums.get("currency") and rng.random() < 0.4:
        codes = sorted({*rng.sample(sorted(set(CURRENCY_CODES.values())), 3), draft.enums["currency"]})
        return Ask(key=varied_key(rng, "currency"), tag=tag, kind="enum", enum_values=tuple(codes))
    key, description = _key_and_description(rng, meaning)
    kind = _normal_kind(meaning.kind) if rng.random() < _NORMAL_SHARE else meaning.kind
    return Ask(key=key, tag=tag, kind=kind, description=description, enum_values=CHOICES.get(tag, ()))


def _normal_kind(kind: FieldKind) -> FieldKind:
    """Return the kind that asks for the same value normalised: a JSON number, an ISO date."""
    return "number" if kind == "amount" else "iso_date" if kind == "date" else kind


def _key_and_description(rng: random.Random, meaning: Meaning) -> tuple[str, str]:
    if rng.random() < 0.07:
        key = rng.choice((f"field_{rng.randint(1, 30)}", f"f{rng.randint(1, 30)}", pseudo_word(rng)))
        return key, varied_description(rng, meaning)
    description = varied_description(rng, meaning) if rng.random() < 0.5 else ""
    return varied_key(rng, rng.choice(meaning.keys)), description


def rows_ask(rng: random.Random, draft: Draft, facts: Facts) -> AskRows | None:
    """Return a question about the rows, or None if no column of theirs can be asked."""
    usable = [column for column in draft.columns if _is_usable(column, facts, draft.n_rows)]
    if not usable:
        return None
    chosen = rng.sample(usable, rng.randint(1, len(usable)))
    if "description" in usable and "description" not in chosen and rng.random() < 0.7:
        chosen.insert(0, "description")
    columns: list[Ask] = []
    for column in chosen:
        key, description = _key_and_description(rng, COLUMNS[column])
        kind = COLUMNS[column].kind
        choices = CHOICES.get(column, ())
        columns.append(Ask(key=key, tag=column, kind=kind, description=description, enum_values=choices))
    unique = {column.key: column for column in reversed(columns)}
    if rng.random() < 0.06 and columns[0].kind != "enum":
        return AskRows(key=columns[0].key, description="", columns=(columns[0],), shape="values")
    key = varied_key(rng, rng.choice(ROW_KEYS))
    return AskRows(
        key=key, description=rng.choice(ROW_DESCRIPTIONS), columns=tuple(reversed(unique.values()))
    )


def _is_usable(column: str, facts: Facts, n_rows: int) -> bool:
    return all(facts.get(f"line.{index}.{column}", "") is not None for index in range(n_rows))


def _form_asks(rng: random.Random, draft: Draft, facts: Facts, difficulty: float) -> list[Ask | AskRows]:
    usable = [label for label in draft.form if facts.get(label.tag, "") is not None]
    most = 4 if difficulty < 0.2 else 12
    chosen = rng.sample(usable, min(len(usable), rng.randint(2, most)))
    asks: list[Ask | AskRows] = [_label_ask(rng, label) for label in chosen]
    return asks


def _label_ask(rng: random.Random, label: FormLabel) -> Ask:
    kind: FieldKind = "amount" if label.kind == "amount" else "date" if label.kind == "date" else "verbatim"
    draw = rng.random()
    plain = label.label.strip(" :.#*")
    snake = snake_case(plain)
    if draw < 0.12:
        key = rng.choice((f"field_{rng.randint(1, 40)}", f"f{rng.randint(1, 40)}", pseudo_word(rng)))
        return Ask(key=key, tag=label.tag, kind=kind, description=plain[:60])
    key = snake if draw < 0.65 else plain if draw < 0.85 else varied_key(rng, snake)
    return Ask(key=key[:48], tag=label.tag, kind=kind, description=plain if rng.random() < 0.12 else "")


_CORE = (
    "vendor_name",
    "vendor_address",
    "date_issue",
    "amount_total_gross",
    "document_id",
    "customer_billing_name",
    "amount_total_net",
    "amount_total_tax",
    "account_num",
    "closing_balance",
    "period_start",
    "period_end",
    "advertiser_name",
    "flight_start",
    "flight_end",
    "gross_amount",
    "party_first",
    "jurisdiction",
    "effective_date",
    "term",
)
_AGREED = ("effective_date", "jurisdiction", "party_first", "term")
_TRADE = frozenset(
    "vendor_name vendor_address vendor_phone vendor_email vendor_tax_id vendor_registration_id document_id date_issue"
    " amount_total_net amount_total_tax amount_total_gross currency".split()
)
# Fields that a person could look for on such a document although it may not print them.
_PLAUSIBLE: dict[str, frozenset[str]] = {
    "receipt": _TRADE
    | frozenset(
        "document_time tip_amount amount_paid change_amount discount_amount cashier service_charge date_due"
        " customer_billing_name iban rounding_amount item_count".split()
    ),
    "invoice": _TRADE
    | frozenset(
        "date_due order_id customer_id customer_tax_id customer_delivery_address iban bic customer_delivery_name"
        " payment_terms payment_reference amount_due amount_paid contact_person".split()
    ),
    "order": _TRADE
    | frozenset(
        "date_delivery vendor_order_id customer_id customer_delivery_address payment_terms iban".split()
    ),
    "statement": frozenset(
        "iban bic bank_num currency opening_balance closing_balance total_debits total_credits account_holder"
        " account_num document_id date_issue period_start period_end".split()
    ),
    "booking": frozenset(
        "advertiser_name product_name flight_start flight_end vendor_email vendor_tax_id date_due payment_terms"
        " iban customer_id".split()
    ),
    "agreement": frozenset(
        "party_first party_second jurisdiction effective_date term document_id amount_total_gross".split()
    ),
    "form": frozenset(),
}
