"""A service whose pipeline does what a test says, so that nothing is read or decoded."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, cast

from starlette.testclient import TestClient

from app.api.service import create_app
from app.extraction.pipeline import Pipeline
from app.settings import Settings
from app.telemetry.telemetry import Telemetry
from ocr.reader import ReadOptions
from schemas.errors import EmptyDocumentError

JsonObject = dict[str, Any]


class FakeEngine:
    name = "embedded"
    model = "none"
    max_context_tokens = 1
    base_sha256 = None

    def close(self) -> None:
        return None


def _fail() -> object:
    raise EmptyDocumentError("nothing to read")


class FakePipeline:
    """Does `act` where the real one would extract."""

    def __init__(self, act: Callable[[], object] = _fail, *, engine: object | None = None) -> None:
        self.engine = engine or FakeEngine()
        self.read_options = ReadOptions()
        self.prepared: list[bool] = []
        self._act = act

    def prepare(self, *, warm: bool) -> None:
        self.prepared.append(warm)

    def find_own_adapter(self) -> None:
        return None

    def serve(self, *_: object, **__: object) -> FakePipeline:
        return self

    def extract_all(self, *_: object, **__: object) -> tuple[object, ...]:
        return (self._act(),)


@contextmanager
def serving(
    settings: Settings | None = None,
    *,
    pipeline: FakePipeline | None = None,
    telemetry: Telemetry | None = None,
) -> Generator[TestClient]:
    """Yield a client of a service on a fake pipeline; errors are answers, as a server's are."""
    app = create_app(
        settings or Settings(), pipeline=cast("Pipeline", pipeline or FakePipeline()), telemetry=telemetry
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def post_document(client: TestClient, *, name: str = "a.pdf", **headers: str) -> Any:  # noqa: ANN401
    return client.post(
        "/v1/extractions", files={"file": (name, b"x")}, data={"schema": "invoice"}, headers=headers
    )
