"""A cut answer goes on over HTTP: a partial result has a cursor, and the same call with it gives the rest."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from starlette.testclient import TestClient

from app.api.service import create_app
from app.extraction.pipeline import Pipeline
from app.service_settings import ApiSettings
from app.settings import Settings, StoreSettings
from ocr.reader import ReadOptions
from tests.app.reader import Reader
from tests.paths import ROOT

DATA = (ROOT / "samples" / "invoice.pdf").read_bytes()
SCHEMA = '{"type": "object", "properties": {"rows": {"type": "array", "items": {"type": "string"}}}}'


def read_lines(lines: list[str]) -> dict[str, JsonValue]:
    """Return the first word of every line."""
    return {"rows": [line.split()[0].replace(",", "") for line in lines if line.split()]}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("cursor")
    settings = Settings(store=StoreSettings(folder=folder), api=ApiSettings(timeout_s=60))
    engine = Reader(read_lines, n_words=10_000)
    pipeline = Pipeline(engine=engine, read_options=ReadOptions(n_workers=1))
    with TestClient(create_app(settings, pipeline=pipeline), raise_server_exceptions=False) as client:
        yield client


def ask(client: TestClient, *, prefer: str | None = None, **options: str) -> Any:  # noqa: ANN401
    headers = {} if prefer is None else {"prefer": prefer}
    form = {"schema": SCHEMA, "n_examples": "0", **options}
    return client.post("/v1/extractions", files={"file": ("a.pdf", DATA)}, data=form, headers=headers)


def rows_of(answer: Any) -> list[str]:  # noqa: ANN401
    return answer["output"]["value"]["rows"]


def test_a_cut_answer_goes_on_at_once_or_as_a_job_until_it_is_whole(client: TestClient) -> None:
    whole = ask(client).json()
    assert (whole["status"], whole["cursor"]) != ("partial", None)
    for prefer in (None, "wait=60"):
        parts = [ask(client, prefer=prefer, max_tokens="9").json()]
        while (cursor := parts[-1]["cursor"]) is not None:
            assert parts[-1]["status"] == "partial"
            parts.append(ask(client, prefer=prefer, max_tokens="9", cursor=cursor).json())
        assert len(parts) > 2
        assert [row for part in parts for row in rows_of(part)] == rows_of(whole)


def test_a_cursor_goes_with_a_document_in_json_too(client: TestClient) -> None:
    part = ask(client, max_tokens="9").json()
    asked = {
        "schema": SCHEMA,
        "content": b64encode(DATA).decode(),
        "options": {"n_examples": 0, "cursor": part["cursor"]},
    }
    rest = client.post("/v1/extractions?wait=60", json=asked).json()
    assert rows_of(part) + rows_of(rest) == rows_of(ask(client).json())


def test_an_answer_that_is_to_be_complete_is_whole_at_once(client: TestClient) -> None:
    answer = ask(client, max_tokens="9", complete="true").json()
    assert answer["cursor"] is None
    assert rows_of(answer) == rows_of(ask(client).json())


def test_only_the_first_part_of_an_answer_is_kept_to_be_confirmed(client: TestClient) -> None:
    first = ask(client, max_tokens="9").json()
    rest = ask(client, cursor=first["cursor"]).json()
    assert first["extraction_id"] is not None
    assert rest["extraction_id"] is None


@pytest.mark.parametrize("prefer", [None, "wait=60"])
def test_a_cursor_of_another_call_is_a_problem_that_says_why(client: TestClient, prefer: str | None) -> None:
    cursor = ask(client, max_tokens="9").json()["cursor"]
    response = ask(client, prefer=prefer, cursor=cursor, tables="false")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_cursor")
    assert "other options" in response.json()["detail"]
    damaged = ask(client, prefer=prefer, cursor=cursor[:-1])
    assert (damaged.status_code, damaged.json()["code"]) == (422, "invalid_cursor")
    assert ask(client, prefer=prefer, cursor="9" * 100_000).status_code == 422
