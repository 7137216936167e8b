"""Which documents an adapter learns from, which stop its training, and which it never sees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.bench.gold_set import GoldDocument
from schemas.errors import ConfigurationError

Part = Literal["training", "validation", "kept_out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Shares of the documents, in [0, 1); the rest is trained on.

    `by` names the field whose value keeps documents together (several renderings of one invoice); None splits
    by file.
    """

    validation: float = 0.15
    kept_out: float = 0.2
    by: str | None = None

    def __post_init__(self) -> None:
        if min(self.validation, self.kept_out) < 0 or self.validation + self.kept_out >= 1:
            raise ConfigurationError(
                f"shares of {self.validation} and {self.kept_out} leave nothing to train on"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSplit:
    """The documents of each part."""

    training: tuple[GoldDocument, ...]
    validation: tuple[GoldDocument, ...]
    kept_out: tuple[GoldDocument, ...]

    @property
    def unseen(self) -> frozenset[str]:
        """Return the files that no conversation of training may show, not even as an example."""
        return frozenset(document.sha256 for document in (*self.validation, *self.kept_out))


def part_of(document: GoldDocument, shares: Shares) -> Part:
    """Return a document's part: the same in every run, as it depends on the document alone."""
    digest = hashlib.sha256(f"split {_key(document, shares.by)}".encode()).digest()
    place = int.from_bytes(digest[:6]) / 256**6
    if place < shares.kept_out:
        return "kept_out"
    return "validation" if place < shares.kept_out + shares.validation else "training"


def _key(document: GoldDocument, field: str | None) -> str:
    value = None if field is None else document.value.get(field)
    return document.sha256 if value is None else str(value)


def split(documents: Sequence[GoldDocument], shares: Shares) -> DocumentSplit:
    """Return the documents by part; parts may be empty.

    A file that is annotated under several schemas is in one part with all of them, unless a field keeps it
    elsewhere.
    """
    parts: dict[Part, list[GoldDocument]] = {"training": [], "validation": [], "kept_out": []}
    for document in documents:
        parts[part_of(document, shares)].append(document)
    return DocumentSplit(**{name: tuple(found) for name, found in parts.items()})
