"""Adapters: LoRA weights in a folder, and the card that says what they were made of."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from pydantic import Field, JsonValue, field_validator

from schemas.errors import AdapterNotFoundError, ConfigurationError
from schemas.file_digest import file_sha256
from schemas.frozen import Value

CARD = "card.json"
CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
# What a caller names to be answered by no adapter.
BASE = "base"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
# Of the content hash, in the name that a server knows an adapter by.
_HASH_CHARS = 12


class AdapterCard(Value):
    """What an adapter was trained on and how well it did, `card.json` in its folder.

    Attributes
    ----------
    name
        1 to 64 of a-z, 0-9, `_`, `.`, `-`.
    base_model, base_sha256
        The base model's name, and the hash of its weights (`weights_sha256`).
    data_sha256
        Hash of the conversations that it was trained on.
    schema_names
        Of the questions among them.
    trained_on
        SHA-256 of each document that it has seen in training or in early stopping: no score on these counts.
    settings
        Of the run.
    scores
        On the validation part, before ("base_…") and after.
    """

    name: str = Field(pattern=rf"^{_NAME.pattern}$")
    base_model: str
    base_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    data_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    schema_names: tuple[str, ...] = ()
    trained_on: tuple[str, ...] = ()
    settings: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    scores: dict[str, float] = Field(default_factory=dict[str, float])

    @field_validator("name")
    @classmethod
    def _is_free(cls, value: str) -> str:
        if value == BASE:
            raise ValueError(f"{BASE!r} names the base model")
        return value


def read_card(folder: Path) -> AdapterCard:
    """Return the card of the adapter in a folder.

    Raises
    ------
    AdapterNotFoundError
        If the folder lacks one of an adapter's three files, or a file is not what it should be.
    """
    missing = [name for name in (CONFIG, WEIGHTS, CARD) if not (folder / name).is_file()]
    if missing:
        raise AdapterNotFoundError(
            f"{folder.name!r} is no adapter: {missing[0]} is missing",
            hint="`rasg-train sft` writes such folders",
        )
    try:
        config: JsonValue = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        card = AdapterCard.model_validate_json((folder / CARD).read_bytes())
    except (OSError, ValueError) as error:  # pydantic's is a ValueError
        raise AdapterNotFoundError(
            f"the adapter in {folder.name!r} cannot be read: {type(error).__name__}"
        ) from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise AdapterNotFoundError(f"the adapter in {folder.name!r} is no LoRA adapter")
    return card


def adapter_sha256(folder: Path) -> str:
    """Return the hash of an adapter's weights and configuration: what a model's answers depend on."""
    return _sha256(folder / CONFIG, folder / WEIGHTS)


def weights_sha256(model_folder: Path) -> str:
    """Return the hash of a model folder's weights.

    Raises
    ------
    ConfigurationError
        If there are none as safetensors.
    """
    files = sorted(model_folder.glob("*.safetensors"))
    if not files:
        raise ConfigurationError(f"the model in {model_folder.name!r} has no weights as safetensors")
    return _sha256(*files)


def served_name(name: str, content_sha256: str) -> str:
    """Return the name that a server knows an adapter by; other weights have another one.

    A server keeps the computed prompts of an adapter under its name: new weights under an old name would be
    answered with the old ones' prompts.
    """
    return f"{name}-{content_sha256[:_HASH_CHARS]}"


def _sha256(*paths: Path) -> str:
    content = hashlib.sha256()
    for path in paths:
        content.update(file_sha256(path))
    return content.hexdigest()
