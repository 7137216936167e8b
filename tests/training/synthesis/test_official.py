"""Official forms: values stand whole on the page, boxes are empty, parties are not mixed."""

from __future__ import annotations

import random
import re
from functools import lru_cache

from tests.training.synthesis.test_sample import grounded_in, leaves_of, readings_of
from training.synthesis.official_forms import draw_official_form
from training.synthesis.sample import SyntheticDocument, generate
from training.synthesis.template import Template


@lru_cache
def _official() -> tuple[SyntheticDocument, ...]:
    rng = random.Random(35)
    return tuple(generate(rng, kinds=("official",)) for _ in range(120))


def test_an_official_forms_values_are_whole_words_of_the_page_and_many_boxes_are_empty() -> None:
    for sample in _official():
        readings = [text for page in readings_of(sample.document) for text in page]
        for _, value in grounded_in(sample):
            assert any(f" {value} " in text for text in readings), (sample.template_key, value)
    values = [value for sample in _official() for _, value in leaves_of(sample.schema.root, sample.gold)]
    assert 0.2 < values.count(None) / len(values) < 0.45


def test_some_official_forms_are_long_and_some_pages_are_instructions_only() -> None:
    sizes = [sample.document.n_words for sample in _official()]
    assert min(sizes) < 200
    assert 2500 < max(sizes) < 6000
    silent = [
        sample
        for sample in _official()
        if all(value is None for _, value in leaves_of(sample.schema.root, sample.gold))
    ]
    assert 0.03 < len(silent) / len(_official()) < 0.2
    assert any(" Part I" not in page.text for sample in silent for page in sample.document.pages)


def test_keys_of_one_official_form_are_written_alike() -> None:
    alike = 0
    for sample in _official():
        keys = [key for key in sample.gold if re.fullmatch(r"[A-Za-z]+[A-Za-z_0-9 ]*", key)]
        alike += len({(key[0].isupper(), "_" in key) for key in keys if "_" in key or key[0].isupper()}) <= 1
    assert alike > 0.8 * len(_official())


def test_payer_and_recipient_of_an_official_form_are_not_mixed() -> None:
    rng = random.Random(36)
    checked = 0
    for seed in range(80):
        draft = draw_official_form(Template(seed), rng, random.Random(seed), 1.0)
        if "payer_name" not in draft.boxes:
            continue
        printed: dict[str, list[str]] = {}
        for mark in draft.sheet.marks:
            for tag in mark.tags:
                printed.setdefault(tag, []).append(mark.text)
        if {"payer_name", "recipient_name"} <= printed.keys():
            assert printed["payer_name"] != printed["recipient_name"]
            assert set(draft.boxes["payer_name"].keys).isdisjoint(draft.boxes["recipient_name"].keys)
            assert set(draft.boxes["payer_tin"].keys).isdisjoint(draft.boxes["recipient_tin"].keys)
            checked += 1
    assert checked > 10


def test_what_is_asked_of_an_official_form_without_its_tag_is_not_printed() -> None:
    rng = random.Random(37)
    blank = 0
    for seed in range(60):
        draft = draw_official_form(Template(seed), rng, random.Random(seed), 1.0)
        tags = {tag for mark in draft.sheet.marks for tag in mark.tags}
        assert tags <= draft.boxes.keys()
        blank += not tags
    assert blank > 0
