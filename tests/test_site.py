"""The docs site: it builds, fetches nothing, and what its tutorials show is what comes out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import PLACES
from scripts.docs_hooks import site_links
from scripts.reference import commands_page, http_page, python_page
from tests.paths import ROOT
from tests.python_process import run_python

SCORING = (ROOT / "docs" / "tutorial_scoring.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_scoring_tutorial_gives_what_it_shows(tmp_path: Path) -> None:
    make, score = blocks(SCORING, "python")
    run_python(make, cwd=tmp_path)
    (command,) = [
        line for line in "".join(blocks(SCORING, "sh")).splitlines() if line.startswith("rasg-eval ")
    ]
    words = [str(ROOT / word) if word.startswith("samples/") else word for word in command.split()]
    run_python(
        f"import sys; sys.argv = {words!r}; from rasg.commands import rasg_eval; rasg_eval()", cwd=tmp_path
    )
    written = "\n".join(path.read_text() for path in (tmp_path / "scores").rglob("*") if path.is_file())
    shown = blocks(SCORING, "text")
    assert len(shown) == 3
    assert [text for text in shown if text not in written + "\n"] == []
    assert "Toner" in run_python(score, cwd=tmp_path)


def test_the_reference_has_every_command_and_every_option() -> None:
    page = commands_page()
    names = {*PLACES}
    assert len(names) > 5
    for name in names:
        assert f"## `rasg {name}`" in page
    assert "## `rasg models fetch`" in page
    assert (
        "| `--from` | Wheels that were downloaded before, or a folder of them, where there is no index. |"
        in page
    )
    assert "## `rasg-eval`" in page
    assert "## `rasg-train sft`" in page


def test_the_reference_has_every_operation_of_the_api() -> None:
    page = http_page()
    assert "## `POST /v1/extractions`" in page
    assert "| `schema` | form |" in page
    assert "## `GET /v1/schemas`" in page


def test_the_reference_has_every_name_of_the_library() -> None:
    import rasg

    page = python_page()
    assert [name for name in rasg.__all__ if f"## `rasg.{name}`" not in page] == []
    assert "rasg.extract(file: 'FileLike', schema: 'SchemaLike' = 'invoice'" in page


@pytest.mark.parametrize(
    ("text", "uri", "expected"),
    [
        ("[a](schemas.md#kinds)", "start.md", "[a](schemas.md#kinds)"),
        ("[a](../README.md)", "start.md", "[a](index.md)"),
        ("[a](../models/house/README.md)", "models.md", "[a](project/models/house/README.md)"),
        ("[a](../tables.md)", "results/dev.md", "[a](../tables.md)"),
        ("[a](docs/tables.md)", "project/ARCHITECTURE.md", "[a](../tables.md)"),
        ("[a](../docker/cpu.Dockerfile)", "start.md", "a"),
        ("[a](../../elsewhere.md)", "start.md", "a"),
        ("![a](first_screen.png)", "index.md", "![a](first_screen.png)"),
        ("[a](https://example.org/x.md)", "start.md", "[a](https://example.org/x.md)"),
    ],
)
def test_links_to_files_of_the_checkout_become_links_of_the_site(text: str, uri: str, expected: str) -> None:
    assert site_links(text, uri) == expected


def test_the_first_screen_is_small() -> None:
    assert 10_000 < (ROOT / "docs" / "first_screen.png").stat().st_size < 300_000


@pytest.mark.slow
def test_the_site_builds_and_fetches_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) > 40
    # Links may lead elsewhere; what a page loads with itself may not.
    loaded = re.compile(
        r"<(?:script|img|iframe)[^>]*\bsrc=\"?(?:https?:)?//|<link[^>]*stylesheet[^>]*href=\"?(?:https?:)?//"
    )
    assert [page.name for page in pages if loaded.search(page.read_text())] == []
