"""How much work one document may cause; checked before the work, and enforced on the child process."""

from __future__ import annotations

from dataclasses import dataclass, fields

_MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """Limits on one document. Sizes in bytes, times in seconds.

    Attributes
    ----------
    max_bytes
        Size of the file.
    max_pages
        Pages of a PDF or frames of a TIFF.
    max_pixels_per_page
        Pixels of a decoded image or a rendered page; larger PDF pages are rendered smaller.
    max_words_per_page
        Words in a text layer; a page of small print has about 2,000.
    cpu_seconds_per_page
        Processor time to parse or render one page.
    open_cpu_seconds
        Processor time to open, decrypt and repair the file.
    ocr_cpu_seconds_per_page
        Processor time to recognise one page; RapidOCR takes 3 to 6, dense pages several times that.
    wall_seconds
        Time on the clock for the whole document. Pages not read by then are skipped with a warning.
    memory_bytes, ocr_memory_bytes
        Address space of the parser's and the recogniser's process; libraries alone map 0.3 and 1 GB.
    max_result_bytes
        What a child may write in one answer: the pixels of the largest page in colour.

    Raises
    ------
    ValueError
        If a limit is not positive.
    """

    max_bytes: int = 50 * _MB
    max_pages: int = 300
    max_pixels_per_page: int = 40_000_000
    max_words_per_page: int = 20_000
    cpu_seconds_per_page: float = 10.0
    open_cpu_seconds: float = 20.0
    ocr_cpu_seconds_per_page: float = 90.0
    wall_seconds: float = 900.0
    memory_bytes: int = 1_750 * _MB
    ocr_memory_bytes: int = 4_000 * _MB
    max_result_bytes: int = 128 * _MB

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"{field.name} must be positive, got {value}")
