"""Models of a hub, through huggingface_hub: weights as safetensors only, and no code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from app.models.folder import Origin, is_model, make_folder, write_origin
from schemas.adapter import weights_sha256
from schemas.errors import ConfigurationError, InputError

_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
# What an engine loads. Pickled weights and Python files could run anything.
_PATTERNS = ["*.safetensors", "*.json", "*.jinja", "tokenizer.model", "*.txt"]
_SHOWN_CHARS = 300


def check_repository(repository: str) -> str:
    """Return the name of a hub's repository, OWNER/NAME.

    Raises
    ------
    InputError
        If it is none.
    """
    if not _REPOSITORY.fullmatch(repository) or ".." in repository:
        raise InputError(f"a hub's model is named hf:OWNER/NAME, not {repository[:_SHOWN_CHARS]!r}")
    return repository


def hub_folder_name(repository: str) -> str:
    """Return the name of the folder that a hub's model is kept in."""
    return f"hub--{check_repository(repository).replace('/', '--')}"


def fetch_from_hub(repository: str, target: Path, *, revision: str | None = None) -> None:
    """Make the model folder `target` from a hub's repository, at a revision or the newest one.

    The hub is that of HF_ENDPOINT, and HF_TOKEN opens what is gated, as the library reads them.

    Raises
    ------
    InputError
        If the name is no repository's, or the repository holds no model as safetensors.
    ConfigurationError
        If the hub cannot be reached, or does not have it.
    """
    check_repository(repository)
    try:
        import huggingface_hub
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise ConfigurationError(
            f"fetching needs {error.name}", hint="install the extra `embedded`"
        ) from error
    hub: Any = huggingface_hub  # typed in part only
    with make_folder(target) as part:
        try:
            info = hub.HfApi().model_info(repository, revision=revision)
            hub.snapshot_download(repository, revision=info.sha, local_dir=part, allow_patterns=_PATTERNS)
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise ConfigurationError(
                f"the hub does not give {repository}: {said[0][:_SHOWN_CHARS]}",
                hint="check the name and the network; HF_HUB_OFFLINE must not be set",
            ) from error
        _drop_cache(part)
        if not is_model(part):
            raise InputError(f"{repository} holds no model with config.json and safetensors")
        licence = str(getattr(info.card_data, "license", None) or "") if info.card_data is not None else ""
        said = f"hf:{repository} at {info.sha}"
        write_origin(part, Origin(source=said, licence=licence, weights_sha256=weights_sha256(part)))


def _drop_cache(folder: Path) -> None:
    """Remove the library's own notes, which name paths of this machine."""
    import shutil

    shutil.rmtree(folder / ".cache", ignore_errors=True)
