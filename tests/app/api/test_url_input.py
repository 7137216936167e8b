"""A document named by a URL: off unless the operator says so, and then guarded."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.service import create_app
from app.extraction.pipeline import Pipeline
from app.service_settings import OutboundSettings
from app.settings import Settings, StoreSettings, load_settings
from decoding.engines.embedded import EmbeddedEngine
from ocr.reader import ReadOptions
from schemas.errors import ConfigurationError
from tests.app.api.test_example_routes import SCHEMA, bill
from tests.app.outbound.test_fetching import Site, site
from tests.decoding.engines.tiny_model import make_model

__all__ = ["site"]

FORM = {"schema": SCHEMA, "n_candidates": "1", "max_tokens": "40"}


@contextmanager
def service(folder: Path, outbound: OutboundSettings) -> Generator[TestClient]:
    settings = Settings(store=StoreSettings(folder=folder / "store"), outbound=outbound)
    pipeline = Pipeline(
        engine=EmbeddedEngine(make_model(folder / "model", seed=3)), read_options=ReadOptions(n_workers=1)
    )
    with TestClient(create_app(settings, pipeline=pipeline), raise_server_exceptions=False) as client:
        yield client


def test_urls_are_not_opened_unless_a_setting_says_so(tmp_path: Path) -> None:
    with service(tmp_path, OutboundSettings()) as client:
        response = client.post("/v1/extractions", data={**FORM, "url": "https://example.org/a.pdf"})
        assert (response.status_code, response.json()["code"]) == (422, "url_refused")
        for missing in ({}, {"files": {"file": ("a.pdf", b"%PDF")}, "url": True}):
            sent: dict[str, Any] = dict(missing)
            data = FORM | ({"url": "https://example.org/"} if sent.pop("url", False) else {})
            response = client.post("/v1/extractions", data=data, **sent)
            assert response.status_code == 422
            assert response.json()["errors"][0]["pointer"] == "/body/file"


def test_a_document_at_a_url_is_extracted_and_what_leads_inside_is_refused(
    tmp_path: Path,
    site: ThreadingHTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Site, "document", bill(1, total="1.50"))
    url = f"http://127.0.0.1:{site.server_port}/document"
    here = OutboundSettings(url_input=True, allow_http=True, allow_private=True, ports=(site.server_port,))
    with service(tmp_path / "here", here) as client:
        response = client.post("/v1/extractions", data={**FORM, "url": url})
        assert (response.status_code, response.json()["usage"]["n_pages"]) == (200, 1)
    strict = OutboundSettings(url_input=True)
    with service(tmp_path / "strict", strict) as client:
        for refused in (url, "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data/", "x" * 3000):
            response = client.post("/v1/extractions", data={**FORM, "url": refused})
            assert response.status_code == 422
            assert refused not in response.text


def test_ports_are_set_as_text_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASG_OUTBOUND__PORTS", "443,8443")
    assert load_settings().outbound.ports == (443, 8443)
    monkeypatch.setenv("RASG_OUTBOUND__PORTS", "")
    assert load_settings().outbound.ports == ()
    monkeypatch.setenv("RASG_OUTBOUND__PORTS", "443,99999")
    with pytest.raises(ConfigurationError):
        load_settings()
