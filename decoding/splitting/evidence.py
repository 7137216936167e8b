"""What two pages in a row have in common and what not: from it is told whether a document begins."""

from __future__ import annotations

from decoding.splitting.page_facts import DocumentFacts, PageFacts
from decoding.splitting.page_numbers import PageNumber

# So many lines above its first heading or row make the head of a document's first page, and so few do not.
_LOW_TABLE, _HIGH_TABLE = 6, 3


def compare(document: DocumentFacts, after: PageFacts) -> dict[str, float]:
    """Return what tells whether `after` begins another document than the one before, each in [0, 1]."""
    before = document.last
    return {
        **_numbers(before, after),
        **_sizes(before, after),
        **_heads(before, after),
        **_first(document.first, after),
        **_parties(document, after),
        **_styles(before, after),
        **_tables(document, after),
        **_ends(before, after),
        "vocabulary": (known := _overlap(document.words, after.words)),
        "vocabulary_other": float(known < 0.12),
        "vocabulary_none": float(known < 0.04),
        "captions_same": min(2, len(before.captions & after.captions)) / 2,
        "short_before": float(len(before.page.words) < 0.5 * len(after.page.words)),
        "short_after": float(len(after.page.words) < 0.5 * len(before.page.words)),
    }


def _numbers(before: PageFacts, after: PageFacts) -> dict[str, float]:
    follows = any(_follows(a, b) for a in before.numbers for b in after.numbers)
    first, last = before.number, after.number
    more_before = first is not None and first.of is not None and first.number < first.of
    return {
        "number_first": float(last is not None and last.number == 1 and not follows),
        "number_first_of": float(
            last is not None and last.number == 1 and last.of is not None and not follows
        ),
        "number_later": float(last is not None and last.number > 1 and not follows),
        "number_follows": float(follows),
        "number_last_before": float(first is not None and first.of is not None and not more_before),
        "number_more_before": float(more_before),
        "number_missing": float(first is not None and last is None),
        "number_awaited": float(more_before and not follows),
    }


def _follows(before: PageNumber, after: PageNumber) -> bool:
    return after.number == before.number + 1 and before.of == after.of


def _sizes(before: PageFacts, after: PageFacts) -> dict[str, float]:
    first, second = before.page, after.page
    width = abs(first.width_pt - second.width_pt) / max(first.width_pt, second.width_pt)
    height = abs(first.height_pt - second.height_pt) / max(first.height_pt, second.height_pt)
    sources = {frozenset(word.source for word in page.words) for page in (first, second)}
    return {
        "size": min(1.0, 4 * max(width, height)),
        "rolls": float(rolls := before.is_narrow and after.is_narrow),
        "rolls_whole": float(rolls and bool(before.n_totals) and bool(after.n_totals)),
        "source": float(len(sources) > 1),
        "height": min(1.0, abs(before.height - after.height) / max(before.height, after.height, 1e-6)),
        "margin": min(1.0, 8 * abs(before.margin - after.margin)),
    }


def _heads(before: PageFacts, after: PageFacts) -> dict[str, float]:
    shared = before.heads.keys() & after.heads.keys()
    changed = sum(before.heads[key] != after.heads[key] for key in shared if "page" not in key)
    named = before.labels.keys() & after.labels.keys()
    renamed = sum(before.labels[key] != after.labels[key] for key in named)
    return {
        "labels_changed": min(3, renamed) / 3,
        "heads_changed": min(4, changed) / 4,
        "heads_changed_only": float(changed >= 2 and changed == len(shared)),
        "particulars": min(5, after.n_particulars(before.heads)) / 5,
        "letterhead_new": 1.0 - _share(after.letterhead, before.all_words),
        "title": float(after.has_title),
        "title_gone": float(before.has_title and not after.has_title),
        "caption_new": float(after.has_caption() and not before.has_caption()),
        "dated": float(bool(after.dates - before.dates)),
        "dated_again": float(bool(after.dates - before.dates and before.dates)),
        "dated_same": float(bool(after.dates & before.dates)),
    }


def _first(first: PageFacts, after: PageFacts) -> dict[str, float]:
    """Return what a page has in common with the first one: heads of documents of one kind are alike."""
    shared = first.heads.keys() & after.heads.keys()
    same = sum(first.heads[key] == after.heads[key] for key in shared)
    return {
        "first_head_changed": min(4, len(shared) - same) / 4,
        "first_letterhead": _share(after.letterhead, first.letterhead),
        "first_title": float(first.has_title and after.has_title),
    }


def _parties(before: DocumentFacts, after: PageFacts) -> dict[str, float]:
    codes = bool(before.codes and after.codes)
    parties = bool(before.parties and after.head_parties)
    return {
        "no_shared_code": float(codes and not before.codes & after.codes),
        "parties_new": min(2, len(after.head_parties - before.parties)) / 2,
        "parties_other": float(parties and not before.parties & after.parties),
    }


def _styles(before: PageFacts, after: PageFacts) -> dict[str, float]:
    marks, money = {before.decimal_mark, after.decimal_mark} - {None}, before.currencies & after.currencies
    return {
        "capitals": abs(before.capitals - after.capitals),
        "decimals_other": float(len(marks) > 1),
        "currency_other": float(bool(before.currencies and after.currencies) and not money),
    }


def _tables(before: DocumentFacts, after: PageFacts) -> dict[str, float]:
    depth, last = after.table_depth, before.last
    position, section = after.positions[:1], after.sections[:1]
    at_top = depth is not None and depth <= _HIGH_TABLE
    return {
        "table_low": float(depth is not None and depth >= _LOW_TABLE),
        "table_high": float(at_top),
        "rows_above": after.rows_above(),
        "rows_follow": float(at_top and before.position is not None and position == (before.position + 1,)),
        "rows_restart": float((before.position or 0) > 1 and position == (1,)),
        "sections_follow": float(
            before.section is not None and section in ((before.section,), (before.section + 1,))
        ),
        "sections_restart": float((before.section or 0) > 1 and section == (1,)),
        "carried": float(after.says_carried() or last.says_carried()),
        "carried_same": float(bool(last.carried & after.carried)),
    }


def _ends(before: PageFacts, after: PageFacts) -> dict[str, float]:
    has_head = after.has_title or bool(after.head_parties) or after.n_particulars({}) > 1
    return {
        "totals_before": min(3, before.n_totals) / 3,
        "totals_after": min(3, after.n_totals) / 3,
        "both_whole": float(has_head and bool(after.n_totals) and bool(before.n_totals)),
        "closed_before": float(before.closes()),
        "signed_before": float(before.is_signed()),
        "opens": float(after.opens()),
        "amid": float(after.begins_amid()),
        "open": float(before.ends_open()),
    }


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Return the share of the smaller set that the other has, in [0, 1]; 0.5 where one is empty."""
    if not first or not second:
        return 0.5
    return len(first & second) / min(len(first), len(second))


def _share(part: frozenset[str], whole: frozenset[str]) -> float:
    """Return the share of `part` that is in `whole`, in [0, 1]; 0.5 where there is no part."""
    return len(part & whole) / len(part) if part else 0.5
