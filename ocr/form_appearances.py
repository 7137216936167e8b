"""Form fields whose value their appearance does not draw: viewers draw it, and so it is read.

A program that fills a form in may leave the drawing of its fields to the viewer: it sets `NeedAppearances`
and leaves the appearance out, or the one of the value before. Some set nothing, and most viewers draw the
value all the same. Runs in the parser's process only.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from itertools import islice
from typing import Any

MAX_WIDGETS = 5_000  # of one file; those beyond stay as they are
_MAX_PAGES = 500
_MAX_PARENTS = 16
_MAX_STREAM_BYTES = 16_384  # as it stands in the file; a field's text has some hundred
_UNKNOWN = "\0"
_HIDDEN, _NO_VIEW = 1 << 1, 1 << 5  # annotation flags (PDF 32000-1, table 165)
_PASSWORD = 1 << 13  # field flag (table 228)
_SHOWS_TEXT = ("Tj", "TJ", "'", '"')
_FONT_AND_SIZE = "/Helv 0 Tf 0 g"


class UnreadFormError(Exception):
    """A form whose fields stay as they are, whatever they hold."""


def complete_appearances(data: bytes, *, password: str | None = None) -> bytes | None:
    """Return the PDF, decrypted, with its filled fields ready to be drawn; None if all are.

    Text fields and choices without an appearance get one when the page is drawn; so do those whose appearance
    draws another value than the field's, where the file says that appearances are out of date. Of a choice
    what the list shows is drawn, not the value behind it. What cannot be understood stays as it is.

    Raises
    ------
    UnreadFormError
        If the form cannot be read, or what is drawn of it cannot be written.
    """
    import pikepdf  # only forms need it

    errors = (pikepdf.PdfError, RuntimeError, ValueError, TypeError, OSError, AttributeError, KeyError)
    try:
        with (
            warnings.catch_warnings(),
            pikepdf.open(BytesIO(data), password=password or "", suppress_warnings=True) as document,
        ):
            warnings.simplefilter("ignore")  # fields that no form lists are saved as they are
            form: Any = document.Root.get("/AcroForm")
            if not isinstance(form, pikepdf.Dictionary):
                return None
            are_old = bool(form.get("/NeedAppearances", False))
            widgets = islice(_widgets(document), MAX_WIDGETS)
            changed = [_complete(widget, are_old=are_old) for widget in widgets]
            if not any(changed):
                return None
            _set_defaults(document, form)
            saved = BytesIO()
            document.save(saved, encryption=False)
    except errors as error:
        raise UnreadFormError(type(error).__name__) from error
    return saved.getvalue()


def _set_defaults(document: Any, form: Any) -> None:  # noqa: ANN401 - pikepdf's objects are untyped
    from pikepdf import Dictionary, Name

    form.NeedAppearances = True
    if "/DA" not in form:
        form.DA = _FONT_AND_SIZE
    resources = form.get("/DR")
    if not isinstance(resources, Dictionary):
        form.DR = resources = Dictionary()
    if not isinstance(resources.get("/Font"), Dictionary):
        resources.Font = Dictionary()
    if "/Helv" not in resources.Font:
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        font.Encoding = Name.WinAnsiEncoding
        resources.Font.Helv = document.make_indirect(font)


def _widgets(document: Any) -> Iterator[Any]:  # noqa: ANN401
    """Yield the form fields that the pages show."""
    from pikepdf import Array, Dictionary

    for page in islice(document.pages, _MAX_PAGES):
        annotations = page.obj.get("/Annots")
        for annotation in annotations if isinstance(annotations, Array) else ():
            if isinstance(annotation, Dictionary) and annotation.get("/Subtype") == "/Widget":
                yield annotation


def _complete(widget: Any, *, are_old: bool) -> bool:  # noqa: ANN401
    """Have a field drawn that has no drawing, or one out of date; return whether it was changed."""
    flags = int(_inherited(widget, "/Ff") or 0)
    kind = _inherited(widget, "/FT")
    is_shown = not int(widget.get("/F", 0)) & (_HIDDEN | _NO_VIEW)
    if kind not in ("/Tx", "/Ch") or not is_shown or flags & _PASSWORD:
        return False
    value = _shown_value(widget)
    if value is None:
        return False
    drawn = _drawn_text(widget)
    if drawn is not None and (not are_old or _is_same(value, drawn)):
        return False
    if "/AP" in widget:
        del widget["/AP"]
    if kind == "/Ch":
        widget.V = value
    if _inherited(widget, "/DA") is None:
        widget.DA = _FONT_AND_SIZE
    return True


def _shown_value(widget: Any) -> str | None:  # noqa: ANN401
    """Return the text that the field shows, None if it has none or several; of a choice, that in its list."""
    from pikepdf import Array, String

    value = _inherited(widget, "/V")
    if not isinstance(value, String) or not str(value).strip():
        return None
    options = _inherited(widget, "/Opt")
    for option in options if isinstance(options, Array) else ():
        if isinstance(option, Array) and len(option) == 2 and str(option[0]) == str(value):
            return str(option[1])
    return str(value)


def _inherited(widget: Any, key: str) -> Any:  # noqa: ANN401
    """Return what the field or one of its parents has under `key`."""
    from pikepdf import Dictionary

    field = widget
    for _ in range(_MAX_PARENTS):
        if key in field:
            return field[key]
        field = field.get("/Parent")
        if not isinstance(field, Dictionary):
            return None
    return None


def _drawn_text(widget: Any) -> str | None:  # noqa: ANN401
    """Return the text that the appearance draws, its bytes as letters; None if there is no appearance."""
    from pikepdf import Array, Dictionary, Stream, String, parse_content_stream

    appearances = widget.get("/AP")
    normal = appearances.get("/N") if isinstance(appearances, Dictionary) else None
    if not isinstance(normal, Stream):
        return None
    if len(normal.read_raw_bytes()) > _MAX_STREAM_BYTES:
        return _UNKNOWN
    parts: list[str] = []
    for operands, operator in parse_content_stream(normal):
        if str(operator) in _SHOWS_TEXT:
            shown = operands[-1]
            pieces = shown if isinstance(shown, Array) else (shown,)
            parts += [bytes(piece).decode("latin-1") for piece in pieces if isinstance(piece, String)]
    return "".join(parts)


def _is_same(value: str, drawn: str) -> bool:
    """Return whether a drawing may be of `value`: with more marks ("1,234.50 EUR" of "1234.5"), or in codes.

    A drawing in a font's own codes cannot be read here, and is left as it is.
    """
    if drawn and not drawn.isprintable():
        return True
    digits, letters = _split(value)
    drawn_digits, drawn_letters = _split(drawn)
    return digits.strip("0") == drawn_digits.strip("0") and letters in drawn_letters


def _split(text: str) -> tuple[str, str]:
    return "".join(filter(str.isdecimal, text)), "".join(filter(str.isalpha, text)).casefold()
