"""OCR of rendered pages in child processes that outlive a document, because their models load slowly."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter

from ocr.engine import PageReading
from ocr.limits import ReadLimits
from ocr.parser import RenderedPage
from ocr.sandbox import ChildLimits, ChildPool, SharedFile, checked, retry_if_lost
from schemas.errors import ParserCrashedError

# Engines keep caches that grow with odd page sizes; a fresh process now and then is cheap insurance.
_MAX_USES = 200
_READING = TypeAdapter(PageReading)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What OCR read on a page and the CPU seconds it took."""

    reading: PageReading
    cpu_s: float


def recognise(
    page: RenderedPage,
    *,
    engine: str,
    languages: tuple[str, ...],
    limits: ReadLimits,
    is_upright: bool = False,
) -> Recognised:
    """Return the words of a rendered page, read in a child process; `is_upright` as `read_page_image` has it.

    Raises
    ------
    OcrError
        If the engine is missing or fails, the page takes too long, or the child dies.
    """
    args = {
        "height_px": page.height_px,
        "width_px": page.width_px,
        "dpi": page.dpi,
        "engine": engine,
        "languages": list(languages),
        "is_upright": is_upright,
    }
    sizes = ChildLimits(memory_bytes=limits.ocr_memory_bytes, file_bytes=limits.max_result_bytes)

    def read() -> Recognised:
        with _pool().borrow(sizes) as child, SharedFile() as output:
            cpu_s = limits.ocr_cpu_seconds_per_page
            reply = child.run("recognise", args, cpu_s=cpu_s, output=output, source=page.file)
            if not 0 <= reply.size <= limits.max_result_bytes:
                raise ParserCrashedError(f"the recogniser reports an answer of {reply.size} bytes")
            return Recognised(reading=checked(_READING, output.read(reply.size)), cpu_s=reply.cpu_s)

    return retry_if_lost(read)


@cache
def _pool() -> ChildPool:
    pool = ChildPool(kind="recogniser", max_idle=len(os.sched_getaffinity(0)), max_uses=_MAX_USES)
    atexit.register(pool.close)
    return pool
