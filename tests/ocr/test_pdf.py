"""Opening, repairing and decrypting PDFs."""

from __future__ import annotations

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.limits import ReadLimits
from ocr.pdf import PdfSource, open_pdf, page_frame, turned
from ocr.text_layer import layer_words, open_text
from schemas.errors import (
    DocumentTooLargeError,
    EmptyDocumentError,
    PasswordRequiredError,
    UnreadableDocumentError,
)
from tests.ocr.files import many_pages, pdf, text_at

LIMITS = ReadLimits()
PAGE = text_at(72, 700, "Invoice 4711")


def texts(source: PdfSource, page_index: int = 0) -> list[str]:
    with source.page(page_index) as page, open_text(page) as textpage:
        return [w.text for w in layer_words(textpage, page_frame(page), max_words=100)]


def encrypted(*, user: str = "") -> bytes:
    return pdf(PAGE, encryption=pikepdf.Encryption(owner="owner", user=user, R=6))


def test_a_sound_file_is_opened_as_it_is() -> None:
    source = open_pdf(pdf(PAGE, PAGE), limits=LIMITS)
    assert (source.n_pages, source.is_repaired) == (2, False)
    assert texts(source) == ["Invoice", "4711"]


def test_a_file_whose_end_is_cut_off_keeps_its_text() -> None:
    data = pdf(PAGE)
    assert texts(open_pdf(data[: data.rindex(b"xref")], limits=LIMITS)) == ["Invoice", "4711"]


def test_a_page_tree_that_is_no_tree_is_rebuilt() -> None:
    # The root names a page where the tree of pages should stand: viewers find no page, the objects are there.
    data = pdf(PAGE).replace(b"/Type /Catalog", b"/Type /Katalog")
    assert texts(open_pdf(data, limits=LIMITS)) == ["Invoice", "4711"]


def test_an_empty_user_password_opens_an_encrypted_file() -> None:
    assert texts(open_pdf(encrypted(), limits=LIMITS)) == ["Invoice", "4711"]


def test_a_password_is_asked_for() -> None:
    with pytest.raises(PasswordRequiredError) as raised:
        open_pdf(encrypted(user="secret"), limits=LIMITS)
    assert raised.value.hint


def test_a_wrong_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(PasswordRequiredError) as raised:
        open_pdf(encrypted(user="secret"), limits=LIMITS, password="guess")
    assert "guess" not in str(raised.value)


def test_the_right_password_opens_the_file() -> None:
    source = open_pdf(encrypted(user="secret"), limits=LIMITS, password="secret")
    assert texts(source) == ["Invoice", "4711"]


def test_a_file_without_pages_is_empty() -> None:
    with pytest.raises(EmptyDocumentError):
        open_pdf(pdf(), limits=LIMITS)


def test_more_pages_than_allowed_are_refused() -> None:
    with pytest.raises(DocumentTooLargeError, match="65536 pages"):
        open_pdf(many_pages(), limits=LIMITS)


@pytest.mark.parametrize("data", [b"%PDF-1.7", b"%PDF-1.7\n" + b"\x00\xff" * 500])
def test_a_header_without_a_body_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableDocumentError):
        open_pdf(data, limits=LIMITS)


edges = st.floats(0, 1)


@given(st.tuples(edges, edges, edges, edges), st.integers(-4, 4))
def test_turning_a_box_back_gives_the_box(box: tuple[float, float, float, float], turns: int) -> None:
    assert turned(turned(box, turns), -turns) == pytest.approx(box)


def test_a_clockwise_turn_moves_the_top_left_corner_to_the_top_right() -> None:
    assert turned((0.0, 0.0, 0.25, 0.5), 1) == (0.5, 0.0, 1.0, 0.25)
