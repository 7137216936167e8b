"""The kind of a document, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Mapping

from decoding.kinds.evidence import list_signs
from decoding.kinds.weights import BIASES, WEIGHTS
from schemas.document import Document
from schemas.extraction import KINDS, DocumentKind, KindName


def rank_kinds(document: Document) -> tuple[tuple[KindName, float], ...]:
    """Return every kind with its probability, likeliest first; together they are 1.

    A document without a word is "other", as likely as any kind.
    """
    signs = list_signs(document)
    chances = kind_probabilities(signs) if signs else dict.fromkeys(KINDS, 1.0 / len(KINDS))
    # Of equal kinds "other" comes first: of it nothing is booked.
    return tuple(sorted(chances.items(), key=lambda item: (-item[1], item[0] != "other")))


def tell_kind(document: Document) -> DocumentKind:
    """Return the likeliest kind."""
    name, confidence = rank_kinds(document)[0]
    return DocumentKind(name=name, confidence=confidence)


def kind_probabilities(signs: Mapping[str, float]) -> dict[KindName, float]:
    """Return how likely the signs of `list_signs` make each kind: a softmax of their weighted sums."""
    logits = list(BIASES)
    for name, value in signs.items():
        if value and name in WEIGHTS:
            logits = [logit + weight * value for logit, weight in zip(logits, WEIGHTS[name], strict=True)]
    top = max(logits)
    odds = [math.exp(logit - top) for logit in logits]
    return {kind: share / sum(odds) for kind, share in zip(KINDS, odds, strict=True)}
