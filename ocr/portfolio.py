"""PDF portfolios: a cover page over files, of which the PDFs are the document.

The cover of a portfolio (PDF 32000-1, 12.3.5) says no more than that it is one. Its PDFs take the cover's
place, one after the other, as if they had been sent as one file. A portfolio in a portfolio is left closed.
Runs in the parser's process only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pypdfium2 as pdfium

from ocr.limits import ReadLimits
from ocr.text_quality import printable
from schemas.errors import DocumentTooLargeError

MAX_FILES = 64
_MAX_NAMED = 8  # files that a warning names
_MAX_NAME = 80  # characters of a name there


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """The PDFs of a portfolio as one document, None if it holds none; and what is not in it.

    `left_out` are the names of other files, of PDFs that cannot be opened, and of what is beyond `MAX_FILES`.
    """

    document: pdfium.PdfDocument | None
    n_read: int
    left_out: tuple[str, ...]

    @property
    def message(self) -> str:
        """Return what a reader of the result should know."""
        n_files = self.n_read + len(self.left_out)
        read = f"{self.n_read} of its {n_files} files are read in place of its cover"
        if not self.left_out:
            return f"the file is a portfolio: {read}"
        named = [printable(name)[:_MAX_NAME] for name in self.left_out[:_MAX_NAMED]]
        more = f" and {len(self.left_out) - len(named)} more" if len(self.left_out) > len(named) else ""
        return f"the file is a portfolio: {read}; not read: {', '.join(named)}{more}"


def open_portfolio(
    cover: pdfium.PdfDocument, data: bytes, *, limits: ReadLimits, password: str | None
) -> Portfolio | None:
    """Return the files of a portfolio, or None if the PDF is none; other PDFs with attachments are none.

    Parameters
    ----------
    cover, data
        The opened PDF and its bytes.
    password
        Opens the PDF, and is tried for those in it.

    Raises
    ------
    DocumentTooLargeError
        If its PDFs have more pages or bytes than `limits` allow.
    """
    names = [name for name, _ in _attachments(cover)]
    # An e-invoice has its XML attached: it is read as fast as any PDF.
    if all(name.lower().endswith(".xml") for name in names) or not _is_portfolio(data, password):
        return None
    document, n_read = pdfium.PdfDocument.new(), 0
    left_out: list[str] = []
    for name, content in _files(cover, limits):
        pages = None if content is None else _open(content, password)
        if pages is None:
            left_out.append(name)
            continue
        n_pages = len(document) + len(pages)
        if n_pages > limits.max_pages:
            raise DocumentTooLargeError(
                f"the PDFs of the portfolio have more than {limits.max_pages} pages",
                hint="send them one by one",
            )
        untyped: Any = document
        untyped.import_pages(pages)
        pages.close()
        n_read += 1
    return Portfolio(document=document if n_read else None, n_read=n_read, left_out=tuple(left_out))


def _is_portfolio(data: bytes, password: str | None) -> bool:
    import pikepdf  # PDFium does not tell

    try:
        with pikepdf.open(BytesIO(data), password=password or "", suppress_warnings=True) as pdf:
            return "/Collection" in pdf.Root
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, OSError, RecursionError):
        return False  # what opened it once has read the pages that there are


def _attachments(cover: pdfium.PdfDocument) -> Iterator[tuple[str, pdfium.PdfAttachment]]:
    untyped: Any = cover
    for index in range(cover.count_attachments()):
        try:
            attachment: pdfium.PdfAttachment = untyped.get_attachment(index)
        except pdfium.PdfiumError:  # the list names what the file does not have
            continue
        yield attachment.get_name(), attachment


def _files(cover: pdfium.PdfDocument, limits: ReadLimits) -> Iterator[tuple[str, bytes | None]]:
    """Yield names and contents of the files, in the order of the cover; None where one is not wanted."""
    n_bytes = 0
    for index, (name, attachment) in enumerate(_attachments(cover)):
        content = _content(attachment) if index < MAX_FILES and name.lower().endswith(".pdf") else None
        n_bytes += len(content or b"")
        if n_bytes > limits.max_bytes:
            raise DocumentTooLargeError(
                f"the PDFs of the portfolio have more than {limits.max_bytes} bytes",
                hint="send them one by one",
            )
        yield name, content


def _content(attachment: pdfium.PdfAttachment) -> bytes | None:
    try:
        return bytes(attachment.get_data())
    except pdfium.PdfiumError:  # a name without a file
        return None


def _open(content: bytes, password: str | None) -> pdfium.PdfDocument | None:
    try:
        document = pdfium.PdfDocument(content, password=password)
    except pdfium.PdfiumError:
        return None
    return document if len(document) else None
