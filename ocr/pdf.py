"""PDF files: open, decrypt, repair, and the way from a page's coordinates to fractions of the page."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ocr.form_appearances import UnreadFormError, complete_appearances
from ocr.limits import ReadLimits
from ocr.notes import draw_notes
from ocr.portfolio import Portfolio, open_portfolio
from ocr.render import render_gray
from schemas.errors import (
    DocumentTooLargeError,
    EmptyDocumentError,
    PasswordRequiredError,
    UnreadableDocumentError,
)

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

logger = logging.getLogger(__name__)

_THUMBNAIL_SCALE = 0.05
# PDF 32000-1, 14.11.2: without a usable box, pages are US Letter.
_DEFAULT_BOX = (0.0, 0.0, 612.0, 792.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFrame:
    """The visible box of a page in points, and the clockwise quarter turns it is displayed with.

    PDF libraries give boxes in unrotated page space, origin bottom-left; `to_page` applies the page's
    rotation once.
    """

    left: float
    bottom: float
    right: float
    top: float
    quarter_turns: int

    @property
    def size_pt(self) -> tuple[float, float]:
        """Return (width, height) as displayed, in points."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.quarter_turns % 2 else (width, height)

    def to_page(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        """Return (left, top, right, bottom) in fractions of the page as displayed, not clipped."""
        width, height = self.right - self.left, self.top - self.bottom
        u0, u1 = sorted(((x0 - self.left) / width, (x1 - self.left) / width))
        v0, v1 = sorted(((self.top - y0) / height, (self.top - y1) / height))
        return turned((u0, v0, u1, v1), self.quarter_turns)


def turned(box: tuple[float, float, float, float], quarter_turns: int) -> tuple[float, float, float, float]:
    """Return `box` (left, top, right, bottom) in fractions after clockwise quarter turns of its page.

    Examples
    --------
    >>> turned((0.0, 0.25, 0.5, 0.75), 1)
    (0.25, 0.0, 0.75, 0.5)
    """
    left, top, right, bottom = box
    for _ in range(quarter_turns % 4):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    return left, top, right, bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class PdfSource:
    """An opened PDF, whether its structure had to be repaired, and the portfolio that it is, if it is one.

    `has_unread_form` if its form could not be read: fields may hold values that the pages do not draw.
    """

    document: pdfium.PdfDocument
    n_pages: int
    is_repaired: bool
    portfolio: Portfolio | None = None
    has_unread_form: bool = False

    @contextmanager
    def unflattened_page(self, page_index: int) -> Generator[pdfium.PdfPage]:
        """Yield a page with its form fields, as long as `page` was not asked for it: that flattens them.

        Raises
        ------
        UnreadableDocumentError
            If the page cannot be loaded.
        """
        page = self._load(page_index)
        try:
            yield page
        finally:
            page.close()

    @contextmanager
    def page(self, page_index: int) -> Generator[pdfium.PdfPage]:
        """Yield a page whose form fields and other annotations are part of its content.

        Raises
        ------
        UnreadableDocumentError
            If the page cannot be loaded.
        """
        page = self._load(page_index)
        try:
            if _RAW.FPDFPage_GetAnnotCount(page):
                draw_notes(page, has_form=self.document.get_formtype() != _RAW.FORMTYPE_NONE)
                # Drawing makes the appearance of fields that come without one; flattening would drop them.
                render_gray(page, scale=_THUMBNAIL_SCALE)
                result = _RAW.FPDFPage_Flatten(page, _RAW.FLAT_NORMALDISPLAY)
                if result == _RAW.FLATTEN_SUCCESS:
                    page.close()
                    page = self._load(page_index)
            yield page
        finally:
            page.close()

    def _load(self, page_index: int) -> pdfium.PdfPage:
        try:
            return self.document[page_index]
        except (pdfium.PdfiumError, IndexError) as error:
            raise UnreadableDocumentError(f"page {page_index + 1} cannot be loaded") from error


def open_pdf(data: bytes, *, limits: ReadLimits, password: str | None = None) -> PdfSource:
    """Return the opened PDF, of a portfolio the PDFs in it; a broken structure is rebuilt first.

    Raises
    ------
    PasswordRequiredError
        If the file is encrypted and neither the empty password nor `password` opens it.
    UnreadableDocumentError
        If it cannot be repaired, or its encryption is unknown.
    EmptyDocumentError
        If it has no pages.
    DocumentTooLargeError
        If it, or the PDFs of a portfolio together, have more pages or bytes than `limits` allow.
    """
    document, is_repaired = _try_open(data, password), False
    if document is None or not _is_usable(document):
        data, password, is_repaired = _repair(data, password), None, True
        document = _try_open(data, None)
    if document is None:
        raise UnreadableDocumentError("the PDF is damaged beyond repair")
    document, is_form_read = _with_drawn_fields(document, data, password)
    portfolio = open_portfolio(document, data, limits=limits, password=password)
    if portfolio is not None and portfolio.document is not None:
        document = portfolio.document
    n_pages = len(document)
    if n_pages > limits.max_pages:
        raise DocumentTooLargeError(
            f"the PDF has {n_pages} pages, more than {limits.max_pages}", hint="split the file"
        )
    return PdfSource(
        document=document,
        n_pages=n_pages,
        is_repaired=is_repaired,
        portfolio=portfolio,
        has_unread_form=not is_form_read,
    )


def _with_drawn_fields(
    document: pdfium.PdfDocument, data: bytes, password: str | None
) -> tuple[pdfium.PdfDocument, bool]:
    """Return the document with all of its filled fields drawn, and whether they could be looked at.

    It is the same document if it has no form, or if they are drawn.
    """
    if document.get_formtype() not in (_RAW.FORMTYPE_ACRO_FORM, _RAW.FORMTYPE_XFA_FOREGROUND):
        return document, True
    try:
        completed = complete_appearances(data, password=password)
    except UnreadFormError as error:
        logger.info("a form cannot be read: %s", error)
        return document, False
    if completed is None:
        return document, True
    drawn = _try_open(completed, None)
    return drawn or document, drawn is not None


def _try_open(data: bytes, password: str | None) -> pdfium.PdfDocument | None:
    """Return the document, or None: what is wrong with it is found out when it is repaired.

    The library's own error code cannot be asked: for a file without pages it is that of the last document.
    """
    try:
        return pdfium.PdfDocument(data, password=password)
    except pdfium.PdfiumError:
        return None


def _password_error(password: str | None) -> PasswordRequiredError:
    if password is None:
        return PasswordRequiredError("the PDF is encrypted", hint="pass its password")
    return PasswordRequiredError("the PDF is encrypted and the password is wrong")


def _is_usable(document: pdfium.PdfDocument) -> bool:
    """Return whether the first and the last page exist: a cut file may list pages that are gone.

    Their content is not looked at here: one page may take forever, and the others none.
    """
    n_pages = len(document)
    if n_pages == 0:
        return False
    untyped: Any = document
    try:
        for page_index in {0, n_pages - 1}:
            untyped.get_page_size(page_index)
    except pdfium.PdfiumError:
        return False
    return True


def _repair(data: bytes, password: str | None) -> bytes:
    """Return the file rebuilt from the objects that can be found in it, decrypted.

    Raises
    ------
    PasswordRequiredError, EmptyDocumentError, UnreadableDocumentError
        As `open_pdf`.
    """
    rebuilt = BytesIO()
    import pikepdf  # only broken files need it

    try:
        with pikepdf.open(BytesIO(data), password=password or "", suppress_warnings=True) as broken:
            n_pages = len(broken.pages)
            broken.save(rebuilt, encryption=False)
    except pikepdf.PasswordError as error:
        raise _password_error(password) from error
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, OSError, RecursionError) as error:
        # The message starts with a description of the stream, which says nothing.
        reason = str(error).rpartition(": ")[2][:120]
        raise UnreadableDocumentError(f"the PDF is damaged beyond repair: {reason}") from error
    if n_pages == 0:
        raise EmptyDocumentError("the PDF has no pages")
    return rebuilt.getvalue()


def page_frame(page: pdfium.PdfPage) -> PageFrame:
    """Return what a viewer shows of `page`: its crop box within its media box; Letter if that is empty."""
    box: tuple[float, float, float, float] = page.get_bbox()
    left, bottom, right, top = box
    if not (right - left > 0 and top - bottom > 0):
        left, bottom, right, top = _DEFAULT_BOX
    return PageFrame(
        left=left, bottom=bottom, right=right, top=top, quarter_turns=page.get_rotation() // 90 % 4
    )
