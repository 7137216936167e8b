"""From corrections to a better answer while it serves: feedback, finetuning, promotion, the next document."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.api.service import create_app
from app.cli import app as service_cli
from app.settings import load_settings
from decoding.engines.vllm_server import ServerOptions, VllmServer, free_port
from eval.kie import Pred, gold_values, kie_results
from eval.kinds import value_kind
from schemas.document import Document
from schemas.registry import get_schema
from schemas.spec import FieldKind
from tests.decoding.conftest import VLLM_PYTHON
from tests.ocr.files import pdf, text_at
from tests.paths import ROOT
from training.cli import app as training_cli
from training.synthesis.sample import SyntheticDocument, generate_series

# A vendor whose order number, invoice number and customer the shipped model does not find.
_VENDOR_SEED = 14
_N_FEEDBACK, _N_NEXT = 20, 6
_KINDS: dict[str, FieldKind] = {
    "document_id": "verbatim",
    "order_id": "verbatim",
    "customer_billing_name": "verbatim",
    "date_issue": "date",
    "amount_total_gross": "amount",
}
_WIDTH, _HEIGHT = 612.0, 792.0
# Helvetica's characters are about half as wide as they are high.
_CHAR_WIDTH = 0.56
_KEY = "secret"


def schema_json() -> str:
    described = {
        key: spec.description for key, spec in get_schema("invoice").root.properties if key in _KINDS
    }
    properties = {
        key: {"type": ["string", "null"], "x-rasg-kind": kind, "description": described[key]}
        for key, kind in _KINDS.items()
    }
    return json.dumps({"title": "acme_bill", "type": "object", "properties": properties})


def as_pdf(document: Document) -> bytes:
    """Return a PDF with the document's words where they stand."""
    operators: list[str] = []
    for word in document.pages[0].words:
        width, height = (
            (word.bbox.right - word.bbox.left) * _WIDTH,
            (word.bbox.bottom - word.bbox.top) * _HEIGHT,
        )
        size = max(2.0, min(0.8 * height, width / (_CHAR_WIDTH * len(word.text))))
        text = word.text.encode("cp1252", "replace").decode("cp1252")
        operators.append(
            text_at(word.bbox.left * _WIDTH, _HEIGHT * (1 - word.bbox.bottom), text, size=round(size, 1))
        )
    return pdf("".join(operators))


@dataclass(frozen=True)
class Service:
    """A running service."""

    client: TestClient
    environment: Mapping[str, str]

    def extract(self, sample: SyntheticDocument, **form: str) -> dict[str, Any]:
        response = self.client.post(
            "/v1/extractions",
            files={"file": ("bill.pdf", as_pdf(sample.document))},
            data={"schema": schema_json(), "n_candidates": "1", "max_tokens": "300", **form},
        )
        assert response.status_code == 200, response.text
        return response.json()

    def correct(self, extraction_id: str, value: Mapping[str, JsonValue]) -> None:
        said = {"verdict": "corrected", "value": value, "confirmed_by": "Ada"}
        response = self.client.post(f"/v1/extractions/{extraction_id}/feedback", json=said)
        assert response.status_code == 200, response.text

    def run(self, cli: Any, *arguments: str) -> str:  # noqa: ANN401
        result = CliRunner().invoke(cli, list(arguments), env=dict(self.environment))
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture(
    params=[
        pytest.param("embedded", marks=pytest.mark.slow),
        pytest.param("vllm", marks=pytest.mark.vllm),
    ]
)
def service(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    environment = {"RASG_ENGINE": str(request.param), "RASG_STORE__FOLDER": str(tmp_path / "store")}
    with ExitStack() as stack:
        if request.param == "vllm":
            server = stack.enter_context(_server(tmp_path / "server.log"))
            server.wait_until_ready(timeout_s=600)
            environment |= {"RASG_VLLM__BASE_URL": server.options.base_url, "RASG_VLLM__API_KEY": _KEY}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        client = stack.enter_context(TestClient(create_app(load_settings())))
        yield Service(client=client, environment=environment)


def _server(log: Path) -> VllmServer:
    if not VLLM_PYTHON.is_file():
        pytest.skip("the vLLM environment is not there (scripts/setup_vllm makes it)")
    options = ServerOptions(
        model_folder=ROOT / "models" / "house",
        python=VLLM_PYTHON,
        port=free_port(),
        runtime_adapters=True,
        api_key=_KEY,
    )
    return VllmServer(options, log_path=log)


def right_share(answers: Sequence[Mapping[str, JsonValue]], samples: Sequence[SyntheticDocument]) -> float:
    """Return the share of right values, null where there is none included."""
    right = [
        result.outcome in ("right", "absent")
        for answer, sample in zip(answers, samples, strict=True)
        for result in kie_results(
            {key: None if answer[key] is None else Pred(text=str(answer[key])) for key in _KINDS},
            {key: gold_values(sample.gold[key]) for key in _KINDS},
            kinds={key: value_kind(kind) for key, kind in _KINDS.items()},
        )
    ]
    return sum(right) / len(right)


def test_corrections_become_an_adapter_that_answers_the_next_document_better(
    service: Service, tmp_path: Path
) -> None:
    samples = generate_series(random.Random(_VENDOR_SEED), _N_FEEDBACK + _N_NEXT, shipped=True)
    seen, coming = samples[:_N_FEEDBACK], samples[_N_FEEDBACK:]
    for sample in seen:
        answer = service.extract(sample)
        assert answer["adapter"] is None
        service.correct(answer["extraction_id"], {key: sample.gold[key] for key in _KINDS})
    before = right_share([service.extract(sample)["output"]["value"] for sample in coming], coming)

    service.run(
        training_cli,
        *("sft", "--name", "acme", "--data", "store", "--schema", "acme_bill"),
        *("--out", str(tmp_path / "out"), "--run", str(tmp_path / "run")),
        *("--lr", "2e-3", "--epochs", "8", "--patience", "8", "--batch-tokens", "2048", "--threads", "1"),
    )
    assert "candidate" in service.run(service_cli, "adapters", "add", str(tmp_path / "out"))
    assert service.extract(coming[0])["adapter"] is None  # a candidate answers who names it
    assert service.extract(coming[0], adapter="acme")["adapter"].startswith("acme-")
    table = service.run(service_cli, "adapters", "promote", "acme")
    assert "| default | kie |" in table
    assert "live" in service.run(service_cli, "adapters", "list")

    # The same service, the same server: nothing was started anew.
    answers = [service.extract(sample) for sample in coming]
    assert {answer["adapter"] for answer in answers} == {answers[0]["adapter"]}
    assert answers[0]["adapter"].startswith("acme-")
    after = right_share([answer["output"]["value"] for answer in answers], coming)
    assert after >= before + 0.15

    service.run(service_cli, "adapters", "rollback", "--schema", "acme_bill")
    assert service.extract(coming[0])["adapter"] is None
