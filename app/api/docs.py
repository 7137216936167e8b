"""The description of the API, in two versions of OpenAPI, and the page that shows it without a network."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from importlib.metadata import version as distribution_version
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.api.openapi import describe
from app.api.openapi30 import downgrade
from app.api.openapi_access import describe_access

_ASSETS: Final = Path(__file__).parent / "docs_assets"
_MEDIA_TYPES: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "start.js": "text/javascript",
}
# Scripts and styles only from here. The interface sets styles of elements, which is no script, and its icons
# are data URLs in its style sheet.
_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
ASSET_NAMES: Final = frozenset(_MEDIA_TYPES)
_DAY_S: Final = 86_400

router = APIRouter(include_in_schema=False)


def make_documented_app(lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """Return an application without routes that describes those it gets as `describe` does."""
    app = FastAPI(
        title="rasg",
        version=distribution_version("rasg"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # They would lead to the host that the caller names and to http://, though a proxy speaks TLS; with a
        # file behind them, or a key. What has no route is told how paths end.
        redirect_slashes=False,
    )

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            raw = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = describe(describe_access(raw), app.routes)
        return app.openapi_schema

    app.openapi = openapi
    return app


def add_documentation(app: FastAPI) -> None:
    """Add /docs and its files, and the description in OpenAPI 3.0."""
    app.include_router(router)


@router.get("/openapi-3.0.json")
async def openapi_3_0(request: Request) -> JSONResponse:
    """Return the description for tools that know OpenAPI 3.0 only."""
    return JSONResponse(downgrade(request.app.openapi()))


@router.get("/docs")
async def docs() -> Response:
    """Return the page that shows the description."""
    return Response(_read("index.html"), media_type="text/html", headers=_HEADERS)


@router.get("/docs/assets/{name}")
async def docs_asset(name: str, request: Request) -> Response:
    """Return a file of that page, by one of three names."""
    if name not in _MEDIA_TYPES:
        raise HTTPException(404)
    body, headers = _read(name), {**_HEADERS, "Cache-Control": f"max-age={_DAY_S}", "Vary": "Accept-Encoding"}
    if _is_packed(name):
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
    return Response(body, media_type=_MEDIA_TYPES[name], headers=headers)


def _is_packed(name: str) -> bool:
    return (_ASSETS / f"{name}.gz").is_file()


@cache
def _read(name: str) -> bytes:
    return (_ASSETS / (f"{name}.gz" if _is_packed(name) else name)).read_bytes()
