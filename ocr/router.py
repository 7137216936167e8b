"""Reads a page image: puts it upright and chooses the engine by what the page looks like.

`auto` reads clean pages (rendered, or well scanned) with Tesseract and everything else with RapidOCR,
which reads receipts far better and costs more. Where Tesseract itself doubts what it read, the lines in
doubt are read again by RapidOCR.
"""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ocr.engine import OcrEngine, PageReading, check_image
from ocr.orientation import MIN_OSD_CONFIDENCE, osd_api, turns_by_osd, turns_by_reading
from ocr.preprocess import MIN_SKEW_DEG, PageQuality, correct, correction, measure, skew_angle, to_gray
from ocr.rapid import Quad, RapidEngine
from ocr.rapid_models import load_models
from ocr.reread import is_doubtful, mean_confidence, merged, regions_in_doubt
from ocr.ruled_figures import Rule, RuledFigure, find_ruled, find_rules, tell, without_rules
from ocr.second_look import BELIEVED_ALONE, BELIEVED_AMONG_DOUBTS, is_doubted
from ocr.tesseract import PytesseractEngine
from ocr.tesserocr_engine import TesserocrEngine
from schemas.document import ReadWarning, ReadWarningCode, Word
from schemas.errors import ConfigurationError, OcrUnavailableError

logger = logging.getLogger(__name__)

Image = NDArray[np.uint8]
T = TypeVar("T")

ENGINES = ("auto", "pytesseract", "tesserocr", "rapidocr")
# Recall on receipts is the same at 800, 960 and 1280 pixels (0.96 and 0.95) and lower at 640 on photos
# (0.93); CPU grows from 0.9 to 1.6 seconds a page.
_RAPID_SIDE_PX = 800
_LOW_CONFIDENCE = 0.7
_NON_LATIN = frozenset(
    {"ara", "bul", "chi_sim", "chi_tra", "ell", "heb", "hin", "jpn", "kor", "rus", "srp", "tha", "ukr"}
)


