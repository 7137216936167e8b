"""Agreements: what counts as their day, term, law and parties, and how long they are."""

from __future__ import annotations

import random
from functools import lru_cache
from statistics import mean

from decoding.grammar.value_patterns import looks_like_date
from training.synthesis.agreements import draw_agreement
from training.synthesis.dates import Day, random_day
from training.synthesis.deals import make_deal, sentence, signing_days
from training.synthesis.governing import day_text, filled, short_day
from training.synthesis.sample import generate
from training.synthesis.setting import Draft, Setting, make_setting
from training.synthesis.template import Template
from training.synthesis.words import Sheet

_DOCUMENTS = 120


def _setting(seed: int) -> Setting:
    rng = random.Random(seed)
    return make_setting(Template(seed), rng, rng, difficulty=1.0, locales=("us", "gb"), upper_share=0.0)


@lru_cache
def _drafts() -> tuple[Draft, ...]:
    return tuple(
        draw_agreement(Template(seed), random.Random(seed), random.Random(seed), 1.0)
        for seed in range(_DOCUMENTS)
    )


def _tagged(draft: Draft, tag: str) -> str:
    return " ".join(mark.text for mark in draft.sheet.marks if tag in mark.tags)


def test_the_day_of_an_agreement_is_one_that_the_service_may_answer() -> None:
    days = [text for draft in _drafts() if (text := _tagged(draft, "effective_date"))]
    assert 0.3 * _DOCUMENTS < len(days) < 0.8 * _DOCUMENTS
    assert all(looks_like_date(text) for text in days)
    assert any(" day of " in text for text in days)
    assert any("/" in text for text in days)


def test_ways_to_write_a_day_all_read_as_dates() -> None:
    rng = random.Random(3)
    for seed in range(300):
        setting = _setting(seed)
        assert looks_like_date(day_text(setting, random_day(rng)))
        assert looks_like_date(short_day(rng, random_day(rng)))


def test_of_several_signatures_the_last_one_counts() -> None:
    setting = _setting(4)
    deal = make_deal(setting, Draft(kind="agreement", sheet=Sheet(width=80), setting=setting))
    deal.dated, deal.day = "signed", Day(2011, 1, 9)
    *_, last = signing_days(deal, 3)
    assert any(mark in last for mark in ("9", "09"))
    assert "2011" in last or "11" in last


def test_marks_glued_to_a_value_are_part_of_its_words() -> None:
    assert filled("laws of {v}, and no other", "Ohio", "x") == [
        ("laws of", None),
        ("Ohio,", "x"),
        ("and no other", None),
    ]
    assert filled("{v} law governs", "Ohio", "x")[1] == ("Ohio", "x")


def test_sentences_have_no_place_left_open() -> None:
    for seed in range(40):
        setting = _setting(seed)
        deal = make_deal(setting, Draft(kind="agreement", sheet=Sheet(width=80), setting=setting))
        text = " ".join(sentence(deal) for _ in range(60))
        assert "{" not in text
        assert "}" not in text


def test_a_letter_whose_own_day_does_not_count_says_so() -> None:
    said = 0
    for draft in _drafts():
        text = " ".join(mark.text for mark in draft.sheet.marks)
        if "shall become effective when you have countersigned it" in text:
            assert not _tagged(draft, "effective_date")
            said += 1
    assert said


def test_a_window_names_both_parties_or_neither_where_it_does_not_begin() -> None:
    for draft in _drafts():
        named = [bool(_tagged(draft, tag)) for tag in ("party_first", "party_second")]
        assert named[0] or not named[1]


def test_lengths_have_a_tail_and_no_more() -> None:
    words = [len(draft.sheet.marks) for draft in _drafts()]
    assert 450 < mean(words) < 1000
    assert 1500 < max(words) < 2400


def test_many_windows_lack_some_of_what_is_asked() -> None:
    rng = random.Random(8)
    golds = [generate(rng, kinds=("agreement",)).gold for _ in range(80)]
    lacking = sum(None in gold.values() for gold in golds)
    assert 0.2 * len(golds) < lacking < 0.8 * len(golds)


def test_a_length_in_the_table_of_terms_is_not_taken_back_below() -> None:
    for draft in _drafts():
        text = " ".join(mark.text for mark in draft.sheet.marks)
        if _tagged(draft, "term"):
            assert "have no fixed term" not in text
            assert "without limit of time" not in text
