"""Requests to a vLLM server: repeated where harmless, bounded in time and size, cut off where it fails.

What is repeated: a request for which no connection was made, and one that a server or a proxy before it put
off (502, 503). A request that was taken and broke off may be running still: asking for a completion again
would have the server write it twice, so only questions that cost nothing are asked again.
"""

from __future__ import annotations

import time
from typing import Any

import httpx2
import stamina
from stamina.instrumentation import LoggingOnRetryHook, set_on_retry_hooks

from decoding.engines.breaker import CircuitBreaker
from schemas.errors import EngineUnavailableError

_CONNECT_TIMEOUT_S = 5.0
_N_ATTEMPTS = 3
_FIRST_WAIT_S, _MAX_WAIT_S = 0.2, 2.0
# An answer of 2,048 tokens with their log-probabilities is under a megabyte.
_MAX_ANSWER_BYTES = 64_000_000
_PUT_OFF = frozenset({502, 503})
_NOT_CONNECTED = (httpx2.ConnectError, httpx2.ConnectTimeout)
_BROKEN_OFF = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)
# An adapter that does not fit the model is a 500 too, and says nothing of the server.
_NOT_TELLING = frozenset({"/v1/load_lora_adapter", "/v1/unload_lora_adapter"})


class _PutOffError(Exception):
    def __init__(self, response: httpx2.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class VllmTransport:
    """Sends requests to the server at `base_url`; safe to share by threads.

    `timeout_s` bounds one answer, from sending to its last byte.
    """

    def __init__(
        self, base_url: str, *, api_key: str | None, timeout_s: float, breaker: CircuitBreaker
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout_s = timeout_s
        self._breaker = breaker
        self._http = httpx2.Client(
            base_url=base_url.rstrip("/").removesuffix("/v1"),
            headers=headers,
            timeout=httpx2.Timeout(timeout_s, connect=_CONNECT_TIMEOUT_S),
            trust_env=False,  # no proxy between the service and its own engine
        )
        # By default it prints to stdout where structlog is installed, and there the command line answers.
        set_on_retry_hooks([LoggingOnRetryHook])

    @property
    def is_cut_off(self) -> bool:
        """Return whether requests are refused until the server recovers."""
        return self._breaker.is_open

    def send(
        self, method: str, path: str, body: dict[str, Any] | None, *, may_repeat: bool
    ) -> httpx2.Response:
        """Return the server's answer, of whatever status.

        Parameters
        ----------
        may_repeat
            Whether the server may do the work twice.

        Raises
        ------
        EngineUnavailableError
            If it cannot be reached, breaks off, takes too long, or failed so often that it is left alone.
        """
        with self._breaker.guard() as fail:
            try:
                response = self._send_patiently(method, path, body, may_repeat=may_repeat)
            except _NOT_CONNECTED as error:
                raise EngineUnavailableError(f"cannot connect to the vLLM server: {error}") from error
            except httpx2.HTTPError as error:
                raise EngineUnavailableError(f"the vLLM server broke off: {type(error).__name__}") from error
            if response.is_server_error and path not in _NOT_TELLING:
                fail()
            return response

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send_patiently(
        self, method: str, path: str, body: dict[str, Any] | None, *, may_repeat: bool
    ) -> httpx2.Response:
        again = (*_NOT_CONNECTED, _PutOffError, *(_BROKEN_OFF if may_repeat else ()))
        attempts = stamina.retry_context(
            on=again,
            attempts=_N_ATTEMPTS,
            timeout=None,
            wait_initial=_FIRST_WAIT_S,
            wait_max=_MAX_WAIT_S,
            wait_jitter=_FIRST_WAIT_S,
        )
        try:
            for attempt in attempts:
                with attempt:
                    response = self._send_once(method, path, body)
                    if response.status_code in _PUT_OFF:
                        raise _PutOffError(response)
                    return response
        except _PutOffError as error:
            return error.response
        raise RuntimeError("a retry ended without an answer or an error")

    def _send_once(self, method: str, path: str, body: dict[str, Any] | None) -> httpx2.Response:
        """Return one answer, read to its end; the client's own limit is only for each piece of it."""
        deadline = time.monotonic() + self._timeout_s
        pieces: list[bytes] = []
        n_bytes = 0
        with self._http.stream(method, path, json=body) as response:
            for piece in response.iter_bytes():
                pieces.append(piece)
                n_bytes += len(piece)
                if time.monotonic() > deadline:
                    raise httpx2.ReadTimeout("the answer takes too long", request=response.request)
                if n_bytes > _MAX_ANSWER_BYTES:
                    raise httpx2.ReadError("the answer does not end", request=response.request)
        return httpx2.Response(response.status_code, content=b"".join(pieces))
