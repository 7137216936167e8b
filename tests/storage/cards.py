from __future__ import annotations

from schemas.adapter import AdapterCard

# Of the weights that the cards are for.
BASE = "a" * 64


def card(name: str = "mine", **changes: object) -> AdapterCard:
    given = {"name": name, "base_model": "house", "base_sha256": BASE, "data_sha256": "b" * 64}
    return AdapterCard.model_validate({**given, **changes})
