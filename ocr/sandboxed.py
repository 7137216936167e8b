"""Any function of bytes, run in a child process that can be killed: for parsers that are not this package's.

What reads hostile bytes in another package (the XML of an e-invoice, say) gets the child's limits without
this package knowing it: the child imports the function by its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

from pydantic import JsonValue, TypeAdapter

from ocr.limits import ReadLimits
from ocr.sandbox import Child, ChildLimits, SharedFile, checked
from schemas.errors import ParserCrashedError

T = TypeVar("T")

_MAX_RESULT_BYTES = 16_000_000


def run_in_child(
    function: Callable[..., object],
    data: bytes,
    result: TypeAdapter[T],
    *,
    limits: ReadLimits,
    cpu_s: float | None = None,
    **kwargs: JsonValue,
) -> T:
    """Return `function(data, **kwargs)`, run in a child process under its limits.

    Parameters
    ----------
    function
        At the top of a module. It takes hostile bytes and gives what `json` can write; errors of our tree
        come back as themselves where `ocr.sandbox` knows their code.
    result
        What comes back must be of this type; the child is not believed.
    limits
        Its `memory_bytes` is the child's; no result is longer than 16 MB.
    cpu_s
        Processor time, in seconds; `limits.open_cpu_seconds` if None.

    Raises
    ------
    InputError
        As the function raises it, and if it raises anything else: bytes that a parser cannot take.
    DocumentTooLargeError
        If it needs more memory, or its answer is longer, than is allowed.
    OcrTimeoutError, ParserCrashedError
        If it used up its time, or died.

    Examples
    --------
    >>> from ocr.limits import ReadLimits
    >>> run_in_child(len, b"four", TypeAdapter(int), limits=ReadLimits())
    4
    """
    sizes = ChildLimits(memory_bytes=limits.memory_bytes, file_bytes=_MAX_RESULT_BYTES)
    called = {"module": function.__module__, "name": function.__qualname__, "kwargs": kwargs}
    child = Child(kind="parser", limits=sizes)
    try:
        with SharedFile(data) as source, SharedFile() as output:
            seconds = limits.open_cpu_seconds if cpu_s is None else cpu_s
            reply = child.run("call", called, cpu_s=seconds, output=output, source=source)
            if not 0 <= reply.size <= _MAX_RESULT_BYTES:
                raise ParserCrashedError(f"the parser reports an answer of {reply.size} bytes")
            return checked(result, output.read(reply.size))
    finally:
        child.close()


def call_named(called: Mapping[str, Any], data: bytes) -> bytes:
    """Return as JSON what the named function gives; runs only in the child."""
    function = getattr(import_module(called["module"]), called["name"])
    return json.dumps(function(data, **called["kwargs"]), allow_nan=False).encode()
