"""Every operation of the OpenAPI description with made-up requests: none of them is our failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from starlette.testclient import TestClient

from app.api.service import create_app
from app.extraction.pipeline import Pipeline
from app.service_settings import ApiSettings
from app.settings import Settings, StoreSettings
from tests.app.api.fakes import FakePipeline


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    def refuse() -> None:
        from schemas.errors import EmptyDocumentError

        raise EmptyDocumentError("nothing to read")

    folder = tmp_path_factory.mktemp("store")
    app = create_app(
        Settings(store=StoreSettings(folder=folder), api=ApiSettings()),
        pipeline=cast("Pipeline", FakePipeline(refuse)),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def operations(client: TestClient) -> dict[str, Any]:
    import schemathesis  # takes seconds to load: not when tests are only collected

    schema: Any = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    found = [result.ok() for result in schema.get_all_operations()]
    return {operation.label: operation for operation in found}


def ask(client: TestClient, case: Any) -> None:  # noqa: ANN401
    """Send one made-up request, and see that its answer is none of a failure."""
    from requests import Request

    kwargs = case.as_transport_kwargs(base_url="http://testserver")
    kwargs = {key: value for key, value in kwargs.items() if key in _OF_REQUESTS}
    prepared = Request(**kwargs).prepare()
    headers: Any = {name: v for name, v in prepared.headers.items() if name.lower() != "content-length"}
    body: Any = prepared.body or b""
    response = client.request(str(prepared.method), str(prepared.url), headers=headers, content=body)
    assert response.status_code < 500, (prepared.method, prepared.url, prepared.body)
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"]


_OF_REQUESTS = {"method", "url", "headers", "files", "data", "params", "auth", "cookies", "json"}


def fuzz(client: TestClient, n_examples: int) -> int:
    from schemathesis import GenerationMode

    asked = 0
    for operation in operations(client).values():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @settings(
                max_examples=n_examples,
                deadline=None,
                derandomize=True,
                database=None,
                phases=(Phase.generate,),
                suppress_health_check=(
                    HealthCheck.too_slow,
                    HealthCheck.filter_too_much,
                    HealthCheck.data_too_large,
                ),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def one(case: Any) -> None:  # noqa: ANN401
                nonlocal asked
                asked += 1
                ask(client, case)

            # Where nothing is asked for, nothing can be asked wrongly.
            with suppress(Unsatisfiable):
                one()
    return asked


@pytest.mark.slow
def test_no_made_up_request_is_a_failure_of_ours(client: TestClient) -> None:
    # Eleven operations, five of which have nothing that could be wrong.
    assert fuzz(client, 40) > 500
