"""The project's own models where the packages stand alone: installed, or unpacked from a wheel."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from app.models import shipped
from app.models.catalogue import CATALOGUE, NamedModel, ShippedAdapter
from app.models.choice import choose_model
from app.models.shipped import adapter_of, fetch_shipped, folder_of, is_adapter_there, shipped_folder
from app.settings import DEFAULT_MODEL, Settings
from schemas.adapter import CARD, CONFIG, WEIGHTS, adapter_sha256
from schemas.errors import ConfigurationError, InputError
from tests.decoding.engines.tiny_model import make_model
from tests.paths import ROOT

DOCUMENTS = CATALOGUE[DEFAULT_MODEL]


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away the folder `models/` beside the packages."""
    monkeypatch.setattr(shipped, "_BESIDE", tmp_path / "no checkout")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> NamedModel:
    """Return a catalogue's only model, whose adapter has some bytes for weights."""
    folder = tmp_path / "made" / "adapters" / "documents"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "models/adapters/documents" / CARD, folder)
    (folder / CONFIG).write_text(json.dumps({"peft_type": "LORA"}))
    (folder / WEIGHTS).write_bytes(b"weights")
    pinned = ShippedAdapter(
        name="documents", path="adapters/documents", content_sha256=adapter_sha256(folder)
    )
    entry = replace(DOCUMENTS, adapter=pinned)
    monkeypatch.setattr(shipped, "CATALOGUE", {entry.name: entry})
    return entry


def wheel_of(tmp_path: Path, **extra: bytes) -> Path:
    """Return a wheel of what `small` made, and of `extra` files by name."""
    wheel = tmp_path / "rasg_models-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted((tmp_path / "made").rglob("*")):
            if path.is_file():
                archive.write(path, f"rasg_models/{path.relative_to(tmp_path / 'made')}")
        archive.writestr(
            "rasg_models-0.1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: rasg-models\nVersion: 0.1.0\n",
        )
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr("rasg_models-0.1.0.dist-info/WHEEL", tag)
        for name, content in extra.items():
            archive.writestr(name, content)
    return wheel


def test_in_a_checkout_they_stand_beside_the_packages(tmp_path: Path) -> None:
    assert shipped_folder(tmp_path) == ROOT / "models"


@pytest.mark.usefixtures("outside")
def test_the_distribution_is_found_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed = tmp_path / "site-packages" / "rasg_models"
    (installed / "house").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(installed.parent), *sys.path])
    assert shipped_folder(tmp_path / "cache") == installed
    assert folder_of(CATALOGUE["house"], tmp_path / "cache") == installed / "house"


@pytest.mark.usefixtures("outside")
def test_a_wheel_is_unpacked_into_the_folder_of_models(small: NamedModel, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert not is_adapter_there(small, cache)
    fetch_shipped(cache, wheel=wheel_of(tmp_path))
    assert adapter_of(small, cache) == cache / "rasg-models" / "adapters" / "documents"
    assert is_adapter_there(small, cache)
    assert sorted(path.name for path in cache.iterdir()) == [".lock", "rasg-models"]


@pytest.mark.usefixtures("outside")
def test_pip_gets_the_wheel_where_none_is_given(
    small: NamedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel_of(tmp_path).parent))
    fetch_shipped(tmp_path / "cache")
    assert is_adapter_there(small, tmp_path / "cache")


@pytest.mark.usefixtures("outside", "small")
def test_a_wheel_with_other_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "made/adapters/documents" / WEIGHTS).write_bytes(b"others")
    with pytest.raises(ConfigurationError, match="does not hold the adapter of documents-135m"):
        fetch_shipped(tmp_path / "cache", wheel=wheel_of(tmp_path))
    assert not (tmp_path / "cache" / "rasg-models").exists()


@pytest.mark.usefixtures("outside", "small")
def test_a_wheel_that_names_files_outside_of_its_folder_is_refused(tmp_path: Path) -> None:
    hostile = wheel_of(tmp_path, **{"rasg_models/../../evil.txt": b"x"})
    with pytest.raises(InputError, match="outside of its folder"):
        fetch_shipped(tmp_path / "cache", wheel=hostile)
    assert not list(tmp_path.rglob("evil.txt"))


@pytest.mark.usefixtures("outside", "small")
def test_a_file_that_is_no_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rasg_models-0.whl").write_bytes(b"no archive")
    with pytest.raises(InputError, match="cannot be unpacked"):
        fetch_shipped(tmp_path / "cache", wheel=tmp_path / "rasg_models-0.whl")


@pytest.mark.usefixtures("outside")
def test_without_its_adapter_the_default_model_says_how_it_is_fetched(tmp_path: Path) -> None:
    make_model(tmp_path / "smollm2-135m-instruct")
    chosen = choose_model(Settings(model=DEFAULT_MODEL, model_cache=tmp_path))
    with pytest.raises(ConfigurationError, match="adapter of 'documents-135m' is not here") as caught:
        chosen.check()
    assert "rasg models fetch documents-135m" in (caught.value.hint or "")
    # A server may have it all the same: it is known by its content.
    assert chosen.own_adapter is not None
    assert chosen.own_adapter.name == "documents-fd6fb36894cc"


def test_a_search_for_the_distribution_imports_nothing_of_it() -> None:
    shipped_folder(Path("nowhere"))
    assert "rasg_models" not in sys.modules
