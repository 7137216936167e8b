"""`manifest.jsonl`: of each file of a batch which bytes, made how, when, with which outcome; a line a file.

A line is only added, and it is on the disk before the next file is said to be done. The last line of a name
counts. A last line that was cut by a crash is dropped, and its file is done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from app.extraction.options import SplitMode
from schemas.errors import ConfigurationError

MANIFEST = "manifest.jsonl"
Outcome = Literal["succeeded", "needs_review", "partial", "failed"]
# From best to worst: that of a file is the worst of its documents.
OUTCOMES: tuple[Outcome, ...] = ("succeeded", "needs_review", "partial", "failed")


class _Line(BaseModel):
    """A part of a line; keys that a newer version adds are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Recipe(_Line):
    """How the files of a batch are made into results: what a file is done by.

    Attributes
    ----------
    schema_sha256
        Of the JSON Schema, or of all that may be chosen.
    options
        As `ExtractionOptions` writes them.
    reading
        Engine, languages and limits of reading that results depend on.
    model_sha256
        Of the weights; None where only a server knows them.
    adapters
        Hashes of the content of the LoRA weights that may answer, or the name by which a server knows them.
    """

    schema_name: str
    schema_sha256: str
    options: dict[str, JsonValue]
    split: SplitMode
    pages: str | None = None
    reading: dict[str, JsonValue]
    engine: str
    model: str
    model_sha256: str | None = None
    adapters: tuple[str, ...] = ()
    tenant: str | None = None

    @property
    def key(self) -> str:
        """Return the hash of the recipe: two batches of the same key give the same file the same results."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


class DocumentEntry(_Line):
    """One document of a file: the name of its results, its outcome, and what answered."""

    name: str
    outcome: Outcome
    schema_name: str | None = None
    adapter: str | None = None
    adapter_sha256: str | None = None
    error: str | None = None


class ManifestEntry(_Line):
    """One line: a file, and what was made of it.

    Attributes
    ----------
    file
        The name of its results.
    path
        Where it was: absolute, or a URI.
    sha256, n_bytes
        Of the bytes that were read; None of a file that could not be.
    same_as
        The name of a file of the same bytes, whose results it has.
    seconds
        That it took.
    """

    file: str
    path: str
    sha256: str | None
    n_bytes: int | None
    outcome: Outcome
    documents: tuple[DocumentEntry, ...]
    same_as: str | None = None
    seconds: float = Field(ge=0)
    made_at: datetime
    version: str = Field(default_factory=lambda: version("rasg"))
    key: str
    recipe: Recipe


def worst(outcomes: Iterator[Outcome]) -> Outcome:
    """Return the worst of some outcomes; that of none is "succeeded"."""
    found = set(outcomes)
    return "succeeded" if not found else max(found, key=OUTCOMES.index)


def read_manifest(path: Path) -> Iterator[ManifestEntry]:
    """Yield the entries of a manifest in order, without a last line that was cut.

    Raises
    ------
    ConfigurationError
        If a line is no entry: the file is not ours to add to.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    return
                yield _entry(line, f"line {number} of {path.name}")
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def _entry(line: bytes, where: str) -> ManifestEntry:
    try:
        return ManifestEntry.model_validate_json(line)
    except ValidationError as error:
        raise ConfigurationError(f"{where} is of no batch", hint="name another folder with --out") from error
