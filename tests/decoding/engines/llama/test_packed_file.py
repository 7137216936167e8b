"""Four bits are found once: what is kept is what would be found, and other weights have another file."""

# Safetensors leaves parts of its interface untyped.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from decoding.engines.llama import weights as module
from decoding.engines.llama.config import read_shape
from decoding.engines.llama.projection import FourBits
from decoding.engines.llama.weights import read_weights
from tests.decoding.engines.llama.test_projection import four_bit_weight


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """Return a model whose layers' weights are four bits."""
    copied = shutil.copytree(tiny_model, tmp_path / "model")
    path = copied / "model.safetensors"
    tensors = load_file(path)
    for name, tensor in tensors.items():
        if "proj" in name and tensor.shape[1] % 32 == 0:
            tensors[name] = four_bit_weight(*tensor.shape)
    save_file({name: tensor.bfloat16() for name, tensor in tensors.items()}, path, metadata={"format": "pt"})
    return copied


class _Finding:
    """Counts how often four bits are looked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n = 0
        self._find = module.find_four_bits
        monkeypatch.setattr(module, "find_four_bits", self)

    def __call__(self, weight: torch.Tensor) -> FourBits | None:
        self.n += 1
        return self._find(weight)


def _product(folder: Path, cache: Path | None) -> torch.Tensor:
    shape = read_shape(folder)
    layers = read_weights(folder, shape, dtype=torch.bfloat16, cache=cache).layers
    x = torch.linspace(-1, 1, shape.width).bfloat16()[None]
    return torch.cat([layer.qkv(x) for layer in layers])


def test_what_is_kept_gives_the_same_bits(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding, cache = _Finding(monkeypatch), tmp_path / "new" / "cache"
    without = _product(folder, None)
    n_all = finding.n
    first = _product(folder, cache)
    (kept,) = cache.iterdir()
    assert finding.n == 2 * n_all
    assert kept.stat().st_mode & 0o077 == 0
    second = _product(folder, cache)
    assert finding.n == 2 * n_all
    assert torch.equal(without, first)
    assert torch.equal(first, second)


def test_other_weights_under_the_same_name_are_looked_at_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _product(folder, tmp_path / "cache")
    finding, path = _Finding(monkeypatch), folder / "model.safetensors"
    tensors = {name: tensor.clone() for name, tensor in load_file(path).items()}
    for name, tensor in tensors.items():
        if name.endswith("q_proj.weight"):
            tensors[name] = -tensor
    path.unlink()
    save_file(tensors, path, metadata={"format": "pt"})
    assert torch.equal(_product(folder, tmp_path / "cache"), _product(folder, None))
    assert finding.n > 0


@pytest.mark.parametrize("damage", [b"", b"no safetensors at all", None])
def test_a_damaged_file_is_made_anew(folder: Path, tmp_path: Path, damage: bytes | None) -> None:
    cache = tmp_path / "cache"
    expected = _product(folder, cache)
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2] if damage is None else damage)
    assert torch.equal(_product(folder, cache), expected)
    (kept,) = cache.iterdir()
    assert kept.read_bytes() == whole


def test_a_folder_that_cannot_be_written_to_is_done_without(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert torch.equal(_product(folder, tmp_path / "file"), _product(folder, None))
    assert torch.equal(_product(folder, tmp_path / "file" / "below"), _product(folder, None))


def test_nothing_is_kept_of_weights_that_are_more_than_four_bits(tiny_model: Path, tmp_path: Path) -> None:
    read_weights(tiny_model, read_shape(tiny_model), dtype=torch.bfloat16, cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
