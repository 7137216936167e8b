"""Page text laid out in rows and columns, with the way back from characters to words."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSpan:
    """Where one word stands in a layout text: characters [start, end) are word `word_index` of a page."""

    start: int
    end: int
    page_index: int
    word_index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutText:
    """Text whose spaces and newlines mirror the page; `spans` are in text order and never overlap."""

    text: str
    spans: tuple[WordSpan, ...]

    def __post_init__(self) -> None:
        previous = 0
        for span in self.spans:
            if not previous <= span.start < span.end <= len(self.text):
                raise ValueError("word spans must be ordered, non-empty and inside the text")
            previous = span.end

    def spans_in(self, start: int, end: int) -> tuple[WordSpan, ...]:
        """Return the word spans that share a character with [start, end)."""
        first = bisect_left(self.spans, start + 1, key=lambda s: s.end)
        last = bisect_left(self.spans, end, key=lambda s: s.start)
        return self.spans[first:last]
