"""How long a caller waits for an answer (RFC 7240), and by which key the request is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Query, Request
from fastapi.exceptions import RequestValidationError

from app.api.deps import State

# Printable ASCII; other services take as many characters.
_KEY = r"^[\x21-\x7e]{1,255}$"
# Preferences are parted by commas, and what they say from their parameters by semicolons (RFC 7240, 2);
# neither counts inside of quotes.
_PREFERENCE = re.compile(r"(?:[^,\"]|\"[^\"]*(?:\"|$))+")
_NAMED = re.compile(r"\s*([^\s=;,\"]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\s;\"]*)))?")
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")
_ASYNC = "respond-async"
# What an answer takes beside the waiting.
IN_FLIGHT_MARGIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """How a request is to be answered.

    Attributes
    ----------
    is_job
        Whether it is kept as a job: the caller says how long to wait, or sends a key.
    wait_s
        How long the caller waits for the result before it is told of the job.
    prefers
        The preference that is applied, for the answer's header; None where none was sent.
    """

    is_job: bool
    wait_s: float
    key: str | None
    prefers: str | None


def seconds_of(text: str, *, at_most: float, where: tuple[str, str]) -> float:
    """Return seconds as text says, no more than `at_most`.

    Raises
    ------
    RequestValidationError
        If the text is no number of seconds.
    """
    if not _SECONDS.fullmatch(text):
        raise RequestValidationError(
            [{"type": "value_error", "loc": where, "msg": "is no number of seconds from 0 to 999999"}]
        )
    return min(float(text), at_most)


async def wait_of(
    state: State,
    wait: Annotated[str | None, Query(description="Seconds to wait for an end, before it is told.")] = None,
) -> float:
    """Return how long the caller waits for a job that there is."""
    return 0.0 if wait is None else seconds_of(wait, at_most=state.max_wait_s, where=("query", "wait"))


def preferences_of(header: str) -> dict[str, str]:
    """Return what a header's preferences say, in lower case by name; of one that stands twice the first.

    Examples
    --------
    >>> preferences_of('respond-async, wait="10"; a=b, x-wait=3, foo="wait=1"')
    {'respond-async': '', 'wait': '10', 'x-wait': '3', 'foo': 'wait=1'}
    """
    said: dict[str, str] = {}
    for preference in _PREFERENCE.findall(header.lower()):
        if named := _NAMED.match(preference):
            said.setdefault(named[1], named[2] or named[3] or "")
    return said


async def key_of(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=_KEY,
            description="The same key within 24 hours makes no second job, unless the first was deleted.",
        ),
    ] = None,
) -> str | None:
    """Return the key by which the request is known, if it has one."""
    if len(set(request.headers.getlist("idempotency-key"))) > 1:
        issue = {
            "type": "value_error",
            "loc": ("header", "idempotency-key"),
            "msg": "sent twice, and differs",
        }
        raise RequestValidationError([issue])
    return idempotency_key


AskedKey = Annotated[str | None, Depends(key_of)]


async def reply_of(
    request: Request,
    state: State,
    key: AskedKey,
    prefer: Annotated[
        str | None,
        Header(description="`wait=N`: the result within N seconds, else the job; `respond-async`: the job."),
    ] = None,
    wait: Annotated[
        str | None, Query(description="As `Prefer: wait=N`, which it overrules; 0 answers with the job.")
    ] = None,
) -> Reply:
    """Return how the caller wants to be answered; one that says nothing waits for the result."""
    preferred = preferences_of(", ".join(request.headers.getlist("prefer")))
    text = wait if wait is not None else preferred.get("wait")
    where = ("query", "wait") if wait is not None else ("header", "prefer")
    if text is not None:
        wait_s = seconds_of(text, at_most=state.max_wait_s, where=where)
    else:
        wait_s = 0.0 if _ASYNC in preferred else state.max_wait_s
    is_said = text is not None or _ASYNC in preferred
    return Reply(
        is_job=is_said or key is not None,
        wait_s=wait_s,
        key=key,
        prefers=None if prefer is None or not is_said else f"wait={wait_s:g}" if wait_s else _ASYNC,
    )


AskedReply = Annotated[Reply, Depends(reply_of)]
AskedWait = Annotated[float, Depends(wait_of)]
