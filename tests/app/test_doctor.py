"""`rasg doctor`: what is broken is said with how to mend it, and nothing is written."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import doctor as examination
from app.cli import app
from app.doctor import Finding, examine, examine_model, examine_ocr, examine_store, is_broken
from app.settings import ReadSettings, Settings, StoreSettings
from ocr.router import forget_engines
from tests.paths import ROOT


def found(findings: tuple[Finding, ...], subject: str) -> Finding:
    (finding,) = [finding for finding in findings if finding.subject == subject]
    return finding


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        model="house", model_cache=tmp_path / "models", store=StoreSettings(folder=tmp_path / "store")
    )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments])


@pytest.mark.slow
def test_where_all_is_well_a_page_is_extracted_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RASG_MODEL_CACHE", str(tmp_path / "models"))
    monkeypatch.setenv("RASG_STORE__FOLDER", str(tmp_path / "store"))
    result = run("--format", "json")
    assert result.exit_code == 0, result.output
    findings = {entry["subject"]: entry for entry in json.loads(result.stdout)}
    assert {"rasg", "libraries", "extra embedded", "OCR rapidocr", "model", "store"} <= set(findings)
    assert re.search(r"\d+ of 25 words", findings["reading"]["detail"])
    assert "amount_total_gross" in findings["extraction"]["detail"]
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_here_is_broken_and_says_how_it_is_fetched(settings: Settings) -> None:
    missing = settings.model_copy(update={"model": "documents-135m"})
    (finding,) = examine_model(missing)
    assert (finding.state, is_broken((finding,))) == ("broken", True)
    assert "rasg models fetch documents-135m" in (finding.hint or "")


def test_weights_that_changed_are_broken(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(ROOT / "models/house", folder)
    origin = {"source": "here", "licence": "", "weights_sha256": "0" * 64}
    (folder / "origin.json").write_text(json.dumps(origin))
    named = settings.model_copy(update={"model_folder": folder})
    (finding,) = examine_model(named)
    assert finding.state == "broken"
    assert "not what was fetched" in finding.detail


def test_a_store_that_a_file_is_in_the_way_of_is_broken(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = StoreSettings(folder=tmp_path / "file" / "store")
    finding = examine_store(settings.model_copy(update={"store": store}))
    assert finding.state == "broken"
    assert "RASG_STORE__FOLDER" in (finding.hint or "")


def test_without_tesseract_rapidocr_reads_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    forget_engines()
    findings = tuple(examine_ocr(ReadSettings()))
    forget_engines()
    assert [finding.state for finding in findings] == ["note", "note", "ok"]
    assert "apt-get install tesseract-ocr" in (findings[0].hint or "")
    assert not is_broken(findings)


def test_an_engine_that_is_chosen_and_not_there_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    forget_engines()
    findings = tuple(examine_ocr(ReadSettings(ocr="pytesseract")))
    forget_engines()
    assert found(findings, "OCR pytesseract").state == "broken"


def test_what_nobody_foresaw_is_a_finding_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> object:
        raise ZeroDivisionError

    def find_none(languages: tuple[str, ...]) -> tuple[()]:
        assert languages
        return ()

    monkeypatch.setattr(examination, "read_document", fail)
    monkeypatch.setattr(examination, "build_pipeline", fail)
    monkeypatch.setattr(examination, "probe_engines", find_none)
    findings = tuple(examine(settings))
    assert found(findings, "reading").state == "broken"
    assert "ZeroDivisionError" in found(findings, "extraction").detail


def test_a_misspelt_setting_ends_before_anything_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASG_REED__OCR", "auto")
    assert run().exit_code != 0
