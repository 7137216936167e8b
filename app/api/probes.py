"""The routes of whoever runs the service: is it alive, is it ready, what is it, how does it do."""

from __future__ import annotations

import hmac
from importlib.metadata import version as distribution_version
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from app.access.gate import Gate
from app.api.access_guard import key_in
from app.api.deps import ServiceState, State
from app.api.health import CheckResult
from app.errors import PROBLEM_JSON, RETRY_AFTER_S, Problem
from app.log import request_id
from app.telemetry.metrics import CONTENT_TYPE
from schemas.errors import RasgError
from schemas.service_errors import ForbiddenError

router = APIRouter(tags=["operation"])


class Alive(BaseModel):
    """Says that the process answers."""

    model_config = ConfigDict(frozen=True)

    status: str = "ok"


class Ready(BaseModel):
    """Says that the service can work, with what, and how each check ended."""

    model_config = ConfigDict(frozen=True)

    status: str = "ok"
    engine: str
    model: str
    checks: dict[str, CheckResult]


class NotReady(Problem):
    """A problem that also says how each check ended."""

    checks: dict[str, CheckResult]


class Version(BaseModel):
    """Which program this is, and which model and adapter answer; None of what is not known (yet)."""

    model_config = ConfigDict(frozen=True)

    version: str
    commit: str | None
    engine: str
    model: str | None
    adapter: str | None


class Index(BaseModel):
    """Where things are."""

    model_config = ConfigDict(frozen=True)

    service: str = "rasg"
    version: str
    docs: str = "/docs"
    openapi: str = "/openapi.json"
    openapi_3_0: str = "/openapi-3.0.json"
    extractions: str = "/v1/extractions"
    schemas: str = "/v1/schemas"
    livez: str = "/livez"
    readyz: str = "/readyz"
    metrics: str = "/metrics"


@router.get("/")
async def index() -> Index:
    """Say where things are."""
    return Index(version=distribution_version("rasg"))


@router.get("/livez")
async def livez() -> Alive:
    """Say that the process answers."""
    return Alive()


@router.get(
    "/readyz", response_model=Ready, responses={503: {"model": NotReady, "description": "What is missing."}}
)
async def readyz(state: State) -> Response:
    """Say whether store, queue and engine are there and the process is not about to stop."""
    checks = await state.health.run()
    failed = {name: result for name, result in checks.items() if not result.ok}
    if state.drain.is_draining:
        return _not_ready("draining", "this process is stopping", checks)
    if failed:
        code = next(iter(failed.values())).code
        return _not_ready(code or RasgError.code, f"not ready: {', '.join(failed)}", checks)
    engine = state.pipeline.engine
    return JSONResponse(Ready(engine=engine.name, model=engine.model, checks=checks).model_dump(mode="json"))


def _not_ready(code: str, detail: str, checks: dict[str, CheckResult]) -> Response:
    problem = NotReady(
        title="Service Unavailable",
        status=503,
        code=code,
        detail=detail,
        retryable=True,
        request_id=request_id.get(),
        checks=checks,
    )
    return JSONResponse(
        problem.model_dump(mode="json", exclude_none=True),
        status_code=503,
        headers={"Retry-After": str(RETRY_AFTER_S)},
        media_type=PROBLEM_JSON,
    )


@router.get("/version")
async def version(state: State) -> Version:
    """Return the version of the service, and what answers."""
    model, adapter = await run_in_threadpool(_answering, state)
    return Version(
        version=distribution_version("rasg"),
        commit=state.commit,
        engine=state.pipeline.engine.name,
        model=model,
        adapter=adapter,
    )


def _answering(state: ServiceState) -> tuple[str | None, str | None]:
    """Return the model and its own adapter; a server that is not there has neither."""
    if not state.readiness.is_ready:
        return None, None
    try:
        own = state.pipeline.find_own_adapter()
        return state.pipeline.engine.model, None if own is None else own.name
    except RasgError:
        return None, None


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(
    request: Request,
    state: State,
    authorization: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Return the metrics of this process, as Prometheus reads them.

    They ask for their own token if one is set, else, where there are keys, for one with the scope `metrics`.
    """
    wanted = state.metrics_token
    if wanted is None:
        await run_in_threadpool(_check_key, request)
    elif not hmac.compare_digest((authorization or "").encode(), f"Bearer {wanted}".encode()):
        raise HTTPException(401, "the metrics ask for their token", headers={"WWW-Authenticate": "Bearer"})
    # Reads the queue's state from the database.
    body = await run_in_threadpool(state.telemetry.metrics.expose)
    return Response(body, headers={"Content-Type": CONTENT_TYPE})


def _check_key(request: Request) -> None:
    gate: Gate = request.app.state.gate
    if not gate.caller_of(key_in(request.headers)).may("metrics"):
        raise ForbiddenError("this needs a key with the scope 'metrics'", scope="metrics")
