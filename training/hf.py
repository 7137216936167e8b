"""The untyped edge to Transformers: load a tokenizer, load a model."""

# torch, transformers and matplotlib are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
from __future__ import annotations

from pathlib import Path
from typing import Any


def load_tokenizer(folder: Path | str) -> Any:  # noqa: ANN401
    """Return the fast tokenizer saved in `folder`; nothing is downloaded."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


def load_model(folder: Path | str) -> Any:  # noqa: ANN401
    """Return the causal language model saved in `folder`; nothing is downloaded."""
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(str(folder), local_files_only=True)
