"""Adapters are copied by their content, whole or not at all; what is hostile is refused."""

# safetensors leaves the names of files untyped
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import JsonValue
from safetensors.numpy import load_file, save_file

from app.adapters import files
from app.adapters.files import AdapterFiles
from schemas.adapter import CARD, CONFIG, WEIGHTS, adapter_sha256
from schemas.errors import AdapterNotFoundError, ConfigurationError, InvalidAdapterError
from tests.app.adapters.lora import write_adapter, write_card
from tests.paths import ROOT


@pytest.fixture
def model() -> Path:
    return ROOT / "models" / "house"


@pytest.fixture
def store(model: Path, tmp_path: Path) -> AdapterFiles:
    return AdapterFiles(tmp_path / "kept", model_folder=model, max_rank=16)


@pytest.fixture
def source(model: Path, tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "mine", model, seed=1)


def kept(tmp_path: Path) -> list[str]:
    folder = tmp_path / "kept"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_what_is_kept_outlives_its_source(store: AdapterFiles, source: Path, tmp_path: Path) -> None:
    content = adapter_sha256(source)
    (source / "README.md").write_text("card")
    (source / "loss.png").write_bytes(b"plot")
    (source / "optimizer.pt").write_bytes(b"pickle")
    (source / "adapter_model.bin").write_bytes(b"pickle")
    added = store.keep(source)
    shutil.rmtree(source)
    folder = store.folder_of(added.content_sha256)
    assert (added.content_sha256, added.card.name, folder.is_absolute()) == (content, "mine", True)
    assert {path.name for path in folder.iterdir()} == {CARD, CONFIG, WEIGHTS, "README.md", "loss.png"}
    assert kept(tmp_path) == [content]


def test_a_server_of_the_same_group_can_read_what_is_kept(store: AdapterFiles, source: Path) -> None:
    folder = store.folder_of(store.keep(source).content_sha256)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o040 for path in folder.iterdir())


