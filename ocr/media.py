"""What kind of file some bytes are, by their magic bytes; names and declared types are not trusted."""

from __future__ import annotations

from typing import Final, Literal

from schemas.errors import EmptyDocumentError, UnsupportedMediaTypeError

MediaType = Literal["application/pdf", "image/png", "image/jpeg", "image/tiff", "image/webp"]

_IMAGE_MAGIC: Final[tuple[tuple[bytes, MediaType], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
)
# Readers find a PDF's header anywhere in its first 1024 bytes (PDF 32000-1, annex H, note 13).
_PDF_HEADER_WINDOW = 1024
# Known and refused, so that the message can name them.
_REFUSED: Final[tuple[tuple[bytes, str], ...]] = (
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"\x00\x00\x00\x0cjP", "a JPEG 2000 image"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\xd0\xcf\x11\xe0", "a legacy office document"),
    (b"{\\rtf", "an RTF document"),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg")


def sniff(data: bytes) -> MediaType:
    """Return the media type that the first bytes of `data` show.

    Raises
    ------
    EmptyDocumentError
        If there are no bytes.
    UnsupportedMediaTypeError
        If they are of no type that can be read.

    Examples
    --------
    >>> sniff(b"%PDF-1.7 ...")
    'application/pdf'
    """
    if not data:
        raise EmptyDocumentError("the file has no bytes")
    for magic, media_type in _IMAGE_MAGIC:
        if data.startswith(magic):
            return media_type
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    if _is_pdf(data):
        return "application/pdf"
    raise UnsupportedMediaTypeError(
        f"the file is {_describe(data)}, which cannot be read",
        hint="send a PDF, PNG, JPEG, TIFF or WebP file",
    )


def _is_pdf(data: bytes) -> bool:
    if b"%PDF-" in data[:_PDF_HEADER_WINDOW]:
        return True
    # A PDF whose header was lost can still be repaired from its objects.
    return b" 0 obj" in data[:_PDF_HEADER_WINDOW] and b"endobj" in data


def _describe(data: bytes) -> str:
    for magic, name in _REFUSED:
        if data.startswith(magic):
            return name
    if data[4:8] == b"ftyp":
        return "an AVIF, HEIF or video file"
    if data[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        return "an HTML or XML document"
    return "of an unknown type"
