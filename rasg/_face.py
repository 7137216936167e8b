"""What `import rasg` offers, gathered from where it is made."""

from __future__ import annotations

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import FailedPart
from app.library import Extractor, extract, extract_all
from app.settings import Settings
from eval.glirm import Glirm, glirm
from schemas.errors import RasgError
from schemas.extraction import Extraction

__all__ = [
    "Extraction",
    "ExtractionOptions",
    "Extractor",
    "FailedPart",
    "Glirm",
    "RasgError",
    "Settings",
    "extract",
    "extract_all",
    "glirm",
]
