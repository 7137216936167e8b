"""What the docs site has beside `docs/`: a reference made of the code, and the project's own pages.

The reference is made when the site is built, so it cannot be out of date. Pages link to files of the checkout
as they lie; on the site a link leads to that file's page, and one to a file that has none is its name alone.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Pages that stand outside of docs/; on the site they are under project/.
_PAGES = (
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docker/README.md",
    "models/adapters/documents/README.md",
    "models/house/README.md",
)
_PICTURES = ("models/house/loss.png",)
_LINK = re.compile(r"(?<!!)\[([^\]\n]*(?:\n[^\]\n]*)?)\]\(([^)\s:]+?)(#[^)\s]*)?\)")
_PROJECT = "project"


def on_files(files: Any, config: Any) -> Any:  # noqa: ANN401 - mkdocs hands over its own types, untyped
    """Add the pages that are made of the code, and those of the project."""
    from mkdocs.structure.files import File

    sys.path.insert(0, str(ROOT))
    from scripts.reference import commands_page, http_page, python_page

    pages = {
        "reference/commands.md": commands_page(),
        "reference/http.md": http_page(),
        "reference/python.md": python_page(),
        **{f"{_PROJECT}/{name}": (ROOT / name).read_text(encoding="utf-8") for name in _PAGES},
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    for name in _PICTURES:
        files.append(File.generated(config, f"{_PROJECT}/{name}", abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Any) -> str:  # noqa: ANN401, ARG001
    """Return a page's text with links to files of the checkout made links of the site."""
    return site_links(markdown, page.file.src_uri)


def site_links(markdown: str, uri: str) -> str:
    """Return the text of the page `uri` of the site, whose links to the checkout's files are the site's."""

    def place(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        page = _site_uri((_source(uri).parent / target).resolve())
        if page is None:
            return text
        return f"[{text}]({os.path.relpath(page, Path(uri).parent)}{anchor})"

    return _LINK.sub(place, markdown)


def _source(uri: str) -> Path:
    """Return the file of the checkout that a page of the site is made of."""
    inside = Path(uri)
    return ROOT / inside.relative_to(_PROJECT) if inside.parts[0] == _PROJECT else ROOT / "docs" / inside


def _site_uri(path: Path) -> str | None:
    """Return the site's page, or picture, of a file of the checkout; None if it has none."""
    docs = ROOT / "docs"
    if path == ROOT / "README.md":
        return "index.md"
    if path.is_relative_to(docs) and (path.is_file() or path.is_relative_to(docs / "reference")):
        return path.relative_to(docs).as_posix()
    if path.is_relative_to(ROOT) and path.relative_to(ROOT).as_posix() in _PAGES:
        return f"{_PROJECT}/{path.relative_to(ROOT).as_posix()}"
    return None
