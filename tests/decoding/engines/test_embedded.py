# safetensors leaves the names of files untyped
# pyright: reportUnknownVariableType=false
from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest, Prepares
from decoding.grammar.build import build_grammar
from decoding.prompt import build_prompt
from schemas.document import Document
from schemas.errors import (
    AdapterNotFoundError,
    EmptyDocumentError,
    EngineUnavailableError,
    GrammarCompileError,
)
from schemas.spec import ExtractionSchema
from tests.decoding.grammar.test_grammar_laws import SCHEMAS, conforms, documents, page_spans
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of

DOCUMENT = document_of(RECEIPT_LINES)
REQUEST = EngineRequest(
    prompt=build_prompt(RECEIPT_SCHEMA, DOCUMENT.pages[0].text),
    grammar=build_grammar(RECEIPT_SCHEMA, DOCUMENT),
    max_tokens=400,
)


def test_nothing_is_loaded_before_it_is_needed(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "absent")
    assert engine.model == "absent"
    with pytest.raises(EngineUnavailableError, match=r"config\.json"):
        engine.count_tokens(REQUEST.prompt)


def test_a_folder_that_is_no_model_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EngineUnavailableError, match="cannot load"):
        EmbeddedEngine(tmp_path).count_tokens(REQUEST.prompt)


def test_a_closed_engine_is_unavailable(tiny_model: Path) -> None:
    engine = EmbeddedEngine(tiny_model)
    engine.close()
    with pytest.raises(EngineUnavailableError, match="closed"):
        engine.complete([REQUEST])


def test_what_was_prepared_answers_as_what_was_not(tiny_model: Path, tiny_adapters: dict[str, Path]) -> None:
    request = EngineRequest(prompt=REQUEST.prompt, grammar=REQUEST.grammar, adapter="first", max_tokens=400)
    prepared, plain = (EmbeddedEngine(tiny_model, adapters=tiny_adapters) for _ in range(2))
    assert isinstance(prepared, Prepares)
    prepared.prepare("first", warm=True)
    prepared.prepare()
    answers = [engine.complete([request])[0] for engine in (prepared, plain)]
    assert answers[0].tokens == answers[1].tokens
    with pytest.raises(AdapterNotFoundError):
        prepared.prepare("absent")


def test_preparing_what_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=r"config\.json"):
        EmbeddedEngine(tmp_path / "absent").prepare(warm=True)


def test_with_a_usual_adapter_all_requests_are_answered_as_without(
    tiny_model: Path, tiny_adapters: dict[str, Path]
) -> None:
    requests = [replace(REQUEST, adapter=name) for name in ("first", None, "second", "first")]
    plain, usual = (
        EmbeddedEngine(tiny_model, adapters=tiny_adapters, dtype="float32", usual_adapter=folder)
        for folder in (None, tiny_adapters["first"])
    )
    texts = [answer.text for answer in plain.complete(requests)]
    assert [answer.text for answer in usual.complete(requests)] == texts


