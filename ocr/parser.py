"""One untrusted document, opened in a child process; pages are asked for one by one."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, PositiveInt, TypeAdapter, ValidationError

from ocr.einvoices import AttachedEInvoice
from ocr.limits import ReadLimits
from ocr.media import MediaType
from ocr.sandbox import Child, ChildLimits, Reply, SharedFile, checked, retry_if_lost
from ocr.source import PageScan
from schemas.document import Page, ReadWarning, Thumbnail
from schemas.errors import ParserCrashedError, RasgError
from schemas.geometry import BBox

logger = logging.getLogger(__name__)

# A page that kills its parser costs a new process; a file that kills this many is given up.
_MAX_CRASHES = 5
# Enough for a thumbnail of the smallest sheet in use, a label of 4 inches.
_THUMBNAIL_DPI = 72
_WARNINGS = TypeAdapter(tuple[ReadWarning, ...])
_SCAN = TypeAdapter(PageScan)
_ATTACHED = TypeAdapter(AttachedEInvoice)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedPage:
    """Pixels in a shared file, (height_px, width_px, 3) uint8 RGB: a page, or a sheet of parts of it.

    `dpi` is None if unknown; `page_height_px` and `page_width_px` are the page's, also for a sheet.
    """

    file: SharedFile
    height_px: int
    width_px: int
    page_height_px: int
    page_width_px: int
    dpi: int | None


class Parser:
    """An opened document. A crash on one page leaves the others readable.

    Raises
    ------
    InputError, OcrError
        From the constructor, if the document cannot be opened.
    """

    def __init__(
        self, data: bytes, media_type: MediaType, *, limits: ReadLimits, password: str | None = None
    ) -> None:
        self._limits = limits
        self._args = {"media_type": media_type, "limits": asdict(limits), "password": password}
        self._lock = threading.Lock()
        self._n_crashes = 0
        self._child: Child | None = None
        self.has_attachments = False
        self.cpu_seconds: Counter[str] = Counter()
        self._data = SharedFile(data)
        try:
            self.n_pages, self.warnings = retry_if_lost(self._open)
        except BaseException:
            self.close()
            raise

    def _open(self) -> tuple[int, tuple[ReadWarning, ...]]:
        sizes = ChildLimits(memory_bytes=self._limits.memory_bytes, file_bytes=self._limits.max_result_bytes)
        self._child = Child(kind="parser", limits=sizes)
        with SharedFile() as output:
            cpu_s = self._limits.open_cpu_seconds
            reply = self._child.run("open", self._args, cpu_s=cpu_s, output=output, source=self._data)
            self._note("parse", reply)
            n_pages = reply.meta.get("n_pages")
            if not isinstance(n_pages, int) or not 0 < n_pages <= self._limits.max_pages:
                raise ParserCrashedError(f"the parser reports {n_pages!r} pages")
            n_attachments = reply.meta.get("n_attachments")
            self.has_attachments = isinstance(n_attachments, int) and n_attachments > 0
            return n_pages, checked(_WARNINGS, self._content(reply, output))

    def attached_einvoice(self) -> AttachedEInvoice:
        """Return the e-invoice that the document carries; one that makes the child fail costs no page."""
        if not self.has_attachments:
            return AttachedEInvoice()
        try:
            with SharedFile() as output:
                reply = self._run("attached_einvoice", {}, output)
                self._note("parse", reply)
                return checked(_ATTACHED, self._content(reply, output))
        except RasgError as error:
            message = f"what is attached to the file cannot be read: {error}"
            return AttachedEInvoice(warnings=(ReadWarning(code="xml_unusable", message=message),))

    def scan(self, page_index: int) -> PageScan:
        """Return the text layer of a page and what is left to OCR."""
        with SharedFile() as output:
            reply = self._run("scan", {"page_index": page_index}, output)
            self._note("parse", reply)
            return checked(_SCAN, self._content(reply, output))

    def render(
        self,
        page_index: int,
        *,
        dpi: int,
        rotation_deg: int = 0,
        boxes: Sequence[BBox] = (),
        without_text: bool = False,
    ) -> RenderedPage:
        """Return the pixels of a page, a clockwise turn of `rotation_deg` undone; the caller closes the file.

        With `boxes` they are the sheet (`ocr.strips.lay_out`) of what stands there, `without_text` only of
        what stands there beside the text layer.
        """
        args = {
            "page_index": page_index,
            "dpi": dpi,
            "rotation_deg": rotation_deg,
            "boxes": [(box.left, box.top, box.right, box.bottom) for box in boxes],
            "without_text": without_text,
        }
        output = SharedFile()
        try:
            reply = self._run("render", args, output)
            self._note("render", reply)
            return _rendered(reply, output)
        except BaseException:
            output.close()
            raise

    def picture(self, page: Page, *, dpi: int, max_side_px: int) -> bytes:
        """Return the PNG image of `page`, upright and deskewed, on which its word boxes lie."""
        args = {
            "page_index": page.page_index,
            "dpi": dpi,
            "rotation_deg": page.rotation_deg,
            "skew_deg": page.skew_deg,
            "max_side_px": max_side_px,
        }
        with SharedFile() as output:
            return self._content(self._run("picture", args, output), output)

    def thumbnail(self, page: Page) -> Thumbnail:
        """Return a small grey image of `page`, upright and deskewed."""
        args = {
            "page_index": page.page_index,
            "dpi": _THUMBNAIL_DPI,
            "rotation_deg": page.rotation_deg,
            "skew_deg": page.skew_deg,
        }
        with SharedFile() as output:
            reply = self._run("thumbnail", args, output)
            self._note("thumbnail", reply)
            return _small(reply, self._content(reply, output))

    def _run(self, task: str, args: Mapping[str, Any], output: SharedFile) -> Reply:
        return retry_if_lost(lambda: self._run_once(task, args, output))

    def _run_once(self, task: str, args: Mapping[str, Any], output: SharedFile) -> Reply:
        with self._lock:
            if self._child is None or not self._child.is_alive:
                self._n_crashes += 1
                if self._n_crashes > _MAX_CRASHES:
                    raise ParserCrashedError(f"the document made its parser fail {_MAX_CRASHES} times")
                self._open()
            if self._child is None:
                raise ParserCrashedError("the document is closed")
            return self._child.run(task, args, cpu_s=self._limits.cpu_seconds_per_page, output=output)

    def _note(self, stage: str, reply: Reply) -> None:
        self.cpu_seconds[stage] += reply.cpu_s  # pyright: ignore[reportArgumentType] # seconds are fractions

    def _content(self, reply: Reply, output: SharedFile) -> bytes:
        if not 0 <= reply.size <= self._limits.max_result_bytes:
            raise ParserCrashedError(f"the parser reports an answer of {reply.size} bytes")
        return output.read(reply.size)

    def close(self) -> None:
        """End the child and free the document."""
        if self._child is not None:
            self._child.close()
        self._data.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _SmallSize(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    height_px: PositiveInt
    width_px: PositiveInt


class _Size(_SmallSize):
    page_height_px: PositiveInt
    page_width_px: PositiveInt
    dpi: PositiveInt | None


def _small(reply: Reply, grey: bytes) -> Thumbnail:
    try:
        size = _SmallSize.model_validate(reply.meta)
        return Thumbnail(width_px=size.width_px, height_px=size.height_px, grey=grey)
    except ValueError as error:
        raise ParserCrashedError("the parser reports a thumbnail of no size") from error


def _rendered(reply: Reply, output: SharedFile) -> RenderedPage:
    try:
        size = _Size.model_validate(reply.meta)
    except ValidationError as error:
        raise ParserCrashedError("the parser reports a page of no size") from error
    if size.height_px * size.width_px * 3 != reply.size:
        raise ParserCrashedError(f"the parser reports {reply.size} bytes for {size!r}")
    return RenderedPage(file=output, **size.model_dump())
