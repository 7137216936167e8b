"""RapidOCR: PP-OCR's detector and recogniser from the rapidocr wheel, one thread each.

The wheel's own pipeline is not used, only its models and its box extraction, because three things
measured on receipts need the steps apart: detection costs 0.9 s a megapixel and keeps its recall on a
far smaller picture; the alphabet is held to Latin scripts; and the place of every character is kept,
so that each word gets a box of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ocr.ctc import Glyph, LineWord, decode_columns, split_words
from ocr.engine import check_image
from ocr.preprocess import Correction
from ocr.rapid_models import Models, load_models, run
from ocr.second_look import (
    FIRST_LOOKS,
    LAST_LOOK,
    compare,
    cut_word,
    differ,
    is_doubted,
    is_looked_at,
    judge,
    quad_of,
)
from ocr.spelling import known_words, sure_words
from schemas.document import Word, WordSource
from schemas.geometry import from_pixels

Image = NDArray[np.uint8]
Quad = NDArray[np.float32]
"""Corners (4, 2) of a line in pixels: start and end of its top edge, end and start of its bottom edge."""
Line = tuple[LineWord, ...]

_LINE_HEIGHT_PX = 48  # the recogniser's input height
_BATCH_WIDTH_PX = 2400  # of all lines in a batch together; a wider one costs memory and saves nothing
_MIN_WIDTH_PX = 64
_SIDE_MULTIPLE_PX = 32  # the detector's strides
# Photographs of 450 pixels have lines of 8 to 12 pixels, and the detector merges them or loses thin ones.
_MAX_ENLARGEMENT = 2.0
# The detector's boxes are grown so that no stroke is lost. The transcribers of SROIE drew theirs 0.72
# times as high (median of 391 lines on 10 receipts), and rows of text overlap if the boxes stay as they are.
_INK_HEIGHT = 0.72
_MIN_LINE_CONFIDENCE = 0.5  # the wheel's own threshold
_VERTICAL_ASPECT = 1.5  # a line this much higher than wide runs up or down the page


class RapidEngine:
    """The RapidOCR engine; its models are loaded with the first page and shared by all instances.

    Parameters
    ----------
    max_side_px
        The page is scaled to this for detection only, a small one up by 2 at most; lines are cut from the
        full picture.
    latin_only
        Whether only characters of Latin scripts may be read.
    """

    def __init__(self, *, max_side_px: int = 960, latin_only: bool = True) -> None:
        self._max_side_px = max_side_px
        self._latin_only = latin_only

    @property
    def name(self) -> WordSource:
        """Return the source that the words carry."""
        return "rapidocr"

    def read(self, image: Image, *, dpi: int) -> tuple[Word, ...]:  # noqa: ARG002 (of the port)
        """Return the words of an upright page image; see `OcrEngine.read`."""
        check_image(image)
        return tuple(word for line in self.read_lines(image, self.detect(image)) for word in line)

    def detect(self, image: Image, *, enlarges: bool = True) -> tuple[Quad, ...]:
        """Return the text lines of `image`, in pixels; a small one is looked at enlarged if it `enlarges`.

        Letters of a page that was rendered at 200 dpi are as large as they need be.
        """
        models = self._models()
        enlargement = _MAX_ENLARGEMENT if enlarges else 1.0
        scaled = _scaled(_as_rgb(image), self._max_side_px, enlargement)
        heat = run(models.detector, _normalised(scaled)[None])
        boxes, _ = models.boxes(heat, image.shape[:2])
        return tuple(np.asarray(box, np.float32) for box in boxes)

    def read_lines(
        self, image: Image, quads: Sequence[Quad], *, onto: Correction | None = None
    ) -> tuple[tuple[Word, ...], ...]:
        """Return the words of each line; one without text, or read with little confidence, gives `()`.

        Parameters
        ----------
        quads
            Lines in pixels of `image`, corners in the order of the upright page.
        onto
            Map to the page that the boxes shall refer to; by default `image` itself. So lines are cut
            from the image as it came, and no pixel is resampled twice.
        """
        rgb = _as_rgb(image)
        along = [along_text(quad) for quad in quads]
        crops = [cut(rgb, quad) for quad in along]
        lines = self._look_again(crops, self.recognise(crops))
        size = (onto.width_px, onto.height_px) if onto else (image.shape[1], image.shape[0])
        return tuple(
            _placed(line, onto.move(quad) if onto else quad, size)
            if line_confidence(line) >= _MIN_LINE_CONFIDENCE
            else ()
            for line, quad in zip(lines, along, strict=True)
        )

    def recognise(self, crops: Sequence[Image]) -> tuple[Line, ...]:
        """Return the words on each upright line image, RGB or gray, in the order given."""
        crops = [_as_rgb(crop) for crop in crops]
        widths = [_line_width(crop) for crop in crops]
        lines: dict[int, tuple[Glyph, ...]] = {}
        for batch in _batches(widths):
            lines.update(zip(batch, self._recognise_batch([crops[i] for i in batch]), strict=True))
        everywhere, here = known_words(), frozenset(sure_words(map(_sureness, lines.values())))
        return tuple(
            split_words(lines[i], lambda word: word in everywhere or word in here) for i in range(len(crops))
        )

    def compare_figures(self, image: Image, words: Sequence[Word], *, believed: float) -> tuple[Word, ...]:
        """Return the words of an upright page, another engine's figures in doubt compared with this one's."""
        rgb, doubted = _as_rgb(image), [word for word in words if is_doubted(word, believed=believed)]
        found = self.recognise([cut(rgb, quad_of(word, rgb.shape)) for word in doubted])
        compared = {id(word): compare(word, line) for word, line in zip(doubted, found, strict=True)}
        return tuple(compared.get(id(word), word) for word in words)

    def _look_again(self, crops: Sequence[Image], lines: Sequence[Line]) -> list[Line]:
        """Return the lines with what a second look at figures in doubt has read."""
        at = [(i, j) for i, line in enumerate(lines) for j, word in enumerate(line) if is_looked_at(word)]
        words = [lines[i][j] for i, j in at]
        pictures = [cut_word(crops[i], word) for (i, _), word in zip(at, words, strict=True)]
        looks = [self._texts([look(picture) for picture in pictures]) for look in FIRST_LOOKS]
        readings = [list(texts) for texts in zip(*looks, strict=True)]
        split = [n for n, word in enumerate(words) if all(differ(word.text, text) for text in readings[n])]
        for n, text in zip(split, self._texts([LAST_LOOK(pictures[n]) for n in split]), strict=True):
            readings[n].append(text)
        judged = dict(zip(at, map(judge, words, readings), strict=True))
        return [
            tuple(judged.get((i, j), word) for j, word in enumerate(line)) for i, line in enumerate(lines)
        ]

    def _texts(self, crops: Sequence[Image]) -> list[str]:
        """Return what is read on each picture of a word."""
        return ["".join(word.text for word in line) for line in self.recognise(crops)]

    def _recognise_batch(self, crops: Sequence[Image]) -> list[tuple[Glyph, ...]]:
        import cv2

        models = self._models()
        widths = [_line_width(crop) for crop in crops]
        padded = max(_MIN_WIDTH_PX, math.ceil(max(widths) / 8) * 8)
        batch = np.zeros((len(crops), 3, _LINE_HEIGHT_PX, padded), np.float32)
        for row, crop, width in zip(batch, crops, widths, strict=True):
            row[:, :, :width] = _normalised(np.asarray(cv2.resize(crop, (width, _LINE_HEIGHT_PX)), np.uint8))
        scores = run(models.recogniser, batch)
        if models.allowed is not None:
            scores = np.where(models.allowed, scores, np.float32(0.0))
        return [
            decode_columns(line, models.alphabet, stretch=padded / width)
            for line, width in zip(scores, widths, strict=True)
        ]

    def _models(self) -> Models:
        return load_models(latin_only=self._latin_only)


def _sureness(glyphs: Sequence[Glyph]) -> list[tuple[str, float]]:
    return [(glyph.char, glyph.confidence) for glyph in glyphs]


def line_confidence(line: Line) -> float:
    """Return the mean confidence of a line's characters; 0.0 for a line without text."""
    n_chars = sum(len(word.text) for word in line)
    return sum(len(word.text) * word.confidence for word in line) / n_chars if n_chars else 0.0


