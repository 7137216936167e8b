"""What differs from model to model stands beside its weights; a broken file is an error that says where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from decoding.prompt import build_prompt
from schemas.errors import ConfigurationError
from schemas.model_profile import PROFILE, ModelProfile, read_profile
from schemas.registry import get_schema
from tests.paths import ROOT


def write(folder: Path, text: str) -> Path:
    (folder / PROFILE).write_text(text)
    return folder


def test_a_model_without_a_profile_has_the_defaults(tmp_path: Path) -> None:
    assert read_profile(tmp_path) == read_profile(tmp_path / "nowhere") == ModelProfile()


def test_the_house_model_is_asked_with_the_default_words() -> None:
    assert read_profile(ROOT / "models" / "house") == ModelProfile()


def test_a_profile_says_what_differs_and_keeps_the_rest(tmp_path: Path) -> None:
    said = {"prompt": {"task": "Read.", "kinds": {"amount": "money"}}, "chars_per_token": 2.5}
    profile = read_profile(write(tmp_path, json.dumps(said)))
    assert profile.chars_per_token == 2.5
    assert profile.prompt.kinds["amount"] == "money"
    assert profile.prompt.kinds["date"] == "date"
    system = build_prompt(get_schema("receipt"), "page", texts=profile.prompt).messages[0].content
    assert system.startswith("Read.\n")
    assert ": money" in system
    assert ": amount" not in system


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"prompt": 1}',
        '{"prompt": {"kinds": {"colour": "x"}}}',
        '{"chars_per_token": 0}',
        '{"a": 1}',
        "[" * 100_000,
    ],
)
def test_what_is_no_profile_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"profile\.json"):
        read_profile(write(tmp_path, text))


def test_a_huge_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="bytes"):
        read_profile(write(tmp_path, " " * 1_000_001))
