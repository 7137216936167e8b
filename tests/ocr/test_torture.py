"""Hostile files: each ends in a document or a typed error, and this process lives on."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.torture import read_one
from ocr.limits import ReadLimits
from ocr.reader import ReadOptions, read_document
from schemas.errors import RasgError
from tests.ocr.files import (
    encoded,
    flate_bomb,
    giant_page,
    many_pages,
    pdf,
    picture_of,
    png_bomb,
    text_at,
)
from tests.paths import shared_data

OPTIONS = ReadOptions(
    engine="rapidocr",
    n_workers=1,
    limits=ReadLimits(cpu_seconds_per_page=2, open_cpu_seconds=5, memory_bytes=500_000_000, wall_seconds=60),
)
SOUND = pdf(*(text_at(72, 700, f"Page {i} of a sound file") for i in range(3)))


def outcome(data: bytes) -> str:
    """Return "document" or the code of the error."""
    try:
        read_document(data, options=OPTIONS)
    except RasgError as error:
        return error.code
    return "document"


@pytest.mark.parametrize(
    ("make", "allowed"),
    [
        (flate_bomb, {"parser_crashed", "document_too_large", "ocr_timeout", "document"}),
        (giant_page, {"document_too_large"}),
        (many_pages, {"document_too_large"}),
        (png_bomb, {"document_too_large"}),
        (partial(encoded, Image.new("1", (10_000, 10_000)), "TIFF"), {"document_too_large"}),
        (lambda: b"", {"empty_document"}),
        (lambda: random.Random(0).randbytes(4096), {"unsupported_media_type"}),
        (lambda: b"%PDF-1.7\n" + random.Random(1).randbytes(4096), {"unreadable_document"}),
        (lambda: b"<!DOCTYPE html><title>invoice.pdf</title>", {"unsupported_media_type"}),
    ],
    ids=[
        "flate bomb", "giant page", "65,536 pages", "png bomb", "huge tiff", "no bytes",
        "random bytes", "random body", "html",
    ],
)  # fmt: skip
def test_hostile_files_end_in_typed_errors(make: Callable[[], bytes], allowed: set[str]) -> None:
    assert outcome(make()) in allowed


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_truncated_files_end_in_a_document_or_a_typed_error(share: float) -> None:
    image = encoded(picture_of("Total"), "PNG")
    for data in (SOUND, image):
        assert outcome(data[: int(len(data) * share)]) in {
            "document",
            "unreadable_document",
            "empty_document",
        }


def mutated(data: bytes, seed: int) -> bytes:
    """Return `data` with a few bytes changed, cut or doubled."""
    rng = random.Random(seed)
    changed = bytearray(data)
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(changed))
        match rng.randrange(3):
            case 0:
                changed[at] = rng.randrange(256)
            case 1:
                del changed[at : at + rng.randint(1, 40)]
            case _:
                changed[at:at] = changed[at : at + rng.randint(1, 40)]
    return bytes(changed)


@pytest.mark.parametrize("seed", range(12))
def test_mutated_files_end_in_a_document_or_a_typed_error(seed: int) -> None:
    assert outcome(mutated(SOUND, seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 400))
def test_many_mutated_files_end_in_a_document_or_a_typed_error(seed: int) -> None:
    assert outcome(mutated(SOUND, seed))


def torture_files() -> list[Path]:
    data = shared_data()
    folder = data / "torture" if data is not None else None
    return sorted(p for p in folder.iterdir() if p.suffix != ".tsv") if folder and folder.is_dir() else []


@pytest.mark.slow
def test_every_torture_file_ends_in_a_document_or_a_typed_error() -> None:
    files = torture_files()
    if not files:
        pytest.skip("shared data not present")
    options = ReadOptions(n_workers=1, limits=ReadLimits(wall_seconds=120))
    outcomes = [read_one(path, options) for path in files]
    assert [o for o in outcomes if o.kind == "FAILED"] == []
    # Most are odd rather than broken: refusing them all would be safe and useless.
    assert sum(o.kind == "document" for o in outcomes) > 90
