"""What texts begin with is read once for all processes, and anew where anything has changed."""

# Torch and safetensors leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from decoding.engines.llama import kept_file, kept_heads
from decoding.engines.llama.kept_file import KeptFile
from decoding.engines.llama.loaded import LlamaModel
from decoding.engines.token_tree import Branch, TokenTree

HEAD, TEXT = [5, 300, 20, 41], [5, 300, 20, 41, 7, 600, 123]


class _Reads:
    """Counts the tokens that models read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from decoding.engines.llama.kept_tokens import LlamaTokens

        self.n = 0
        read = LlamaTokens.read

        def counted(tokens: LlamaTokens, new: list[int], **how: object) -> object:
            self.n += len(new)
            return read(tokens, new, **how)  # pyright: ignore[reportArgumentType]

        monkeypatch.setattr(LlamaTokens, "read", counted)


def _logprobs(model: LlamaModel) -> torch.Tensor:
    tree = TokenTree(model.begin(HEAD))
    tree.prefill(TEXT[:5])
    (grown,) = tree.grow([Branch((), tuple(TEXT[5:]))])
    return torch.stack([row.logprobs(torch.arange(row.n_tokens)) for row in grown.following])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_next_process_reads_it_from_disk_and_answers_the_same(
    tiny_model: Path, tmp_path: Path, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "new" / "cache"
    without = _logprobs(LlamaModel(tiny_model, dtype=dtype))
    first = _logprobs(LlamaModel(tiny_model, dtype=dtype, cache=cache))
    (kept,) = (cache / "heads").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    reads = _Reads(monkeypatch)
    second = _logprobs(LlamaModel(tiny_model, dtype=dtype, cache=cache))
    assert reads.n == len(TEXT) - len(HEAD)
    assert torch.equal(without, first)
    assert torch.equal(first, second)


def test_each_adapter_and_dtype_has_its_own(
    tiny_model: Path, tiny_adapters: dict[str, Path], tmp_path: Path
) -> None:
    for name in (None, "first", "second"):
        for dtype in (torch.float32, torch.bfloat16):
            found: list[torch.Tensor] = []
            for _ in range(2):
                model = LlamaModel(tiny_model, dtype=dtype, cache=tmp_path)
                model.use_adapter(name, None if name is None else tiny_adapters[name])
                found.append(_logprobs(model))
            assert torch.equal(*found)
    assert len(list((tmp_path / "heads").iterdir())) == 6


def test_other_weights_at_the_same_place_are_others(
    tiny_model: Path, tiny_adapters: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_adapters["first"], tmp_path / "adapter")

    def answer() -> torch.Tensor:
        model = LlamaModel(tiny_model, dtype=torch.float32, cache=tmp_path / "cache")
        model.use_adapter("own", folder)
        return _logprobs(model)

    before = answer()
    path = folder / "adapter_model.safetensors"
    tensors = {name: 2 * tensor for name, tensor in load_file(path).items()}
    path.unlink()
    save_file(tensors, path)
    assert not torch.allclose(answer(), before, atol=1e-3)


def _no_file(path: Path) -> None:
    path.write_bytes(b"\x10" * 100)


def _other_shape(path: Path) -> None:
    save_file({"entries": torch.zeros(2, 2)}, path)


def _other_name(path: Path) -> None:
    save_file({"other": torch.zeros(2, 2)}, path)


@pytest.mark.parametrize("damage", [_no_file, _other_shape, _other_name])
def test_a_damaged_file_is_made_anew(tiny_model: Path, tmp_path: Path, damage: object) -> None:
    first = _logprobs(LlamaModel(tiny_model, dtype=torch.float32, cache=tmp_path))
    (kept,) = (tmp_path / "heads").iterdir()
    damage(kept)  # pyright: ignore[reportCallIssue]
    assert torch.equal(_logprobs(LlamaModel(tiny_model, dtype=torch.float32, cache=tmp_path)), first)
    assert load_file(kept)["entries"].shape[3] == len(HEAD)


def test_a_folder_that_cannot_be_written_to_changes_nothing(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "heads").write_text("a file in the folder's place")
    first = _logprobs(LlamaModel(tiny_model, dtype=torch.float32))
    assert torch.equal(_logprobs(LlamaModel(tiny_model, dtype=torch.float32, cache=tmp_path)), first)


def test_in_memory_the_last_used_are_kept(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_heads, "_MOST_TOKENS", 10)
    model = LlamaModel(tiny_model, dtype=torch.float32)
    reads = _Reads(monkeypatch)
    for start in (1, 2, 3):
        model.begin(range(start, start + 4))
    assert reads.n == 12
    for start in (2, 3, 2, 9):  # two fit
        model.begin(range(start, start + 4))
    assert reads.n == 16
    model.begin(range(2, 6))
    assert reads.n == 16
    model.begin(range(3, 7))
    assert reads.n == 20
    assert model.begin(range(11)).length == 0  # too long to keep, and read with the rest


def _used(path: Path, *, ago_s: float) -> None:
    then = time.time() - ago_s
    os.utime(path, (then, then))


def test_files_that_do_not_fit_are_deleted_the_oldest_first(tmp_path: Path) -> None:
    def file(name: str) -> KeptFile:
        return KeptFile(tmp_path, [name], most_bytes=10_000)

    tensors = {"entries": torch.zeros(1000)}  # 4 kB
    for age, name in enumerate("abc"):
        file(name).write(tensors)
        for path in tmp_path.iterdir():
            _used(path, ago_s=100 - 10 * age)
        if name == "b":
            assert file("a").read()  # used last
    assert {name for name in "abc" if file(name).read()} == {"a", "c"}


def test_what_a_process_that_died_left_is_deleted_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / "0123.abc", tmp_path / "0123.def"
    for path in (old, new):
        path.write_bytes(b"half")
    _used(old, ago_s=2 * kept_file._DAY_S)  # pyright: ignore[reportPrivateUsage]
    KeptFile(tmp_path, ["x"], most_bytes=10_000).write({"entries": torch.zeros(2)})
    assert (old.exists(), new.exists()) == (False, True)
