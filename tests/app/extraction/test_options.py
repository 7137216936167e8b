"""One model of options: what forms, flags and suites take are its fields, and it is kept as JSON."""

from __future__ import annotations

import inspect

import pytest
from pydantic import ValidationError

from app.api.service import create_app
from app.bench.suite import SuiteOptions
from app.commands.extract import extract
from app.extraction.options import ExtractionOptions
from app.settings import load_settings

FIELDS = frozenset(ExtractionOptions.model_fields)


def test_options_come_back_from_json_as_they_were() -> None:
    options = ExtractionOptions(reasoning="brief", adapter="mine", n_examples=3, seed=7)
    assert ExtractionOptions.model_validate_json(options.model_dump_json()) == options


@pytest.mark.parametrize(
    "wrong",
    [
        *({"n_candidates": 0}, {"max_tokens": 0}, {"n_examples": 9}, {"reasoning": "loud"}, {"colour": 1}),
        # Which Python counts as 1 and 0.
        *({"max_tokens": True}, {"n_candidates": True}, {"seed": False}, {"n_examples": False}),
    ],
)
def test_what_is_out_of_range_or_unknown_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ExtractionOptions.model_validate(wrong)


def test_the_form_takes_each_option_with_its_bounds() -> None:
    schemas = create_app(load_settings()).openapi()["components"]["schemas"]
    form = schemas["Body_create_extraction_v1_extractions_post"]["properties"]
    assert form.keys() >= FIELDS
    (said, _null) = form["n_candidates"]["anyOf"]
    assert (said["minimum"], said["maximum"]) == (1, 64)


def test_the_command_line_has_a_flag_for_each_option() -> None:
    parameters = inspect.signature(extract).parameters
    assert parameters.keys() >= FIELDS


def test_suites_take_each_option() -> None:
    assert SuiteOptions.model_fields.keys() >= FIELDS


def test_a_suite_without_retrieval_shows_no_example() -> None:
    assert SuiteOptions().extraction().n_examples == 0
    assert SuiteOptions(retrieval=True, n_examples=2).extraction().n_examples == 2
