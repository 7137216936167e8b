"""What made-up receipts show besides plain rows: rates beside taxes, reductions, hours, suggested tips."""

from __future__ import annotations

import random
import re
from functools import lru_cache

from ocr.layout import layout_text
from training.synthesis.sample import SyntheticDocument, generate

_N = 200


@lru_cache
def _receipts() -> tuple[SyntheticDocument, ...]:
    rng = random.Random(17)
    return tuple(generate(rng, kinds=("receipt",)) for _ in range(_N))


@lru_cache
def _texts() -> tuple[str, ...]:
    return tuple(layout_text(sample.document).text for sample in _receipts())


def _share(pattern: str) -> float:
    return sum(bool(re.search(pattern, text, re.IGNORECASE)) for text in _texts()) / _N


def test_a_tax_is_often_printed_behind_its_rate() -> None:
    assert _share(r"\d[.\d]*\s?%\D{0,12}\d+[.,]\d\d\s*$|\d[.\d]*%:? +\S*\d[.,]\d\d") > 0.08


def test_some_receipts_print_no_decimals() -> None:
    whole = [text for text in _texts() if not re.search(r"\d[.,]\d\d(?!\d)", text)]
    assert len(whole) > 0.05 * _N


def test_some_receipts_reduce_the_price_of_an_item_below_it() -> None:
    assert _share(r"disc item|item disc|diskon:|you saved") > 0.01


def test_rows_with_the_quantity_first_are_common() -> None:
    # An item such as "2 Tea  4.00": on a tenth of the pages at least.
    assert _share(r"(?m)^ *\d{1,2}x? +[^\W\d]\D* +\S*\d+[.,]?\d*$") > 0.1


def test_a_time_is_never_an_opening_hour() -> None:
    for sample, text in zip(_receipts(), _texts(), strict=True):
        hours = [line for line in text.splitlines() if re.search(r"(?i)open|hours|daily", line)]
        time = next((value for key, value in sample.gold.items() if key in {"time", "document_time"}), None)
        assert time is None or all(str(time) not in line for line in hours)
