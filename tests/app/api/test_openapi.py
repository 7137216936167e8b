"""The description of the API: valid in both versions, with readable ids, and a page that needs no network."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from fastapi import APIRouter
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from starlette.testclient import TestClient

from app.api import docs
from app.api.openapi import describe
from app.api.openapi30 import to_3_0
from tests.app.api.fakes import serving
from tests.paths import ROOT

ASSETS = ROOT / "app" / "api" / "docs_assets"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with serving() as client:
        yield client


@pytest.fixture(scope="module")
def described(client: TestClient) -> Json:
    return client.get("/openapi.json").json()


@pytest.fixture(scope="module")
def older(client: TestClient) -> Json:
    return client.get("/openapi-3.0.json").json()


def operations(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from (operation for method, operation in item.items() if method != "parameters")


def schemas_in(node: Any) -> Iterator[Json]:  # noqa: ANN401 - JSON
    inner: list[Any] = []
    if isinstance(node, dict):
        yield cast("Json", node)
        inner = list(cast("Json", node).values())
    elif isinstance(node, list):
        inner = cast("list[Any]", node)
    for value in inner:
        yield from schemas_in(value)


def test_the_description_is_valid_openapi_3_1_and_3_0(described: Json, older: Json) -> None:
    assert (described["openapi"][:3], older["openapi"]) == ("3.1", "3.0.3")
    OpenAPIV31SpecValidator(described).validate()
    OpenAPIV30SpecValidator(older).validate()


def test_the_older_description_has_the_same_operations_and_names(described: Json, older: Json) -> None:
    assert older["paths"].keys() == described["paths"].keys()
    assert older["components"]["schemas"].keys() == described["components"]["schemas"].keys()
    assert [o["operationId"] for o in operations(older)] == [o["operationId"] for o in operations(described)]


def test_nothing_stands_beside_a_reference_in_the_older_description(older: Json) -> None:
    references = [node for node in schemas_in(older["components"]["schemas"]) if "$ref" in node]
    assert len(references) > 10
    assert all(list(node) == ["$ref"] for node in references)


def test_operations_are_called_as_their_functions_are(described: Json) -> None:
    ids = [operation["operationId"] for operation in operations(described)]
    assert len(set(ids)) == len(ids)
    assert {"create_extraction", "lint_schema", "readyz", "feedback"} <= set(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{2,40}", name) for name in ids)


def test_two_operations_of_one_name_are_refused() -> None:
    router = APIRouter()
    for path in ("/a", "/b"):
        router.add_api_route(path, lambda: None, name="same")
    with pytest.raises(ValueError, match="'same'"):
        describe({"info": {}, "paths": {}}, router.routes)


def test_every_refusal_is_described_as_a_problem(described: Json, older: Json) -> None:
    for document in (described, older):
        for operation in operations(document):
            refusals = {s: r for s, r in operation["responses"].items() if s[0] in "45"}
            assert {"4XX", "5XX"} <= refusals.keys()
            assert all(list(r["content"]) == ["application/problem+json"] for r in refusals.values())
    assert "HTTPValidationError" not in described["components"]["schemas"]
    assert described["components"]["schemas"]["Problem"]["required"] == ["title", "status", "code", "detail"]


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz", "/version", "/v1/schemas", "/v1/schemas/nobody"])
def test_what_the_service_answers_is_what_is_described(
    client: TestClient, described: Json, path: str
) -> None:
    answer = client.get(path)
    operation = described["paths"][path.replace("nobody", "{name}")]["get"]
    status = str(answer.status_code) if answer.is_success else "4XX"
    content = operation["responses"][status]["content"][answer.headers["content-type"]]
    validator = OAS31Validator({**content["schema"], "components": described["components"]})
    validator.validate(answer.json())
    assert content["schema"] != {}


def test_a_wrong_method_names_all_that_are_described(client: TestClient, described: Json) -> None:
    for path, item in described["paths"].items():
        place = re.sub(r"\{\w+\}", "0" * 32, path)
        allowed = client.request("TRACE", place).headers["allow"].lower().split(", ")
        # More where a template takes the path too: a schema may be called "lint".
        assert item.keys() <= set(allowed)


def test_the_metrics_are_described_as_text(client: TestClient, described: Json) -> None:
    operation = described["paths"]["/metrics"]["get"]
    assert list(operation["responses"]["200"]["content"]) == ["text/plain"]
    assert client.get("/metrics").headers["content-type"].startswith("text/plain;")


NULLABLE_NUMBER = {"anyOf": [{"type": "integer", "exclusiveMaximum": 9}, {"type": "null"}]}
PAIR = {"type": "array", "prefixItems": [{"type": "number"}] * 2, "items": False}
CHOICE = [{"type": "string"}, {"$ref": "#/a"}]
UPLOAD = {"type": "string", "contentMediaType": "application/octet-stream"}
ODD_NAMES = {"properties": {"const": {"const": 1}}, "propertyNames": {}, "patternProperties": {}}


@pytest.mark.parametrize(
    ("newer", "wanted"),
    [
        ({"type": ["integer", "null"]}, {"type": "integer", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"type": "null"}, {"nullable": True, "enum": [None]}),
        ({"const": None, "type": "null"}, {"nullable": True, "enum": [None]}),
        ({"exclusiveMinimum": 0}, {"minimum": 0, "exclusiveMinimum": True}),
        ({"minimum": 3, "exclusiveMinimum": 1}, {"minimum": 3}),
        ({"maximum": 3, "exclusiveMaximum": 3}, {"maximum": 3, "exclusiveMaximum": True}),
        (NULLABLE_NUMBER, {"type": "integer", "maximum": 9, "exclusiveMaximum": True, "nullable": True}),
        ({"examples": [1, 2]}, {"example": 1}),
        (
            {"anyOf": [{"type": "null"}, CHOICE[0]], "default": None},
            {**CHOICE[0], "default": None, "nullable": True},
        ),
        ({"anyOf": [*CHOICE, {"type": "null"}]}, {"anyOf": CHOICE, "nullable": True}),
        ({"$ref": "#/a", "description": "why"}, {"description": "why", "allOf": [{"$ref": "#/a"}]}),
        (PAIR, {"type": "array", "items": {"type": "number"}, "maxItems": 2}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        (UPLOAD, {"type": "string", "format": "binary"}),
        (
            {"enum": ["a"], "type": ["string", "null"]},
            {"enum": ["a", None], "type": "string", "nullable": True},
        ),
        (ODD_NAMES, {"properties": {"const": {"enum": [1]}}}),
        (True, {}),
        (False, {"not": {}}),
    ],
)
def test_each_keyword_of_the_newer_dialect_is_said_in_the_older(newer: Json | bool, wanted: Json) -> None:
    assert to_3_0(newer) == wanted


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    assert "script-src" not in page.headers["content-security-policy"]  # so scripts are only from here
    assert "http" not in page.text
    assert not re.search(r"<script(?![^>]*src=)", page.text)
    for place in re.findall(r'(?:src|href)="(/[^"]+)"', page.text):
        found = client.get(place)
        assert (found.status_code, found.headers["content-encoding"] if "ui" in place else None) == (
            200,
            "gzip" if "ui" in place else None,
        )
        plain = client.get(place, headers={"accept-encoding": "identity"})
        assert plain.content == found.content


@pytest.mark.parametrize("name", ["README.md", "..%2fdocs.py", "%2e%2e/service.py", "start.js.gz"])
def test_only_the_files_of_the_page_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/docs/assets/{name}").status_code == 404


def test_the_bundled_interface_is_the_published_one_and_small() -> None:
    recorded = dict(re.findall(r"`(\S+)` \| `([0-9a-f]{64})`", (ASSETS / "README.md").read_text()))
    packed = {
        path.name.removesuffix(".gz"): gzip.decompress(path.read_bytes()) for path in ASSETS.glob("*.gz")
    }
    assert {name: hashlib.sha256(data).hexdigest() for name, data in packed.items()} == recorded
    assert sum(path.stat().st_size for path in ASSETS.iterdir()) < 1_500_000
    assert (ASSETS / "LICENSE").read_text().lstrip().startswith("Apache License")


def test_the_files_of_the_page_are_named_once() -> None:
    served = {path.name.removesuffix(".gz") for path in ASSETS.iterdir()} & {
        "start.js",
        "swagger-ui.css",
        "swagger-ui-bundle.js",
    }
    assert served == docs.ASSET_NAMES
