"""Notes typed onto a page, and fields of no form: those that come without a drawing are made ready for it."""

from __future__ import annotations

import ctypes
import re
from html import unescape
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

MAX_NOTES = 2_000  # of one page
_MAX_TEXT_BYTES = 8_192  # UTF-16: far more than a note shows
_CONTENTS, _APPEARANCE, _RICH, _VALUE, _DEFAULT = b"Contents", b"AP", b"RC", b"V", b"DA"
_FONT_AND_SIZE = "/Helv 10 Tf 0 g"
_BREAK = re.compile(r"</p>|</div>|</li>|<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def draw_notes(page: pdfium.PdfPage, *, has_form: bool) -> None:
    """Have the notes and, where the file has no form, the filled fields drawn that have no appearance.

    The library draws a note's text without its line ends, so that the last word of a line and the first of
    the next would be one: a space is put there. Of a note that has its text with marks of style alone, the
    text is drawn. Fields that no form lists are drawn by no library, but by viewers. Looked at are the first
    `MAX_NOTES`; what is longer than a note shows stays as it is. What is for print alone is hidden.
    """
    for index in range(min(_RAW.FPDFPage_GetAnnotCount(page), MAX_NOTES)):
        annotation = _RAW.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            flags = _RAW.FPDFAnnot_GetFlags(annotation)
            if flags & _RAW.FPDF_ANNOT_FLAG_NOVIEW:
                _RAW.FPDFAnnot_SetFlags(annotation, flags | _RAW.FPDF_ANNOT_FLAG_HIDDEN)
                continue
            kind = _RAW.FPDFAnnot_GetSubtype(annotation)
            if _RAW.FPDFAnnot_HasKey(annotation, _APPEARANCE):
                continue
            if kind == _RAW.FPDF_ANNOT_FREETEXT:
                _part_lines_of(annotation)
            elif kind == _RAW.FPDF_ANNOT_WIDGET and not has_form and not flags & _RAW.FPDF_ANNOT_FLAG_HIDDEN:
                _draw_field(page, annotation)
        finally:
            _RAW.FPDFPage_CloseAnnot(annotation)


def _part_lines_of(annotation: object) -> None:
    text = _read(annotation, _CONTENTS)
    rich = "" if text.strip() else _read(annotation, _RICH)
    if rich:
        text = unescape(_TAG.sub("", _BREAK.sub("\n", rich)))
    if rich or len(text.splitlines()) > 1:
        _write(annotation, _CONTENTS, " ".join(text.split()))


def _draw_field(page: pdfium.PdfPage, field: object) -> None:
    """Put a note with a field's value in its place."""
    value, frame = _read(field, _VALUE), _RAW.FS_RECTF()
    if not value.strip() or not _RAW.FPDFAnnot_GetRect(field, frame):
        return
    note = _RAW.FPDFPage_CreateAnnot(page, _RAW.FPDF_ANNOT_FREETEXT)
    if not note:
        return
    try:
        _RAW.FPDFAnnot_SetRect(note, frame)
        _write(note, _DEFAULT, _read(field, _DEFAULT) or _FONT_AND_SIZE)
        _write(note, _CONTENTS, " ".join(value.split()))
    finally:
        _RAW.FPDFPage_CloseAnnot(note)


def _read(annotation: object, key: bytes) -> str:
    n_bytes = int(_RAW.FPDFAnnot_GetStringValue(annotation, key, None, 0))
    if not 2 < n_bytes <= _MAX_TEXT_BYTES:  # a terminating zero of two bytes is always there
        return ""
    buffer = (ctypes.c_ushort * (n_bytes // 2))()
    _RAW.FPDFAnnot_GetStringValue(annotation, key, buffer, n_bytes)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")


def _write(annotation: object, key: bytes, text: str) -> None:
    plain = (text + "\0").encode("utf-16-le", "replace")
    wide = (ctypes.c_ushort * (len(plain) // 2)).from_buffer_copy(plain)
    _RAW.FPDFAnnot_SetStringValue(annotation, key, wide)
