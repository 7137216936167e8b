"""An opened document of any kind, page by page: what its text layer says, and its pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from ocr.actual_text import drop_false_texts
from ocr.digit_shapes import misread_reason, unmapped_reason
from ocr.directions import arrange_leaning, lean_slope, upright_words
from ocr.einvoices import AttachedEInvoice, find_attached
from ocr.form_values import FormValue, form_values, has_form, join_combs
from ocr.image_file import ImageSource, open_image
from ocr.ink import InkLine, find_lines
from ocr.limits import ReadLimits
from ocr.media import MediaType
from ocr.number_shapes import find_doubtful
from ocr.pdf import PageFrame, PdfSource, open_pdf, page_frame, turned
from ocr.reading_order import Arrangement
from ocr.render import render, render_dpi
from ocr.stray_marks import find_marked
from ocr.text_layer import Box, LayerWord, layer_words, open_text, quarter_turns
from ocr.text_quality import garbage_reason
from ocr.tiled import part_tiled
from ocr.visibility import Shown, overprinted, part_by_sight, switch_off_text, what_is_shown
from schemas.document import ReadWarning, ReadWarningCode, Word
from schemas.errors import DocumentTooLargeError
from schemas.geometry import BBox, clip

# What is read by OCR: nothing, the whole page, the whole page to check the words of a layer that hides some,
# the large images beside a good text layer (the page is read, and what stands in them is kept), or lines of
# ink that the layer lacks (they are cut out and read alone).
OcrScope = Literal["nothing", "page", "check", "images", "ink"]

# An image without a stated resolution is taken for a scan at the usual one.
_ASSUMED_DPI = 200
# Letters and digits of hidden text that make a page suspect; less (a stray mark, an ellipsis clipped by a
# table cell) is left out, and the rest of the layer is read.
_MAX_HIDDEN_CHARS = 5
# Images that fill less of the page are logos, signatures and bar codes: no values stand in them alone.
_MIN_IMAGE_SHARE = 0.08
# Ink of a few words; a blank scan has less, even with the shadow of an edge.
_MIN_REST_INK = 0.0005
_MIN_IMAGE_INK = 0.002
# Four letters of the smallest print.
_MIN_LINE_INK = 0.00005
# Characters: a page number beside drawings or a scan is no text layer.
_FEW_CHARS = 12
# A scan and its text may lie a little askew.
_MAX_LEAN_DEG = 10
_WHOLE_PAGE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageScan:
    """What is known of a page before OCR.

    Attributes
    ----------
    width_pt, height_pt
        Size with the text upright.
    words
        The words of the text layer that the page shows, in file order.
    apart
        Those that run in another direction than most (a watermark, a note along the edge), one arrangement a
        direction. They are of no line of `words`.
    hidden
        The words of the text layer that the page does not show, in file order.
    rotation_deg
        Clockwise degrees by which the text appeared turned; `words` are upright.
    ocr
        What OCR has to read.
    image_boxes
        Where to look for more words when `ocr` is "images", or `doubted` are checked, on the upright page.
    slope
        How far the lines of the layer fall over the width of the upright page, in page heights.
    doubted
        Where the words stand that have to be checked when `ocr` is "check", on the upright page; None if all.
    ink_lines
        What looks like text beside a good text layer and is none of its words, on the upright page.
    """

    width_pt: float
    height_pt: float
    words: tuple[Word, ...]
    apart: tuple[Arrangement, ...]
    hidden: tuple[str, ...]
    rotation_deg: int
    ocr: OcrScope
    image_boxes: tuple[BBox, ...]
    warnings: tuple[ReadWarning, ...]
    ink_lines: tuple[InkLine, ...] = ()
    doubted: tuple[BBox, ...] | None = None
    slope: float = 0.0

    @property
    def printed(self) -> tuple[Word, ...]:
        """Return the words of the text layer that the page shows, those that run in other directions too."""
        return (*self.words, *(word for arranged in self.apart for word in arranged.words))


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePixels:
    """A page as displayed: (height, width, 3) uint8 RGB at `dpi`; None where the file states none."""

    pixels: NDArray[np.uint8]
    dpi: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An opened document."""

    file: PdfSource | ImageSource
    limits: ReadLimits

    @property
    def n_pages(self) -> int:
        """Return the number of pages."""
        return self.file.n_pages

    @property
    def n_attachments(self) -> int:
        """Return the number of files that it carries beside its pages."""
        if not isinstance(self.file, PdfSource):
            return 0
        untyped: Any = self.file.document
        return int(untyped.count_attachments())

    def attached_einvoice(self) -> AttachedEInvoice:
        """Return the e-invoice among them."""
        if isinstance(self.file, PdfSource):
            return find_attached(self.file.document)
        return AttachedEInvoice()

    @property
    def warnings(self) -> tuple[ReadWarning, ...]:
        """Return what opening the file noticed."""
        if isinstance(self.file, ImageSource):
            skipped = "of several frames only the first was read"
            return (ReadWarning(code="pages_skipped", message=skipped),) if self.file.has_more_frames else ()
        noticed: list[ReadWarning] = []
        if self.file.is_repaired:
            rebuilt = "the file's structure was damaged and rebuilt"
            noticed.append(ReadWarning(code="repaired_file", message=rebuilt))
        if self.file.has_unread_form:
            unread = "the file's form cannot be read: values that its pages do not draw are missing"
            noticed.append(ReadWarning(code="unread_ink", message=unread))
        if self.file.portfolio is not None:
            noticed.append(ReadWarning(code="portfolio", message=self.file.portfolio.message))
        return tuple(noticed)

    def scan(self, page_index: int) -> PageScan:
        """Return the text layer of a page and whether it has to be OCRed."""
        if isinstance(self.file, PdfSource):
            return _scan_pdf(self.file, page_index, self.limits)
        image = self.file.decode(page_index)
        height, width = image.pixels.shape[:2]
        points = 72 / (image.dpi or _ASSUMED_DPI)
        damaged = "the image ends too early; the missing part is grey"
        return PageScan(
            width_pt=width * points,
            height_pt=height * points,
            words=(),
            apart=(),
            hidden=(),
            rotation_deg=0,
            ocr="page",
            image_boxes=(),
            warnings=(_warning("repaired_file", damaged, page_index),) if image.is_truncated else (),
        )

    def pixels(
        self, page_index: int, *, dpi: int, rotation_deg: int = 0, without_text: bool = False
    ) -> PagePixels:
        """Return the pixels of a page, a clockwise turn of `rotation_deg` undone.

        A PDF page has about `dpi`, and the text of its layer only if that is wanted; an image is as it is.
        """
        if isinstance(self.file, ImageSource):
            image = self.file.decode(page_index)
            return PagePixels(pixels=_turned_back(image.pixels, rotation_deg), dpi=image.dpi)
        with self.file.page(page_index) as page:
            frame = page_frame(page)
            width_pt, height_pt = frame.size_pt
            used_dpi = render_dpi(width_pt, height_pt, dpi=dpi, max_pixels=self.limits.max_pixels_per_page)
            if without_text:
                switch_off_text(page, frame)
            return PagePixels(pixels=_turned_back(render(page, dpi=used_dpi), rotation_deg), dpi=used_dpi)


