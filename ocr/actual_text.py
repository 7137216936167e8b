"""Texts that a file gives for what it draws, where they say something else than the glyphs.

A span of a page may carry an `ActualText` (PDF 32000-1, 14.9.4): what its glyphs stand for, for a ligature or
a word parted at the end of a line. Text readers take it instead of the glyphs, so that a page may show
1.111,11 and be read as 9.999,99.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ocr.bidi import runs_leftwards
from ocr.by_address import INT, POINTER, address_of, by_address

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

_object_of = by_address(_RAW.FPDFPage_GetObject, POINTER, POINTER, INT)
_kind_of = by_address(_RAW.FPDFPageObj_GetType, INT, POINTER)
_n_inner = by_address(_RAW.FPDFFormObj_CountObjects, INT, POINTER)
_inner_object = by_address(_RAW.FPDFFormObj_GetObject, POINTER, POINTER, ctypes.c_ulong)
_n_marks = by_address(_RAW.FPDFPageObj_CountMarks, INT, POINTER)
_mark_of = by_address(_RAW.FPDFPageObj_GetMark, POINTER, POINTER, ctypes.c_ulong)

MAX_OBJECTS = 50_000  # of one page; its text is then looked at no further
_MAX_DEPTH = 12
_KEY = b"ActualText"
_MAX_TEXT_BYTES = 8_192  # of UTF-16: far more than a line
# Where fewer of the letters are the same, the text is another one, and no other spelling of it.
_MIN_SAME_SHARE = 0.5
_MIN_LETTERS = 4
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
# Where PDFDocEncoding differs from Latin-1, as far as figures and words go.
_PDF_DOC = str.maketrans(
    {0x84: "\u2014", 0x85: "\u2013", 0x8A: "\u2212", 0x8F: "\u2018", 0x90: "\u2019"}
    | {0x93: "fi", 0x94: "fl", 0xA0: "\u20ac"}
)
# What changes a figure: its signs, the marks between its digits, the few letters beside an amount (CR, EUR).
_CURRENCIES = "$\u00a2\u00a3\u00a5\u20a0-\u20cf"
_SIGNS = rf"[-+()%{_CURRENCIES}]"
_FIGURE = re.compile(rf"(?:{_SIGNS}|(?<![^\W\d_])[.,](?=[0-9]))*[0-9]+(?:[.,][0-9]+)*{_SIGNS}*")
_BESIDE_AMOUNT = re.compile(
    r"(?:(?<![^\W\d_])([^\W\d_]{1,3}) ?)?[0-9][0-9.,]*[.,][0-9]{2}(?![0-9])(?: ?([^\W\d_]{1,3})(?!\w))?"
)
_ONE_SIGN = re.compile(rf"{_SIGNS}|[.,]")
_DASHES = str.maketrans(dict.fromkeys("\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))


@dataclass(slots=True, kw_only=True)
class _Span:
    """Neighbouring text objects with one `ActualText`: its text, and the objects' places on the page."""

    said: str
    places: list[int] = field(default_factory=list[int])


def drop_false_texts(
    page: pdfium.PdfPage, load_twin: Callable[[], AbstractContextManager[pdfium.PdfPage]]
) -> int:
    """Have the glyphs of a page read where its `ActualText` says something else; return of how many spans.

    Texts say something else if their digits, their signs or the marks between them differ from those drawn,
    or most of their letters. A span whose glyphs are of no known character is left to its text, as it is the
    only one; so is one that says nothing.

    Parameters
    ----------
    page
        The page that is read afterwards. It stays changed until it is loaded again.
    load_twin
        Loads the same page once more, which is done only where there are such texts.
    """
    spans = _spans(page)
    if not spans:
        return 0
    with load_twin() as twin:
        drawn = _drawn_texts(twin, {place for span in spans for place in span.places})
    false = [
        span for span in spans if says_another(span.said, "".join([drawn.get(i, "") for i in span.places]))
    ]
    places = {place for span in false for place in span.places}
    for place, text_object in enumerate(_text_objects(page)):
        if place in places:
            _remove_text(text_object)
    return len(false)


def says_another(said: str, drawn: str) -> bool:
    """Return whether a text and the glyphs that it is given for say different things.

    Examples
    --------
    >>> says_another("TOTAL 9.99", "TOTAL 1.11"), says_another("office", "o\ufb03ce"), says_another("a", "")
    (True, False, False)
    >>> says_another("45.00", "-45.00"), says_another("1,234", "1.234"), says_another("+", "-")
    (True, True, True)
    """
    wanted, found = _letters(said), _letters(drawn)
    if said and not wanted and _ONE_SIGN.fullmatch(sign := _plain(drawn).strip()):
        return _plain(said).strip() != sign
    if not wanted or not found:
        return False
    if _figures(said) != _figures(drawn) or _signed(said) != _signed(drawn):
        return True
    length = max(len(wanted), len(found))
    same = sum((Counter(wanted) & Counter(found)).values())
    return length >= _MIN_LETTERS and same < _MIN_SAME_SHARE * length


