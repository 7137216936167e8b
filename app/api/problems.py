"""Every error as problem+json (RFC 9457), with the request's id."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from app.errors import (
    PROBLEM_JSON,
    RETRY_AFTER_S,
    Problem,
    bounded_issues,
    http_problem,
    problem_of,
    status_of,
)
from app.log import request_id, trace_id
from app.wording import describe_issues
from schemas.errors import RasgError, ServiceBusyError, StorageFullError
from schemas.service_errors import ForbiddenError, TooManyRequestsError, UnauthenticatedError
from storage.blobs import NO_SPACE

logger = logging.getLogger(__name__)

# What the framework takes of a form, and how it says that there is more.
_MAX_FILES, _TOO_MANY = 1000, "Too many"
# The handler of unexpected errors runs outside of the guard that sets the id: it finds it in the scope.
SCOPE_KEY = "rasg.request_id"
TRACE_KEY = "rasg.trace_id"


class BodyRefusedError(Exception):
    """A body is not to be had in full; whoever reads it gives up, and `app.api.bodies` answers."""


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error of `app` a problem document."""
    app.add_exception_handler(RasgError, _rasg_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OSError, _os_error)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(BodyRefusedError, _not_whole)
    app.add_exception_handler(Exception, _unexpected)


def problem_response(problem: Problem) -> JSONResponse:
    """Return the problem as a response; retryable ones say when to come back."""
    wait_s = problem.retry_after_s or RETRY_AFTER_S
    headers = {"Retry-After": str(wait_s)} if problem.retryable else None
    traced = problem.model_copy(update={"trace_id": problem.trace_id or trace_id.get()})
    body = traced.model_dump(mode="json", exclude_none=True)
    return JSONResponse(body, status_code=problem.status, headers=headers, media_type=PROBLEM_JSON)


def error_response(error: RasgError) -> JSONResponse:
    """Return the error as a response, with the headers that belong to its kind; ours are logged."""
    if isinstance(error, ServiceBusyError):
        logger.warning("refused: %s", error.code)
    elif status_of(error) >= 500:
        logger.error("request failed: %s", error.code, exc_info=error)
    response = problem_response(problem_of(error, request_id=request_id.get()))
    match error:
        case UnauthenticatedError():
            response.headers["WWW-Authenticate"] = 'Bearer realm="rasg"'
        case ForbiddenError(scope=scope):
            challenge = f'Bearer realm="rasg", error="insufficient_scope", scope="{scope}"'
            response.headers["WWW-Authenticate"] = challenge
        case TooManyRequestsError(retry_after_s=seconds):
            response.headers["Retry-After"] = str(seconds)
        case _:
            pass
    return response


async def _rasg_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RasgError):
        raise error
    return error_response(error)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    problem = http_problem(422, "the request is not as documented", request_id=request_id.get())
    # The values are the caller's document: only the places and the reasons are told.
    issues = bounded_issues(describe_issues(error.errors()))
    return problem_response(problem.model_copy(update={"errors": issues, "code": "invalid_request"}))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(cause := error.__cause__ or error.__context__, OSError | MultiPartException):
        return _form_error(error, cause)
    allowed = ", ".join(_methods_at(request)) if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else None
    detail = str(error.detail) if allowed is None else f"this path takes {allowed}"
    problem = http_problem(error.status_code, detail, request_id=request_id.get())
    if error.status_code == HTTPStatus.NOT_FOUND and request.scope["path"].endswith("/"):
        problem = problem.model_copy(update={"hint": "paths have no slash at their end"})
    response = problem_response(problem)
    response.headers.update(error.headers or {})
    if allowed is not None:
        response.headers["Allow"] = allowed
    return response


def _form_error(error: HTTPException, cause: OSError | MultiPartException) -> JSONResponse:
    """Return the answer to a form that the framework could not take, whatever it made of the reason."""
    if isinstance(cause, OSError):
        return _disk_error(cause)
    if not cause.message.startswith(_TOO_MANY):
        return problem_response(http_problem(400, error.detail, request_id=request_id.get()))
    detail = f"a form may have {_MAX_FILES} files and as many other fields"
    problem = http_problem(413, detail, request_id=request_id.get(), code="too_many_parts")
    hint = "send several batches, or name the files in one JSON document"
    return problem_response(problem.model_copy(update={"hint": hint}))


async def _os_error(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OSError):
        raise error
    return _disk_error(error)


def _disk_error(error: OSError) -> JSONResponse:
    """Return the answer where a file that came has no place on this machine; all else is unexpected."""
    if error.errno not in NO_SPACE:
        raise error
    full = StorageFullError("there is no space left for the files that come")
    full.__cause__ = error
    return error_response(full)


async def _hung_up(_request: Request, error: Exception) -> JSONResponse:
    # Nobody reads it; nothing went wrong here.
    logger.info("the caller hung up before the request was whole")
    return await _not_whole(_request, error)


async def _not_whole(_request: Request, _error: Exception) -> JSONResponse:
    return problem_response(http_problem(400, "the request is not whole", request_id=request_id.get()))


def _methods_at(request: Request) -> list[str]:
    """Return the methods that the request's path takes; the framework names those of its first route only."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is Match.PARTIAL]
    methods = {method for route in routes for method in route.methods}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    current = str(request.scope[SCOPE_KEY])
    request_id.set(current)
    trace_id.set(request.scope.get(TRACE_KEY))
    logger.error("unexpected %s", type(error).__name__, exc_info=error)
    response = problem_response(http_problem(500, "", request_id=current, code="internal_error"))
    response.headers["X-Request-Id"] = current
    return response