def _turned_back(pixels: NDArray[np.uint8], rotation_deg: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rot90(pixels, rotation_deg // 90))


def open_source(
    data: bytes, media_type: MediaType, *, limits: ReadLimits, password: str | None = None
) -> Source:
    """Return the opened document; see `open_pdf` and `open_image` for the errors."""
    if media_type == "application/pdf":
        return Source(file=open_pdf(data, limits=limits, password=password), limits=limits)
    return Source(file=open_image(data, media_type, limits=limits), limits=limits)


def _scan_pdf(source: PdfSource, page_index: int, limits: ReadLimits) -> PageScan:
    values = _read_form(source, page_index)
    with source.page(page_index) as page:
        frame = page_frame(page)
        # The page's fields are part of its content by now, so that it is the same page once more.
        n_false = drop_false_texts(page, lambda: source.unflattened_page(page_index))
        n_turns, found = _layer(page, frame, page_index, limits.max_words_per_page)
        found = join_combs(found, values)
        shown = what_is_shown(page, frame, found)
        visible, hidden = part_by_sight(found, shown, frame)
        misread = misread_reason(visible, shown.drawn_digits) or unmapped_reason(visible)
        doubted = (
            *find_doubtful(visible, shown.drawn_digits),
            *find_marked(visible, shown, frame, n_turns),
        )
    scope, warnings = _verdict(visible, hidden, shown, misread, page_index)
    # Hidden words may run in any direction.
    n_turns = _turns_of(visible) if scope == "check" else n_turns
    # A number in doubt is no reason to doubt the words around it.
    is_in_part = bool(doubted) and scope not in ("page", "check")
    words, apart = _words_by_direction(visible, n_turns, frame.size_pt)
    is_turned = n_turns % 2 == 1 and scope != "page"
    width_pt, height_pt = frame.size_pt[::-1] if is_turned else frame.size_pt
    scan = PageScan(
        width_pt=width_pt,
        height_pt=height_pt,
        words=words,
        apart=apart,
        hidden=tuple(word.text for word in hidden),
        rotation_deg=90 * n_turns,
        ocr="check" if is_in_part else scope,
        image_boxes=_boxes_to_read(visible, shown, n_turns) if scope == "images" else (),
        doubted=tuple(clip(*turned(word.box, -n_turns)) for word in doubted) if is_in_part else None,
        warnings=(*warnings, *_false_texts(n_false, page_index)),
        slope=lean_slope(visible, n_turns, (width_pt, height_pt)),
    )
    return scan if scope in ("page", "check") else _with_ink(scan, shown, n_turns)


def _layer(
    page: pdfium.PdfPage, frame: PageFrame, page_index: int, max_words: int
) -> tuple[int, tuple[LayerWord, ...]]:
    """Return how often the text layer is turned, and its words; one too many is an error."""
    with open_text(page) as textpage:
        n_turns = quarter_turns(textpage, frame)
        found = layer_words(textpage, frame, max_words=max_words + 1)
    if len(found) > max_words:
        raise DocumentTooLargeError(f"page {page_index + 1} has more than {max_words} words")
    return n_turns, found


def _false_texts(n_false: int, page_index: int) -> Iterator[ReadWarning]:
    if n_false:
        message = f"{n_false} texts that the file gives for its glyphs say something else than they show"
        yield _warning("hidden_text", message, page_index)


def _turns_of(words: Sequence[LayerWord]) -> int:
    """Return the clockwise quarter turns by which most characters of some words appear turned."""
    turns: Counter[int] = Counter()
    for word in words:
        turns[round(word.angle_deg / 90) % 4] += len(word.text)
    return turns.most_common(1)[0][0]


def _read_form(source: PdfSource, page_index: int) -> tuple[FormValue, ...]:
    if not has_form(source.document):
        return ()
    with source.unflattened_page(page_index) as page:
        return form_values(source.document, page, page_frame(page))


def _with_ink(scan: PageScan, shown: Shown, n_turns: int) -> PageScan:
    """Return the scan with what looks like text, turned as its words are, and is none of them.

    Beside no words there is none: such a page is read whole, or has nothing.
    """
    if not scan.printed or shown.rest_ink_share < _MIN_LINE_INK:
        return scan
    lines = find_lines(_turned_back(shown.without_text, 90 * n_turns), [word.bbox for word in scan.printed])
    return replace(scan, ink_lines=lines, ocr="ink" if lines and scan.ocr == "nothing" else scan.ocr)


def _verdict(
    visible: Sequence[LayerWord],
    hidden: Sequence[LayerWord],
    shown: Shown,
    misread: str | None,
    page_index: int,
) -> tuple[OcrScope, tuple[ReadWarning, ...]]:
    """Return what has to be OCRed, and why the text layer is not trusted if it is not."""
    is_suspect, warnings = _suspect(visible, hidden, shown, page_index)
    if is_suspect and not visible:
        return "page", warnings
    n_unmapped = sum(w.n_unmapped for w in visible)
    reason = garbage_reason([w.text for w in visible], n_unmapped=n_unmapped) or misread
    if reason is not None:
        return "page", (*warnings, _warning("bad_text_layer", reason, page_index))
    return "check" if is_suspect else _find_missing_text(visible, shown), warnings


def _suspect(
    visible: Sequence[LayerWord], hidden: Sequence[LayerWord], shown: Shown, page_index: int
) -> tuple[bool, tuple[ReadWarning, ...]]:
    """Return whether the layer hides text that its honest words do not explain, and what is hidden."""
    warnings: tuple[ReadWarning, ...] = ()
    if _n_alnum([w.text for w in hidden]) or shown.hidden_letters:
        message = (
            f"{len(hidden)} of {len(hidden) + len(visible)} words of the text layer are not shown by the page"
        )
        warnings = (_warning("hidden_text", message, page_index),)
        if _n_alnum(_find_planted(hidden, visible)) > _MAX_HIDDEN_CHARS:
            return True, warnings
    stacked = overprinted(visible)
    if _n_alnum(stacked) > _MAX_HIDDEN_CHARS:
        message = f"{len(stacked)} words of the text layer are printed over other words"
        return True, (*warnings, _warning("hidden_text", message, page_index))
    return False, warnings


def _find_planted(hidden: Sequence[LayerWord], visible: Sequence[LayerWord]) -> list[str]:
    """Return the hidden words that are not the cut-off end of something shown.

    Tables clip what is too long for a cell: the words of one drawing operation, half of them visible, are of
    an honest text (12 of 90 real invoices have some). Colour, size and render mode hold for all of it.
    """
    shown_ids = {w.object_id for w in visible} - {None}
    return [w.text for w in hidden if w.object_id not in shown_ids]


def _n_alnum(texts: Sequence[str]) -> int:
    return sum(ch.isalnum() for text in texts for ch in text)


def _find_missing_text(visible: Sequence[LayerWord], shown: Shown) -> OcrScope:
    """Return what has to be OCRed because the page shows ink that a sound text layer does not explain."""
    if not visible:
        return "page" if shown.rest_ink_share > _MIN_REST_INK else "nothing"
    boxes = _boxes_to_read(visible, shown, 0)
    share = sum(box.area for box in boxes)
    return "images" if share >= _MIN_IMAGE_SHARE and shown.rest_ink_share >= _MIN_IMAGE_INK else "nothing"


def _boxes_to_read(visible: Sequence[LayerWord], shown: Shown, n_turns: int) -> tuple[BBox, ...]:
    """Return where a page, once `n_turns` are undone, may show more text: its images, or everywhere."""
    is_bare = sum(len(w.text) for w in visible) <= _FEW_CHARS
    boxes = (_WHOLE_PAGE,) if is_bare else shown.image_boxes
    return tuple(clip(*turned(box, -n_turns)) for box in boxes)


def _words_by_direction(
    words: Sequence[LayerWord], n_turns: int, size_pt: tuple[float, float]
) -> tuple[tuple[Word, ...], tuple[Arrangement, ...]]:
    """Return the page's words, turned upright, and apart what runs in other directions or is tiled.

    `size_pt` is the page's width and height before the turn.
    """
    upright: list[LayerWord] = []
    leaning: dict[int, list[LayerWord]] = {}
    for word in words:
        lean = round(word.angle_deg - 90 * n_turns) % 360
        is_upright = min(lean, 360 - lean) <= _MAX_LEAN_DEG
        (upright if is_upright else leaning.setdefault(lean, [])).append(word)
    rows, tiled = part_tiled(upright)
    groups = [*leaning.items(), *([(0, tiled)] if tiled else [])]
    return (
        upright_words(rows, n_turns, size_pt),
        tuple(arrange_leaning(group, lean, n_turns, size_pt) for lean, group in groups),
    )


def _warning(code: ReadWarningCode, message: str, page_index: int) -> ReadWarning:
    return ReadWarning(code=code, message=message, page_number=page_index + 1)
