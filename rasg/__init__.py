"""Business documents in, schema-valid JSON out, and every value stands on the page.

    >>> import rasg                                                     # doctest: +SKIP
    >>> extraction = rasg.extract("invoice.pdf", schema="invoice")      # doctest: +SKIP
    >>> extraction.output.value["amount_total_gross"]                   # doctest: +SKIP
    '1,309.00'
    >>> rasg.schemas.Invoice.model_validate(extraction.output.value)    # doctest: +SKIP

`extract` and `extract_all` read documents, `Extractor` keeps a model loaded and takes its own settings,
`glirm` scores tables, and `schemas` holds the shipped schemas as pydantic classes. Every failure is a
`RasgError`. What is not listed here, all of `rasg._src` with it, may change with any version.

Importing this loads nothing: what a name stands for is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rasg import schemas
    from rasg._face import (
        Extraction,
        ExtractionOptions,
        Extractor,
        FailedPart,
        Glirm,
        RasgError,
        Settings,
        extract,
        extract_all,
        glirm,
    )

    __version__: str

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
    "schemas",
]


if not TYPE_CHECKING:  # with it in sight, a type checker takes any name for one of ours

    def __getattr__(name: str) -> object:
        if name == "__version__":
            return version("rasg")
        if name == "schemas":
            return import_module("rasg.schemas")
        if name in __all__:
            return getattr(import_module("rasg._face"), name)
        raise AttributeError(f"module 'rasg' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
