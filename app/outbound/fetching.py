"""Opening callers' URLs: each name is resolved once and the connection pinned to what was checked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urljoin

import httpx2

from app.outbound.addresses import (
    Address,
    OutboundPolicy,
    Target,
    check_addresses,
    literal_address,
    parse_target,
)
from schemas.errors import DocumentTooLargeError
from schemas.service_errors import FetchFailedError

Resolve = Callable[[str, int], Awaitable[tuple[Address, ...]]]
_Read = Callable[[httpx2.Response], Awaitable[bytes]]

_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# An address that takes no connection leaves time for the next one. The whole has a bound of its own, within
# which whoever has taken one may think as long as there is.
_CONNECT_TIMEOUT_S = 10.0
# A name with more is asked at the first ones.
_MAX_ADDRESSES = 3
_USER_AGENT = "rasg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one exchange may take, redirects included: seconds, bytes of the answer, and redirects."""

    timeout_s: float = 30.0
    max_bytes: int = 50_000_000
    max_redirects: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the status, the fields of the header in lower case, and what was read of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def resolve_name(host: str, port: int) -> tuple[Address, ...]:
    """Return the addresses of a name, as the system's resolver gives them; none if it has none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opener:
    """Opens callers' URLs within a policy and bounds; safe to share.

    No proxy, no cookie, no credentials of the environment, no compressed answer. `resolve` and `tls` are the
    system's resolver and certificates unless they are replaced.
    """

    policy: OutboundPolicy
    bounds: Bounds = Bounds()
    resolve: Resolve = resolve_name
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def check(self, url: str) -> Target:
        """Return what a URL names, if its form may be opened; see `parse_target`."""
        return parse_target(url, self.policy)

    async def fetch(self, url: str) -> bytes:
        """Return what stands at a URL; redirects are followed, and each is checked as the first.

        Raises
        ------
        AddressRefusedError
            If it, or where it leads, may not be opened.
        DocumentTooLargeError
            If the answer is larger than the bounds.
        FetchFailedError
            If nobody answers in time, or not with 200.
        """
        async with _deadline(self.bounds.timeout_s):
            for _ in range(self.bounds.max_redirects + 1):
                target = self.check(url)
                answer = await self._exchange("GET", target, {}, b"", read=self._read)
                if answer.status == _OK:
                    return answer.body
                if answer.status not in _REDIRECTS or "location" not in answer.headers:
                    raise FetchFailedError(f"the URL was answered with {answer.status}, not with a document")
                url = urljoin(target.url, answer.headers["location"])
        raise FetchFailedError(f"the URL leads on more than {self.bounds.max_redirects} times")

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return the answer to a message, without its body; a redirect is an answer, and not followed.

        A receiver has said whether it has the message once its status is there: how long it goes on, in
        which form, and whether it ends at all is nothing to its sender.

        Raises
        ------
        AddressRefusedError, FetchFailedError
            As `fetch`, but every status is an answer.
        """
        async with _deadline(self.bounds.timeout_s):
            return await self._exchange("POST", self.check(url), headers, body, read=_read_nothing)

    async def _exchange(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes, *, read: _Read
    ) -> Answer:
        own = {"Host": target.authority, "User-Agent": _USER_AGENT, "Accept-Encoding": "identity"}
        timeout = httpx2.Timeout(self.bounds.timeout_s, connect=_CONNECT_TIMEOUT_S)
        request = httpx2.Request(
            method,
            target.url,
            headers={**headers, **own},
            content=body or None,
            # The connection goes to an address; the certificate must still be the name's.
            extensions={"sni_hostname": target.host, "timeout": timeout.as_dict()},
        )
        addresses = check_addresses(await self._addresses(target), self.policy)
        try:
            async with httpx2.AsyncHTTPTransport(verify=self.tls, trust_env=False) as transport:
                return await self._ask(transport, request, target, addresses[:_MAX_ADDRESSES], read)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            # Whether a port is shut or a name unknown is nothing that a caller may find out through us.
            raise FetchFailedError("the URL could not be fetched") from error

    async def _ask(
        self,
        transport: httpx2.AsyncHTTPTransport,
        request: httpx2.Request,
        target: Target,
        addresses: tuple[Address, ...],
        read: _Read,
    ) -> Answer:
        """Return the answer from the first address that takes a connection."""
        for address in addresses:
            request.url = httpx2.URL(target.at(address))
            try:
                response = await transport.handle_async_request(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if address == addresses[-1]:
                    raise
                continue
            async with aclosing(response):
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(status=response.status_code, headers=headers, body=await read(response))
        raise FetchFailedError("the URL could not be fetched")

    async def _addresses(self, target: Target) -> tuple[Address, ...]:
        literal = literal_address(target.host)
        return await self.resolve(target.host, target.port) if literal is None else (literal,)

    async def _read(self, response: httpx2.Response) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise FetchFailedError("the URL answers in a compressed form that was not asked for")
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self.bounds.max_bytes:
                raise DocumentTooLargeError(f"the answer is larger than {self.bounds.max_bytes} bytes")
        return bytes(body)


async def _read_nothing(_: httpx2.Response) -> bytes:
    return b""


@asynccontextmanager
async def _deadline(seconds: float) -> AsyncGenerator[None]:
    """End what runs inside once the time is over, however slowly its bytes drip."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise FetchFailedError(f"the URL gave no answer within {seconds:g} seconds") from None
