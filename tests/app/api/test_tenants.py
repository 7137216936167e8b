"""Two tenants in one process on one engine: each has its own examples and adapters, and nothing crosses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Header
from starlette.testclient import TestClient

from app.api.deps import tenant_name_of
from app.api.service import create_app
from app.models.choice import choose_model
from app.service_settings import ApiSettings
from app.settings import ExampleSettings, Settings, StoreSettings
from app.wiring import build_files, open_store
from storage.adapters import AdapterRegistry, RegisteredAdapter
from tests.app.adapters.lora import write_adapter
from tests.app.api.test_example_routes import SCHEMA, bill
from tests.decoding.engines.tiny_model import make_model

TENANTS = ("acme", "bolt")


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What each tenant has: the ids of its examples, and its live adapter."""

    examples: dict[str, frozenset[str]]
    live: dict[str, RegisteredAdapter]


def name_by_header(x_tenant: str = Header()) -> str:
    """Say whose request it is, as keys will."""
    return x_tenant


def make_app(folder: Path) -> tuple[FastAPI, Settings]:
    settings = Settings(
        store=StoreSettings(folder=folder / "store"),
        model_folder=make_model(folder / "model", seed=3),
        api=ApiSettings(n_concurrent=2, n_waiting=64),
        examples=ExampleSettings(min_similarity=0.2),
    )
    app = create_app(settings)
    app.dependency_overrides[tenant_name_of] = name_by_header
    return app, settings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app, settings = make_app(tmp_path_factory.mktemp("tenants"))
    with TestClient(app, raise_server_exceptions=False) as client:
        client.app_state["settings"] = settings
        yield client


@pytest.fixture(scope="module")
def taught(client: TestClient, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    settings: Settings = client.app_state["settings"]
    examples: dict[str, frozenset[str]] = {}
    live: dict[str, RegisteredAdapter] = {}
    for number, tenant in enumerate(TENANTS, start=1):
        answer = json.dumps({"vendor": "ACME Ltd", "total": f"{number}2.50"})
        made = client.post(
            "/v1/examples",
            files={"file": ("a.pdf", bill(number, total=f"{number}2.50"))},
            data={"schema": SCHEMA, "confirmed_by": "Ada", "answer": answer},
            headers={"x-tenant": tenant},
        )
        examples[tenant] = frozenset(example["example_id"] for example in made.json()["examples"])
        live[tenant] = go_live(settings, tenant, tmp_path_factory.mktemp(tenant) / "mine", seed=number)
    return Taught(examples=examples, live=live)


def go_live(settings: Settings, tenant: str, folder: Path, *, seed: int) -> RegisteredAdapter:
    """Add an adapter and make it live for a tenant, as a command beside the service does."""
    base = choose_model(settings).folder
    kept = build_files(settings).keep(write_adapter(folder, base, seed=seed))
    store = open_store(settings)
    registry = AdapterRegistry(store.database, tenant=tenant)
    added = registry.add("bill", kept.content_sha256, kept.card, actor="ada")
    now_live = registry.go_live(added.adapter_id, instead_of=None, actor="ada")
    store.close()
    return now_live


def extract(client: TestClient, tenant: str, number: int) -> dict[str, Any]:
    response = client.post(
        "/v1/extractions",
        files={"file": ("a.pdf", bill(100 + number % 4, total=f"{number % 4}9.10"))},
        data={"schema": SCHEMA, "n_candidates": "1", "max_tokens": "40"},
        headers={"x-tenant": tenant},
    )
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("n_requests", [16, pytest.param(200, marks=pytest.mark.slow)])
def test_interleaved_requests_see_their_own_tenants_examples_and_adapters_only(
    client: TestClient, taught: Taught, n_requests: int
) -> None:
    tenants = [TENANTS[number % 2] for number in range(n_requests)]
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(extract, client, tenant, number) for number, tenant in enumerate(tenants)]
    answers = [one.result() for one in asked]
    for tenant, answer in zip(tenants, answers, strict=True):
        assert answer["adapter"] == taught.live[tenant].served_name
        assert answer["adapter_sha256"] == taught.live[tenant].content_sha256
        assert {use["example_id"] for use in answer["examples"]} == taught.examples[tenant]


def test_an_answer_can_only_be_corrected_by_the_tenant_that_got_it(
    client: TestClient, taught: Taught
) -> None:
    del taught
    mine = extract(client, "acme", 1)["extraction_id"]
    said = {"verdict": "confirmed", "confirmed_by": "Eve"}
    theirs = client.post(f"/v1/extractions/{mine}/feedback", json=said, headers={"x-tenant": "bolt"})
    assert (theirs.status_code, theirs.json()["code"]) == (404, "unknown_extraction")


def test_lists_and_examples_are_the_tenants_own(client: TestClient, taught: Taught) -> None:
    for tenant, other in (TENANTS, TENANTS[::-1]):
        listed = client.get("/v1/examples", headers={"x-tenant": tenant}).json()["examples"]
        assert {example["example_id"] for example in listed} >= taught.examples[tenant]
        assert not {example["example_id"] for example in listed} & taught.examples[other]
        (foreign,) = taught.examples[other]
        assert client.get(f"/v1/examples/{foreign}", headers={"x-tenant": tenant}).status_code == 404


def test_a_name_that_is_no_tenant_is_refused(client: TestClient) -> None:
    response = client.get("/v1/examples", headers={"x-tenant": "../acme"})
    assert response.status_code == 400
