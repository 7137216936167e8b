"""How much each sign says for each kind, in log-odds: `python -m benchmarks.kinds --fit` makes them."""

from __future__ import annotations

from collections.abc import Mapping

BIASES: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
WEIGHTS: Mapping[str, tuple[float, ...]] = {}
