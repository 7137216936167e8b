"""What a child process does with a document or a page image; runs only inside the sandbox.

A task takes JSON arguments and the content of a file, and gives JSON and bytes. `serve` runs tasks one after
another until the other side hangs up.
"""

from __future__ import annotations

import json
import os
import resource
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import TypeAdapter

from ocr.einvoices import AttachedEInvoice
from ocr.engine import PageReading
from ocr.limits import ReadLimits
from ocr.source import PageScan, Source, open_source
from schemas.document import ReadWarning
from schemas.errors import RasgError
from schemas.geometry import BBox

MAX_MESSAGE_BYTES = 64 * 1024
_MAX_ERROR_CHARS = 500
# Made once, before any child is forked: building them takes longer than a page.
_WARNINGS = TypeAdapter(tuple[ReadWarning, ...])
_SCAN = TypeAdapter(PageScan)
_READING = TypeAdapter(PageReading)
_ATTACHED = TypeAdapter(AttachedEInvoice)

# JSON objects of this module's own protocol.
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """The result of a task: a small JSON object and the content of a file."""

    meta: Json
    content: bytes | memoryview = b""


@dataclass(slots=True)
class Session:
    """What a child keeps between tasks: the document it has opened."""

    source: Source | None = None


def _open(session: Session, args: Json, data: bytes) -> TaskResult:
    session.source = open_source(
        data, args["media_type"], limits=ReadLimits(**args["limits"]), password=args["password"]
    )
    warnings = _WARNINGS.dump_json(session.source.warnings)
    meta = {"n_pages": session.source.n_pages, "n_attachments": session.source.n_attachments}
    return TaskResult(meta=meta, content=warnings)


def _opened(session: Session) -> Source:
    if session.source is None:
        raise ValueError("no document is open")
    return session.source


def _scan(session: Session, args: Json, _data: bytes) -> TaskResult:
    scan = _opened(session).scan(args["page_index"])
    return TaskResult(meta={}, content=_SCAN.dump_json(scan))


def _render(session: Session, args: Json, _data: bytes) -> TaskResult:
    """Return the page, or if boxes are given a sheet of what stands there, with or without the text layer."""
    from ocr.strips import lay_out

    boxes = [BBox(*box) for box in args["boxes"]]
    page = _opened(session).pixels(
        args["page_index"],
        dpi=args["dpi"],
        rotation_deg=args["rotation_deg"],
        without_text=args["without_text"],
    )
    page_height, page_width = page.pixels.shape[:2]
    pixels = page.pixels
    if boxes:
        pixels = lay_out(boxes, width_px=page_width, height_px=page_height).cut(pixels)
    meta = {
        "height_px": pixels.shape[0],
        "width_px": pixels.shape[1],
        "page_height_px": page_height,
        "page_width_px": page_width,
        "dpi": page.dpi,
    }
    return TaskResult(meta=meta, content=pixels.tobytes())


def _picture(session: Session, args: Json, _data: bytes) -> TaskResult:
    """Return the page image that word boxes refer to, as a PNG no larger than asked for."""
    from ocr.preprocess import correct

    page = _opened(session).pixels(args["page_index"], dpi=args["dpi"])
    pixels = correct(page.pixels, rotation_deg=args["rotation_deg"], skew_deg=args["skew_deg"])
    image = Image.fromarray(pixels)
    image.thumbnail((args["max_side_px"], args["max_side_px"]))
    encoded = BytesIO()
    image.save(encoded, format="PNG")
    return TaskResult(meta={}, content=encoded.getvalue())


def _thumbnail(session: Session, args: Json, _data: bytes) -> TaskResult:
    """Return the page image that word boxes refer to, small and grey."""
    from ocr.preprocess import thumbnail

    pixels = _opened(session).pixels(args["page_index"], dpi=args["dpi"]).pixels
    small = thumbnail(pixels, rotation_deg=args["rotation_deg"], skew_deg=args["skew_deg"])
    height, width = small.shape
    return TaskResult(meta={"height_px": height, "width_px": width}, content=small.tobytes())


def _einvoice_xml(_session: Session, args: Json, data: bytes) -> TaskResult:
    from ocr.attachments import embedded_xml

    found = embedded_xml(data, password=args["password"])
    return TaskResult(meta={"found": found is not None}, content=found or b"")


def _attached_einvoice(session: Session, _args: Json, _data: bytes) -> TaskResult:
    """Return the e-invoice that the opened document carries."""
    return TaskResult(meta={}, content=_ATTACHED.dump_json(_opened(session).attached_einvoice()))


def _call(_session: Session, args: Json, data: bytes) -> TaskResult:
    from ocr.sandboxed import call_named

    return TaskResult(meta={}, content=call_named(args, data))


def _recognise(_session: Session, args: Json, data: bytes) -> TaskResult:
    from ocr.router import read_page_image

    shape = (args["height_px"], args["width_px"], 3)
    pixels: NDArray[np.uint8] = np.frombuffer(data, dtype=np.uint8).reshape(shape)
    reading = read_page_image(
        pixels,
        dpi=args["dpi"],
        engine=args["engine"],
        languages=tuple(args["languages"]),
        is_upright=args["is_upright"],
    )
    return TaskResult(meta={}, content=_READING.dump_json(reading))


TASKS: Mapping[str, Callable[[Session, Json, bytes], TaskResult]] = {
    "open": _open,
    "scan": _scan,
    "render": _render,
    "picture": _picture,
    "thumbnail": _thumbnail,
    "einvoice_xml": _einvoice_xml,
    "attached_einvoice": _attached_einvoice,
    "call": _call,
    "recognise": _recognise,
}


def serve(control: socket.socket) -> None:
    """Run tasks that arrive on `control` until it is closed.

    A request is a JSON object (`task`, `args`, `cpu_s`) and two files: what to read, and where to write.
    """
    session = Session()
    while True:
        message, fds, _, _ = socket.recv_fds(control, MAX_MESSAGE_BYTES, 2)
        if not message:
            return
        try:
            answer = _answer(session, json.loads(message), *fds)
        finally:
            for fd in fds:
                os.close(fd)
        control.sendall(json.dumps(answer).encode())


def _answer(session: Session, request: Json, input_fd: int, output_fd: int) -> Json:
    started_s = _cpu_seconds()
    _allow_cpu(request["cpu_s"])
    try:
        data = os.pread(input_fd, os.fstat(input_fd).st_size, 0)
        answer = TASKS[request["task"]](session, request["args"], data)
        size = _write_all(output_fd, answer.content)
    except RasgError as error:
        return _failure(error.code, str(error), error.hint)
    except MemoryError:
        return _failure("memory", "more memory is needed than allowed", None)
    except Exception as error:  # noqa: BLE001 # hostile bytes make libraries raise anything; the parent decides
        return _failure("unexpected", f"{type(error).__name__}: {error}", None)
    return {"ok": True, "meta": answer.meta, "size": size, "cpu_s": _cpu_seconds() - started_s}


def _failure(code: str, message: str, hint: str | None) -> Json:
    return {"ok": False, "code": code, "message": message[:_MAX_ERROR_CHARS], "hint": hint}


def _write_all(fd: int, content: bytes | memoryview) -> int:
    view = memoryview(content)
    written = 0
    while written < len(view):
        written += os.pwrite(fd, view[written:], written)
    return written


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _allow_cpu(seconds: float) -> None:
    """Let this process run for `seconds` more; beyond that the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
