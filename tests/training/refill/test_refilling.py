"""Refilled pages are exactly right: answers stand on the page, what adds up still does, null is null."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

import pytest
from pydantic import JsonValue

from decoding.grammar.build import build_grammar
from decoding.grounding.matching import text_key
from schemas.document import Page
from schemas.values import parse_amount, parse_date
from tests.decoding.engines.sampler import accepts
from tests.speed import within_cpu
from tests.training.refill.pages import FEES_VALUE, templates
from training.refill.columns import shape_of
from training.refill.labels import languages_of
from training.refill.plan import INSERTABLE, Inserted, Plan, draw_plan
from training.refill.prepared import Prepared, prepare
from training.refill.questions import answer, draw_question
from training.refill.refilling import Refilled, Refiller, refill
from training.refill.texts import pools_of
from training.synthesis.asking import AskRows
from training.synthesis.fields import FIELDS
from training.synthesis.noise import Noise
from training.synthesis.sample import SyntheticDocument

_N = 90
_INVOICE, _RECEIPT, _FEES = 0, 1, 2


@lru_cache
def _prepared(which: int) -> Prepared:
    return prepare(templates()[which])


def _plain(prepared: Prepared, **changes: Any) -> Plan:  # noqa: ANN401
    """Return a plan that changes nothing of the layout, but for `changes`."""
    columns = () if prepared.table is None else prepared.table.columns
    shape = shape_of(prepared, columns, range(len(columns))) if columns else None
    return replace(Plan(language="en", shape=shape), **changes)


def _refilled(which: int, seed: int, **changes: Any) -> Refilled:  # noqa: ANN401
    prepared = _prepared(which)
    return refill(
        prepared,
        _plain(prepared, **changes),
        random.Random(seed),
        random.Random(seed + 1),
        pools_of(templates()),
        outcomes=Counter(),
    )


@lru_cache
def _samples() -> tuple[SyntheticDocument, ...]:
    """Return samples of every template, half of them queries of a pair."""
    rng, refiller = random.Random(5), Refiller(templates())
    sources = [template.source for template in templates()]
    return tuple(
        refiller.sample(rng, source=sources[n % 3]) if n % 2 else refiller.pair(rng, source=sources[n % 3])[1]
        for n in range(_N)
    )


def _texts(page: Refilled) -> dict[str, str]:
    return {tag: fact.text for tag, fact in page.facts.items() if fact.text is not None}


def _words(sample: SyntheticDocument) -> list[str]:
    return [word.text for page in sample.document.pages for word in page.words]


def _value(text: str) -> Decimal:
    amount = parse_amount(text)
    assert amount is not None, text
    return amount.value


def test_the_services_grammar_can_write_every_answer() -> None:
    for sample in _samples():
        gold = json.dumps(sample.gold, ensure_ascii=False, separators=(",", ":"))
        assert accepts(build_grammar(sample.schema, sample.document).lark, gold), sample.template_key


def test_gold_has_exactly_the_schemas_keys_in_order() -> None:
    assert all(tuple(s.gold) == tuple(key for key, _ in s.schema.root.properties) for s in _samples())


def test_no_page_keeps_the_values_of_the_real_one() -> None:
    old = {
        "invoice": {"NP-20417", "Northwind", "133.08"},
        "receipt": {"RC0093417", "MELATI"},
        "fees": {"445.50"},
    }
    kept = Counter(
        word for sample in _samples() for word in _words(sample) if word in old[sample.schema.name]
    )
    # An amount may come back by chance; numbers and names do not.
    assert kept.total() <= 1


def _row_starts(sample: SyntheticDocument) -> Iterator[list[int]]:
    """Yield where the texts of each list of rows stand among the page's words, in the order of the rows."""
    words = _words(sample)
    for value in sample.gold.values():
        if not isinstance(value, list):
            continue
        at, starts = 0, list[int]()
        for row in value:
            texts = (
                [text for text in row.values() if isinstance(text, str)] if isinstance(row, dict) else [row]
            )
            firsts = [
                words.index(str(text).split()[0], at) for text in texts if str(text).split()[0] in words[at:]
            ]
            starts.append(min(firsts, default=at))
            at = starts[-1] + 1
        yield starts


def test_rows_are_in_page_order() -> None:
    n_lists = 0
    for sample in _samples():
        for starts in _row_starts(sample):
            n_lists += 1
            assert starts == sorted(starts)
    assert n_lists > _N / 4


