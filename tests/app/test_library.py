"""`import rasg`: typed names, one call from a file to its extraction, and errors of our tree."""

from __future__ import annotations

from pathlib import Path

import pytest

import rasg
from app.library import Extractor
from app.settings import Settings
from ocr.probe import draw_page
from schemas.errors import UnknownSchemaError
from schemas.registry import schema_names
from tests.paths import ROOT

INVOICE = ROOT / "samples" / "invoice.pdf"


@pytest.fixture(scope="module")
def extractor(tmp_path_factory: pytest.TempPathFactory) -> Extractor:
    return Extractor(Settings(model="house", model_cache=tmp_path_factory.mktemp("models")))


def test_every_name_that_is_listed_is_there_and_no_other() -> None:
    for name in rasg.__all__:
        assert getattr(rasg, name) is not None
    assert set(rasg.__all__) <= set(dir(rasg))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = getattr(rasg, "nothing")  # noqa: B009 - a type checker knows that it is not there


def test_every_shipped_schema_is_a_class() -> None:
    classes = {"".join(word.title() for word in name.split("_")) for name in schema_names()}
    assert classes <= set(rasg.schemas.__all__)


def test_a_path_becomes_an_extraction_that_its_class_takes(extractor: Extractor) -> None:
    extraction = extractor.extract(INVOICE, schema=rasg.schemas.Invoice)
    assert isinstance(extraction, rasg.Extraction)
    invoice = rasg.schemas.Invoice.model_validate(extraction.output.value)
    assert invoice.amount_total_gross == "1,975.88"
    assert extraction.schema_name == "invoice"


def test_a_file_of_several_documents_gives_each_or_its_failure(extractor: Extractor) -> None:
    (found,) = extractor.extract_all(draw_page(("Invoice No. RB-1042", "Total 57.50 EUR")), "invoice")
    assert isinstance(found, rasg.Extraction)
    assert found.page_numbers in ((), (1,))


@pytest.mark.parametrize(
    ("file", "schema", "error"),
    [
        (b"", "invoice", "empty_document"),
        (b"no document at all", "invoice", "unsupported_media_type"),
        (Path("nowhere.pdf"), "invoice", "invalid_input"),
        (Path(), "invoice", "invalid_input"),
        (INVOICE, "invoyce", UnknownSchemaError.code),
        (INVOICE, {"type": "array"}, "invalid_schema"),
    ],
)
def test_whatever_is_wrong_is_an_error_of_ours(
    extractor: Extractor, file: Path | bytes, schema: str | dict[str, object], error: str
) -> None:
    with pytest.raises(rasg.RasgError) as caught:
        extractor.extract(file, schema)
    assert caught.value.code == error


def test_the_variables_are_read_with_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASG_REED__OCR", "auto")
    with pytest.raises(rasg.RasgError, match="unknown variable RASG_REED__OCR"):
        rasg.extract(b"")


def test_rows_are_scored() -> None:
    rows = [{"item": "tea", "amount": "5.00"}, {"item": "cake", "amount": None}]
    # Of the three gold cells the first row has two.
    assert rasg.glirm(rows[:1], rows).recall == pytest.approx(2 / 3)
