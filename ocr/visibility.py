"""What a PDF page really shows: text is compared with the pixels it makes, images are located."""

from __future__ import annotations

import ctypes
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from ocr.by_address import INT, POINTER, address_of, by_address
from ocr.changed import Changed, pixel_slices
from ocr.digit_shapes import DrawnDigits, Raster
from ocr.drawn_shapes import measure_drawn
from ocr.hidden_letters import find_hidden_letters, part_word
from ocr.own_ink import draw_alone, find_borrowers
from ocr.pdf import PageFrame
from ocr.render import render_gray
from ocr.replaced_letters import PartedWord, join_replaced
from ocr.text_layer import Box, LayerWord

# The generated bindings are only partly typed.
_RAW: Any = pdfium_c

_object_of = by_address(_RAW.FPDFPage_GetObject, POINTER, POINTER, INT)
_kind_of = by_address(_RAW.FPDFPageObj_GetType, INT, POINTER)
_switch = by_address(_RAW.FPDFPageObj_SetIsActive, INT, POINTER, INT)
_n_inner = by_address(_RAW.FPDFFormObj_CountObjects, INT, POINTER)
_inner_object = by_address(_RAW.FPDFFormObj_GetObject, POINTER, POINTER, ctypes.c_ulong)
_matrix_of = by_address(_RAW.FPDFPageObj_GetMatrix, INT, POINTER, POINTER)

Matrix = tuple[float, float, float, float, float, float]

_IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_MAX_DEPTH = 12
# Pixels of the longer side at which text is judged: 10-point text on A4 is 17 pixels high.
_LONG_SIDE_PX = 1200
# Grey levels (of 255) that a glyph must change to be seen; #eee on white is 17, #ccc is 51.
_MIN_CONTRAST = 24
# So much larger, where a letter seems to have no ink: the point of 4-point text is 2 pixels wide then.
_ENLARGED = 3
# Letters ink 10 to 25 % of their box; a full stop in the box of its line, 1 to 2 %.
_MIN_INK_SHARE = 0.008
# Words are compared with those in the same and the next of so many cells a side.
_GRID = 50
# Cells are numbered column by column; words far off the page may share a number with others.
_COLUMN = 10_000
_AROUND = tuple(column * _COLUMN + row for column in (-1, 0, 1) for row in (-1, 0, 1))
_SAME_PLACE_SHARE = 0.6
# Letters are drawn on whole pixels, a little off their boxes.
_MARGIN_PX = 1.5
# Text lower than this is not for eyes: 2 points on A4, and never more than 2 points.
_TINY_PT = 2.0
_TINY_SHARE = 0.0024


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a page shows.

    Attributes
    ----------
    is_visible
        For each word asked about, whether the page shows it, or some of it.
    hidden_letters
        Of words that are shown in part, by their indices, which of their glyphs are not.
    image_boxes
        The images on the page, in fractions, clipped.
    rest_ink_share
        Share of the page's pixels, outside of all text, that are darker than the ground.
    without_text
        The page as displayed without its text, (height, width) gray, the longer side 1,200 pixels.
    beside_words
        The pixels that the text changes and no word covers, (height, width).
    drawn_digits
        Pictures of digits of fonts without outlines.
    """

    is_visible: tuple[bool, ...]
    hidden_letters: Mapping[int, frozenset[int]]
    image_boxes: tuple[Box, ...]
    rest_ink_share: float
    without_text: NDArray[np.uint8]
    beside_words: NDArray[np.bool_]
    drawn_digits: DrawnDigits = field(default_factory=dict[tuple[int, str], Sequence[Raster]])


def what_is_shown(page: pdfium.PdfPage, frame: PageFrame, words: Sequence[LayerWord]) -> Shown:
    """Return which of `words` the page shows, by rendering it with and without its text.

    A word counts as shown if its text changes pixels within its box. That covers white text on white (and
    not white on dark), text behind an image, clipped text and layers that are switched off. Where only other
    words may have changed them, the page is rendered with that word's text alone (`ocr.own_ink`). Invisible
    render modes, tiny text and text off the page count as hidden whatever the pixels say.

    Notes
    -----
    The page's text objects stay switched off afterwards; load the page again to read its text.
    """
    scale = _LONG_SIDE_PX / max(frame.size_pt)
    with_text = render_gray(page, scale=scale)
    texts: set[int] = set()
    image_boxes = switch_off_text(page, frame, texts)
    without_text = render_gray(page, scale=scale)
    changed = _differ(with_text, without_text)

    def changed_by(objects: Sequence[int]) -> Changed:
        return _differ(_draw_with(page, objects, scale=scale), without_text)

    @cache
    def look_closer() -> Changed:
        larger = _ENLARGED * scale
        with_texts = _draw_with(page, texts, scale=larger)
        return _differ(with_texts, render_gray(page, scale=larger))

    is_visible = _visible(words, changed, _tiny_height(*frame.size_pt))
    borrowers = find_borrowers(words, is_visible, changed, _have_ink)
    is_visible[borrowers] = False
    is_visible[list(draw_alone(words, borrowers, texts, changed_by, _have_ink))] = True
    shown_at = np.flatnonzero(is_visible).tolist()
    hidden_letters = find_hidden_letters(
        [words[i] for i in shown_at], frame, changed, texts, changed_by, _have_ink, look_closer
    )
    return Shown(
        is_visible=tuple(bool(each) for each in is_visible),
        hidden_letters={shown_at[i]: hidden for i, hidden in hidden_letters.items()},
        image_boxes=image_boxes,
        rest_ink_share=_ink_share(without_text),
        without_text=without_text,
        beside_words=_outside(changed.pixels, words),
        drawn_digits=measure_drawn([words[i] for i in shown_at], frame, look_closer),
    )


def _outside(pixels: NDArray[np.bool_], words: Sequence[LayerWord]) -> NDArray[np.bool_]:
    """Return the pixels in no word's box, nor at its edge: letters reach out of their boxes there."""
    height, width = pixels.shape
    margin = np.array([-1 / width, -1 / height, 1 / width, 1 / height]) * _MARGIN_PX
    left = pixels.copy()
    for place in pixel_slices(np.array([word.box for word in words]).reshape(-1, 4) + margin, pixels.shape):
        left[place] = False
    return left


