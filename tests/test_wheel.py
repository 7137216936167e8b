"""The wheel: one name in site-packages, nothing of a user's disturbed, and an answer anywhere."""

from __future__ import annotations

import ast
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from scripts.wheel_layout import PACKAGES, list_files, rewrite_imports
from tests.paths import ROOT

MAX_BYTES = 5_000_000
# Strings of the form of a module's name by which none is found: a column of a table, the end of a name.
NO_MODULES = {"schemas.schema_id", "app.log"}
USERS_OWN = ("app", "eval", "schemas", "ocr", "storage")


def built(folder: Path) -> Path:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (wheel,) = folder.glob("rasg-*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def files(wheel: Path) -> Mapping[str, bytes]:
    """Return the wheel's files by name, without its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


class Installed(NamedTuple):
    """An environment in which the wheel is installed, and the libraries of this one can be imported."""

    python: Path
    site: Path

    def run(self, *words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment as a user would: nothing of the checkout can be imported."""
        command = [str(self.python.parent / words[0]), *words[1:]]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RASG_", "PYTHONPATH"))}
        return subprocess.run(
            command, cwd=cwd, env=kept | environment, capture_output=True, text=True, timeout=300, check=False
        )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Return an environment made as `pip install --no-deps` makes it, beside packages of a user's own."""
    folder = tmp_path_factory.mktemp("env")
    venv.create(folder, with_pip=False, symlinks=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    for name in USERS_OWN:
        (site / name).mkdir()
        (site / name / "__init__.py").write_text(f"OWNER = 'the user, of {name}'\n")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # a pure wheel is installed by unpacking it, and writing its commands
        entry_points = archive.read(next(n for n in archive.namelist() if n.endswith("entry_points.txt")))
    python = folder / "bin" / "python"
    for name, module, function in re.findall(
        r"^(\S+) = ([\w.]+):(\w+)$", entry_points.decode(), re.MULTILINE
    ):
        command = folder / "bin" / name
        command.write_text(
            f"#!{python}\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
        )
        command.chmod(0o755)
    # A .pth in a folder that another .pth names is not read: the checkout stays out.
    (site / "zz_libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installed(python, site)


def test_it_puts_one_name_into_site_packages(files: Mapping[str, bytes]) -> None:
    assert {name.split("/")[0] for name in files} == {"rasg"}


def test_it_holds_all_files_of_our_packages_and_no_weights(wheel: Path, files: Mapping[str, bytes]) -> None:
    expected = {target.as_posix() for _, target in list_files(ROOT)} | {"rasg/_src/__init__.py"}
    assert set(files) == expected
    assert {
        "rasg/py.typed",
        "rasg/_src/app/explain/page.css",
        "rasg/_src/storage/migrations/env.py",
    } <= expected
    assert not [name for name in files if name.endswith((".safetensors", ".pyc")) or "vllm_plugin" in name]
    assert wheel.stat().st_size < MAX_BYTES


def test_its_licence_comes_along(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


@pytest.fixture(scope="module")
def nodes(files: Mapping[str, bytes]) -> Mapping[str, list[ast.AST]]:
    """Return the syntax of each module, parsed once."""
    return {name: list(ast.walk(ast.parse(text))) for name, text in files.items() if name.endswith(".py")}


def imported(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


def test_nothing_in_it_imports_a_package_of_ours_by_its_bare_name(
    nodes: Mapping[str, list[ast.AST]],
) -> None:
    bare = {n for n, found in nodes.items() if {m.split(".")[0] for m in imported(found)} & set(PACKAGES)}
    assert len(nodes) > 400
    assert bare == set()


def test_nothing_in_it_names_a_module_of_ours_in_a_string(nodes: Mapping[str, list[ast.AST]]) -> None:
    name = re.compile(rf"(?:{'|'.join(PACKAGES)})(?:\.\w+)+(?::\w+)?")
    found: set[str] = set()
    for walked in nodes.values():
        values = (node.value for node in walked if isinstance(node, ast.Constant))
        found |= {value for value in values if isinstance(value, str) and name.fullmatch(value)}
    assert found == NO_MODULES


def test_lines_keep_their_numbers(files: Mapping[str, bytes]) -> None:
    for inside, target in list_files(ROOT):
        if inside.suffix == ".py":
            assert files[target.as_posix()].count(b"\n") == (ROOT / inside).read_bytes().count(b"\n")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from app.cli import main", "from rasg._src.app.cli import main"),
        ("from app import cli", "from rasg._src.app import cli"),
        ("import ocr.layout as layout", "import rasg._src.ocr.layout as layout"),
        ("é = 1; from schemas.spec import Spec", "é = 1; from rasg._src.schemas.spec import Spec"),
        ("from application import x", "from application import x"),
        ("from . import app", "from . import app"),
        ("import os\nfrom appdirs import x", "import os\nfrom appdirs import x"),
        (
            "def f():\n    from eval.glirm import glirm",
            "def f():\n    from rasg._src.eval.glirm import glirm",
        ),
        ("x = 'from app import cli'", "x = 'from app import cli'"),
        (
            '"""\n>>> from schemas.walk import walk\n"""',
            '"""\n>>> from rasg._src.schemas.walk import walk\n"""',
        ),
        ("from rasg import schemas", "from rasg import schemas"),
        ("", ""),
    ],
)
def test_only_names_in_imports_change(source: str, expected: str) -> None:
    assert rewrite_imports(source) == expected


@pytest.mark.parametrize("source", ["import app", "import app.cli", "import os, eval.glirm"])
def test_an_import_that_binds_a_bare_name_stops_the_build(source: str) -> None:
    with pytest.raises(ValueError, match="binds a bare name"):
        rewrite_imports(source)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["rasg", "rasg-eval", "rasg-train"])
def test_each_command_starts(installed: Installed, tmp_path: Path, command: str) -> None:
    done = installed.run(command, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout


def test_the_version_is_printed(installed: Installed, tmp_path: Path) -> None:
    said = installed.run("python", "-m", "rasg", "--version", cwd=tmp_path).stdout
    assert re.fullmatch(r"rasg \d+\.\d+\.\d+\n", said)


def test_packages_of_a_users_own_are_neither_disturbed_nor_taken(
    installed: Installed, tmp_path: Path
) -> None:
    code = (
        "import rasg, json, sys, app, eval as e, schemas, ocr, storage\n"
        "score = rasg.glirm([{'a': '1'}], [{'a': '1'}, {'a': '2'}])\n"
        "owners = [m.OWNER for m in (app, e, schemas, ocr, storage)]\n"
        "print(json.dumps([score.recall, owners, rasg.schemas.Invoice.__module__]))\n"
    )
    done = installed.run("python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    recall, owners, module = json.loads(done.stdout)
    assert recall == 0.5  # one of two gold cells
    assert owners == [f"the user, of {name}" for name in USERS_OWN]
    assert module == "rasg._src.schemas.documents.invoice"


@pytest.mark.slow
def test_a_document_is_extracted_far_from_any_checkout(installed: Installed, tmp_path: Path) -> None:
    """Also beside files of the folder that have the names of modules: it may hold anybody's."""
    shutil.copy(ROOT / "samples/invoice.pdf", tmp_path)
    for name in ("ocr.py", "cv2.py", "numpy.py", "app.py"):
        (tmp_path / name).write_text("raise SystemExit('this folder is not to be trusted')\n")
    model, store = str(ROOT / "models/house"), str(tmp_path / "store")
    words = ("rasg", "extract", "invoice.pdf", "--out", "out")
    done = installed.run(*words, cwd=tmp_path, RASG_MODEL_FOLDER=model, RASG_STORE__FOLDER=store)
    assert done.returncode == 0, done.stderr
    answer = json.loads((tmp_path / "out" / "invoice.pdf.json").read_text())
    assert answer["extraction"]["output"]["value"]["amount_total_gross"] == "1,975.88"


@pytest.mark.slow
def test_a_spawned_process_takes_over_what_the_library_gives(installed: Installed, tmp_path: Path) -> None:
    """Values and an Extractor go through pickle, under spawn and forkserver alike."""
    (tmp_path / "work.py").write_text(
        "import multiprocessing, sys\n"
        "import rasg\n"
        "def column(score): return score.columns['a'].recall\n"
        "def model(extractor): return extractor.settings.model\n"
        "if __name__ == '__main__':\n"
        "    score = rasg.glirm([{'a': '1'}], [{'a': '1'}])\n"
        "    extractor = rasg.Extractor(rasg.Settings(model='house'))\n"
        "    for method in ('spawn', 'forkserver'):\n"
        "        with multiprocessing.get_context(method).Pool(1) as pool:\n"
        "            print(pool.apply(column, (score,)), pool.apply(model, (extractor,)))\n"
    )
    done = installed.run("python", "work.py", cwd=tmp_path)
    assert done.stdout == "1.0 house\n" * 2, done.stderr


def test_importing_it_loads_nothing(installed: Installed, tmp_path: Path) -> None:
    code = "import sys, rasg; print(*(n for n in sys.modules if n.startswith(('rasg', 'pydantic', 'numpy'))))"
    assert installed.run("python", "-c", code, cwd=tmp_path).stdout == "rasg\n"


def test_an_extractor_is_pickled_as_its_settings() -> None:
    from app.library import Extractor
    from app.settings import Settings

    settings = Settings(model="house", n_candidates=2)
    assert pickle.loads(pickle.dumps(Extractor(settings))).settings == settings