def cut(rgb: Image, quad: Quad) -> Image:
    """Return the line inside `quad` as a straight picture; lines up or down the page are laid down.

    A line lower than the recogniser's input is enlarged to it here: sampled once, it stays sharper.
    """
    import cv2

    length = max(math.dist(quad[0], quad[1]), math.dist(quad[3], quad[2]))
    across = max(math.dist(quad[0], quad[3]), math.dist(quad[1], quad[2]))
    scale = max(1.0, _LINE_HEIGHT_PX / max(1.0, across))
    width, height = max(2, round(length * scale)), max(2, round(across * scale))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad, corners)
    return np.asarray(
        cv2.warpPerspective(
            rgb, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def along_text(quad: Quad) -> Quad:
    """Return `quad` with its corners in reading direction: a tall one is read from bottom to top."""
    width, height = math.dist(quad[0], quad[1]), math.dist(quad[0], quad[3])
    return quad[[3, 0, 1, 2]] if height >= _VERTICAL_ASPECT * width else quad


def _placed(line: Line, quad: Quad, size_px: tuple[int, int]) -> tuple[Word, ...]:
    width, height = size_px
    margin = (1 - _INK_HEIGHT) / 2
    down = (quad[3] - quad[0] + quad[2] - quad[1]) / 2
    top, bottom = quad[:2] + margin * down, quad[[3, 2]] - margin * down
    words: list[Word] = []
    for text, start, end, confidence, other in line:
        corners = np.stack(
            [edge[0] + at * (edge[1] - edge[0]) for edge in (top, bottom) for at in (start, end)]
        )
        (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
        box = from_pixels(float(x0), float(y0), float(x1), float(y1), width_px=width, height_px=height)
        words.append(Word(text=text, bbox=box, confidence=confidence, source="rapidocr", other_reading=other))
    return tuple(words)


def _scaled(rgb: Image, max_side_px: int, max_enlargement: float) -> Image:
    import cv2

    height, width = rgb.shape[:2]
    scale = min(max_enlargement, max_side_px / max(height, width))
    new_width, new_height = (
        max(_SIDE_MULTIPLE_PX, round(side * scale / _SIDE_MULTIPLE_PX) * _SIDE_MULTIPLE_PX)
        for side in (width, height)
    )
    shrinks = new_width * new_height < width * height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(rgb, (new_width, new_height), interpolation=method), np.uint8)


def _line_width(crop: Image) -> int:
    return max(8, math.ceil(crop.shape[1] * _LINE_HEIGHT_PX / crop.shape[0]))


def _batches(widths: Sequence[int]) -> list[list[int]]:
    """Return the indices in batches of similar width, so that little padding is recognised."""
    batches: list[list[int]] = []
    for index in sorted(range(len(widths)), key=lambda i: widths[i]):
        if batches and (len(batches[-1]) + 1) * widths[index] <= _BATCH_WIDTH_PX:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _as_rgb(image: Image) -> Image:
    return np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else image


def _normalised(rgb: Image) -> NDArray[np.float32]:
    # The models take BGR planes in [-1, 1].
    return (rgb[:, :, ::-1].transpose(2, 0, 1).astype(np.float32) - 127.5) / 127.5
