"""Notes typed onto a page: those that come without a drawing are drawn by the library, in one line."""

from __future__ import annotations

import ctypes
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

MAX_NOTES = 2_000  # of one page
_MAX_TEXT_BYTES = 8_192  # UTF-16: far more than a note shows
_CONTENTS, _APPEARANCE = b"Contents", b"AP"


def part_lines(page: pdfium.PdfPage) -> None:
    """Put a space between the lines of the notes that have no appearance, among the first `MAX_NOTES`.

    The library draws such a note without its line ends, so that the last word of a line and the first of the
    next would be one. What is longer than a note shows stays as it is.
    """
    for index in range(min(_RAW.FPDFPage_GetAnnotCount(page), MAX_NOTES)):
        annotation = _RAW.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            is_note = _RAW.FPDFAnnot_GetSubtype(annotation) == _RAW.FPDF_ANNOT_FREETEXT
            if is_note and not _RAW.FPDFAnnot_HasKey(annotation, _APPEARANCE):
                _part_lines_of(annotation)
        finally:
            _RAW.FPDFPage_CloseAnnot(annotation)


def _part_lines_of(annotation: object) -> None:
    n_bytes = int(_RAW.FPDFAnnot_GetStringValue(annotation, _CONTENTS, None, 0))
    if not 2 < n_bytes <= _MAX_TEXT_BYTES:  # a terminating zero of two bytes is always there
        return
    buffer = (ctypes.c_ushort * (n_bytes // 2))()
    _RAW.FPDFAnnot_GetStringValue(annotation, _CONTENTS, buffer, n_bytes)
    text = bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
    if len(text.splitlines()) > 1:
        plain = (" ".join(text.split()) + "\0").encode("utf-16-le")
        wide = (ctypes.c_ushort * (len(plain) // 2)).from_buffer_copy(plain)
        _RAW.FPDFAnnot_SetStringValue(annotation, _CONTENTS, wide)