def _draw_with(page: pdfium.PdfPage, objects: Collection[int], *, scale: float) -> NDArray[np.uint8]:
    """Return the page with some of its text objects, which are off and stay so."""
    for each in objects:
        _switch(each, 1)
    picture = render_gray(page, scale=scale)
    for each in objects:
        _switch(each, 0)
    return picture


def part_by_sight(
    words: Sequence[LayerWord], shown: Shown, frame: PageFrame
) -> tuple[list[LayerWord], list[LayerWord]]:
    """Return the words that a page shows and those that it hides, in order; some are shown in part."""
    visible: list[LayerWord] = []
    hidden: list[LayerWord] = []
    parted: list[PartedWord] = []
    for index, (word, is_visible) in enumerate(zip(words, shown.is_visible, strict=True)):
        if index in shown.hidden_letters:
            seen, unseen = part_word(word, shown.hidden_letters[index], frame)
            visible += seen
            hidden += unseen
            glyphs = tuple(word.glyphs[k] for k in sorted(shown.hidden_letters[index]))
            parted.append(PartedWord(seen=tuple(seen), hidden=glyphs))
        else:
            (visible if is_visible else hidden).append(word)
    return join_replaced(visible, parted, frame), hidden


def _differ(picture: NDArray[np.uint8], other: NDArray[np.uint8]) -> Changed:
    """Return the pixels whose difference is seen."""
    import cv2

    return Changed(cv2.absdiff(picture, other) >= _MIN_CONTRAST)


