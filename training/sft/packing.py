"""Conversations side by side in one row, none of which sees another."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.encode import EncodedSample


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedRow:
    """Samples one after another: token ids, positions (from 0 in each sample) and loss weights, all (t,)."""

    token_ids: NDArray[np.int32]
    positions: NDArray[np.int32]
    weights: NDArray[np.float32]


def pack(samples: Sequence[EncodedSample], *, max_tokens: int, rng: random.Random) -> list[PackedRow]:
    """Return rows of at most `max_tokens` tokens that hold every sample once, in random order.

    Within groups of random samples the longest are placed first, each into the first row with room: rows are
    nearly full, and no row is of one length only. A sample that is longer than a row is a row of its own.
    """
    order = list(range(len(samples)))
    rng.shuffle(order)
    rows: list[list[EncodedSample]] = []
    for start in range(0, len(order), _GROUP):
        group = sorted((samples[i] for i in order[start : start + _GROUP]), key=len, reverse=True)
        rows += _first_fit(group, max_tokens)
    rng.shuffle(rows)
    return [row_of(row) for row in rows]


_GROUP = 64


def pack_in_order(samples: Iterable[EncodedSample], *, max_tokens: int) -> Iterator[PackedRow]:
    """Yield rows of at most `max_tokens`: one ends before the sample that would make it too long.

    The samples may be without end. One that is longer than a row is a row of its own.
    """
    row: list[EncodedSample] = []
    for sample in samples:
        if row and sum(map(len, row)) + len(sample) > max_tokens:
            yield row_of(row)
            row = []
        row.append(sample)
    if row:
        yield row_of(row)


def batched(rows: Sequence[PackedRow], *, max_tokens: int) -> list[list[PackedRow]]:
    """Return the rows in groups of at most `max_tokens` tokens, in order; a longer row stands alone."""
    groups: list[list[PackedRow]] = []
    room = 0
    for row in rows:
        if not groups or room < len(row.token_ids):
            groups.append([])
            room = max_tokens
        groups[-1].append(row)
        room -= len(row.token_ids)
    return groups


def _first_fit(samples: Sequence[EncodedSample], max_tokens: int) -> list[list[EncodedSample]]:
    rows: list[list[EncodedSample]] = []
    room: list[int] = []
    for sample in samples:
        at = next((i for i, left in enumerate(room) if left >= len(sample)), None)
        if at is None:
            rows.append([sample])
            room.append(max_tokens - len(sample))
        else:
            rows[at].append(sample)
            room[at] -= len(sample)
    return rows


def row_of(samples: Sequence[EncodedSample]) -> PackedRow:
    """Return these samples, one or more, as one row in their order."""
    weights = [sample.weights.copy() for sample in samples]
    for first in weights:
        first[0] = 0.0  # it would be predicted from the end of the sample before
    return PackedRow(
        token_ids=np.concatenate([sample.token_ids for sample in samples]),
        positions=np.concatenate([np.arange(len(sample), dtype=np.int32) for sample in samples]),
        weights=np.concatenate(weights),
    )