def test_the_same_content_is_kept_once(store: AdapterFiles, source: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        added = {one.content_sha256 for one in pool.map(store.keep, [source] * 8)}
    assert kept(tmp_path) == sorted(added)
    assert len(added) == 1


def test_files_that_are_gone_or_changed_are_not_served(store: AdapterFiles, source: Path) -> None:
    content = store.keep(source).content_sha256
    weights = store.folder_of(content) / WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(AdapterNotFoundError, match="changed"):
        store.folder_of(content)
    weights.unlink()
    with pytest.raises(AdapterNotFoundError, match="gone"):
        store.folder_of(content)
    store.keep(source)  # adding it again mends it
    assert adapter_sha256(store.folder_of(content)) == content


def test_a_copy_that_was_cut_leaves_nothing_under_the_name(
    store: AdapterFiles, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(files, "sync_folder", die)
        with pytest.raises(KeyboardInterrupt):
            store.keep(source)
    assert kept(tmp_path) == []
    left = tmp_path / "kept" / ".dead.part"  # as after a power cut
    left.mkdir()
    fresh = tmp_path / "kept" / ".fresh.part"
    fresh.mkdir()
    os.utime(left, (0, 0))
    assert kept(tmp_path) == [".dead.part", ".fresh.part"]
    content = store.keep(source).content_sha256
    assert kept(tmp_path) == sorted([".fresh.part", content])


@pytest.mark.parametrize("name", [CARD, CONFIG, WEIGHTS])
def test_a_missing_file_is_named(store: AdapterFiles, source: Path, tmp_path: Path, name: str) -> None:
    (source / name).unlink()
    with pytest.raises(InvalidAdapterError, match=name):
        store.keep(source)
    assert kept(tmp_path) == []


@pytest.mark.parametrize("name", [CARD, CONFIG, WEIGHTS])
def test_neither_links_nor_pipes_are_followed(
    store: AdapterFiles, source: Path, tmp_path: Path, name: str
) -> None:
    (source / name).rename(tmp_path / "elsewhere")
    (source / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidAdapterError, match=name):
        store.keep(source)
    (source / name).unlink()
    os.mkfifo(source / name)
    with pytest.raises(InvalidAdapterError, match="regular"):
        store.keep(source)
    assert kept(tmp_path) == []


def test_links_beside_the_files_are_left_where_they_are(store: AdapterFiles, source: Path) -> None:
    (source / "README.md").symlink_to("/etc/passwd")
    (source / "a.png").symlink_to("/etc/passwd")
    folder = store.folder_of(store.keep(source).content_sha256)
    assert {path.name for path in folder.iterdir()} == {CARD, CONFIG, WEIGHTS}


@pytest.mark.parametrize(("name", "limit"), [(CARD, 10_000_000), (CONFIG, 1_000_000), (WEIGHTS, 4 * 2**30)])
def test_a_huge_file_is_refused_before_it_is_read(
    store: AdapterFiles, source: Path, tmp_path: Path, name: str, limit: int
) -> None:
    with (source / name).open("r+b") as file:
        file.truncate(limit + 1)  # sparse: it takes no room
    with pytest.raises(InvalidAdapterError, match="bytes"):
        store.keep(source)
    assert kept(tmp_path) == []


def test_an_adapter_for_another_model_is_refused(store: AdapterFiles, source: Path, model: Path) -> None:
    write_card(source, model, base_sha256="e" * 64)
    with pytest.raises(InvalidAdapterError, match="eeeeeeeeeeee"):
        store.keep(source)


def test_without_a_base_model_nothing_can_be_added(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no weights"):
        AdapterFiles(tmp_path / "kept", model_folder=tmp_path / "none", max_rank=16).keep(source)


def test_a_rank_that_the_server_does_not_take_is_refused(
    store: AdapterFiles, model: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidAdapterError, match="17, more than 16"):
        store.keep(write_adapter(tmp_path / "high", model, seed=1, rank=17))
    lying = write_adapter(tmp_path / "lying", model, seed=1, rank=17)
    config = json.loads((lying / CONFIG).read_text())
    (lying / CONFIG).write_text(json.dumps({**config, "r": 4}))
    with pytest.raises(InvalidAdapterError, match="17, more than 16"):
        store.keep(lying)
    assert store.keep(write_adapter(tmp_path / "fits", model, seed=1, rank=16)).card.name == "fits"


@pytest.mark.parametrize(
    "changes",
    [
        {"r": 0},
        {"r": "4"},
        {"r": True},
        {"r": None},
        {"rank_pattern": {"q_proj": 64}},
        {"rank_pattern": {"(a+)+$": 4}},
        {"target_modules": "(a+)+$"},
        {"target_modules": ["q_proj", {"a": 1}]},
        {"megatron_config": {"a": 1}},
        {"modules_to_save": ["lm_head"]},
        {"use_dora": True},
        {"bias": "all"},
        {"layer_replication": [[0, 4]]},
        {"init_lora_weights": "pissa"},
        {"loftq_config": {"bits": 4}},
        {"something_new": {"module": "os"}},
        {"peft_type": "PROMPT_TUNING"},
        {"lora_alpha": "32"},
        {"lora_alpha": 10**400},
        {"lora_alpha": -1},
        {"lora_dropout": 7},
        {"lora_alpha": True},
        {"lora_alpha": float("nan")},
        {"use_rslora": "no"},
        {"base_model_name_or_path": ["a"]},
    ],
)
def test_what_is_no_plain_lora_is_refused(
    store: AdapterFiles, source: Path, changes: dict[str, JsonValue]
) -> None:
    config = json.loads((source / CONFIG).read_text())
    (source / CONFIG).write_text(json.dumps({**config, **changes}))
    with pytest.raises(InvalidAdapterError):
        store.keep(source)


@pytest.mark.parametrize("name", [CARD, CONFIG])
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 200_000, b'{"name": "../up"}', b"null"])
def test_a_broken_card_or_configuration_is_refused(
    store: AdapterFiles, source: Path, name: str, content: bytes
) -> None:
    (source / name).write_bytes(content)
    with pytest.raises(InvalidAdapterError):
        store.keep(source)


def _header(text: bytes) -> bytes:
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04pickle",
        _header(b"{}"),
        _header(b"[1]"),
        _header(b"[" * 100_000),
        (2**62).to_bytes(8, "little") + b"{",
        _header(b'{"a.lora_A.weight": 3}'),
        _header(b'{"a.lora_A.weight": {"dtype": "F32", "shape": [4, 8], "data_offsets": [0, 128]}}'),
        _header(b'{"a.lora_A.weight": {"dtype": "F32", "shape": [0, 8], "data_offsets": [0, 0]}}'),
        _header(b'{"a.lora_A.weight": {"dtype": "I8", "shape": [4, 8], "data_offsets": [0, 32]}}')
        + b"x" * 32,
    ],
    ids=["empty", "pickle", "none", "list", "deep", "long", "odd", "cut", "zero", "integers"],
)
def test_what_is_no_file_of_factors_is_refused(store: AdapterFiles, source: Path, content: bytes) -> None:
    (source / WEIGHTS).write_bytes(content)
    with pytest.raises(InvalidAdapterError, match="weights"):
        store.keep(source)


Tensors = dict[str, NDArray[np.float32]]
Change = Callable[[Tensors], Tensors]
FIRST = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"


