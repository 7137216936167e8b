"""The value of a form's field is read, whatever drawing of it the file brings along."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from ocr.form_appearances import UnreadFormError, complete_appearances
from ocr.reader import ReadOptions, read_document
from tests.ocr.files import pdf, text_at

_COMBO = 1 << 17


def form_of(
    keys: Mapping[str, Any],
    *,
    drawn: str | None = None,
    needs: bool | None = None,
    default: str | None = "/Helv 11 Tf 0 g",
) -> bytes:
    """Return a page with one field; `drawn` is the text of its appearance, `needs` is `NeedAppearances`."""
    with Pdf.open(BytesIO(pdf(text_at(72, 685, "Amount due:")))) as document:
        untyped: Any = document
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        fonts = Dictionary(Helv=untyped.make_indirect(font))
        field = Dictionary(
            {"/Type": Name.Annot, "/Subtype": Name.Widget, "/FT": Name.Tx, "/T": "amount", "/F": 4}
            | {"/Rect": Array([200, 680, 500, 700])}
            | ({} if default is None else {"/DA": default})
            | {f"/{key}": value for key, value in keys.items()}
        )
        if drawn is not None:
            stream = untyped.make_stream(f"/Tx BMC BT /Helv 11 Tf 2 5 Td ({drawn}) Tj ET EMC".encode())
            stream.Type, stream.Subtype, stream.BBox = Name.XObject, Name.Form, Array([0, 0, 300, 20])
            stream.Resources = Dictionary(Font=fonts)
            field.AP = Dictionary(N=stream)
        field = untyped.make_indirect(field)
        untyped.pages[0].Annots = Array([field])
        untyped.Root.AcroForm = Dictionary(Fields=Array([field]))
        if needs is not None:
            untyped.Root.AcroForm.NeedAppearances = needs
        saved = BytesIO()
        document.save(saved)
    return saved.getvalue()


def text_of(data: bytes) -> str:
    document = read_document(data, options=ReadOptions(n_workers=1))
    return " ".join(document.pages[0].text.split())


@pytest.mark.parametrize("needs", [None, False, True])
@pytest.mark.parametrize("default", [None, "/Helv 11 Tf 0 g"])
def test_a_value_without_a_drawing_is_read(default: str | None, *, needs: bool | None) -> None:
    assert text_of(form_of({"V": "777,77"}, needs=needs, default=default)) == "Amount due: 777,77"


@pytest.mark.parametrize("drawn", ["111,11", "1777,77", "777,78", ""])
def test_a_drawing_that_is_out_of_date_is_not_read(drawn: str) -> None:
    assert text_of(form_of({"V": "777,77"}, drawn=drawn, needs=True)) == "Amount due: 777,77"


def test_a_drawing_that_formats_the_value_is_read() -> None:
    assert text_of(form_of({"V": "1234.5"}, drawn="1,234.50 EUR", needs=True)) == "Amount due: 1,234.50 EUR"


def test_a_drawing_is_read_where_nothing_says_that_it_is_out_of_date() -> None:
    assert text_of(form_of({"V": "777,77"}, drawn="111,11")) == "Amount due: 111,11"


def test_of_a_choice_what_its_list_shows_is_read() -> None:
    options = Array([Array(["k1", "111,11"]), Array(["k2", "777,77"])])
    assert text_of(form_of({"FT": Name.Ch, "Ff": _COMBO, "Opt": options, "V": "k2"})) == "Amount due: 777,77"


def test_a_value_of_the_field_above_is_read() -> None:
    assert text_of(form_of({"Parent": Dictionary(V="777,77")})) == "Amount due: 777,77"


@pytest.mark.parametrize(
    "keys", [{"F": 2}, {"F": 32}, {"Ff": 1 << 13}, {"V": "  "}, {"V": 5}, {"FT": Name.Btn}, {"Parent": 3}]
)
def test_what_no_viewer_shows_is_not_made_up(keys: dict[str, Any]) -> None:
    assert text_of(form_of(({} if "Parent" in keys else {"V": "777,77"}) | keys)) == "Amount due:"


def test_a_form_that_draws_its_values_stays_as_it_is() -> None:
    assert complete_appearances(form_of({"V": "777,77"}, drawn="777,77", needs=True)) is None


def test_what_has_no_form_stays_as_it_is() -> None:
    assert complete_appearances(pdf(text_at(72, 700, "No form"))) is None


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n"])
def test_what_is_no_pdf_has_no_form_that_can_be_read(data: bytes) -> None:
    with pytest.raises(UnreadFormError):
        complete_appearances(data)


def test_an_encrypted_form_is_completed() -> None:
    with Pdf.open(BytesIO(form_of({"V": "777,77"}))) as document:
        saved = BytesIO()
        document.save(saved, encryption=pikepdf.Encryption(owner="o", user="", R=6))
    assert text_of(saved.getvalue()) == "Amount due: 777,77"


def test_a_form_that_cannot_be_read_is_told_of() -> None:
    data = form_of({"V": "777,77", "Ff": "many"})
    with pytest.raises(UnreadFormError):
        complete_appearances(data)
    document = read_document(data, options=ReadOptions(n_workers=1))
    assert [(w.code, w.page_number) for w in document.warnings] == [("unread_ink", None)]


@pytest.mark.filterwarnings("ignore:This document has 1 form widget")
@pytest.mark.parametrize(("flags", "is_read"), [(4, True), (2, False), (32, False)])
def test_a_field_that_no_form_lists_is_read_as_viewers_show_it(flags: int, *, is_read: bool) -> None:
    with Pdf.open(BytesIO(form_of({"V": "777,77", "F": flags}))) as document:
        untyped: Any = document
        del untyped.Root.AcroForm
        saved = BytesIO()
        untyped.save(saved)
    text = read_document(saved.getvalue(), options=ReadOptions(n_workers=1)).pages[0].text
    assert ("777,77" in text) is is_read
