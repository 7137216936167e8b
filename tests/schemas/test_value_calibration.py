"""The file of a calibration: what it says is used, and what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.adapter import adapter_sha256
from schemas.errors import ConfigurationError
from schemas.model_profile import ModelProfile, read_profile
from schemas.value_calibration import ANY, CALIBRATION, Threshold, ValueCalibration, read_calibration
from tests.paths import ROOT


def write(folder: Path, text: str) -> Path:
    (folder / CALIBRATION).write_text(text)
    return folder


def test_a_folder_without_one_has_none(tmp_path: Path) -> None:
    assert read_calibration(tmp_path) is read_calibration(tmp_path / "nowhere") is None


def test_it_comes_back_from_its_file_and_with_the_models_profile(tmp_path: Path) -> None:
    found = ValueCalibration(n_values=3, thresholds={ANY: (Threshold(max_error=0.1, confidence=0.7),)})
    assert read_calibration(write(tmp_path, found.model_dump_json())) == found
    assert read_profile(tmp_path) == ModelProfile(calibration=found)


def test_the_largest_known_error_that_is_tolerated_counts() -> None:
    known = (Threshold(max_error=0.01, confidence=None), Threshold(max_error=0.1, confidence=0.7))
    found = ValueCalibration(thresholds={ANY: known, "date": (Threshold(max_error=0.1, confidence=0.4),)})
    assert [found.threshold("amount", e) for e in (0.005, 0.01, 0.05, 0.1, 0.5)] == [
        None,
        None,
        None,
        0.7,
        0.7,
    ]
    assert found.threshold("date") == 0.4
    assert ValueCalibration().threshold("date") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 2}',
        '{"surprise": 1}',
        '{"groups": {"amount": {"weights": {"colour": 1}}}}',
        '{"groups": {"amount": {"bias": NaN}}}',
        '{"groups": {"amount": {"bias": 1e999}}}',
        '{"thresholds": {"any": [{"max_error": 2, "confidence": 0.5}]}}',
        '{"max_error": 0}',
        "[" * 100_000,
    ],
)
def test_what_is_no_calibration_is_refused_by_name(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"calibration\.json"):
        read_calibration(write(tmp_path, text))


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="bytes"):
        read_calibration(write(tmp_path, " " * 1_000_001))


def test_the_shipped_one_is_of_the_adapter_beside_it() -> None:
    folder = ROOT / "models" / "adapters" / "documents"
    found = read_calibration(folder)
    assert found is not None
    assert found.weights_sha256 == adapter_sha256(folder)
    assert {"amount", "date", "verbatim", "amount[]", "verbatim[]", ANY} <= found.groups.keys()
    assert json.loads((folder / CALIBRATION).read_text())["n_documents"] > 300
