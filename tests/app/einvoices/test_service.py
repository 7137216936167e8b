"""E-invoices over HTTP and on the command line: in as XML or PDF, out as UBL or CII."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.api.service import create_app
from app.cli import app
from app.extraction.pipeline import Pipeline
from app.settings import Settings, StoreSettings
from ocr.reader import ReadOptions
from schemas.einvoices.parse import parse_einvoice_xml
from tests.app.einvoices.altered import altered
from tests.app.einvoices.made import attach, made
from tests.app.extraction.test_einvoice import NoModel

INVOICE = made(8)
GIVEN = ("--set", "BT-80=DE")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    pipeline = Pipeline(engine=NoModel(), read_options=ReadOptions(n_workers=1))
    settings = Settings(store=StoreSettings(folder=tmp_path))
    with TestClient(create_app(settings, pipeline=pipeline), raise_server_exceptions=False) as client:
        yield client


def test_the_service_answers_from_xml_alone_and_in_a_pdf(client: TestClient) -> None:
    for name, data in (("a.xml", INVOICE.xml("ubl")), ("a.pdf", INVOICE.pdf())):
        response = client.post("/v1/extractions", files={"file": (name, data)}, data={"schema": "invoice"})
        assert response.status_code == 200, response.text
        assert response.json()["output"]["value"]["document_id"] == INVOICE.data["BT-1"]
        assert response.json()["output"]["metadata"]["document_id"]["source"] == "xml"


@pytest.mark.parametrize(
    ("data", "fields", "status", "code"),
    [
        (INVOICE.xml(), {"xml": "ignore"}, 415, "unsupported_media_type"),
        (INVOICE.xml(), {"xml": "believe"}, 422, "invalid_request"),
        (INVOICE.xml(), {"schema": "bank_statement"}, 415, "unsupported_media_type"),
        (b"<Invoice><Colour>red</Colour></Invoice>", {}, 415, "unsupported_media_type"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><Invoice>&b;</Invoice>", {}, 422, "unreadable_document"),
        (b"<Invoice ", {}, 422, "unreadable_document"),
    ],
)
def test_what_cannot_be_answered_is_a_problem_with_its_code(
    client: TestClient, data: bytes, fields: dict[str, str], status: int, code: str
) -> None:
    form = {"schema": "invoice", **fields}
    response = client.post("/v1/extractions", files={"file": ("a.xml", data)}, data=form)
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.fixture
def runner(tmp_path: Path) -> CliRunner:
    return CliRunner(env={"RASG_LOG__LEVEL": "ERROR", "RASG_STORE__FOLDER": str(tmp_path / "store")})


def extract(runner: CliRunner, folder: Path, out: Path) -> None:
    done = runner.invoke(app, ["extract", str(folder), "--out", str(out), "--explain"])
    assert done.exit_code == 0, done.output


def test_a_folder_of_e_invoices_is_extracted_and_written_again(runner: CliRunner, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "alone.xml").write_bytes(INVOICE.xml())
    (folder / "both.pdf").write_bytes(INVOICE.pdf())
    (folder / "feed.xml").write_bytes(b"<?xml version='1.0'?><rss/>")  # left out: no document
    extract(runner, folder, out)
    assert {path.name for path in out.iterdir()} == {
        *("alone.xml.json", "alone.xml.html", "both.pdf.json", "both.pdf.html"),
        *("manifest.jsonl", "results.jsonl"),
    }
    for to in ("ubl", "cii"):
        target = tmp_path / f"{to}.xml"
        command = ["einvoice", "write", str(out / "both.pdf.json"), "--to", to, "--out", str(target), *GIVEN]
        done = runner.invoke(app, command)
        assert done.exit_code == 0, done.output
        assert "BT-40" in done.output  # concluded from the VAT number
        written = parse_einvoice_xml(target.read_bytes())
        assert (written.syntax, written.fields["document_id"]) == (to, INVOICE.data["BT-1"])


def test_a_result_that_is_no_whole_invoice_is_refused_with_what_is_missing(
    runner: CliRunner, tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.xml").write_bytes(INVOICE.xml(data=altered(INVOICE.data, "gross total")))
    extract(runner, folder, out)
    done = runner.invoke(app, ["einvoice", "write", str(out / "a.xml.json")])
    assert done.exit_code != 0
    issues = getattr(done.exception, "issues", ())
    assert [term for term, _ in issues] == ["BT-112", "BT-114"]


def test_a_term_is_given_once(runner: CliRunner, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "a.xml").write_bytes(INVOICE.xml())
    extract(runner, folder, out)
    twice = ["einvoice", "write", str(out / "a.xml.json"), "--set", "BT-80=DE", "--set", "bt-80=FR"]
    done = runner.invoke(app, twice)
    assert str(done.exception) == "--set gives BT-80 twice"


@pytest.mark.parametrize("content", [b"", b"[]", b'{"extraction": null}', b"\xff"])
def test_a_file_that_is_no_result_is_refused(runner: CliRunner, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    done = runner.invoke(app, ["einvoice", "write", str(path)])
    assert getattr(done.exception, "code", None) == "invalid_input"


def test_no_value_of_the_xml_is_in_the_log(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    data = INVOICE.pdf(data=altered(INVOICE.data, "seller"))
    broken = attach(INVOICE.page(), {"factur-x.xml": b"<secret>Somebody Else Ltd"})
    with caplog.at_level("DEBUG"):
        for sent in (data, broken):
            answer = client.post(
                "/v1/extractions", files={"file": ("a.pdf", sent)}, data={"schema": "invoice"}
            )
            assert json.dumps(answer.json())
    assert "Somebody Else" not in caplog.text
    assert INVOICE.data["BT-1"] not in caplog.text
