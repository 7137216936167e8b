"""How the client speaks to the service: one call for each operation, problems as errors."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar, Self, cast
from urllib.parse import quote

import httpx2

from schemas.errors import RasgError

# A document's bytes, alone or with the name of its file; or a text, such as the name of a schema.
Upload = bytes | str | tuple[str, bytes]

_TIMEOUT_S = 330.0  # a little longer than the service works on a request
_PROBLEM = "application/problem+json"


class ServiceError(RasgError):
    """The service refused or failed, or could not be reached.

    Attributes
    ----------
    status
        Of the answer; None if there was none.
    service_code
        The problem's stable code; None if the answer was no problem document.
    problem
        The whole problem document, with its `request_id`; empty if there was none.
    """

    code: ClassVar[str] = "service_error"

    def __init__(self, message: str, *, status: int | None = None, problem: Mapping[str, Any] | None = None):
        self.problem = dict(problem or {})
        super().__init__(message, hint=self.problem.get("hint"))
        self.status = status
        self.service_code: str | None = self.problem.get("code")


class Transport:
    """A connection to one service.

    Parameters
    ----------
    base_url
        Such as http://127.0.0.1:8000.
    key
        What `rasg keys create` printed; None where the service needs none.
    http
        What sends requests, if not a client of its own; it is not closed.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float = _TIMEOUT_S,
        http: httpx2.Client | None = None,
    ) -> None:
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._is_own = http is None
        self._http = http or httpx2.Client(base_url=base_url, timeout=timeout_s)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """Close the connection, if it is the client's own."""
        if self._is_own:
            self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        at: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, object] | None = None,
        form: Mapping[str, object] | None = None,
        files: Mapping[str, Upload | list[Upload] | None] | None = None,
        body: object = None,
    ) -> Any:  # noqa: ANN401 - what it is, the operation says
        """Return the answer of an operation: its JSON, its text if it is none, None if there is none.

        `at` fills the places of `path`. What is None is not sent.

        Raises
        ------
        ServiceError
            If the service refuses, fails, or cannot be reached.
        """
        filled = path.format_map({name: quote(value, safe="@") for name, value in (at or {}).items()})
        try:
            response = self._http.request(
                method,
                filled,
                params=_said(query),
                headers={**self._headers, **_said(headers)},
                data=_said(form) or None,
                files=_parts(files or {}) or None,
                json=body,
            )
        except httpx2.HTTPError as error:
            raise ServiceError(f"the service does not answer: {type(error).__name__}") from error
        return _answer(response)


def _answer(response: httpx2.Response) -> Any:  # noqa: ANN401
    kind = response.headers.get("content-type", "").partition(";")[0]
    if not response.is_success:
        problem: dict[str, Any] = response.json() if kind == _PROBLEM else {}
        told = problem.get("detail") or f"the service answered {response.status_code}"
        raise ServiceError(told, status=response.status_code, problem=problem)
    if not response.content:
        return None
    return response.json() if kind == "application/json" else response.text


def _said(values: Mapping[str, object] | None) -> dict[str, Any]:
    """Return what was said, as text; of a list each, under the same name."""
    return {name: _text(value) for name, value in (values or {}).items() if value is not None}


def _text(value: object) -> str | list[str]:
    if isinstance(value, list | tuple):
        return [str(one) for one in cast("list[object]", value)]
    return str(value).lower() if isinstance(value, bool) else str(value)


def _parts(files: Mapping[str, Upload | list[Upload] | None]) -> list[tuple[str, tuple[str, bytes]]]:
    """Return the files of a form, each under its field's name and with a name of its own."""
    return [
        (name, _named(upload))
        for name, sent in files.items()
        if sent is not None
        for upload in (sent if isinstance(sent, list) else [sent])
    ]


def _named(upload: Upload) -> tuple[str, bytes]:
    if isinstance(upload, str):
        return ("text", upload.encode())
    return ("document", upload) if isinstance(upload, bytes) else upload
