"""What a model's probabilities are worth in an answer, and what the tolerated error makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.extraction.adapter_choice import OwnAdapter
from app.extraction.confidence import judge_by
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.models.catalogue import find_model
from app.models.choice import ChosenModel
from app.settings import DEFAULT_MODEL
from decoding.engines.embedded import EmbeddedEngine
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.extraction import Extraction
from schemas.model_profile import ModelProfile
from schemas.spec import FieldKind, FieldSpec
from schemas.spec import Path as JsonPath
from schemas.value_calibration import ANY, CALIBRATION, NULL, Threshold, ValueCalibration, Weights
from schemas.walk import Leaf, values_by_path
from tests.decoding.engines.tiny_model import make_model
from tests.decoding.pages import RECEIPT_LINES, document_of, schema_of
from tests.paths import ROOT

OPTIONS = ExtractionOptions(n_candidates=1, max_tokens=400)
PAGE = document_of(RECEIPT_LINES)
SCHEMA = schema_of(
    company=FieldSpec(kind="verbatim"), date=FieldSpec(kind="date"), total=FieldSpec(kind="amount")
)


def calibration(bias: float, *, null_bias: float = 9.0) -> ValueCalibration:
    """Return one that says the same of every value: 1 / (1 + exp(-bias))."""
    return ValueCalibration(
        groups={ANY: Weights(bias=bias), NULL: Weights(bias=null_bias)},
        thresholds={
            ANY: (Threshold(max_error=0.01, confidence=None), Threshold(max_error=0.1, confidence=0.8))
        },
    )


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    engine = EmbeddedEngine(make_model(tmp_path_factory.mktemp("random"), seed=11))
    return Pipeline(engine=engine, read_options=ReadOptions())


def extract(
    pipeline: Pipeline, found: ValueCalibration | None, *, max_error: float | None = None
) -> Extraction:
    profile = ModelProfile(calibration=found, low_confidence=0.0)
    options = OPTIONS.model_copy(update={"max_error": max_error})
    return replace(pipeline, profile=profile).extract_document(PAGE, SCHEMA, options=options)


def uncertain(extraction: Extraction) -> set[str]:
    return {reason.path or "" for reason in extraction.review if reason.code == "uncertain_value"}


def test_a_calibrated_answer_keeps_the_models_own_probability(pipeline: Pipeline) -> None:
    plain, weighed = extract(pipeline, None), extract(pipeline, calibration(2.0))
    values = values_by_path(dict(weighed.output.value))
    for path, entry in weighed.output.metadata.items():
        before = plain.output.metadata[path]
        assert entry.probability == before.probability == before.confidence
        # 1 / (1 + e^-2) = 0.881, and of nulls 1 / (1 + e^-9) = 0.9999.
        assert entry.confidence == pytest.approx(0.9999 if values[path] is None else 0.8808, abs=1e-4)


def test_values_over_the_threshold_need_no_look_and_a_stricter_caller_sees_all(pipeline: Pipeline) -> None:
    sure = calibration(2.0)
    assert uncertain(extract(pipeline, sure)) == set()
    strict = extract(pipeline, sure, max_error=0.01)
    assert uncertain(strict)
    assert strict.status in {"needs_review", "partial"}
    assert "low_confidence" in {warning.code for warning in strict.warnings}


def test_a_null_that_is_more_likely_wrong_than_right_is_looked_at(pipeline: Pipeline) -> None:
    nothing = Document(sha256="0" * 64, media_type="text/plain", pages=())
    for bias, asked in ((-0.1, {"company", "date", "total"}), (0.1, set[str]())):
        profile = ModelProfile(calibration=calibration(2.0, null_bias=bias))
        extraction = replace(pipeline, profile=profile).extract_document(nothing, SCHEMA, options=OPTIONS)
        assert uncertain(extraction) == asked


def test_the_calibration_of_other_weights_is_not_used(pipeline: Pipeline) -> None:
    own = OwnAdapter(name="own", content_sha256="0" * 64, calibration=calibration(2.0))
    extraction = replace(pipeline, own_adapter=own).extract_document(PAGE, SCHEMA, options=OPTIONS)
    metadata = extraction.output.metadata
    assert all(entry.confidence == entry.probability for entry in metadata.values())


def leaf(value: str | None, kind: FieldKind = "amount", path: JsonPath = ("total",)) -> Leaf:
    return Leaf(path=path, spec=FieldSpec(kind=kind), value=value)


def test_without_a_calibration_a_confidence_is_taken_at_its_word() -> None:
    by_model = judge_by(None, max_error=None, low_confidence=0.5)
    by_caller = judge_by(None, max_error=0.01, low_confidence=0.5)
    assert [by_model(leaf("1"), c) for c in (0.49, 0.5)] == [True, False]
    assert [by_caller(leaf("1"), c) for c in (0.98, 0.99)] == [True, False]
    assert not by_caller(leaf(None), 0.0)


def test_each_kind_has_its_own_threshold() -> None:
    dates = {"date": (Threshold(max_error=0.05, confidence=0.4),)}
    found = calibration(2.0).model_copy(update={"thresholds": {**calibration(2.0).thresholds, **dates}})
    judged = judge_by(found, max_error=0.1, low_confidence=0.5)
    assert [judged(leaf("1", kind), 0.5) for kind in ("amount", "date")] == [True, False]


def test_a_kind_that_no_calibration_knows_is_judged_by_the_models_own_probability() -> None:
    judged = judge_by(calibration(2.0), max_error=None, low_confidence=0.5)
    enum = Leaf(path=("method",), spec=FieldSpec(kind="enum", enum_values=("cash",)), value="cash")
    assert [judged(enum, c) for c in (0.49, 0.5)] == [True, False]


def test_a_calibration_fitted_on_other_weights_is_told_of_and_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shipped = ROOT / "models" / "adapters" / "documents"
    for file in shipped.iterdir():
        (tmp_path / file.name).symlink_to(file)
    pinned = find_model(DEFAULT_MODEL).adapter
    chosen = ChosenModel(name="m", folder=tmp_path, adapter=tmp_path, pinned=pinned)
    known = chosen.own_adapter
    assert known is not None
    assert known.calibration is not None
    (tmp_path / CALIBRATION).unlink()
    other = known.calibration.model_copy(update={"weights_sha256": "0" * 64})
    (tmp_path / CALIBRATION).write_text(other.model_dump_json())
    left = chosen.own_adapter
    assert left is not None
    assert left.calibration is None
    assert "other weights" in caplog.text


@pytest.mark.parametrize("found", [None, calibration(9.0)])
def test_a_code_whose_check_digits_fail_is_not_sure(
    pipeline: Pipeline, found: ValueCalibration | None
) -> None:
    iban = FieldSpec(kind="verbatim", code_format="iban", nullable=False)
    profile = ModelProfile(calibration=found, low_confidence=0.0)
    asked = replace(pipeline, profile=profile)
    for last, is_sure in (("0", True), ("1", False)):
        page = document_of([f"IBAN DE89 3704 0044 0532 0130 0{last}"])
        answer = asked.extract_document(page, schema_of(account=iban), options=OPTIONS)
        confidence = answer.output.metadata["account"].confidence
        assert confidence is not None
        assert (confidence > 0.9) is is_sure
        assert is_sure or confidence <= 0.1
