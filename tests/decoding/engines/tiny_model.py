"""A Llama with random weights and a byte-level tokenizer of its own, made in a second or two."""

# Torch, Transformers and PEFT leave much of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportArgumentType=false

from __future__ import annotations

import json
import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

CHAT_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VOCAB_SIZE = 768


def _corpus() -> list[str]:
    rng = random.Random(0)
    words = ["".join(rng.choice("abcdeghiklmnoprstuv") for _ in range(rng.randint(2, 7))) for _ in range(400)]
    figures = [f"{rng.randint(0, 999)}.{rng.randint(0, 99):02d}" for _ in range(400)]
    rows = [{"total": a, "name": b, "rows": [{"x": None}]} for a, b in zip(figures, words, strict=True)]
    return [json.dumps(row, separators=(",", ":")) for row in rows] + [" ".join(words), " ".join(figures)]


def make_bpe() -> Tokenizer:
    """Return a byte-level BPE of 768 tokens with digits apart."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=["<|pad|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(), trainer)
    return tokenizer


def make_tokenizer(folder: Path) -> None:
    """Write a fast tokenizer with a ChatML template to `folder`."""
    from transformers import PreTrainedTokenizerFast

    fast = PreTrainedTokenizerFast(tokenizer_object=make_bpe(), eos_token="<|im_end|>", pad_token="<|pad|>")
    fast.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)


def make_model(folder: Path, *, seed: int = 0) -> Path:
    """Write the tokenizer and a Llama of 0.2 M random parameters (padded vocabulary) to `folder`."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    make_tokenizer(folder)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=VOCAB_SIZE + 32,
        hidden_size=64,
        head_dim=32,  # the least that the CPU kernels of vLLM take
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        initializer_range=0.3,  # spread enough that greedy choices are not all alike
        eos_token_id=2,
        pad_token_id=0,
        bos_token_id=None,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def make_adapter(model_folder: Path, folder: Path, *, seed: int) -> Path:
    """Write a LoRA of rank 4 with random weights, large enough to change what is written."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    base = AutoModelForCausalLM.from_pretrained(model_folder)
    model = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "o_proj"]))
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    model.save_pretrained(folder)
    return folder
