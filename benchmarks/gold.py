"""The real documents that figures are measured on: their pages as images, and their gold values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RENDER_DPI = 200
# Its transcripts have no spaces but those between segments, which follow no reading order and may repeat.
_IN_SEGMENTS = frozenset({"wildreceipt"})
_MONTHS = (
    ("january", "january", "januar", "janvier"),
    ("february", "february", "februar", "février"),
    ("march", "march", "märz", "mars"),
    ("april", "april", "april", "avril"),
    ("may", "may", "mai", "mai"),
    ("june", "june", "juni", "juin"),
    ("july", "july", "juli", "juillet"),
    ("august", "august", "august", "août"),
    ("september", "september", "september", "septembre"),
    ("october", "october", "oktober", "octobre"),
    ("november", "november", "november", "novembre"),
    ("december", "december", "dezember", "décembre"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldDocument:
    """One labelled file; `fields` holds (name, accepted values).

    `in_segments` says that the values' spaces join segments labelled one by one, in the annotator's order.
    """

    document_id: str
    path: Path
    fields: tuple[tuple[str, tuple[str, ...]], ...]
    in_segments: bool = False


def documents(folder: Path, dataset: str, n: int) -> tuple[GoldDocument, ...]:
    """Return `n` documents of `folder`/`dataset`, evenly spaced over the sorted ids, all if fewer."""
    lines = (folder / dataset / "labels.jsonl").read_text("utf-8").strip().split("\n")
    records: list[dict[str, Any]] = sorted((json.loads(line) for line in lines), key=lambda r: str(r["id"]))
    n = min(n, len(records))
    return tuple(
        GoldDocument(
            document_id=r["id"],
            path=folder / dataset / r["file"],
            fields=tuple(_fields(r)),
            in_segments=dataset in _IN_SEGMENTS,
        )
        for r in (records[i * len(records) // n] for i in range(n))
    )


def _fields(record: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    alternatives: dict[str, object] = record.get("kie_alternatives") or {}
    for name, value in record["kie"].items():
        accepted = (*_strings(value), *_strings(alternatives.get(name)))
        if accepted:
            yield name, accepted


def _strings(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return (str(value),)


def page_images(path: Path, *, max_pages: int) -> tuple[tuple[NDArray[np.uint8], ...], int | None]:
    """Return the first pages as RGB images, PDFs rendered at 200 dpi, and the resolution if known."""
    if path.suffix.lower() == ".pdf":
        import pypdfium2

        pdf: Any = pypdfium2.PdfDocument(path)
        pages = (pdf[i].render(scale=RENDER_DPI / 72) for i in range(min(max_pages, len(pdf))))
        return tuple(np.asarray(page.to_pil().convert("RGB"), np.uint8) for page in pages), RENDER_DPI
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return (np.asarray(upright, np.uint8),), None


def normalised(text: str) -> str:
    """Return the letters and digits of `text`, case folded, and the euro sign.

    Examples
    --------
    >>> normalised("EUR 1.234,50 (net)")
    'eur123450net'
    """
    return "".join(char for char in text.casefold() if char.isalnum() or char == "€")


def printed_forms(value: str) -> tuple[str, ...]:
    """Return how a value normalised by its annotator (ISO date, EUR) may be printed, itself first.

    Examples
    --------
    >>> "13.11.2017" in printed_forms("2017-11-13")
    True
    """
    if value == "EUR":
        return value, "€"
    if found := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])-(\d\d)", value):
        return (value, *_date_forms(*found.groups()))
    return (value,)


def _date_forms(year: str, month: str, day: str) -> Iterator[str]:
    names = [form for name in _MONTHS[int(month) - 1] for form in (name, name[:3])]
    for y in (year, year[2:]):
        for m in (month, str(int(month)), *names):
            for d in (day, str(int(day))):
                yield from (f"{d}.{m}.{y}", f"{m}.{d}.{y}")


def stands(values: Iterable[str], texts: Sequence[str]) -> bool:
    """Return whether a printed form of one of `values` is a substring of one of the normalised texts."""
    forms = {normalised(form) for value in values for form in printed_forms(value)} - {""}
    return any(form in text for form in forms for text in texts)


def stands_in_segments(values: Iterable[str], texts: Sequence[str]) -> bool:
    """Return whether every space-separated segment of one of `values` stands in one of the texts."""
    return any(all(stands((part,), texts) for part in value.split() if normalised(part)) for value in values)


def stands_as_words(values: Iterable[str], orders: Sequence[Sequence[str]]) -> bool:
    """Return whether a printed form is exactly a run of whole words in one of the reading orders."""
    forms = {normalised(form) for value in values for form in printed_forms(value)} - {""}
    return any(_is_run(form, words) for form in forms for words in orders)


def _is_run(form: str, words: Sequence[str]) -> bool:
    for start in range(len(words)):
        rest, index = form, start
        while rest and index < len(words) and rest.startswith(word := normalised(words[index])):
            rest = rest[len(word) :]
            index += 1
        if not rest:
            return True
    return False
