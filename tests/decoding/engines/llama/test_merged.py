"""An adapter that is added to the weights: the same answers as beside them, for it and for all others."""

# Torch and safetensors leave parts of their interfaces untyped.
# pyright: reportUnknownVariableType=false
from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from decoding.engines.llama.config import read_shape
from decoding.engines.llama.loaded import LlamaModel
from decoding.engines.llama.merged import Merged, read_adapter
from decoding.engines.token_tree import Branch, TokenTree
from schemas.errors import AdapterNotFoundError, EngineUnavailableError

TEXT = [5, 300, 20, 41, 7, 600, 123]


def logprobs(model: LlamaModel, head: tuple[int, ...] = ()) -> torch.Tensor:
    tree = TokenTree(model.begin(head))
    tree.prefill(TEXT[:5])
    (grown,) = tree.grow([Branch((), tuple(TEXT[5:]))])
    return torch.stack([row.logprobs(torch.arange(row.n_tokens)) for row in grown.following])


def replace_weights(folder: Path, scale: float) -> None:
    path = folder / "adapter_model.safetensors"
    save_file({name: tensor * scale for name, tensor in load_file(path).items()}, path)


@pytest.fixture
def usual(tiny_adapters: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(tiny_adapters["first"], tmp_path / "usual")


def test_texts_are_read_as_with_factors_beside_the_weights(
    tiny_model: Path, tiny_adapters: dict[str, Path], usual: Path
) -> None:
    beside = LlamaModel(tiny_model, dtype=torch.float32)
    merged = LlamaModel(tiny_model, dtype=torch.float32, usual_adapter=usual)
    asked = {"usual": usual, "second": tiny_adapters["second"]}
    found: list[torch.Tensor] = []
    for name in (None, "usual", "second", None, "usual"):
        for model in (beside, merged):
            model.use_adapter(name, asked.get(name or ""))
        found.append(logprobs(merged))
        torch.testing.assert_close(found[-1], logprobs(beside), atol=1e-4, rtol=0)
    assert not torch.allclose(found[0], found[1], atol=1e-2)
    # Whatever was asked in between.
    assert torch.equal(found[0], found[3])
    assert torch.equal(found[1], found[4])


def test_the_usual_adapter_has_no_factors_left(tiny_model: Path, usual: Path) -> None:
    shape = read_shape(tiny_model)
    merged = Merged(usual, shape)
    assert read_adapter(usual, shape, dtype=torch.float32, merged=merged).factors is None
    assert read_adapter(usual, shape, dtype=torch.float32, merged=None).factors is not None


def test_in_bfloat16_rounding_is_no_more_than_beside_the_weights(
    tiny_model: Path, tiny_adapters: dict[str, Path], usual: Path
) -> None:
    """Another adapter bears what is taken off as well. Trained updates are smaller than made-up ones."""
    replace_weights(usual, 0.2)
    exact = LlamaModel(tiny_model, dtype=torch.float32)
    beside, merged = (
        LlamaModel(tiny_model, dtype=torch.bfloat16, usual_adapter=folder) for folder in (None, usual)
    )
    for name, folder, times in (
        ("usual", usual, 1.5),
        ("second", tiny_adapters["second"], 3),
        (None, None, 3),
    ):
        off: list[float] = []
        for model in (exact, beside, merged):
            model.use_adapter(name, folder)
            off.append(float((logprobs(model) - logprobs(exact)).abs().mean()))
        assert 0 < off[2] < times * off[1]


@pytest.mark.parametrize("fault", ["missing", "not finite", "no configuration"])
def test_a_usual_adapter_that_does_not_fit_is_told_by_its_use(
    tiny_model: Path, usual: Path, fault: str
) -> None:
    if fault == "missing":
        (usual / "adapter_model.safetensors").unlink()
    elif fault == "not finite":
        replace_weights(usual, float("nan"))
    else:
        (usual / "adapter_config.json").write_text("{}")
    model = LlamaModel(tiny_model, dtype=torch.float32, usual_adapter=usual)
    assert torch.equal(logprobs(model), logprobs(LlamaModel(tiny_model, dtype=torch.float32)))
    with pytest.raises(AdapterNotFoundError, match="does not fit"):
        model.use_adapter("usual", usual)


def test_another_file_in_its_place_is_another_adapter(
    tiny_model: Path, tiny_adapters: dict[str, Path], usual: Path
) -> None:
    model = LlamaModel(tiny_model, dtype=torch.float32, usual_adapter=usual)
    model.use_adapter("usual", usual)
    first = logprobs(model)
    replace_weights(usual, 0.5)
    model.use_adapter("usual", usual)  # it is loaded, whatever becomes of its file
    assert torch.equal(logprobs(model), first)
    # What would have to be taken off is not there any more: said, and nothing wrong is answered.
    for name, folder in (("second", tiny_adapters["second"]), ("new", usual)):
        with pytest.raises(EngineUnavailableError, match="was replaced"):
            model.use_adapter(name, folder)
    model.use_adapter(None, None)
    with pytest.raises(EngineUnavailableError, match="was replaced"):
        model.begin()


def test_what_was_kept_of_a_head_is_not_taken_by_the_other_way(
    tiny_model: Path, usual: Path, tmp_path: Path
) -> None:
    head = tuple(TEXT[:4])
    for folder in (None, usual):
        model = LlamaModel(tiny_model, dtype=torch.float32, cache=tmp_path / "cache", usual_adapter=folder)
        model.use_adapter("usual", usual)
        logprobs(model, head)
    assert len(list((tmp_path / "cache" / "heads").iterdir())) == 2