def changed(tensors: Tensors, half: str, to: NDArray[np.float32]) -> Tensors:
    return tensors | {FIRST.format(half): to}


def with_value(tensors: Tensors, value: float) -> Tensors:
    factor = tensors[FIRST.format("B")].copy()
    factor[-1, -1] = value
    return changed(tensors, "B", factor)


def renamed(tensors: Tensors, old: str, new: str) -> Tensors:
    return {name.replace(old, new): factor for name, factor in tensors.items()}


def transposed(tensors: Tensors) -> Tensors:
    return changed(tensors, "A", np.ascontiguousarray(tensors[FIRST.format("A")].T))


def halved(half: str, axis: int) -> Change:
    def change(tensors: Tensors) -> Tensors:
        factor = tensors[FIRST.format(half)]
        return changed(tensors, half, np.ascontiguousarray(factor[::2] if axis == 0 else factor[:, ::2]))

    return change


def numbered(value: float) -> Change:
    return lambda tensors: with_value(tensors, value)


def named(old: str, new: str) -> Change:
    return lambda tensors: renamed(tensors, old, new)


def single(tensors: Tensors) -> Tensors:
    return {name: factor for name, factor in tensors.items() if name != FIRST.format("A")}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (transposed, "rank"),
        (halved("A", 1), "make no"),
        (halved("B", 0), "make no"),
        (halved("B", 1), "rank"),
        (numbered(np.nan), "not finite"),
        (numbered(-np.inf), "not finite"),
        (numbered(1e30), "not finite"),
        (named("layers.0.", "layers.99."), "no matrix"),
        (named("q_proj", "w_proj"), "no module"),
        (named("base_model.model.", ""), "no matrix"),
        (single, "other half"),
    ],
)
def test_factors_that_do_not_fit_the_base_model_or_are_no_numbers_are_refused(
    store: AdapterFiles,
    source: Path,
    tmp_path: Path,
    change: Change,
    reason: str,
) -> None:
    save_file(change(load_file(source / WEIGHTS)), source / WEIGHTS)
    with pytest.raises(InvalidAdapterError, match=reason):
        store.keep(source)
    assert kept(tmp_path) == []


def test_numbers_of_sixteen_bits_are_looked_at_too(store: AdapterFiles, source: Path) -> None:
    tensors = load_file(source / WEIGHTS)
    halves = {name: factor.astype(np.float16) for name, factor in tensors.items()}
    save_file(halves, source / WEIGHTS)
    store.keep(source)
    # A bfloat16 is the upper half of a float32; 0x7fc0 is its NaN.
    raw = bytearray((source / WEIGHTS).read_bytes().replace(b'"F16"', b'"BF16"'))
    raw[:8] = (int.from_bytes(raw[:8], "little") + len(tensors)).to_bytes(8, "little")
    raw[-2:] = (0x7FC0).to_bytes(2, "little")
    (source / WEIGHTS).write_bytes(raw)
    with pytest.raises(InvalidAdapterError, match="not finite"):
        store.keep(source)


@pytest.mark.parametrize(("where", "reason"), [("overlap", "overlap"), ("gap", "gaps"), ("more", "behind")])
def test_factors_that_overlap_or_leave_room_are_refused(
    store: AdapterFiles, source: Path, where: str, reason: str
) -> None:
    raw = (source / WEIGHTS).read_bytes()
    begin = 8 + int.from_bytes(raw[:8], "little")
    header, data = json.loads(raw[8:begin]), raw[begin:]
    last = max((e for n, e in header.items() if n != "__metadata__"), key=lambda e: e["data_offsets"][0])
    shift = {"overlap": -16, "gap": 16, "more": 0}[where]
    last["data_offsets"] = [offset + shift for offset in last["data_offsets"]]
    (source / WEIGHTS).write_bytes(_header(json.dumps(header).encode()) + data + b"x" * 16)
    with pytest.raises(InvalidAdapterError, match=reason):
        store.keep(source)


def test_weights_of_the_base_model_are_no_factors(store: AdapterFiles, source: Path) -> None:
    save_file({"model.embed_tokens.weight": np.zeros((4, 4), np.float32)}, source / WEIGHTS)
    with pytest.raises(InvalidAdapterError, match="no LoRA factor"):
        store.keep(source)


def test_a_folder_that_is_none_is_refused(store: AdapterFiles, tmp_path: Path) -> None:
    for odd in (tmp_path / "absent", Path("/dev/null"), Path("a\x00b")):
        with pytest.raises(InvalidAdapterError, match="no folder"):
            store.keep(odd)


def test_a_store_that_cannot_be_written_is_said(model: Path, source: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file stands where the folder should")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        AdapterFiles(tmp_path / "kept", model_folder=model, max_rank=16).keep(source)
