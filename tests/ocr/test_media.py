"""Types by magic bytes."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.media import MediaType, sniff
from schemas.errors import EmptyDocumentError, UnsupportedMediaTypeError


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\r\n\r\njunk %PDF-1.4", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"II*\x00\x08", "image/tiff"),
        (b"MM\x00*\x00", "image/tiff"),
        (b"MM\x00+\x00", "image/tiff"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"GIF89a", "image/gif"),
        (b"BM" + bytes(12) + b"\x28\x00\x00\x00", "image/bmp"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heix", "image/heic"),
        (b"1 0 obj << >> endobj trailer", "application/pdf"),
    ],
)
def test_readable_types_are_known_by_their_first_bytes(data: bytes, expected: str) -> None:
    assert sniff(data) == expected


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"GIF88a", "unknown type"),
        (b"BM\x00\x00", "unknown type"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x00\x00\x00\x1cftypavif", "AVIF"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>", "XML"),
        (b"RIFF\x00\x00\x00\x00WAVE", "unknown type"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", "AVIF"),
        (b"\x00\x00\x00\x10ftypmp42\x00\x00\x00\x00heic", "video"),  # beyond the box of 16 bytes
        (b"BM is how this text begins, and no more.", "unknown type"),
        (b"hello", "unknown type"),
    ],
)
def test_other_types_are_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError, match=named):
        sniff(data)


def test_no_bytes_are_an_empty_document() -> None:
    with pytest.raises(EmptyDocumentError):
        sniff(b"")


def test_a_header_beyond_the_first_kilobyte_does_not_count() -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        sniff(b" " * 1024 + b"%PDF-1.7")


@given(st.binary(min_size=1, max_size=40))
def test_any_bytes_have_a_type_or_are_refused(data: bytes) -> None:
    try:
        media_type = sniff(data)
    except UnsupportedMediaTypeError:
        media_type = None
    assert media_type is None or media_type in get_args(MediaType)