def _phrases(page: Page) -> set[str]:
    texts = [[word.text for word in page.words[start:end]] for start, end in page.lines]
    return {
        text_key(" ".join(line[a:b]))
        for line in texts
        for a in range(len(line))
        for b in range(a + 1, min(a + 4, len(line)) + 1)
    }


def test_what_is_null_is_announced_nowhere() -> None:
    n_null = 0
    for seed in range(60):
        prepared = _prepared(seed % 3)
        rng = random.Random(seed)
        plan = draw_plan(rng, prepared)
        page = refill(prepared, plan, rng, rng, pools_of(templates()), outcomes=Counter())
        said = set[str]().union(*map(_phrases, page.document.pages))
        gone = {prepared.template.fields[n].tag for n in plan.less_fields}
        for tag in page.known.absent:
            assert tag not in page.facts
            # Of what was taken off, another label may hold a word: "Due Date" when the date is gone.
            assert tag in gone or not said & languages_of(tag).keys(), tag
            n_null += 1
    assert n_null > 250


def test_price_times_quantity_is_the_amount_of_each_row() -> None:
    for seed in range(40):
        page = _refilled(_INVOICE, seed)
        texts = _texts(page)
        for n in range(page.n_rows):
            quantity, price = (texts.get(f"line.{n}.{tag}") for tag in ("quantity", "unit_price"))
            if quantity is not None and price is not None:
                assert _value(quantity) * _value(price) == _value(texts[f"line.{n}.amount"])


def test_rows_net_tax_and_gross_add_up() -> None:
    n_summed = 0
    for seed in range(40):
        page = _refilled(_INVOICE, seed)
        texts = _texts(page)
        net, tax, gross = (_value(texts[f"amount_total_{name}"]) for name in ("net", "tax", "gross"))
        assert net + tax == gross
        rows = [_value(texts[f"line.{n}.amount"]) for n in range(page.n_rows)]
        if not {"discount_amount", "shipping_amount"} & texts.keys():
            assert sum(rows) == net
            n_summed += 1
    assert n_summed > 20


def test_all_places_of_an_amount_and_of_a_date_change_together() -> None:
    page = _refilled(_INVOICE, 3)
    texts, (text, *_) = _texts(page), [p.text for p in page.document.pages]
    last = " ".join(p.text for p in page.document.pages).replace("\n", " ")
    assert f"Please pay {texts['amount_total_gross']} by {texts['date_due']}." in last
    assert text.count(texts["document_id"]) == 1


def test_dates_keep_their_order_and_notation() -> None:
    for seed in range(30):
        texts = _texts(_refilled(_INVOICE, seed))
        issue, due = parse_date(texts["date_issue"]), parse_date(texts["date_due"])
        assert issue is not None
        assert due is not None
        assert issue.value < due.value
        assert re.fullmatch(r"\d{1,2} [A-Z][a-z]+ \d{4}", texts["date_issue"])


def test_numbers_keep_their_classes_of_characters() -> None:
    numbers = {_texts(_refilled(_INVOICE, seed))["document_id"] for seed in range(20)}
    assert len(numbers) == 20
    assert all(re.fullmatch(r"[A-Z]{2}-\d{5}", number) for number in numbers)


def test_a_name_in_capitals_stays_in_capitals_and_an_address_on_its_lines() -> None:
    for seed in range(20):
        texts = _texts(_refilled(_RECEIPT, seed))
        assert texts["vendor_name"].isupper()
        assert len(texts["vendor_address"].split()) >= 2


def test_right_aligned_amounts_stay_right_aligned() -> None:
    for seed in range(10):
        page = _refilled(_RECEIPT, seed)
        found = [
            [w.bbox.right for w in p.words if re.fullmatch(r"[\d,]+\.\d\d", w.text)]
            for p in page.document.pages
        ]
        assert sum(map(len, found)) >= page.n_rows + 3  # the rows, total, cash and change
        assert all(max(rights) - min(rights) < 0.01 for rights in found)


def test_columns_change_places_with_their_headings() -> None:
    prepared = _prepared(_INVOICE)
    assert prepared.table is not None
    shape = shape_of(prepared, prepared.table.columns, [3, 2, 0, 1])
    page = _refilled(_INVOICE, 1, shape=shape)
    text = page.document.pages[0].text
    head = next(line for line in text.splitlines() if "Qty" in line)
    assert head.split() == ["Amount", "Unit", "Price", "Description", "Qty"]
    first = next(line for line in text.splitlines() if _texts(page)["line.0.amount"] in line)
    texts = _texts(page)
    order = [
        first.index(texts[f"line.0.{tag}"].split()[0]) for tag in ("amount", "unit_price", "description")
    ]
    assert order == sorted(order)


