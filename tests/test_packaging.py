"""The distribution holds what it says, names nothing of one machine, and its commands exist."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import packages_distributions
from typing import Any

import pytest

from tests.paths import ROOT

PACKAGES = ("app", "decoding", "eval", "ocr", "rasg", "retrieval", "schemas", "storage", "training")
# Folders at the root that would shadow a library of the same name.
SHADOWING = ("datasets", "evaluate", "outlines", "tokenizers", "types")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def distributions() -> Mapping[str, list[str]]:
    """Return which distributions ship each package; all their lists of files are read for that."""
    return packages_distributions()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_ships_a_package_of_our_name(
    distributions: Mapping[str, list[str]], package: str
) -> None:
    assert set(distributions.get(package, [])) <= {"rasg"}


def test_no_root_folder_shadows_a_library() -> None:
    assert not [name for name in SHADOWING if (ROOT / name).exists()]


def test_docker_is_no_package_so_that_the_sdk_can_be_imported() -> None:
    assert not (ROOT / "docker" / "__init__.py").exists()


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_the_lock_holds_hashes_and_no_addresses() -> None:
    text = (ROOT / "uv.lock").read_text()
    assert "://" not in text
    assert text.count('hash = "sha256:') == text.count("filename = ")


def test_the_lock_holds_every_direct_dependency(project: dict[str, Any]) -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = {package["name"] for package in lock["package"]}
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["project"]["dependencies"], *(line for extra in extras for line in extra)]
    names = {re.split(r"[\[<>=~!; ]", line, maxsplit=1)[0] for line in wanted}
    assert names <= locked


@pytest.mark.parametrize("script", [".ci/run", "scripts/setup", "scripts/lock", "scripts/setup_vllm"])
def test_scripts_can_be_run(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111


@pytest.mark.parametrize("command", ["rasg", "rasg-train", "rasg-eval"])
def test_a_console_script_calls_a_function_that_exists(project: dict[str, Any], command: str) -> None:
    module, function = project["project"]["scripts"][command].split(":")
    assert callable(getattr(import_module(module), function))
