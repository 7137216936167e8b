"""A GGUF file as a Hugging Face folder: what was quantised is written out in bfloat16. Imports torch."""

# Torch and Transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import logging
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from schemas.errors import ConfigurationError

logger = logging.getLogger(__name__)

# What Transformers notes of how it read the file: with it, the folder would be read as one.
_OF_THE_READING = frozenset(
    (
        "quantization_config",
        "_model_name_or_path",
        "_name_or_path",
        "is_local",
        "local_files_only",
        "gguf_file",
    )
)


def convert_gguf(source: Path, target: Path) -> None:
    """Write the model of a GGUF file to `target`, a folder that is made: weights, tokenizer, configuration.

    The weights' file depends on nothing but the source: it can be known by its hash on every machine. Tied
    embeddings are written once.

    Raises
    ------
    ConfigurationError
        If Transformers cannot read the file.
    """
    disable_progress_bar()
    where: dict[str, Any] = {"gguf_file": source.name, "local_files_only": True}
    try:
        with redirect_stderr(StringIO()):  # a progress bar of the library's that cannot be turned off
            tokenizer = AutoTokenizer.from_pretrained(source.parent, **where)
            model: Any = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **where)
    except Exception as error:  # of any class: what is read is somebody's file
        raise ConfigurationError(
            f"{source.name} cannot be read as a model: {type(error).__name__}"
        ) from error
    target.mkdir(parents=True)
    weights = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in _own_weights(model).items()}
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    (target / "config.json").write_text(_config_json(model), encoding="utf-8")
    model.generation_config.save_pretrained(target)
    tokenizer.model_max_length = int(model.config.max_position_embeddings)
    tokenizer.init_kwargs = {k: v for k, v in tokenizer.init_kwargs.items() if k not in _OF_THE_READING}
    tokenizer.save_pretrained(target)
    logger.info("wrote %d tensors of %s", len(weights), source.name)


def _config_json(model: Any) -> str:  # noqa: ANN401
    """Return the model's configuration without what was true of the GGUF file alone."""
    config = {k: v for k, v in model.config.to_diff_dict().items() if k not in _OF_THE_READING}
    config |= {"architectures": [type(model).__name__], "dtype": "bfloat16"}
    return json.dumps(config, indent=1, sort_keys=True) + "\n"


def _own_weights(model: Any) -> dict[str, torch.Tensor]:  # noqa: ANN401
    """Return the model's tensors without those that are tied to another one."""
    tied = (
        frozenset(getattr(model, "_tied_weights_keys", None) or ())
        if model.config.tie_word_embeddings
        else ()
    )
    return {name: tensor for name, tensor in model.state_dict().items() if name not in tied}
