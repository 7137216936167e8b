"""Heavy libraries stay in the modules that wrap them, and importing the service does no work.

The direction of our own imports is import-linter's (`make lint`); these are the rules it cannot see.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.paths import ROOT

# Which packages may name a heavy library at all.
HOMES = {
    "torch": ("decoding", "retrieval", "training"),
    "transformers": ("decoding", "retrieval", "training"),
    "lancedb": ("retrieval",),
    "sqlalchemy": ("retrieval", "storage"),
    "outlines": ("decoding",),
    "vllm": ("decoding",),
    "pytesseract": ("ocr",),
    "tesserocr": ("ocr",),
    "rapidocr": ("ocr",),
    "onnxruntime": ("ocr",),
    "pikepdf": ("ocr",),
    "reportlab": ("training",),
}
WEB = ("fastapi", "starlette", "granian")
PACKAGES = ("app", "decoding", "eval", "ocr", "rasg", "retrieval", "schemas", "storage", "training")


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


@cache
def imported_roots(source: Path) -> set[str]:
    """Return what a file imports, by the first part of its name; it is parsed once for all libraries."""
    roots: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.Import):
            roots.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            roots.add(node.module.split(".")[0])
    return roots


def offenders(library: str, homes: tuple[str, ...]) -> list[str]:
    outside = (path for path in sources() if path.relative_to(ROOT).parts[0] not in homes)
    return [str(path.relative_to(ROOT)) for path in outside if library in imported_roots(path)]


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_heavy_library_is_imported_only_by_the_package_that_wraps_it(library: str) -> None:
    assert offenders(library, HOMES[library]) == []


@pytest.mark.parametrize("library", WEB)
def test_only_the_application_knows_the_web(library: str) -> None:
    assert offenders(library, ("app",)) == []


def modules_loaded_by(*modules: str) -> set[str]:
    code = f"import sys\nimport {', '.join(modules)}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    return set(done.stdout.split())


def test_importing_the_command_line_loads_no_heavy_library() -> None:
    assert modules_loaded_by("app.cli") & {*HOMES, "cv2", "scipy"} == set()


def test_importing_the_service_loads_no_model_and_no_search_index() -> None:
    assert modules_loaded_by("app.api.service") & {*HOMES} == {"sqlalchemy"}


def test_importing_the_pipeline_loads_no_web_framework() -> None:
    assert modules_loaded_by("app.extraction.pipeline") & {*WEB} == set()


def test_files_stay_short_enough_to_read() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources()}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}
