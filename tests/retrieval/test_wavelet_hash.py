from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from retrieval.wavelet_hash import hash_distance, hash_score, wavelet_hash
from schemas.document import Thumbnail

imagehash: Any = import_module("imagehash")  # not typed


def _thumbnail(pixels: np.ndarray) -> Thumbnail:
    height, width = pixels.shape
    return Thumbnail(width_px=width, height_px=height, grey=pixels.astype(np.uint8).tobytes())


def _of_the_library(thumbnail: Thumbnail) -> bytes:
    image = Image.frombytes("L", (thumbnail.width_px, thumbnail.height_px), thumbnail.grey)
    return np.packbits(imagehash.whash(image, hash_size=16).hash).tobytes()


@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    seed=st.integers(0, 1000),
    kind=st.sampled_from(["noise", "white", "print"]),
)
def test_every_bit_is_that_of_the_library(width: int, height: int, seed: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    pixels = np.full((height, width), 255)
    if kind == "noise":
        pixels = rng.integers(0, 256, (height, width))
    elif kind == "print":
        pixels[rng.random((height, width)) < 0.05] = 0  # mostly one white: equal coefficients everywhere
    thumbnail = _thumbnail(pixels)
    assert wavelet_hash(thumbnail) == _of_the_library(thumbnail)


def test_brightness_changes_no_bit_of_a_picture_and_another_layout_changes_many() -> None:
    y, x = np.mgrid[0:256, 0:256]
    waves = 100 + 40 * np.sin(x / 20) * np.cos(y / 33)
    rows = 100 + 60 * np.sin(y / 9)
    darker = wavelet_hash(_thumbnail(waves - 20))
    assert hash_distance(wavelet_hash(_thumbnail(waves)), darker) <= 4  # rounding to whole greys
    assert hash_distance(wavelet_hash(_thumbnail(rows)), darker) > 60


def test_distance_counts_the_bits_that_differ() -> None:
    assert hash_distance(bytes(32), bytes(32)) == 0
    assert hash_distance(bytes(32), b"\x03" + bytes(31)) == 2
    assert hash_distance(bytes(32), b"\xff" * 32) == 256
    with pytest.raises(ValueError, match="32 bytes"):
        hash_distance(bytes(8), bytes(32))


def test_score_is_1_for_the_same_picture_and_0_for_unrelated_ones() -> None:
    assert hash_score(0) == 1.0
    assert hash_score(64) == 0.5
    assert hash_score(128) == hash_score(200) == 0.0


def test_a_thumbnail_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match="no image of 2 x 2"):
        Thumbnail(width_px=2, height_px=2, grey=b"abc")
