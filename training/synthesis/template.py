"""Choices that all documents of one template share, whatever their values are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")

_MASK = (1 << 64) - 1
# Constants of the splitmix64 generator (Steele, Lea, Flood 2014).
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB


@lru_cache(maxsize=4096)
def _name_code(name: str) -> int:
    return crc32(name.encode()) * _GOLDEN & _MASK


@dataclass(frozen=True, slots=True)
class Template:
    """Named random choices of a seed: the same name gives the same choice, in any order of asking.

    A document that draws its layout here and its values elsewhere can be drawn again with other
    values and the same layout, however many rows it has.
    """

    seed: int

    def unit(self, name: str) -> float:
        """Return the number in [0, 1) that belongs to `name`."""
        z = (self.seed * _MIX_2 + _name_code(name)) & _MASK
        z = (z ^ (z >> 30)) * _MIX_1 & _MASK
        z = (z ^ (z >> 27)) * _MIX_2 & _MASK
        return (z ^ (z >> 31)) / 2.0**64

    def chance(self, name: str, probability: float) -> bool:
        """Return True for a share `probability` of all seeds."""
        return self.unit(name) < probability

    def choice(self, name: str, options: Sequence[T]) -> T:
        """Return one of `options`, which must not be empty."""
        return options[int(self.unit(name) * len(options))]

    def integer(self, name: str, low: int, high: int) -> int:
        """Return a whole number in [low, high]."""
        return low + int(self.unit(name) * (high - low + 1))

    def number(self, name: str, low: float, high: float) -> float:
        """Return a number in [low, high)."""
        return low + self.unit(name) * (high - low)
