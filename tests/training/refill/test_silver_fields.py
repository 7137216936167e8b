"""What nobody annotated is found where a page leaves no doubt, and elsewhere neither asked nor null."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from schemas.values import parse_amount
from tests.training.refill.pages import INVOICE, INVOICE_VALUE, compiled
from training.refill.plan import draw_plan
from training.refill.prepared import prepare
from training.refill.refilling import Refiller
from training.refill.template import Template
from training.synthesis.noise import Noise

_VALUE = {"date": "05/11/2023", "total": "10.60"}
_PAGE = """\
KEDAI BUKU MELATI SDN BHD
(775321-K)
TEL : 03-5122 4701 FAX : 03-5122 4702
GST REG NO: 000381399040
Receipt No: RC0093417   Cashier: NURUL AIN
Date: 05/11/2023 02:15 PM   Table: A12
PENCIL 2B                     4.00
NOTEBOOK A5                   6.00
SUBTOTAL                     10.00
GST 6%                        0.60
ROUNDING ADJ                  0.00
TOTAL                        10.60
CASH                         20.00
CHANGE                        9.40
"""


def _silver(page: str, value: dict[str, str] | None = None) -> dict[str, str]:
    template = compiled(page, {**(value or _VALUE)})
    return {f.tag: template.text(f.places[0]) for f in template.fields if f.is_silver}


def _line(label: str, *, with_line: str) -> str:
    """Return the page with another line in the place of the one that begins with a label."""
    lines = [with_line if line.startswith(label) else line for line in _PAGE.splitlines()]
    return "\n".join(line for line in lines if line) + "\n"


def test_a_receipt_says_much_that_nobody_annotated() -> None:
    assert _silver(_PAGE) == {
        "vendor_registration_id": "(775321-K)",
        "vendor_phone": "03-5122 4701",
        "vendor_fax": "03-5122 4702",
        "vendor_tax_id": "000381399040",
        "document_id": "RC0093417",
        "cashier": "NURUL AIN",
        "document_time": "02:15 PM",
        "table_number": "A12",
        "amount_total_net": "10.00",
        "amount_total_tax": "0.60",
        "rounding_amount": "0.00",
        "amount_paid": "20.00",
        "change_amount": "9.40",
    }


@pytest.mark.parametrize(
    ("label", "line", "tag"),
    [
        ("TEL", "FAX : 03-5122 4702", "vendor_phone"),
        ("TEL", "TEL/FAX : 03-5122 4702", "vendor_phone"),
        ("TEL", "TEL & FAX : 03-5122 4702", "vendor_fax"),
        ("TEL", "TEL:03-51224701", "vendor_phone"),  # an answer is whole words
        ("TEL", "TEL : 03-5122 4701 1", "vendor_phone"),
        ("GST REG", "GST REG NO: 000381399040\nGST ID: 000381399041", "vendor_tax_id"),
        ("Receipt", "Receipt No: RC0093417   Invoice No: 4471", "document_id"),
        ("Receipt", "Receipt No: RC0093417   Cashier: 05/11/2023", "cashier"),
        ("Date", "Date: 05/11/2023 10:15 11:20", "document_time"),
        ("Date", "Date: 05/11/2023   Open daily 10:15", "document_time"),
        ("GST 6%", "GST 6%    0.90", "amount_total_tax"),  # not six percent of anything
        ("GST 6%", "GST 6%", "amount_total_tax"),  # a rate is no amount
        ("SUBTOTAL", "SUBTOTAL     9.00", "amount_total_net"),  # 9.00 + 0.60 is not 10.60
        ("CHANGE", "CHANGE      8.40", "amount_paid"),  # 20.00 - 8.40 is not 10.60
        ("CHANGE", "CHANGE      8.40", "change_amount"),
    ],
)
def test_what_is_in_doubt_is_neither_asked_nor_absent(label: str, line: str, tag: str) -> None:
    page = _line(label, with_line=line)
    template = compiled(page, {**_VALUE})
    assert tag not in {field.tag for field in template.fields}
    assert tag not in template.absent


def test_the_time_beside_the_date_is_meant_where_there_are_several() -> None:
    page = _line("CHANGE", with_line="CHANGE   9.40\nPrinted 16:40")
    assert _silver(page)["document_time"] == "02:15 PM"


def test_a_tax_may_stand_in_a_summary_below() -> None:
    page = _line("GST 6%", with_line="") + "GST SUMMARY   AMOUNT(RM)   TAX(RM)\nSR @ 6%    10.00    0.60\n"
    assert _silver(page)["amount_total_tax"] == "0.60"


def test_what_is_annotated_is_left_to_the_annotation() -> None:
    assert "amount_total_tax" not in _silver(_PAGE, {**_VALUE, "tax": "10.00"})
    template = compiled(INVOICE, INVOICE_VALUE)
    assert not {"amount_total_net", "amount_total_tax", "document_id"} & {
        field.tag for field in template.fields if field.is_silver
    }


def test_a_page_with_one_total_has_certainly_no_net_one() -> None:
    template = compiled("SHOP\nDate: 05/11/2023\nPEN 10.60\nTOTAL 10.60\nCASH 10.60\n", {**_VALUE})
    assert "amount_total_net" in template.absent
    assert "vendor_fax" in template.absent
    two = compiled("SHOP\nDate: 05/11/2023\nPEN 10.60\nTOTAL 10.00\nTOTAL 10.60\n", {**_VALUE})
    assert "amount_total_net" not in two.absent


def _template() -> Template:
    return compiled(_PAGE, {**_VALUE})


def test_silver_values_are_exchanged_and_still_add_up() -> None:
    template = _template()
    refiller, prepared = Refiller([template]), prepare(template)
    old = _silver(_PAGE)
    for seed in range(40):
        rng = random.Random(seed)
        plan = replace(draw_plan(rng, prepared), noise=Noise())
        page = refiller._page(prepared, plan, rng, seed)  # pyright: ignore[reportPrivateUsage]
        assert page is not None
        texts = {tag: fact.text or "" for tag, fact in page.facts.items()}
        kept = [tag for tag in old if texts[tag] == old[tag] and not old[tag].startswith("0.")]
        assert len(kept) <= 1, kept  # one may come back by chance
        assert [ch.isdigit() for ch in texts["vendor_phone"]] == [ch.isdigit() for ch in "03-5122 4701"]
        assert texts["document_time"].endswith(" PM")
        assert _sum(texts, "amount_total_net", "amount_total_tax") == _sum(texts, "amount_total_gross")
        assert _sum(texts, "amount_total_gross", "change_amount") == _sum(texts, "amount_paid")


def _sum(texts: dict[str, str], *tags: str) -> Decimal:
    found = [parse_amount(texts[tag]) for tag in tags]
    return sum((amount.value for amount in found if amount is not None), Decimal(0))


def test_no_silver_answer_has_its_label_and_none_is_null() -> None:
    refiller, rng = Refiller([_template()]), random.Random(3)
    prepared, tags = prepare(_template()), {*_silver(_PAGE)}
    n_noisy = 0
    for seed in range(300):
        plan = draw_plan(rng, prepared)
        page = refiller._page(prepared, plan, rng, seed)  # pyright: ignore[reportPrivateUsage]
        if page is None:
            continue
        assert not tags & {*page.known.absent}
        phone = page.facts["vendor_phone"].text
        n_noisy += phone is None
        assert phone is None or ":" not in phone
    assert n_noisy  # noise did join a label to its value


def test_the_own_schema_is_asked_alone_and_with_silver_fields() -> None:
    refiller, rng = Refiller([_template()]), random.Random(4)
    asked = [tuple(refiller.sample(rng).gold) for _ in range(60)]
    own = [keys for keys in asked if keys[:2] == ("date", "total") and keys[-1] == "line_items"]
    assert any(len(keys) == 3 for keys in own)
    assert any(len(keys) > 3 for keys in own)


def test_an_amount_whose_sign_stands_apart_is_in_doubt() -> None:
    page = _line("ROUNDING", with_line="ROUNDING ADJ -RM     0.02")
    assert "rounding_amount" not in _silver(page)
    assert _silver(_line("ROUNDING", with_line="ROUNDING ADJ     -RM0.02"))["rounding_amount"] == "-RM0.02"