def test_columns_that_are_put_in_have_headings_and_answers_and_make_the_amounts() -> None:
    prepared = _prepared(_FEES)
    assert prepared.table is not None
    added = (("quantity", "Nos."), ("unit_price", "Each"))
    shape = shape_of(prepared, prepared.table.columns, [3, 0, 2, 1], added=added)
    for seed in range(20):
        page = _refilled(_FEES, seed, shape=shape, headings={0: "Goods", 1: "Extension"})
        texts = _texts(page)
        head = next(line for line in page.document.pages[0].text.splitlines() if "NOS." in line)
        assert head.split() == ["EACH", "GOODS", "NOS.", "EXTENSION"]
        for n in range(page.n_rows):
            quantity, price = _value(texts[f"line.{n}.quantity"]), _value(texts[f"line.{n}.unit_price"])
            assert quantity * price == _value(texts[f"line.{n}.amount"])
        assert {ask.tag for ask in page.known.more_columns} == {"quantity", "unit_price"}
        assert not {"quantity", "unit_price"} & set(page.known.absent_columns)


def test_columns_that_do_not_fit_are_not_put_in() -> None:
    prepared = _prepared(_FEES)
    assert prepared.table is not None
    added = tuple((tag, "A heading that is very wide") for tag in ("quantity", "unit_price", "code"))
    assert shape_of(prepared, prepared.table.columns, [0, 1, 2, 3, 4], added=added) is None


def test_a_column_that_is_left_out_is_null() -> None:
    prepared = _prepared(_INVOICE)
    assert prepared.table is not None
    shape = shape_of(prepared, prepared.table.columns, [0, 1, 2, 3], less=2)
    page = _refilled(_INVOICE, 2, shape=shape)
    assert "Unit Price" not in page.document.pages[0].text
    assert page.known.rows is not None
    gold = answer((page.known.rows,), page.facts, page.known, n_rows=page.n_rows)
    rows = gold["items"]
    assert isinstance(rows, list)
    assert all(isinstance(row, dict) and row["unit_price"] is None and row["amount"] for row in rows)


def test_a_field_that_is_left_out_is_null_and_its_label_is_gone() -> None:
    number = next(n for n, f in enumerate(templates()[_INVOICE].fields) if f.tag == "document_id")
    page = _refilled(_INVOICE, 2, less_fields=frozenset({number}))
    assert "Invoice No" not in page.document.pages[0].text
    assert "document_id" in page.known.absent
    gold = answer(page.known.own, page.facts, page.known, n_rows=page.n_rows)
    assert (gold["number"], gold["total"] is not None) == (None, True)


def test_a_new_label_stands_in_the_place_of_the_old_one() -> None:
    due = next(n for n, f in enumerate(templates()[_INVOICE].fields) if f.tag == "date_due")
    page = _refilled(_INVOICE, 2, labels={due: "zahlbar bis zum"})
    lines = page.document.pages[0].text.splitlines()
    line = next(line for line in lines if "zahlbar bis zum:" in line)
    assert line.endswith(_texts(page)["date_due"])
    assert not any("Due Date" in line for line in lines)


@pytest.mark.parametrize("is_boxed", [False, True])
def test_fields_that_are_put_in_answer_questions(is_boxed: bool) -> None:
    anchor = next(n for n, f in enumerate(templates()[_INVOICE].fields) if f.tag == "date_issue")
    inserted = (Inserted(tag="order_id", label="Your P.O."), Inserted(tag="iban", label="IBAN"))
    page = _refilled(_INVOICE, 4, inserted=inserted, anchor=anchor, is_boxed=is_boxed)
    texts = _texts(page)
    lines = page.document.pages[0].text.splitlines()
    at = next(n for n, line in enumerate(lines) if "Your P.O." in line)
    assert texts["order_id"] in (lines[at + 1] if is_boxed else lines[at])
    assert {ask.tag for ask in page.known.put_in} <= {*INSERTABLE, "discount_amount", "shipping_amount"}
    assert not {"order_id", "iban"} & set(page.known.absent)