def _plain(text: str) -> str:
    """Return the text in compatible, small letters, with one kind of dash and of digits."""
    # A soft hyphen in a text given for glyphs is drawn as a hyphen.
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).casefold()
    return "".join(str(unicodedata.decimal(ch)) if ch.isdecimal() else ch for ch in plain)


def _signed(text: str) -> Sequence[object]:
    """Return the figures of a text with their signs and marks, and the letters beside its amounts.

    Of text from right to left, whose signs may stand on either side, there are none.
    """
    if any(map(runs_leftwards, text)):
        return ()
    plain = " ".join(_plain(text).split())
    figures = _FIGURE.findall("".join(ch for ch in plain if ch not in " '\u2019"))
    return (*figures, *_BESIDE_AMOUNT.findall(plain))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _figures(text: str) -> Sequence[str]:
    """Return the digits in their order; of text from right to left each number, whichever comes first."""
    ascii_digits = _plain(text)
    if any(map(runs_leftwards, text)):
        return sorted(_NUMBER.findall(ascii_digits))
    return "".join(filter(str.isdecimal, ascii_digits))


def _spans(page: pdfium.PdfPage) -> list[_Span]:
    spans: list[_Span] = []
    last_place = -2
    for place, text_object in enumerate(_text_objects(page)):
        said = _actual_text(text_object)
        if said is None:
            continue
        if not spans or spans[-1].said != said or last_place != place - 1:
            spans.append(_Span(said=said))
        spans[-1].places.append(place)
        last_place = place
    return spans


def _drawn_texts(twin: pdfium.PdfPage, places: set[int]) -> dict[int, str]:
    """Return the text of the glyphs of the text objects in these places."""
    found = {i: text_object for i, text_object in enumerate(_text_objects(twin)) if i in places}
    for text_object in found.values():
        _remove_text(text_object)
    textpage = twin.get_textpage()
    try:
        return {i: _glyph_text(text_object, textpage) for i, text_object in found.items()}
    finally:
        textpage.close()


def _text_objects(page: pdfium.PdfPage) -> Iterator[int]:
    """Yield the addresses of the text objects of a page, those inside of forms too, in the file's order."""
    untyped: Any = page
    at = address_of(untyped.raw)
    stack = [(_object_of(at, i), 0) for i in reversed(range(_RAW.FPDFPage_CountObjects(page)))]
    n_seen = 0
    while stack and n_seen < MAX_OBJECTS:
        found, depth = stack.pop()
        n_seen += 1
        kind = _kind_of(found)
        if kind == _RAW.FPDF_PAGEOBJ_TEXT:
            yield found
        elif kind == _RAW.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
            stack += [(_inner_object(found, i), depth + 1) for i in reversed(range(_n_inner(found)))]


def _marked(text_object: int) -> Iterator[tuple[int, str]]:
    """Yield the marks of a text object that carry a text, and that text."""
    n_bytes = ctypes.c_ulong()
    for i in reversed(range(_n_marks(text_object))):
        mark = ctypes.cast(_mark_of(text_object, i), _RAW.FPDF_PAGEOBJECTMARK)
        # As a string the library gives what UTF-8 makes of it, which a PDF's texts are not.
        is_there = _RAW.FPDFPageObjMark_GetParamBlobValue(mark, _KEY, None, 0, n_bytes)
        if not is_there or not 0 < n_bytes.value <= _MAX_TEXT_BYTES:
            continue
        buffer = (ctypes.c_ubyte * n_bytes.value)()
        _RAW.FPDFPageObjMark_GetParamBlobValue(mark, _KEY, buffer, n_bytes.value, n_bytes)
        yield i, _decoded(bytes(buffer))


def _decoded(text: bytes) -> str:
    """Return a text string of a PDF (ISO 32000-2, 7.9.2.2)."""
    if text.startswith((b"\xfe\xff", b"\xff\xfe")):
        return text.decode("utf-16", "replace")
    if text.startswith(b"\xef\xbb\xbf"):
        return text[3:].decode("utf-8", "replace")
    return text.decode("latin-1").translate(_PDF_DOC)


def _actual_text(text_object: int) -> str | None:
    """Return the text of the innermost mark that has one."""
    return next((text for _, text in _marked(text_object)), None)


def _remove_text(text_object: int) -> None:
    for i in [i for i, _ in _marked(text_object)]:
        mark = ctypes.cast(_mark_of(text_object, i), _RAW.FPDF_PAGEOBJECTMARK)
        _RAW.FPDFPageObj_RemoveMark(ctypes.cast(text_object, _RAW.FPDF_PAGEOBJECT), mark)


def _glyph_text(text_object: int, textpage: pdfium.PdfTextPage) -> str:
    at = ctypes.cast(text_object, _RAW.FPDF_PAGEOBJECT)
    n_bytes = int(_RAW.FPDFTextObj_GetText(at, textpage, None, 0))
    if not 2 < n_bytes <= _MAX_TEXT_BYTES:
        return ""
    buffer = (ctypes.c_ushort * (n_bytes // 2))()
    _RAW.FPDFTextObj_GetText(at, textpage, buffer, n_bytes)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\0")