def _ink_share(picture: NDArray[np.uint8]) -> float:
    """Return the share of the pixels that clearly differ from the median, from their histogram alone."""
    import cv2

    counts = cv2.calcHist([picture], [0], None, [256], [0, 256]).ravel()
    up_to = np.cumsum(counts, dtype=np.float64)
    n_pixels = picture.size
    lower, upper = np.searchsorted(up_to, [(n_pixels - 1) // 2, n_pixels // 2], side="right")
    ground = int(lower + upper) // 2
    is_ink = np.abs(np.arange(256) - ground) >= 2 * _MIN_CONTRAST
    return float(counts[is_ink].sum(dtype=np.float64) / n_pixels)


def overprinted(words: Sequence[LayerWord]) -> tuple[str, ...]:
    """Return the words that stand on another, different word of about the same place and size.

    Pixels cannot tell which of the two a reader sees. Rules and dots below a word are no words, and a false
    bold prints the same word twice.
    """
    texts: list[str] = []
    seen: dict[int, list[LayerWord]] = {}
    for word in words:
        if not word.text.isalnum() and not any(ch.isalnum() for ch in word.text):
            continue
        left, top, right, bottom = word.box
        cell = int((left + right) / 2 * _GRID) * _COLUMN + int((top + bottom) / 2 * _GRID)
        near = [seen[cell + step] for step in _AROUND if cell + step in seen]
        if any(w.text != word.text and _same_place(w.box, word.box) for found in near for w in found):
            texts.append(word.text)
        seen.setdefault(cell, []).append(word)
    return tuple(texts)


def _same_place(a: Box, b: Box) -> bool:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return False
    larger = max((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return width * height > _SAME_PLACE_SHARE * larger


def _tiny_height(width_pt: float, height_pt: float) -> float:
    """Return the height below which text is tiny, in fractions of the page's height."""
    return min(_TINY_PT, _TINY_SHARE * max(width_pt, height_pt)) / height_pt


def _visible(words: Sequence[LayerWord], changed: Changed, tiny_height: float) -> NDArray[np.bool_]:
    """Return which words have ink in their boxes and ask to be seen, (n_words,)."""
    if not words:
        return np.zeros(0, dtype=np.bool_)
    height, width = changed.pixels.shape
    boxes = np.array([w.box for w in words])  # (n_words, 4)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    on_page = ((centers >= 0) & (centers <= 1)).all(axis=1)
    # The smaller side, so that a word written upwards is judged by its letters' height too.
    sides = np.minimum(boxes[:, 3] - boxes[:, 1], (boxes[:, 2] - boxes[:, 0]) * width / height)
    is_tiny = (sides < tiny_height) & np.array([len(w.text) > 1 for w in words])
    asked = np.array([not w.is_invisible for w in words])
    return _have_ink(words, changed) & on_page & ~is_tiny & asked


def _have_ink(words: Sequence[LayerWord], changed: Changed) -> NDArray[np.bool_]:
    """Return which words have enough changed pixels in their boxes, (n_words,)."""
    if not words:
        return np.zeros(0, dtype=np.bool_)
    pixels = changed.edges([w.box for w in words])  # (n_words, 4)
    left, top = np.floor(pixels[:, 0]).astype(int), np.floor(pixels[:, 1]).astype(int)
    right, bottom = np.ceil(pixels[:, 2]).astype(int), np.ceil(pixels[:, 3]).astype(int)
    area = (right - left) * (bottom - top)
    return changed.count(left, top, right, bottom) >= np.maximum(1, _MIN_INK_SHARE * area)


def switch_off_text(page: pdfium.PdfPage, frame: PageFrame, texts: set[int] | None = None) -> tuple[Box, ...]:
    """Switch off all text objects of the page, until it is loaded again; return the boxes of its images.

    The addresses of the text objects are put into `texts`.
    """
    untyped: Any = page
    at = address_of(untyped.raw)
    objects = (_object_of(at, i) for i in range(_RAW.FPDFPage_CountObjects(page)))
    found_texts = set[int]() if texts is None else texts
    return tuple(box for found in objects for box in _visit(found, _IDENTITY, frame, 0, found_texts))


def _visit(page_object: int, matrix: Matrix, frame: PageFrame, depth: int, texts: set[int]) -> Iterator[Box]:
    kind = _kind_of(page_object)
    if kind == _RAW.FPDF_PAGEOBJ_TEXT:
        _switch(page_object, 0)
        texts.add(page_object)
    elif kind == _RAW.FPDF_PAGEOBJ_IMAGE:
        box = _clipped(_image_box(_times(_matrix(page_object), matrix), frame))
        if box is not None:
            yield box
    elif kind == _RAW.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
        inner = _times(_matrix(page_object), matrix)
        for i in range(_n_inner(page_object)):
            yield from _visit(_inner_object(page_object, i), inner, frame, depth + 1, texts)


def _matrix(page_object: int) -> Matrix:
    found = _RAW.FS_MATRIX()
    if not _matrix_of(page_object, ctypes.addressof(found)):
        return _IDENTITY
    return (found.a, found.b, found.c, found.d, found.e, found.f)


def _times(first: Matrix, then: Matrix) -> Matrix:
    """Return the matrix that applies `first`, then `then` (row vectors, as PDF has them)."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def _image_box(matrix: Matrix, frame: PageFrame) -> Box:
    """Return where an image, which fills the unit square, comes to stand."""
    a, b, c, d, e, f = matrix
    xs, ys = (e, e + a, e + c, e + a + c), (f, f + b, f + d, f + b + d)
    return frame.to_page(min(xs), min(ys), max(xs), max(ys))


def _clipped(box: Box) -> Box | None:
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in box)
    return (left, top, right, bottom) if right > left and bottom > top else None
