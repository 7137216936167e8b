"""The wheel's layout: all packages of the checkout under `rasg._src`, so that a user's `app` stays a user's.

In a checkout the packages are the folders at its root, and import each other by those names. Installed, such
names would collide with anybody's, so the wheel holds `app` as `rasg._src.app`, and so on, and each import is
written accordingly when the wheel is built. Only names in import statements change: lines keep their numbers.
An editable install has the folders as they are (docs/adr/0013-one-install.md).
"""

from __future__ import annotations

import ast
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("app", "decoding", "eval", "ocr", "retrieval", "schemas", "storage", "training")
PUBLIC = "rasg"
PRIVATE = "rasg._src"
# Of another environment: the vLLM server loads it, and it is a project of its own.
_LEFT_OUT = (Path("decoding/engines/vllm_plugin"),)
_PRIVATE_DOC = '"""Private: the packages of the checkout. What may be imported is in `rasg`."""\n'
_DOCTEST = re.compile(rf"^(\s*(?:>>>|\.\.\.) from )({'|'.join(PACKAGES)})\b", re.MULTILINE)


def rewrite_imports(source: str) -> str:
    """Return a module's text with our packages imported from where the wheel has them.

    Raises
    ------
    ValueError
        If a statement binds the bare name of a package (`import app.cli`): no other name can stand for it.

    Examples
    --------
    >>> rewrite_imports("from app.cli import main  # the command line")
    'from rasg._src.app.cli import main  # the command line'
    >>> rewrite_imports("import json, ocr.layout as layout")
    'import json, rasg._src.ocr.layout as layout'
    """
    lines = source.encode().splitlines(keepends=True)
    # From the end, so that columns before it stay what they are.
    for line, column in sorted(_places(ast.parse(source)), reverse=True):
        text = lines[line - 1]
        lines[line - 1] = text[:column] + f"{PRIVATE}.".encode() + text[column:]
    return _DOCTEST.sub(rf"\g<1>{PRIVATE}.\g<2>", b"".join(lines).decode())


def _places(tree: ast.Module) -> Iterator[tuple[int, int]]:
    """Yield line (from 1) and column (bytes, from 0) of each name of a package of ours that is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and _is_ours(node.module or ""):
            # The grammar has one space between the two words, as `ruff format` leaves it.
            yield node.lineno, node.col_offset + len("from ")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if not _is_ours(alias.name):
                    continue
                if alias.asname is None:
                    raise ValueError(f"line {node.lineno}: `import {alias.name}` binds a bare name")
                yield alias.lineno, alias.col_offset


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in PACKAGES


def list_files(root: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file of the wheel, relative to the checkout, and its path in the wheel."""
    for package in (PUBLIC, *PACKAGES):
        for path in sorted((root / package).rglob("*")):
            inside = path.relative_to(root)
            is_left_out = "__pycache__" in inside.parts or any(inside.is_relative_to(f) for f in _LEFT_OUT)
            if path.is_file() and not is_left_out:
                yield inside, inside if package == PUBLIC else Path(*PRIVATE.split("."), inside)


def lay_out(root: Path, folder: Path) -> dict[str, str]:
    """Write the wheel's files to `folder`; return, of each, where it lies now and its path in the wheel."""
    marker = folder.joinpath(*PRIVATE.split("."), "__init__.py")
    marker.parent.mkdir(parents=True)
    marker.write_text(_PRIVATE_DOC, encoding="utf-8")
    placed = {str(marker): marker.relative_to(folder).as_posix()}
    for inside, target in list_files(root):
        written = folder / target
        written.parent.mkdir(parents=True, exist_ok=True)
        if inside.suffix == ".py":
            text = (root / inside).read_text(encoding="utf-8")
            written.write_text(rewrite_imports(text), encoding="utf-8")
        else:
            shutil.copyfile(root / inside, written)
        placed[str(written)] = target.as_posix()
    return placed


class CustomBuildHook(BuildHookInterface[Any]):
    """Hands the wheel's files to hatchling; an editable install gets none, as it has the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files of a wheel that is built to be installed."""
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory(prefix="rasg-wheel-")
        build_data["force_include"].update(lay_out(Path(self.root), Path(self._folder.name)))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove what was written for it."""
        if version != "editable":
            self._folder.cleanup()
