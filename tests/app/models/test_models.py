"""Models by name: what is chosen, what is there, and what is said where something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.models.catalogue import CATALOGUE, NamedModel, PackagedWeights
from app.models.choice import choose_model
from app.models.shipped import adapter_of
from app.settings import DEFAULT_MODEL, Settings
from app.wiring import build_pipeline
from decoding.engines.embedded import EmbeddedEngine
from schemas.adapter import adapter_sha256, read_card
from schemas.errors import ConfigurationError, InputError, RasgError
from tests.decoding.engines.tiny_model import make_model
from tests.paths import ROOT


def settings_for(model: str, cache: Path) -> Settings:
    return Settings(model=model, model_cache=cache)


def test_the_default_model_is_the_one_with_the_documents_adapter(tmp_path: Path) -> None:
    chosen = choose_model(settings_for(DEFAULT_MODEL, tmp_path))
    assert chosen.folder == tmp_path / "smollm2-135m-instruct"
    assert chosen.adapter == ROOT / "models" / "adapters" / "documents"
    own = chosen.own_adapter
    assert own is not None
    assert chosen.adapter is not None
    assert own.content_sha256 == adapter_sha256(chosen.adapter)
    assert own.name == f"documents-{own.content_sha256[:12]}"


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.name)
def test_each_adapter_of_the_catalogue_is_for_the_weights_beside_it(entry: NamedModel) -> None:
    folder = adapter_of(entry, Path("nowhere"))
    if folder is not None:
        assert isinstance(entry.source, PackagedWeights)
        assert read_card(folder).base_sha256 == entry.source.weights_sha256
        assert entry.adapter is not None
        assert (entry.adapter.name, entry.adapter.content_sha256) == (
            read_card(folder).name,
            adapter_sha256(folder),
        )


def test_the_house_model_ships_and_has_no_adapter_of_its_own(tmp_path: Path) -> None:
    pipeline = build_pipeline(settings_for("house", tmp_path))
    assert isinstance(pipeline.engine, EmbeddedEngine)
    assert (pipeline.engine.model, pipeline.own_adapter) == ("house", None)


def test_a_folder_is_chosen_before_a_name(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "mine")
    chosen = choose_model(Settings(model_folder=folder, model_cache=tmp_path))
    assert (chosen.name, chosen.folder, chosen.adapter) == ("mine", folder, None)


def test_a_model_that_is_not_here_says_how_it_is_fetched(tmp_path: Path) -> None:
    for name in (DEFAULT_MODEL, "hf:acme/tiny"):
        with pytest.raises(ConfigurationError) as caught:
            build_pipeline(settings_for(name, tmp_path))
        assert f"rasg models fetch {name}" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "error"), [("gpt", ConfigurationError), ("", ConfigurationError), ("hf:../..", InputError)]
)
def test_a_name_that_nothing_has_is_refused(tmp_path: Path, name: str, error: type[RasgError]) -> None:
    with pytest.raises(error):
        choose_model(settings_for(name, tmp_path))


def test_an_adapter_for_other_weights_stops_the_start(tmp_path: Path) -> None:
    make_model(tmp_path / "smollm2-135m-instruct")
    with pytest.raises(ConfigurationError, match="trained on other weights"):
        build_pipeline(settings_for(DEFAULT_MODEL, tmp_path))


def run(*arguments: str, cache: Path) -> str:
    result = CliRunner(env={"RASG_MODEL_CACHE": str(cache)}).invoke(app, ["models", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_models_are_listed_and_shown(tmp_path: Path) -> None:
    listed = run("list", cache=tmp_path)
    assert all(name in listed for name in CATALOGUE)
    assert "(chosen)" in listed
    shown = run("show", DEFAULT_MODEL, cache=tmp_path)
    assert "rasg models fetch documents-135m" in shown
    assert "Apache-2.0" in shown
    assert "documents-" in shown
    assert read_card(ROOT / "models" / "adapters" / "documents").base_sha256 not in shown  # not here yet
    assert "house" in run("show", "house", cache=tmp_path)
    assert "is here" in run("fetch", "house", cache=tmp_path)