def test_a_table_may_be_longer_than_its_page_and_pushes_the_totals_on() -> None:
    long = next(page for seed in range(400) if (page := _refilled(_INVOICE, seed)).n_rows > 25)
    assert len(long.document.pages) > 1
    assert "Total" in long.document.pages[-1].text
    assert _texts(long)["amount_total_gross"] in long.document.pages[-1].text
    assert f"line.{long.n_rows - 1}.amount" in long.facts


def test_sums_among_the_rows_are_no_rows() -> None:
    label = re.compile(
        r"Subtotal|Sub-total|Sub Total|Group total|Total this section|forward|eposit|Advance|Prepaid"
    )
    for seed in range(60):
        page = _refilled(_FEES, seed)
        texts = _texts(page)
        assert sum(tag.endswith(".description") for tag in page.facts) == page.n_rows
        described = [texts[tag] for tag in texts if tag.endswith(".description")]
        assert not any(label.search(text) for text in described)


def test_single_rows_and_thirty_rows_occur() -> None:
    counts = {_refilled(_FEES, seed).n_rows for seed in range(150)}
    assert 1 in counts
    assert max(counts) > 25


def test_descriptions_wrap_to_several_lines_and_are_answered_whole() -> None:
    texts = [_texts(_refilled(_INVOICE, seed)) for seed in range(40)]
    described = [text for one in texts for tag, text in one.items() if tag.endswith(".description")]
    assert sum(len(text) > 45 for text in described) > 5  # longer than its column is wide


def test_equal_seeds_give_equal_samples() -> None:
    first, second = (Refiller(templates()).sample(random.Random(9)) for _ in range(2))
    assert first == second


def test_a_pair_shares_schema_and_labels_but_not_values() -> None:
    rng, refiller = random.Random(3), Refiller(templates())
    pairs = [refiller.pair(rng) for _ in range(30)]
    assert all(a.schema == b.schema and a.template_key == b.template_key for a, b in pairs)
    assert sum(a.gold == b.gold for a, b in pairs) <= 3  # only where nothing but nulls or the vendor is asked
    sellers = [[text for key, text in s.gold.items() if key == "seller"] for pair in pairs for s in pair]
    same = [a == b for a, b in zip(sellers[::2], sellers[1::2], strict=True) if a and b]
    assert any(same)
    assert not all(same)


def test_questions_rename_reorder_and_leave_out() -> None:
    rng, page = random.Random(1), _refilled(_INVOICE, 1)
    drawn = [draw_question(rng, page.known) for _ in range(200)]
    assert all(drawn)
    own = [ask.key for ask in (*page.known.own, *([page.known.rows] if page.known.rows else []))]
    assert 30 < sum([ask.key for ask in question] == own for question in drawn) < 90  # 30 % of 200
    assert len({tuple(ask.key for ask in question) for question in drawn}) > 100
    assert any(isinstance(ask, AskRows) and ask.shape == "values" for question in drawn for ask in question)


def test_absent_fields_are_asked_for_now_and_then() -> None:
    rng, page = random.Random(1), _refilled(_RECEIPT, 1)
    nulls: list[JsonValue] = []
    for _ in range(100):
        gold = answer(draw_question(rng, page.known), page.facts, page.known, n_rows=0)
        nulls += [key for key, value in gold.items() if value is None]
    assert 10 < len(nulls) < 90
    assert set(page.known.absent) <= FIELDS.keys()


def test_noise_changes_words_and_gold_alike() -> None:
    noisy = _refilled(_INVOICE, 7, noise=Noise(misread=0.5))
    clean = _refilled(_INVOICE, 7)
    assert noisy.document.pages[0].text != clean.document.pages[0].text
    for text in _texts(noisy).values():
        words = text.split()
        page = [w.text for p in noisy.document.pages for w in p.words]
        assert all(word in page for word in words)


def test_rows_without_headings_may_be_given_some() -> None:
    assert FEES_VALUE["items"]
    plans = [draw_plan(random.Random(seed), _prepared(_FEES)) for seed in range(40)]
    headed = next(plan for plan in plans if plan.headings)
    page = _refilled(_FEES, 1, headings=headed.headings)
    printed = page.document.pages[0].text.casefold()
    assert all(text.casefold() in printed for text in headed.headings.values())


def test_refilling_is_fast_enough_for_a_training_run() -> None:
    rng, refiller = random.Random(3), Refiller(templates())
    refiller.sample(rng)
    with within_cpu(60 / 20):
        for _ in range(60):
            refiller.sample(rng)
