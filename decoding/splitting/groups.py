"""The pages of a file as documents."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from decoding.splitting.evidence import compare
from decoding.splitting.page_facts import DocumentFacts, PageFacts
from decoding.splitting.weights import BIAS, WEIGHTS
from schemas.document import Document

# A page begins a document from this probability on. Tearing one apart is worse than asking a person.
BEGINS = 0.6
_MOST_REASONS = 3
_LEAST_WEIGHT = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PageGroup:
    """Consecutive pages that are one document.

    Attributes
    ----------
    page_indices
        From 0, ascending, at least one.
    cut_confidence
        In [0, 1]: how sure it is that a document begins here and that it ends here, the lesser of both.
    whole_confidence
        In [0, 1]: how sure it is that none begins in between.
    evidence
        What says that a document begins here, for people; empty for the file's first.
    """

    page_indices: tuple[int, ...]
    cut_confidence: float = 1.0
    whole_confidence: float = 1.0
    evidence: str = ""

    @property
    def confidence(self) -> float:
        """Return how sure it is that these pages are one document, and no more of them, in [0, 1]."""
        return min(self.cut_confidence, self.whole_confidence)


def group_pages(document: Document) -> tuple[PageGroup, ...]:
    """Return the documents of a file, in order; together they hold every page once.

    Pages in a row are compared by layout and words alone, no model is asked. A page without a word belongs
    to the document before it.
    """
    if not document.pages:
        return ()
    signs = _compare_pages(document)
    chances = [begin_probability(found) if found else 0.0 for found in signs]
    chances[0] = 1.0
    starts = [index for index, chance in enumerate(chances) if chance >= BEGINS]
    ends = [*starts[1:], len(chances)]
    return tuple(
        PageGroup(
            page_indices=tuple(range(start, end)),
            cut_confidence=min(chances[start], chances[end] if end < len(chances) else 1.0),
            whole_confidence=1.0 - max(chances[start + 1 : end], default=0.0),
            evidence=_explain(signs[start]) if start else "",
        )
        for start, end in zip(starts, ends, strict=True)
    )


def _compare_pages(document: Document) -> list[Mapping[str, float]]:
    """Return what tells each page from the document before it; empty where there is none, or no word."""
    found: list[Mapping[str, float]] = []
    before: DocumentFacts | None = None
    for page in document.pages:
        signs: Mapping[str, float] = {}
        if page.words:
            after = PageFacts(page)
            signs = compare(before, after) if before is not None else {}
            goes_on = before is not None and begin_probability(signs) < BEGINS
            before = before.go_on(after) if before is not None and goes_on else DocumentFacts.begin(after)
        found.append(signs)
    return found


def begin_probability(signs: Mapping[str, float]) -> float:
    """Return how sure the evidence of `compare` is that a document begins, in [0, 1]."""
    logit = BIAS + sum(WEIGHTS.get(name, 0.0) * value for name, value in signs.items())
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit))))


def _explain(signs: Mapping[str, float]) -> str:
    weights = {name: WEIGHTS.get(name, 0.0) * value for name, value in signs.items()}
    weighty = sorted((name for name in weights if weights[name] > _LEAST_WEIGHT), key=lambda n: -weights[n])
    told = dict.fromkeys(_REASONS[name] for name in weighty if name in _REASONS)  # each once
    return ", ".join(list(told)[:_MOST_REASONS]) or "the page looks unlike the one before"


_REASONS: Mapping[str, str] = {
    "number_first": "it says that it is page 1",
    "number_first_of": "it says that it is page 1",
    "number_last_before": "the page before says that it is the last",
    "size": "its size is another",
    "rolls": "both are receipts",
    "rolls_whole": "both are receipts",
    "source": "it was read in another way",
    "labels_changed": "its head has other numbers in the same places",
    "heads_changed": "its head has other numbers in the same places",
    "heads_changed_only": "its head has other numbers in the same places",
    "first_head_changed": "its head has other numbers in the same places",
    "first_letterhead": "it begins as the first page does",
    "first_title": "it has a title",
    "vocabulary_other": "it shares hardly a word with the pages before",
    "vocabulary_none": "it shares hardly a word with the pages before",
    "letterhead_new": "its first lines are not on the page before",
    "no_shared_code": "no number of the pages before stands on it",
    "parties_new": "it has addresses or telephone numbers of its own",
    "parties_other": "it has addresses or telephone numbers of its own",
    "currency_other": "its amounts are in another currency",
    "decimals_other": "its amounts are written in another way",
    "height": "its letters are of another size",
    "title": "it has a title",
    "particulars": "numbers and names of its own stand in its head",
    "dated": "a date stands in its head",
    "dated_again": "a date stands in its head",
    "caption_new": "it has a title",
    "table_low": "its table stands below a head of its own",
    "rows_restart": "its rows are numbered from 1 again",
    "sections_restart": "its sections are numbered from 1 again",
    "opens": "it begins as letters and agreements do",
    "totals_before": "the page before has totals",
    "closed_before": "the page before ends as letters and receipts do",
    "signed_before": "the page before is signed",
}
