"""What a person has to look at, on the terminal."""

from __future__ import annotations

from rich.console import Console

from schemas.extraction import Extraction


def show_review(extraction: Extraction, console: Console) -> None:
    """Print the reasons for a review, the weightiest first; nothing where there are none."""
    if not extraction.review:
        return
    console.print(f"review ({extraction.status}):")
    for number, reason in enumerate(extraction.review, start=1):
        page = "" if reason.page_number is None else f" (page {reason.page_number})"
        line = f"  {number}. {reason.path or 'the document'}{page}: {reason.message} [{reason.code}]"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
