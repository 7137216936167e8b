"""Tesseract inside the process (tesserocr): no start-up and no image file for each page."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocr.engine import check_image
from ocr.tsv import words_from_tsv
from schemas.document import Word, WordSource
from schemas.errors import OcrError, OcrTimeoutError, OcrUnavailableError

# Where Debian, Ubuntu, Fedora and Homebrew keep the language data.
_TESSDATA_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract/tessdata",
    "/usr/share/tessdata",
    "/opt/homebrew/share/tessdata",
)


class TesserocrEngine:
    """Tesseract through tesserocr; one instance reads one page at a time.

    Parameters
    ----------
    languages
        Tesseract language codes; all of them must be installed.
    page_segmentation
        Tesseract's page segmentation mode: 3 finds columns and tables, 6 expects one block of text.
    timeout_s
        Limit for one page.
    tessdata
        Folder with the language data; by default the first of the usual ones that exists.
    """

    def __init__(
        self,
        *,
        languages: tuple[str, ...] = ("eng",),
        page_segmentation: int = 3,
        timeout_s: float = 60.0,
        tessdata: Path | None = None,
    ) -> None:
        self._languages = languages
        self._page_segmentation = page_segmentation
        self._timeout_s = timeout_s
        self._tessdata = tessdata
        self._api: Any = None
        self._lock = threading.Lock()

    @property
    def name(self) -> WordSource:
        """Return the source that the words carry."""
        return "tesserocr"

    def read(self, image: NDArray[np.uint8], *, dpi: int) -> tuple[Word, ...]:
        """Return the words of an upright page image; see `OcrEngine.read`."""
        check_image(image)
        height, width = image.shape[:2]
        with self._lock:
            api = self._started()
            set_image(api, image, dpi=dpi)
            try:
                if not api.Recognize(round(self._timeout_s * 1000)):
                    raise OcrTimeoutError(f"tesserocr took longer than {self._timeout_s:g} s for a page")
                report: str = api.GetTSVText(0)
            except RuntimeError as error:
                raise OcrError("tesserocr could not read the page image") from error
            finally:
                api.Clear()
        return words_from_tsv(report, source="tesserocr", width_px=width, height_px=height)

    def _started(self) -> Any:  # noqa: ANN401
        if self._api is None:
            self._api = start_api(
                "+".join(self._languages), psm=self._page_segmentation, tessdata=self._tessdata
            )
        return self._api


def start_api(languages: str, *, psm: int, tessdata: Path | None = None) -> Any:  # noqa: ANN401
    """Return a started Tesseract.

    Raises
    ------
    OcrUnavailableError
        If tesserocr or a language is not installed.
    """
    try:
        import tesserocr
    except ImportError as error:
        raise OcrUnavailableError("tesserocr is not installed", hint="pip install tesserocr") from error
    try:
        folder = str(tessdata or _default_tessdata())
        # The stubs name an enumeration of plain integers that cannot be called.
        return tesserocr.PyTessBaseAPI(path=folder, lang=languages, psm=psm)  # pyright: ignore[reportArgumentType]
    except RuntimeError as error:
        raise OcrUnavailableError(
            f"Tesseract could not load the languages {languages!r}",
            hint="install them, e.g. apt-get install tesseract-ocr-deu, or choose other languages",
        ) from error


def list_data_languages() -> tuple[str, ...]:
    """Return the languages whose data is installed.

    Raises
    ------
    OcrUnavailableError
        If there is no folder of them.
    """
    return tuple(sorted(path.stem for path in _default_tessdata().glob("*.traineddata")))


def _default_tessdata() -> Path:
    # As the program does: whoever names a folder means no other.
    named = os.environ.get("TESSDATA_PREFIX")
    for folder in _TESSDATA_FOLDERS if named is None else (named,):
        if Path(folder).is_dir():
            return Path(folder)
    raise OcrUnavailableError("no Tesseract language data was found", hint="apt-get install tesseract-ocr")


def set_image(api: Any, image: NDArray[np.uint8], *, dpi: int) -> None:  # noqa: ANN401
    """Hand `image` to a started Tesseract with its resolution.

    Without the resolution Tesseract guesses it from the text and finds fewer words
    (269 instead of 326 on one invoice, the other way round on the next).
    """
    pixels = np.ascontiguousarray(image)
    height, width = pixels.shape[:2]
    bytes_per_pixel = 1 if pixels.ndim == 2 else 3
    api.SetVariable("user_defined_dpi", str(dpi))
    api.SetImageBytes(pixels.tobytes(), width, height, bytes_per_pixel, width * bytes_per_pixel)
    api.SetSourceResolution(dpi)
