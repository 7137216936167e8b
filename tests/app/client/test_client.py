"""The client is that of the service as it is, and speaks to it; a model's tools speak through it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx2
import pytest
from fastapi.routing import APIRoute
from mcp.server.mcpserver.exceptions import ToolError
from starlette.testclient import TestClient

from app.api.service import create_app
from app.client.operations import Client
from app.client.transport import ServiceError
from app.mcp_server import Tools, build_mcp_server
from app.settings import Settings, StoreSettings
from app.wiring import build_keys, open_database
from schemas.errors import InputError
from scripts.make_client import write
from tests.app.api.idle import idle_pipeline
from tests.paths import ROOT

SCHEMA = {"type": "object", "properties": {"total": {"type": ["string", "null"]}}}
CLIENT = ROOT / "app" / "client"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(store=StoreSettings(folder=tmp_path_factory.mktemp("store")))
    app = create_app(settings, pipeline=idle_pipeline())
    with TestClient(app, raise_server_exceptions=False) as http:
        yield http


@pytest.fixture
def client(service: TestClient) -> Client:
    return Client(http=service)


def test_the_client_is_what_is_generated_from_the_service_as_it_is(
    service: TestClient, tmp_path: Path
) -> None:
    app: Any = service.app
    write(app.openapi(), tmp_path)
    for made in tmp_path.glob("*.py"):
        assert made.read_text() == (CLIENT / made.name).read_text(), "run python -m scripts.make_client"


def test_the_client_has_a_method_for_every_operation(service: TestClient) -> None:
    app: Any = service.app
    names = {
        route.name
        for route in app.routes
        if isinstance(route, APIRoute) and not route.deprecated and route.include_in_schema
    }
    assert [name for name in names if not callable(getattr(Client, name, None))] == []


def test_importing_the_client_loads_neither_models_nor_the_service() -> None:
    code = "import sys, app.client.operations; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert not {"torch", "fastapi", "sqlalchemy", "cv2", "numpy", "pydantic"} & set(done.stdout.split())


def test_a_schema_and_a_webhook_are_made_read_and_deleted(client: Client) -> None:
    assert client.livez().get("status") == "ok"
    assert client.register_schema(body={"name": "slip", "schema": SCHEMA})["version"] == "1"
    assert client.schema(name="slip@1")["properties"] == SCHEMA["properties"]
    assert "slip" in {schema["name"] for schema in client.schemas()}
    assert client.lint_schema(body=SCHEMA)["ok"]
    client.delete_schema(name="slip")
    made = client.create_webhook(body={"url": "https://erp.example.org/"})
    assert client.webhook(webhook_id=made["webhook_id"])["url"] == "https://erp.example.org/"
    assert client.rotate_webhook_secret(webhook_id=made["webhook_id"], body={})["secret"] != made["secret"]
    assert client.webhook_deliveries(state="dead", limit=5) == {"deliveries": [], "next": None}
    client.delete_webhook(webhook_id=made["webhook_id"])
    assert client.webhooks() == {"webhooks": []}
    assert client.examples(limit=1)["examples"] == []


def test_a_problem_is_an_error_with_its_code_and_request_id(client: Client) -> None:
    with pytest.raises(ServiceError, match="no schema is named") as refused:
        client.create_extraction(schema="invoyce", file=b"%PDF")
    assert (refused.value.status, refused.value.service_code) == (404, "unknown_schema")
    assert refused.value.problem["request_id"]
    assert refused.value.hint == "did you mean invoice?"


def test_a_key_is_sent_and_a_service_that_is_away_is_an_error(tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(folder=tmp_path))
    database = open_database(settings)
    key = build_keys(database).create("test", tenant="acme", scopes=("read",), actor="ada").text
    database.dispose()
    app = create_app(settings, pipeline=idle_pipeline())
    with TestClient(app, raise_server_exceptions=False) as http:
        assert Client(key=key, http=http).examples()["examples"] == []
        with pytest.raises(ServiceError) as refused:
            Client(http=http).examples()
        assert refused.value.status == 401
    with (
        Client("http://127.0.0.1:1", timeout_s=1) as nobody,
        pytest.raises(ServiceError, match="does not answer"),
    ):
        nobody.livez()


@pytest.mark.parametrize("evil", ["../livez", "a/../../livez", "x?y=1", "x#y", "%2e%2e"])
def test_a_name_never_becomes_another_path(client: Client, evil: str) -> None:
    with pytest.raises(ServiceError) as refused:
        client.schema(name=evil)
    assert refused.value.status == 404


def test_an_answer_that_is_no_problem_document_is_an_error_too() -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(502, text="<html>proxy</html>")

    http = httpx2.Client(transport=httpx2.MockTransport(answer), base_url="http://x")
    with pytest.raises(ServiceError, match="answered 502") as failed:
        Client(http=http).livez()
    assert (failed.value.service_code, failed.value.problem) == (None, {})


# --- tools of a language model


def call(tools: Tools, name: str, /, **arguments: Any) -> Any:  # noqa: ANN401
    server = build_mcp_server(tools, version="1")
    return asyncio.run(server.call_tool(name, arguments))


def test_a_model_is_told_of_each_tool_and_what_it_takes(client: Client, tmp_path: Path) -> None:
    server = build_mcp_server(Tools(client=client, folder=tmp_path, max_bytes=100), version="1")
    tools = {tool.name: tool for tool in asyncio.run(server.list_tools())}
    assert set(tools) == {"extract_document", "get_result", "list_schemas", "get_schema", "lint_schema"}
    assert tools["extract_document"].input_schema["required"] == ["path"]
    assert all(tool.description for tool in tools.values())


def test_a_tool_answers_and_a_problem_is_told_in_a_sentence(client: Client, tmp_path: Path) -> None:
    tools = Tools(client=client, folder=tmp_path, max_bytes=100)
    assert "invoice" in str(call(tools, "list_schemas"))
    assert "document_id" in str(call(tools, "get_schema", name="invoice"))
    assert "refused" in str(call(tools, "lint_schema", schema={"type": "object", "not": {}}))
    with pytest.raises(ToolError, match="no schema is named"):
        call(tools, "get_schema", name="invoyce")
    with pytest.raises(ToolError):
        call(tools, "get_result", extraction_id="0" * 32)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("extract_document", {"path": "a.pdf", "schema_name": "receipt"}, "no argument 'schema_name'"),
        ("extract_document", {}, "path is missing"),
        ("extract_document", {"path": 5}, "path must be text"),
        ("lint_schema", {"schema": []}, "schema must be an object"),
        ("get_schema", {"name": "x" * 300}, "name must have at most 128 characters"),
        ("read_mail", {"path": "a.pdf"}, "Unknown tool"),
    ],
)
def test_arguments_that_a_tool_does_not_take_are_told_in_words_that_a_model_can_use(
    client: Client, tmp_path: Path, name: str, arguments: dict[str, Any], told: str
) -> None:
    server = build_mcp_server(Tools(client=client, folder=tmp_path, max_bytes=100), version="1")
    with pytest.raises(ToolError, match=told) as failed:
        asyncio.run(server.call_tool(name, arguments))
    assert "pydantic" not in str(failed.value)


@pytest.mark.parametrize("path", ["/etc/passwd", "../secret.pdf", "link.pdf", "a\0b", "sub/../../secret.pdf"])
def test_a_model_reads_no_file_outside_of_its_folder(client: Client, tmp_path: Path, path: str) -> None:
    folder = tmp_path / "documents"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.pdf").write_bytes(b"%PDF secret")
    (folder / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    with pytest.raises(InputError):
        Tools(client=client, folder=folder, max_bytes=100).extract_document(path)


def test_a_model_gets_the_values_and_what_to_know_before_it_uses_them(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    answer: dict[str, Any] = {
        "extraction_id": "7",
        "status": "needs_review",
        "review": [{"code": "sum"}],
        "output": {"value": {"total": "1"}, "metadata": {"total": {}}},
        "warnings": [{"code": "a", "message": "look"}],
    }
    client = Mock(spec=Client)
    client.create_extraction.return_value = answer
    tools = Tools(client=client, folder=tmp_path, max_bytes=100)
    brief = tools.extract_document("a.pdf", schema="invoice")
    assert brief == {
        "extraction_id": "7",
        "status": "needs_review",
        "review": [{"code": "sum"}],
        "value": {"total": "1"},
        "warnings": ["look"],
    }
    assert tools.extract_document("a.pdf", details=True) == answer
    client.create_extraction.return_value = {"documents": [answer, {"problem": {}}]}
    assert tools.extract_document("a.pdf") == {"documents": [brief, {"problem": {}}]}


@pytest.mark.slow
def test_the_command_speaks_the_protocol_on_stdin_and_stdout(tmp_path: Path) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    code = "from app.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "mcp", "--folder", str(tmp_path)],
        input=json.dumps(hello) + "\n",
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    answer = json.loads(done.stdout.splitlines()[0])
    assert answer["result"]["serverInfo"]["name"] == "rasg"
