"""An adapter's folder is checked before anything loads it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.adapter import CARD, CONFIG, WEIGHTS, AdapterCard, adapter_sha256, read_card, served_name
from schemas.errors import AdapterNotFoundError


def card(**changes: object) -> AdapterCard:
    given = {"name": "receipts", "base_model": "house", "base_sha256": "a" * 64, "data_sha256": "b" * 64}
    return AdapterCard.model_validate({**given, **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / CONFIG).write_text(json.dumps({"peft_type": "LORA", "r": 4}))
    (tmp_path / WEIGHTS).write_bytes(b"weights")
    (tmp_path / CARD).write_text(card().model_dump_json())
    return tmp_path


def test_a_card_is_read_back(folder: Path) -> None:
    assert read_card(folder) == card()


@pytest.mark.parametrize("name", [CARD, CONFIG, WEIGHTS])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(AdapterNotFoundError, match=name):
        read_card(folder)


@pytest.mark.parametrize("name", [CARD, CONFIG])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]"])
def test_a_broken_file_is_no_adapter(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(AdapterNotFoundError):
        read_card(folder)


@pytest.mark.parametrize("name", ["", "../up", "A", "a" * 65, "a/b", "-a"])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        card(name=name)


def test_other_weights_have_another_name(folder: Path) -> None:
    before = adapter_sha256(folder)
    (folder / WEIGHTS).write_bytes(b"other weights")
    after = adapter_sha256(folder)
    assert served_name("receipts", before) != served_name("receipts", after)
    assert served_name("receipts", "0123456789abcdef" * 4) == "receipts-0123456789ab"


def test_a_card_says_nothing_of_the_hash(folder: Path) -> None:
    before = adapter_sha256(folder)
    (folder / CARD).write_text(card(scores={"kie": 0.5}).model_dump_json())
    assert adapter_sha256(folder) == before
