"""Words of a page put into their order, and the page made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ocr.date_ranges import split_date_ranges
from ocr.machine_instructions import find_instructions
from ocr.reading_order import Arrangement, arrange, join, split_at_gaps
from schemas.document import Page, ReadWarning, Word

# Of what is set aside, a warning shows so much.
_MAX_SHOWN_CHARS = 300


def make_page(
    page_index: int,
    words: Sequence[Word],
    width_pt: float,
    height_pt: float,
    *,
    rotation_deg: int = 0,
    skew_deg: float = 0.0,
    apart: Sequence[Arrangement] = (),
    slope: float = 0.0,
) -> Page:
    """Return the page of these words, in reading order; those of `apart` are arranged already.

    `slope` is how far lines fall over the width of the page, in page heights.

    What addresses a machine reader is set aside: `words` are what the page says to people.
    """
    words = split_date_ranges(words)
    arranged = join((arrange(words, slope=slope), *apart))
    found, is_part = _find_instructions(arranged.words, arranged.lines)
    set_aside = found if is_part else ()
    if set_aside:
        places = {word.bbox for word in set_aside}
        kept = [word for word in words if word.bbox not in places]
        others = [each for each in apart if not any(word.bbox in places for word in each.words)]
        arranged = join((arrange(kept, slope=slope), *others))
    return Page(
        page_index=page_index,
        width_pt=width_pt,
        height_pt=height_pt,
        words=arranged.words,
        lines=arranged.lines,
        block_order=arranged.block_order,
        cuts=arranged.cuts,
        rotation_deg=rotation_deg,
        skew_deg=skew_deg,
        set_aside=set_aside,
    )


def note_instructions(page: Page) -> Iterator[ReadWarning]:
    """Yield a warning if the page addresses a machine reader, whether that was set aside or is most of it."""
    found = page.set_aside or _find_instructions(page.words, page.lines)[0]
    if found:
        text = " ".join(word.text for word in found)
        shown = text if len(text) <= _MAX_SHOWN_CHARS else f"{text[:_MAX_SHOWN_CHARS]}..."
        what = "is set aside" if page.set_aside else "makes up most of the page, and is read"
        message = f"text that addresses a machine reader {what}: {shown}"
        yield ReadWarning(code="machine_instruction", message=message, page_number=page.page_index + 1)


def _find_instructions(
    words: Sequence[Word], lines: Sequence[tuple[int, int]]
) -> tuple[tuple[Word, ...], bool]:
    """Return the words that address a machine reader, and whether they are but a part of the page."""
    stretches = [part for start, end in lines for part in split_at_gaps(words[start:end])]
    found, is_part = find_instructions([[word.text for word in part] for part in stretches])
    return tuple(word for index in sorted(found) for word in stretches[index]), is_part
