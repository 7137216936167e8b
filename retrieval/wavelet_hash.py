"""The wavelet hash of a page image, bit for bit that of the ImageHash library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from schemas.document import Thumbnail

pywt: Any = import_module("pywt")  # not typed

# 16 x 16 tells look-alike templates apart; the library's default of 8 x 8 does not (the paper leaves
# the size open).
HASH_SIZE = 16
HASH_BYTES = HASH_SIZE * HASH_SIZE // 8
_MAX_BITS = HASH_SIZE * HASH_SIZE


def wavelet_hash(thumbnail: Thumbnail) -> bytes:
    """Return the 256-bit hash of an upright grey page image, row by row, the most significant bit first.

    The image becomes a square whose side is the largest power of two that its shorter side holds (Lanczos),
    in [0, 1]. Its full Haar decomposition without the coarsest coefficient takes the mean brightness away;
    a bit says whether one of the 16 x 16 low-frequency coefficients of what is left exceeds their median.

    Notes
    -----
    Equal coefficients are told apart by rounding alone, which is why the operations are the library's, in its
    order: on a page that is mostly one white, any shortcut gives other bits.

    References
    ----------
    RASG, arXiv 2405.20245, section III; ImageHash 4.3 `whash(hash_size=16)`.
    """
    side = max(1 << (min(thumbnail.width_px, thumbnail.height_px).bit_length() - 1), HASH_SIZE)
    image = Image.frombytes("L", (thumbnail.width_px, thumbnail.height_px), thumbnail.grey)
    pixels = np.asarray(image.resize((side, side), Image.Resampling.LANCZOS)) / 255.0
    n_levels = side.bit_length() - 1
    coefficients = _decompose(pixels, n_levels)
    coefficients[0] = coefficients[0] * 0
    centred: NDArray[np.float64] = pywt.waverec2(coefficients, "haar")
    low = _decompose(centred, n_levels - (HASH_SIZE.bit_length() - 1))[0]
    return np.packbits(low > np.median(low)).tobytes()


def _decompose(pixels: NDArray[np.float64], n_levels: int) -> list[Any]:
    return list(pywt.wavedec2(pixels, "haar", level=n_levels))


def hash_distance(first: bytes, second: bytes) -> int:
    """Return the L1 distance of two hashes in bits, 0 to 256: on bits it is the Hamming distance.

    Raises
    ------
    ValueError
        If a hash has not 32 bytes.
    """
    if len(first) != HASH_BYTES or len(second) != HASH_BYTES:
        raise ValueError(f"a hash has {HASH_BYTES} bytes, got {len(first)} and {len(second)}")
    return (int.from_bytes(first) ^ int.from_bytes(second)).bit_count()


def hash_score(distance: int) -> float:
    """Return how alike two pages of that distance look, in [0, 1]: 1 the same, 0 as far as unrelated pages.

    Half of the bits of unrelated pages differ.
    """
    return max(0.0, 1.0 - 2.0 * distance / _MAX_BITS)
