"""Optional: a page's text as a sentence encoder sees it; a fourth ranking."""

from __future__ import annotations

import hashlib
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np

from retrieval.text_features import Floats
from schemas.errors import ConfigurationError

# Encoders of this kind are trained on no more; what tells vendors apart stands at the head of the page.
_MAX_TOKENS = 256


class TextEmbedder(Protocol):
    """Gives texts vectors whose cosine says how alike they are."""

    @property
    def name(self) -> str:
        """Return what the vectors depend on: vectors of two names are never compared."""
        ...

    @property
    def size(self) -> int:
        """Return the length of the vectors."""
        ...

    def embed(self, text: str) -> Floats:
        """Return the text's unit vector, (size,) float32; zero for a text without tokens."""
        ...


class TransformersEmbedder:
    """A sentence encoder in a Hugging Face folder (such as MiniLM): the mean of its last layer over the text.

    Needs the extra `embedded`. The first 256 tokens count. Safe to share between threads.

    Raises
    ------
    ConfigurationError
        If the folder holds no model, or the libraries are not installed.
    """

    def __init__(self, folder: Path) -> None:
        weights = folder / "model.safetensors"
        if not (folder / "config.json").is_file() or not weights.is_file():
            raise ConfigurationError(
                f"no text encoder in {folder.name!r}: config.json or weights are missing"
            )
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.name = f"{digest[:16]}/{_MAX_TOKENS}"
        self._folder = folder
        self._lock = Lock()
        try:
            from transformers import AutoModel, AutoTokenizer

            model: Any = AutoModel
            tokenizer: Any = AutoTokenizer
            self._tokenizer = tokenizer.from_pretrained(folder, local_files_only=True)
            self._model = model.from_pretrained(folder, local_files_only=True).eval()
        except ImportError as error:
            raise ConfigurationError("text embeddings need torch and transformers") from error
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"no text encoder in {folder.name!r}: it cannot be loaded") from error
        self.size = int(self._model.config.hidden_size)

    def embed(self, text: str) -> Floats:
        """Return the text's unit vector."""
        import torch

        asked = self._tokenizer(text, truncation=True, max_length=_MAX_TOKENS, return_tensors="pt")
        if asked["input_ids"].shape[1] == 0:
            return np.zeros(self.size, dtype=np.float32)
        with self._lock, torch.inference_mode():
            states = self._model(**asked).last_hidden_state[0].float()  # (tokens, size)
        mask = asked["attention_mask"][0].unsqueeze(1).float()
        mean = (states * mask).sum(dim=0) / mask.sum().clamp(min=1.0)
        return np.asarray(torch.nn.functional.normalize(mean, dim=0).numpy(), dtype=np.float32)
