"""Pages of running text around a document: its values still stand on its own pages, or none is asked."""

from __future__ import annotations

import random

from ocr.layout import layout_text
from training.synthesis.annexes import with_annex
from training.synthesis.sample import generate


def test_values_stay_and_pages_come() -> None:
    rng = random.Random(3)
    for _ in range(20):
        sample = generate(rng)
        longer = with_annex(sample, rng, may_be_alone=False)
        assert longer.gold == sample.gold
        assert longer.reasoning == sample.reasoning
        assert len(longer.document.pages) > len(sample.document.pages)
        assert [page.page_index for page in longer.document.pages] == list(range(len(longer.document.pages)))
        assert layout_text(sample.document).text in layout_text(longer.document).text


def test_without_its_own_pages_nothing_is_known() -> None:
    rng = random.Random(5)
    n_alone = 0
    for _ in range(25):
        sample = generate(rng)
        found = with_annex(sample, rng)
        if layout_text(sample.document).text in layout_text(found.document).text:
            continue
        n_alone += 1
        assert list(found.gold) == list(sample.gold)
        assert all(value in (None, []) for value in found.gold.values())
        assert found.document.pages
    assert n_alone
