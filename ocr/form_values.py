"""What the fields of a PDF form say, and the letters that a form sets apart as the words that they are."""

from __future__ import annotations

import ctypes
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ocr.pdf import PageFrame
from ocr.text_layer import Box, LayerWord

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

MAX_FIELDS = 2_000  # of one page; tax forms have some 300
_MAX_VALUE_BYTES = 8_192  # UTF-16: far more than a field shows


@dataclass(frozen=True, slots=True, kw_only=True)
class FormValue:
    """The text of one field and its box (left, top, right, bottom) in fractions of the page."""

    text: str
    box: Box


def has_form(document: pdfium.PdfDocument) -> bool:
    """Return whether the document has a form whose fields are shown on its pages."""
    return document.get_formtype() not in (_RAW.FORMTYPE_NONE, _RAW.FORMTYPE_XFA_FULL)


def form_values(
    document: pdfium.PdfDocument, page: pdfium.PdfPage, frame: PageFrame
) -> tuple[FormValue, ...]:
    """Return the text fields of a page that are filled in, among its first `MAX_FIELDS` annotations.

    The document must have a form, and the page not have been flattened, which leaves no fields.
    """
    with _form_environment(document) as form:
        n_annotations = min(_RAW.FPDFPage_GetAnnotCount(page), MAX_FIELDS)
        found = (_form_value(form, page, index, frame) for index in range(n_annotations))
        return tuple(value for value in found if value is not None)


@contextmanager
def _form_environment(document: pdfium.PdfDocument) -> Generator[object]:
    """Yield the library's view of the document's form. No page is opened in it, so that no action runs."""
    callbacks = _RAW.FPDF_FORMFILLINFO(version=2)
    form = _RAW.FPDFDOC_InitFormFillEnvironment(document, callbacks)
    try:
        yield form
    finally:
        _RAW.FPDFDOC_ExitFormFillEnvironment(form)


def _form_value(form: object, page: pdfium.PdfPage, index: int, frame: PageFrame) -> FormValue | None:
    annotation = _RAW.FPDFPage_GetAnnot(page, index)
    if not annotation:
        return None
    try:
        if _RAW.FPDFAnnot_GetFormFieldType(form, annotation) != _RAW.FPDF_FORMFIELD_TEXTFIELD:
            return None
        rectangle = _RAW.FS_RECTF()
        text = _value(form, annotation)
        if not text or not _RAW.FPDFAnnot_GetRect(annotation, ctypes.byref(rectangle)):
            return None
        edges = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        return FormValue(text=text, box=frame.to_page(*edges))
    finally:
        _RAW.FPDFPage_CloseAnnot(annotation)


def _value(form: object, annotation: object) -> str | None:
    """Return the field's text; None if it is empty or too long to be looked for."""
    n_bytes = int(_RAW.FPDFAnnot_GetFormFieldValue(form, annotation, None, 0))
    if not 2 < n_bytes <= _MAX_VALUE_BYTES:  # a terminating zero of two bytes is always there
        return None
    buffer = (ctypes.c_ushort * (n_bytes // 2))()
    _RAW.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, n_bytes)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0").strip()


def join_combs(words: Sequence[LayerWord], values: Sequence[FormValue]) -> tuple[LayerWord, ...]:
    """Return the words with those of each field joined as the field's own value has them.

    A comb sets one character into each box of a field, so that the page has as many words as characters. Only
    where the words in a field spell its value are they joined; all others stay as they are, in their order.
    """
    if not values or not words:
        return tuple(words)
    boxes = np.array([word.box for word in words])  # (n_words, 4)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    joined: dict[int, LayerWord] = {}
    dropped: set[int] = set()
    for value in values:
        left, top, right, bottom = value.box
        inside = (centers >= (left, top)).all(axis=1) & (centers <= (right, bottom)).all(axis=1)
        indices = [index for index in np.flatnonzero(inside).tolist() if index not in dropped]
        for group in _groups([words[index].text for index in indices], value.text.split()):
            own = [indices[position] for position in group]
            joined[own[0]] = _join([words[index] for index in own])
            dropped.update(own[1:])
    return tuple(joined.get(i, word) for i, word in enumerate(words) if i not in dropped)


def _groups(texts: Sequence[str], wanted: Sequence[str]) -> Iterator[range]:
    """Yield which texts make up each of the words `wanted`, where there are several; none if not all fit."""
    if "".join(texts) != "".join(wanted) or len(texts) <= len(wanted):
        return
    groups: list[range] = []
    start = 0
    for word in wanted:
        end, length = start, 0
        while end < len(texts) and length < len(word):
            length += len(texts[end])
            end += 1
        if length != len(word):
            return
        groups.append(range(start, end))
        start = end
    yield from (group for group in groups if len(group) > 1)


def _join(words: Sequence[LayerWord]) -> LayerWord:
    boxes = [word.box for word in words]
    return replace(
        words[0],
        text="".join(word.text for word in words),
        box=(
            min(box[0] for box in boxes),
            min(box[1] for box in boxes),
            max(box[2] for box in boxes),
            max(box[3] for box in boxes),
        ),
        is_invisible=any(word.is_invisible for word in words),
        n_unmapped=sum(word.n_unmapped for word in words),
        glyphs=tuple(glyph for word in words for glyph in word.glyphs),
    )
