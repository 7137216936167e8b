from __future__ import annotations

import json
import random

import pytest
import torch

from decoding.engines.engine import EngineRequest
from decoding.engines.vllm_plugin import rasg_vllm_plugin as mended
from decoding.engines.vllm_server import VllmServer
from decoding.grammar.build import build_grammar
from decoding.prompt import build_prompt
from schemas.spec import FieldSpec
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of, schema_of

N_TOKENS, N_IN, N_OUT, N_ADAPTERS = 5, 8, 6, 3
INDICES = torch.tensor([0, -1, 2, -1, 0])


def _random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


INPUTS = _random(N_TOKENS, N_IN)
WEIGHTS = _random(N_ADAPTERS, 1, N_OUT, N_IN)


def _expected(row: int) -> torch.Tensor:
    index = int(INDICES[row])
    return torch.zeros(N_OUT) if index < 0 else WEIGHTS[index, 0] @ INPUTS[row]


def test_each_token_gets_its_own_adapter_and_none_for_a_negative_index() -> None:
    outputs = mended.apply_by_index(INPUTS, WEIGHTS, INDICES, dtype=torch.float32)
    torch.testing.assert_close(outputs, torch.stack([_expected(row) for row in range(N_TOKENS)]))


def test_expanding_adds_to_what_is_there_and_leaves_base_tokens_alone() -> None:
    target = _random(N_TOKENS, N_OUT)
    before = target.clone()
    mended.bgmv_expand(INPUTS, WEIGHTS, target, INDICES)
    torch.testing.assert_close(target[1], before[1])
    torch.testing.assert_close(target[2], before[2] + _expected(2))


def test_expanding_a_slice_leaves_the_other_columns_alone() -> None:
    target = _random(N_TOKENS, N_OUT + 4)
    before = target.clone()
    mended.bgmv_expand_slice(INPUTS, WEIGHTS, target, INDICES, 2, N_OUT)
    torch.testing.assert_close(target[:, :2], before[:, :2])
    torch.testing.assert_close(target[:, -2:], before[:, -2:])
    torch.testing.assert_close(target[0, 2:-2], before[0, 2:-2] + _expected(0))


def test_shrinking_stores_the_scaled_product() -> None:
    target = torch.full((N_TOKENS, N_OUT), 7.0)
    mended.bgmv_shrink(INPUTS, WEIGHTS, target, INDICES, 0.5)
    torch.testing.assert_close(target[3], torch.zeros(N_OUT))
    torch.testing.assert_close(target[4], 0.5 * _expected(4))


def test_without_vllm_registering_does_nothing(caplog: pytest.LogCaptureFixture) -> None:
    mended.register()
    assert "vllm.lora.ops.torch_ops" in caplog.text
    assert "backend_guidance" in caplog.text


@pytest.mark.vllm
def test_base_and_adapter_requests_in_one_batch_answer_as_each_alone(vllm_server: VllmServer) -> None:
    document = document_of(RECEIPT_LINES)
    grammar = build_grammar(RECEIPT_SCHEMA, document, reasoning="brief")
    prompt = build_prompt(RECEIPT_SCHEMA, document.pages[0].text)
    names = (None, "first", "second")
    requests = [EngineRequest(prompt=prompt, grammar=grammar, adapter=name, max_tokens=400) for name in names]
    engine = vllm_server.engine()
    alone = [engine.complete([request])[0].text for request in requests]
    mixed = [completion.text for completion in engine.complete(requests * 4)]
    engine.close()
    assert len(set(alone)) == 3
    assert mixed == alone * 4


@pytest.mark.vllm
def test_pages_of_ten_thousand_words_are_decoded_to_the_end(vllm_server: VllmServer) -> None:
    rng = random.Random(0)
    # Long words with quotes: the first mask takes more steps than llguidance allows by default.
    words = [
        "".join(rng.choices("abcdefghijklmnopqrstuv", k=rng.randint(1, 12))) + '"' for _ in range(10_000)
    ]
    document = document_of([" ".join(words[i : i + 10]) for i in range(0, len(words), 10)])
    schema = schema_of(a=FieldSpec(kind="verbatim"), b=FieldSpec(kind="verbatim", nullable=False))
    prompt = build_prompt(schema, "page")
    engine = vllm_server.engine()
    (completion,) = engine.complete(
        [EngineRequest(prompt=prompt, grammar=build_grammar(schema, document), max_tokens=400)]
    )
    engine.close()
    assert json.loads(completion.text)["b"] in " ".join(words)
