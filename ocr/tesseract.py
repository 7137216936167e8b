"""Tesseract as a program (pytesseract), with the guard rails it needs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.engine import check_image
from ocr.tsv import words_from_tsv
from schemas.document import Word, WordSource
from schemas.errors import OcrError, OcrTimeoutError, OcrUnavailableError


class PytesseractEngine:
    """Tesseract through pytesseract: a process of its own for each page.

    Parameters
    ----------
    languages
        Tesseract language codes; all of them must be installed.
    page_segmentation
        Tesseract's page segmentation mode (`--psm`).
    timeout_s
        Limit for one page; the program is killed after it.
    """

    def __init__(
        self, *, languages: tuple[str, ...] = ("eng",), page_segmentation: int = 3, timeout_s: float = 60.0
    ) -> None:
        self._languages = "+".join(languages)
        self._page_segmentation = page_segmentation
        self._timeout_s = timeout_s

    @property
    def name(self) -> WordSource:
        """Return the source that the words carry."""
        return "pytesseract"

    def read(self, image: NDArray[np.uint8], *, dpi: int) -> tuple[Word, ...]:
        """Return the words of an upright page image; see `OcrEngine.read`."""
        check_image(image)
        height, width = image.shape[:2]
        report = self._report(image, f"--psm {self._page_segmentation} --dpi {dpi}")
        return words_from_tsv(report, source="pytesseract", width_px=width, height_px=height)

    def _report(self, image: NDArray[np.uint8], config: str) -> str:
        pytesseract = _pytesseract()
        with tempfile.TemporaryDirectory(prefix="rasg-ocr-") as folder:
            page = write_pnm(image, Path(folder) / "page.pnm")
            try:
                return pytesseract.image_to_data(
                    str(page), lang=self._languages, config=config, timeout=self._timeout_s
                )
            except pytesseract.TesseractNotFoundError as error:
                raise OcrUnavailableError(
                    "the tesseract program is not installed", hint="apt-get install tesseract-ocr"
                ) from error
            except pytesseract.TesseractError as error:
                raise _translated(error, self._languages) from error
            except RuntimeError as error:  # pytesseract's only sign of a timeout
                raise OcrTimeoutError(
                    f"tesseract took longer than {self._timeout_s:g} s for a page"
                ) from error


def orientation(image: NDArray[np.uint8], *, dpi: int, timeout_s: float = 60.0) -> tuple[int, float]:
    """Return the clockwise turn of a page in degrees and the program's confidence in it.

    Too few characters to tell give (0, 0.0).

    Raises
    ------
    OcrUnavailableError
        If pytesseract or the program is not installed.
    """
    pytesseract = _pytesseract()
    with tempfile.TemporaryDirectory(prefix="rasg-ocr-") as folder:
        page = write_pnm(image, Path(folder) / "page.pnm")
        config = f"--psm 0 --dpi {dpi}"
        try:
            found = pytesseract.image_to_osd(
                str(page), config=config, timeout=timeout_s, output_type=pytesseract.Output.DICT
            )
        except pytesseract.TesseractNotFoundError as error:
            raise OcrUnavailableError(
                "the tesseract program is not installed", hint="apt-get install tesseract-ocr"
            ) from error
        except (pytesseract.TesseractError, RuntimeError):
            return 0, 0.0
    return int(found["orientation"]) % 360, float(found["orientation_conf"])


def list_program_languages() -> tuple[str, ...]:
    """Return the languages that the program says it has.

    Raises
    ------
    OcrUnavailableError
        If pytesseract or the program is not installed.
    """
    pytesseract = _pytesseract()
    try:
        return tuple(sorted(pytesseract.get_languages(config="")))
    except pytesseract.TesseractNotFoundError as error:
        raise OcrUnavailableError(
            "the tesseract program is not installed", hint="apt-get install tesseract-ocr"
        ) from error


def _pytesseract() -> Any:  # noqa: ANN401
    # Without the limit Debian's build spends 3 to 9 times the CPU on spinning OpenMP threads.
    # pytesseract hands this process's environment to the program and takes none of its own.
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    try:
        import pytesseract
    except ImportError as error:
        raise OcrUnavailableError("pytesseract is not installed", hint="pip install pytesseract") from error
    return pytesseract


def _translated(error: Exception, languages: str) -> OcrError:
    if "Failed loading language" in str(error) or "couldn't load any languages" in str(error):
        return OcrUnavailableError(
            f"Tesseract could not load the languages {languages!r}",
            hint="install them, e.g. apt-get install tesseract-ocr-deu, or choose other languages",
        )
    return OcrError("the tesseract program could not read the page image")


def write_pnm(image: NDArray[np.uint8], path: Path) -> Path:
    """Write `image` as binary PGM or PPM and return `path`; PNG costs ten times the CPU."""
    height, width = image.shape[:2]
    magic = b"P5" if image.ndim == 2 else b"P6"
    path.write_bytes(b"%s\n%d %d\n255\n" % (magic, width, height) + np.ascontiguousarray(image).tobytes())
    return path