@dataclass(slots=True)
class _Notes:
    """What a reading gathers on its way: CPU seconds by stage and warnings."""

    seconds: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    warnings: list[ReadWarning] = field(default_factory=list[ReadWarning])

    @contextmanager
    def timed(self, stage: str) -> Generator[None]:
        start = _cpu_seconds()
        try:
            yield
        finally:
            self.seconds.append((stage, _cpu_seconds() - start))

    def warn(self, code: ReadWarningCode, message: str) -> None:
        self.warnings.append(ReadWarning(code=code, message=message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Upright:
    """An image put upright, and what was undone: clockwise quarter turns, then skew, both in degrees."""

    image: Image
    rotation_deg: int
    skew_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pose:
    rotation_deg: int
    skew_deg: float
    quads: tuple[Quad, ...] | None = None  # lines on the image as it came, if the pose was found from them


def read_page_image(
    image: Image,
    *,
    dpi: int | None,
    engine: str = "auto",
    languages: tuple[str, ...] = ("eng",),
    is_upright: bool = False,
) -> PageReading:
    """Return the words of a page image, put upright first.

    Parameters
    ----------
    image
        (height, width) gray or (height, width, 3) RGB, uint8, in any quarter turn, skewed up to 15 degrees.
    dpi
        Stated resolution, None if unknown; below 100 it is not believed and estimated instead.
    engine
        One of `ENGINES`. `auto` falls back to what is installed, with an `engine_fallback` warning.
    languages
        Tesseract codes of the languages expected; RapidOCR takes from them only the script.
    is_upright
        The image is known to be upright and straight: a few cut-out lines, too little to tell it by.

    Raises
    ------
    OcrUnavailableError
        If the named engine, or for `auto` every engine, is not installed.
    OcrTimeoutError
        If the page takes longer than the engine's limit.
    ConfigurationError
        If `engine` is none of `ENGINES`.
    ValueError
        If `image` is no picture.

    Notes
    -----
    Boxes refer to `corrected(image, rotation_deg=..., skew_deg=...)` with the values returned. A blank
    page gives no words and a `no_text` warning.
    """
    check_image(image)
    if engine not in ENGINES:
        raise ConfigurationError(
            f"no OCR engine is called {engine!r}", hint=f"choose one of {', '.join(ENGINES)}"
        )
    notes = _Notes()
    gray = to_gray(image)
    with notes.timed("measure"):
        quality = measure(gray)
    job = _Job(
        image=image,
        gray=gray,
        quality=quality,
        dpi=quality.dpi(dpi),
        languages=languages,
        notes=notes,
        is_upright=is_upright,
    )
    words, pose = _READERS[engine](job)
    return _reading(job, words, pose)


def upright(image: Image, *, dpi: int | None = None) -> Upright:
    """Return `image` put upright as `read_page_image` with `auto` would, without reading it."""
    check_image(image)
    gray = to_gray(image)
    quality = measure(gray)
    job = _Job(image=image, gray=gray, quality=quality, dpi=quality.dpi(dpi), languages=(), notes=_Notes())
    pose = _pose(job) if quality.is_clean else _either(lambda: _pose_by_lines(job), lambda: _pose(job), job)
    return Upright(
        image=correct(image, rotation_deg=pose.rotation_deg, skew_deg=pose.skew_deg),
        rotation_deg=pose.rotation_deg,
        skew_deg=pose.skew_deg,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    image: Image
    gray: Image
    quality: PageQuality
    dpi: int
    languages: tuple[str, ...]
    notes: _Notes
    is_upright: bool = False

    @property
    def rapid(self) -> RapidEngine:
        return _rapid(_RAPID_SIDE_PX, _NON_LATIN.isdisjoint(self.languages))

    def detect(self, image: Image) -> tuple[Quad, ...]:
        """Return the lines of the image, or of it put upright; cut-out lines come as large as they print."""
        return self.rapid.detect(image, enlarges=not self.is_upright)


_Result = tuple[tuple[Word, ...], _Pose]


def _read_auto(job: _Job) -> _Result:
    if job.quality.is_clean:
        return _either(lambda: _read_clean(job), lambda: _read_rapid(job), job)
    return _either(lambda: _read_rapid(job), lambda: _read_clean(job), job)


def _read_clean(job: _Job) -> _Result:
    """Read with Tesseract, and what it doubts with RapidOCR if that is installed."""
    words, pose = _either(
        lambda: _read_tesseract(job, "tesserocr"), lambda: _read_tesseract(job, "pytesseract"), job
    )
    is_unsure = is_doubtful(words) or any(is_doubted(word, believed=BELIEVED_ALONE) for word in words)
    if not is_unsure and not _ruled(job, words, pose)[1]:
        return words, pose
    return _either(lambda: (_reread(job, words, pose), pose), lambda: (words, pose), job)


def _reread(job: _Job, words: tuple[Word, ...], pose: _Pose) -> tuple[Word, ...]:
    """Return the words with the lines of a page in doubt read again, and figures in doubt compared."""
    image = correct(job.image, rotation_deg=pose.rotation_deg, skew_deg=pose.skew_deg)
    with job.notes.timed("rapidocr"):
        believed = BELIEVED_ALONE
        if is_doubtful(words):
            believed = BELIEVED_AMONG_DOUBTS
            doubted = regions_in_doubt(words, job.detect(image), image.shape)
            words = merged(words, doubted, job.rapid.read_lines(image, doubted), image.shape)
            logger.debug("re-read %d regions", len(doubted))
        words = job.rapid.compare_figures(image, words, believed=believed)
        rules, ruled = _ruled(job, words, pose)
        lines = job.rapid.read_lines(without_rules(image, rules), [each.quad for each in ruled])
        for figure, line in zip(ruled, lines, strict=True):
            words = tell(words, figure, line, image.shape)
        return words


def _ruled(
    job: _Job, words: tuple[Word, ...], pose: _Pose
) -> tuple[tuple[Rule, ...], tuple[RuledFigure, ...]]:
    """Return the vertical rules of the upright page, and the figures that they cut."""
    gray = correct(job.gray, rotation_deg=pose.rotation_deg, skew_deg=pose.skew_deg)
    rules = find_rules(gray, words)
    return rules, find_ruled(words, gray, rules)


def _read_tesseract(job: _Job, name: str) -> _Result:
    pose = _pose(job)
    gray = correct(job.gray, rotation_deg=pose.rotation_deg, skew_deg=pose.skew_deg)
    with job.notes.timed(name):
        return _tesseract(name, job.languages).read(gray, dpi=job.dpi), pose


def _read_rapid(job: _Job) -> _Result:
    pose = _pose_by_lines(job)
    onto = correction(job.image.shape, rotation_deg=pose.rotation_deg, skew_deg=pose.skew_deg)
    with job.notes.timed("rapidocr"):
        quads = [_turned(quad, pose.rotation_deg) for quad in pose.quads or ()]
        lines = job.rapid.read_lines(job.image, quads, onto=onto)
    return tuple(word for line in lines for word in line), pose


def _turned(quad: Quad, rotation_deg: int) -> Quad:
    """Return the quad's corners in the order of the upright page."""
    return np.roll(quad, -(rotation_deg // 90), axis=0)


def _pose_by_lines(job: _Job) -> _Pose:
    with job.notes.timed("rapidocr"):
        quads = job.detect(job.image)
        if job.is_upright:
            return _Pose(rotation_deg=0, skew_deg=0.0, quads=quads)
        rotation = turns_by_reading(job.image, quads, job.rapid)
    moved = [correction(job.image.shape, rotation_deg=rotation, skew_deg=0.0).move(quad) for quad in quads]
    skew = _skew(job, rotation, moved) if quads else 0.0
    return _Pose(rotation_deg=rotation, skew_deg=skew, quads=quads)


def _pose(job: _Job) -> _Pose:
    """Return how the page lies by OSD; where that sees a turn or cannot tell, by how its lines read."""
    if job.is_upright:
        return _Pose(rotation_deg=0, skew_deg=0.0)
    with job.notes.timed("orientation"):
        try:
            rotation, confidence = turns_by_osd(job.gray, dpi=job.dpi)
        except OcrUnavailableError:
            rotation, confidence = 0, 0.0
    # OSD turned an upright receipt upside down with a confidence of 1.0 or more; a turn is believed only
    # if the lines read better for it.
    if rotation or confidence < MIN_OSD_CONFIDENCE:
        try:
            return _pose_by_lines(job)
        except OcrUnavailableError:
            rotation = rotation if confidence >= MIN_OSD_CONFIDENCE else 0
    return _Pose(rotation_deg=rotation, skew_deg=_skew(job, rotation))


def _skew(job: _Job, rotation_deg: int, regions: list[Quad] | None = None) -> float:
    with job.notes.timed("orientation"):
        turned = correct(job.gray, rotation_deg=rotation_deg, skew_deg=0.0)
        skew = skew_angle(turned, regions=regions or ())
    return skew if abs(skew) >= MIN_SKEW_DEG else 0.0


def _either(first: Callable[[], T], second: Callable[[], T], job: _Job) -> T:
    """Return the first result, or the second if what the first needs is not installed."""
    try:
        return first()
    except OcrUnavailableError as error:
        try:
            result = second()
        except OcrUnavailableError:
            raise error from None
        job.notes.warn("engine_fallback", f"{error}; another engine read the page")
        return result


def _reading(job: _Job, words: tuple[Word, ...], pose: _Pose) -> PageReading:
    map_ = correction(job.image.shape, rotation_deg=pose.rotation_deg, skew_deg=pose.skew_deg)
    if pose.rotation_deg:
        job.notes.warn("page_rotated", f"the page was turned clockwise by {pose.rotation_deg} degrees")
    if pose.skew_deg:
        job.notes.warn("page_deskewed", f"the page was skewed by {pose.skew_deg:g} degrees")
    if not words:
        job.notes.warn("no_text", "no text was found on the page image")
    elif (confidence := mean_confidence(words)) < _LOW_CONFIDENCE:
        job.notes.warn("low_ocr_confidence", f"the mean confidence of the words is {confidence:.2f}")
    return PageReading(
        words=words,
        rotation_deg=pose.rotation_deg,
        skew_deg=pose.skew_deg,
        engine_seconds=tuple(job.notes.seconds),
        warnings=tuple(job.notes.warnings),
        width_px=map_.width_px,
        height_px=map_.height_px,
    )


_READERS: dict[str, Callable[[_Job], _Result]] = {
    "auto": _read_auto,
    "pytesseract": lambda job: _read_tesseract(job, "pytesseract"),
    "tesserocr": lambda job: _read_tesseract(job, "tesserocr"),
    "rapidocr": _read_rapid,
}


@lru_cache(maxsize=8)
def _tesseract(name: str, languages: tuple[str, ...]) -> OcrEngine:
    if name == "tesserocr":
        return TesserocrEngine(languages=languages)
    return PytesseractEngine(languages=languages)


@lru_cache(maxsize=8)
def _rapid(max_side_px: int, latin_only: bool) -> RapidEngine:
    return RapidEngine(max_side_px=max_side_px, latin_only=latin_only)


def forget_engines() -> None:
    """Drop every loaded engine and model, so that the next page starts afresh (after a fork, or in tests)."""
    for cached in (_tesseract, _rapid, load_models, osd_api):
        cached.cache_clear()


def _cpu_seconds() -> float:
    """Return the CPU seconds of this thread and of finished child processes."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.thread_time() + children.ru_utime + children.ru_stime