def test_a_folder_without_an_adapter_is_refused_at_once(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(AdapterNotFoundError, match="adapter_config"):
        EmbeddedEngine(tiny_model, adapters={"x": tmp_path})


def test_adapters_load_and_unload_while_it_serves(tiny_model: Path, tiny_adapters: dict[str, Path]) -> None:
    engine = EmbeddedEngine(tiny_model)
    request = EngineRequest(prompt=REQUEST.prompt, grammar=REQUEST.grammar, adapter="late", max_tokens=400)
    base = engine.complete([REQUEST])[0].text
    engine.load_adapter("late", tiny_adapters["first"])
    first = engine.complete([request])[0].text
    engine.load_adapter("late", tiny_adapters["second"])  # the same name, other weights
    second = engine.complete([request])[0].text
    assert len({base, first, second}) == 3
    engine.unload_adapter("late")
    assert engine.adapters == ()
    with pytest.raises(AdapterNotFoundError):
        engine.complete([request])
    assert engine.complete([REQUEST])[0].text == base


def test_an_adapters_name_may_have_dots(tiny_model: Path, tiny_adapters: dict[str, Path]) -> None:
    engine = EmbeddedEngine(tiny_model, adapters={"v1.2-0a": tiny_adapters["first"]})
    named = [replace(REQUEST, adapter=name) for name in ("v1.2-0a", None)]
    dotted, base = (completion.text for completion in engine.complete(named))
    assert dotted != base
    engine.unload_adapter("v1.2-0a")
    assert engine.complete([REQUEST])[0].text == base


def test_an_adapter_of_another_model_is_refused(
    tiny_model: Path, tiny_adapters: dict[str, Path], tmp_path: Path
) -> None:
    settings = json.loads((tiny_adapters["first"] / "adapter_config.json").read_text())
    settings["target_modules"] = ["no_such_module"]
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings))
    weights = (tiny_adapters["first"] / "adapter_model.safetensors").read_bytes()
    (tmp_path / "adapter_model.safetensors").write_bytes(weights)
    engine = EmbeddedEngine(tiny_model, adapters={"wrong": tmp_path})
    with pytest.raises(AdapterNotFoundError, match="does not fit"):
        engine.complete([EngineRequest(prompt=REQUEST.prompt, grammar=REQUEST.grammar, adapter="wrong")])
    assert engine.complete([REQUEST])[0].finish_reason == "stop"


@pytest.mark.parametrize("fault", ["shape", "alpha", "bytes"])
def test_an_adapter_that_fits_in_part_changes_no_answer_of_the_base(
    tiny_model: Path, tiny_adapters: dict[str, Path], tmp_path: Path, fault: str
) -> None:
    tensors = load_file(tiny_adapters["first"] / "adapter_model.safetensors")
    settings = json.loads((tiny_adapters["first"] / "adapter_config.json").read_text())
    if fault == "shape":  # found when most of the factors are in place
        name = next(name for name in tensors if "lora_B" in name)
        tensors[name] = tensors[name][:-1]
    if fault == "alpha":
        settings["lora_alpha"] = "x"
    (tmp_path / "adapter_config.json").write_text(json.dumps(settings))
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    if fault == "bytes":
        (tmp_path / "adapter_model.safetensors").write_bytes(b"\x10" * 64)
    engine = EmbeddedEngine(tiny_model, adapters={"wrong": tmp_path, "first": tiny_adapters["first"]})
    asked = {
        name: EngineRequest(prompt=REQUEST.prompt, grammar=REQUEST.grammar, adapter=name)
        for name in (None, "wrong", "first")
    }
    before = engine.complete([asked[None]])[0]
    for _ in range(2):
        with pytest.raises(AdapterNotFoundError, match="does not fit"):
            engine.complete([asked["wrong"]])
        after = engine.complete([asked[None]])[0]
        assert [t.raw_logprob for t in after.tokens] == [t.raw_logprob for t in before.tokens]
    assert engine.complete([asked["first"]])[0].text != before.text
    with pytest.raises(AdapterNotFoundError):
        engine.complete([asked["wrong"]])
    again = engine.complete([asked[None]])[0]
    assert [t.raw_logprob for t in again.tokens] == [t.raw_logprob for t in before.tokens]


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schema=SCHEMAS, document=documents(), n_candidates=st.sampled_from([1, 3]))
def test_random_weights_answer_any_schema_on_any_page(
    embedded: EmbeddedEngine, schema: ExtractionSchema, document: Document, n_candidates: int
) -> None:
    try:
        grammar = build_grammar(schema, document)
    except (EmptyDocumentError, GrammarCompileError):
        return  # nothing fits a field that must not be null
    prompt = build_prompt(schema, "\n".join(page.text for page in document.pages))
    request = EngineRequest(prompt=prompt, grammar=grammar, n_candidates=n_candidates, max_tokens=1500)
    (completion,) = embedded.complete([request])
    if completion.finish_reason == "stop":
        assert conforms(schema.root, json.loads(completion.text), page_spans(document))


def test_bfloat16_gives_valid_answers_too(tiny_model: Path) -> None:
    (completion,) = EmbeddedEngine(tiny_model, dtype="bfloat16").complete([REQUEST])
    assert json.loads(completion.text).keys() == {key for key, _ in RECEIPT_SCHEMA.root.properties}
