"""Files that are two things at once: one is read, that of the first bytes, and the other never opens."""

from __future__ import annotations

import io
import zipfile

import pytest
from PIL import Image, PngImagePlugin

from ocr.reader import ReadOptions, read_document
from schemas.document import Document
from schemas.errors import UnsupportedMediaTypeError
from tests.ocr.files import encoded, pdf, picture_of, text_at

PAGE = pdf(text_at(72, 700, "Invoice 4711"))
OTHER = pdf(text_at(72, 700, "Planted 999"))
EINVOICE = b'<?xml version="1.0"?><Invoice xmlns="urn:x"><ID>Planted</ID></Invoice>'
OPTIONS = ReadOptions(n_workers=1, einvoice=True)


def archive(**files: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return target.getvalue()


def words(document: Document) -> set[str]:
    return {word.text for page in document.pages for word in page.words}


def with_text(png: Image.Image, text: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", text)
    target = io.BytesIO()
    png.save(target, "PNG", pnginfo=info)
    return target.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        PAGE + archive(**{"planted.pdf": OTHER, "../../planted.xml": EINVOICE}),
        b"<html><body onload=alert(1)>Planted</body></html>\n" + PAGE,
        b"#!/bin/sh\necho Planted\nexit\n" + PAGE,
        PAGE + b"\n" + EINVOICE,
        PAGE + encoded(picture_of("Planted 999"), "PNG"),
        b"GIF87" + PAGE,  # nearly the header of an image
    ],
    ids=[
        "and an archive",
        "behind a page of the web",
        "behind a script",
        "and XML",
        "and an image",
        "nearly a GIF",
    ],
)
def test_a_pdf_with_another_file_around_it_is_its_page(data: bytes) -> None:
    document = read_document(data, options=OPTIONS)
    assert document.media_type == "application/pdf"
    assert words(document) == {"Invoice", "4711"}
    assert document.einvoice is None


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (encoded(picture_of("Invoice 4711"), "PNG") + OTHER, "image/png"),
        (encoded(picture_of("Invoice 4711"), "JPEG") + OTHER, "image/jpeg"),
        (with_text(picture_of("Invoice 4711"), OTHER.decode("latin-1")[:900]), "image/png"),
        (with_text(picture_of("Invoice 4711"), "<script>Planted</script><?xml <Invoice >"), "image/png"),
        (encoded(picture_of("Invoice 4711"), "GIF") + archive(**{"planted.pdf": OTHER}), "image/gif"),
        (encoded(picture_of("Invoice 4711"), "TIFF") + OTHER, "image/tiff"),
    ],
    ids=[
        "PNG and PDF",
        "JPEG and PDF",
        "a PDF in a PNG",
        "a script in a PNG",
        "GIF and archive",
        "TIFF and PDF",
    ],
)
def test_an_image_with_another_file_in_it_is_its_picture(data: bytes, media_type: str) -> None:
    document = read_document(data, options=OPTIONS)
    assert document.media_type == media_type
    assert {"Invoice", "4711"} <= words(document)
    assert not words(document) & {"Planted", "999"}


@pytest.mark.parametrize(
    "data",
    [
        archive(**{"invoice.pdf": b"x" * 2000 + PAGE}),
        b"GIF89",
        b"MZ" + b"\0" * 2000 + PAGE,  # a program with a PDF behind its first kilobyte
        b"\x7fELF" + b"\0" * 2000 + PAGE,
    ],
    ids=["an archive", "the half of a header", "a program", "another program"],
)
def test_another_file_with_a_pdf_deep_inside_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        read_document(data, options=OPTIONS)
