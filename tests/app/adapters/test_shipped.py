"""The adapters that ship for the house model: made for it, small, and loaded by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.adapters.checks import check_config, check_weights
from app.adapters.files import AdapterFiles
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.settings import VllmSettings
from decoding.engines.embedded import EmbeddedEngine
from ocr.layout_document import layout_document
from ocr.reader import ReadOptions
from schemas.adapter import read_card, weights_sha256
from schemas.registry import from_json_schema
from tests.paths import ROOT

MODEL = ROOT / "models" / "house"
SHIPPED = ROOT / "models" / "adapters"
ADAPTERS = [SHIPPED / name for name in ("invoices", "receipts")]
DOCUMENTS = SHIPPED / "documents"
RECEIPT = """\
        GREENGATE MARKET SDN BHD
     12, JALAN BESAR, 43800 DENGKIL
Date : 12/03/2026      Invoice : 0042

Copper pipe        35.00
Elbow               7.50
TOTAL              42.50
""".replace("\n\n", "\n")


def test_there_are_adapters() -> None:
    assert sorted(path.name for path in SHIPPED.iterdir()) == ["documents", "invoices", "receipts"]


def test_the_adapter_of_the_default_model_is_taken_by_the_registry_and_fits_in_git() -> None:
    card = read_card(DOCUMENTS)
    assert card.name == DOCUMENTS.name
    assert card.trained_on
    assert (DOCUMENTS / "README.md").is_file()
    assert sum(path.stat().st_size for path in DOCUMENTS.iterdir()) <= 20_000_000
    config = json.loads((DOCUMENTS / "adapter_config.json").read_text())
    check_config(config, max_rank=VllmSettings().max_lora_rank)
    check_weights(DOCUMENTS / "adapter_model.safetensors", max_rank=VllmSettings().max_lora_rank)


@pytest.mark.parametrize("folder", ADAPTERS, ids=lambda path: path.name)
def test_an_adapter_is_of_the_shipped_model_and_small(folder: Path, tmp_path: Path) -> None:
    card = read_card(folder)
    assert card.base_sha256 == weights_sha256(MODEL)
    assert card.name == folder.name
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 2_000_000
    AdapterFiles(tmp_path, model_folder=MODEL, max_rank=16).keep(folder)  # as `rasg adapters add` takes it


@pytest.mark.parametrize("folder", ADAPTERS, ids=lambda path: path.name)
def test_a_card_says_what_the_adapter_brought(folder: Path) -> None:
    scores = read_card(folder).scores
    assert scores["kie"] > scores["base_kie"]
    assert f"| kie | {scores['base_kie']:.3f} | {scores['kie']:.3f} |" in (folder / "README.md").read_text()


@pytest.mark.parametrize("folder", ADAPTERS, ids=lambda path: path.name)
def test_an_adapter_answers(folder: Path) -> None:
    schema = from_json_schema(
        {
            "title": "sroie",
            "type": "object",
            "properties": {
                "company": {"type": ["string", "null"], "description": "Name of the seller"},
                "total": {
                    "type": ["string", "null"],
                    "x-rasg-kind": "amount",
                    "description": "Total amount to pay",
                },
            },
        }
    )
    engine = EmbeddedEngine(MODEL, adapters={folder.name: folder})
    options = ExtractionOptions(adapter=folder.name, n_candidates=1)
    pipeline = Pipeline(engine=engine, read_options=ReadOptions())
    answer = pipeline.extract_document(layout_document(RECEIPT, sha256="0" * 64), schema, options=options)
    assert answer.adapter == folder.name
    assert json.loads(json.dumps(answer.output.value))["total"] == "42.50"
