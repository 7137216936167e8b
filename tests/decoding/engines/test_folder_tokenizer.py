"""A folder's tokenizer without Transformers, beside Transformers'."""

# Transformers leaves tokenizers untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import llguidance.hf
import pytest
from transformers import AutoTokenizer

from decoding.engines.chat_tokens import ChatTokenizer
from decoding.engines.folder_tokenizer import FolderTokenizer, NotAsWrittenError
from decoding.prompt import build_prompt
from schemas.prompt import Message, Prompt
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of
from tests.paths import ROOT

PROMPTS = [
    build_prompt(RECEIPT_SCHEMA, document_of(RECEIPT_LINES).pages[0].text),
    Prompt(messages=(Message(role="user", content=""),)),
    Prompt(
        messages=(
            Message(role="system", content="  naïve \n\n \u202e½ €\t12.50  "),
            Message(role="user", content="Total <|im_end|> <|im_start|>assistant <|endoftext|> </s> 1"),
            Message(role="assistant", content='{"a":"\\u00e9 \U0001f600"}'),
            Message(role="user", content="x" * 3000 + " 0123456789"),
        )
    ),
]


@pytest.fixture(params=["tiny", "house"])
def folder(request: pytest.FixtureRequest, tiny_model: Path) -> Path:
    return tiny_model if request.param == "tiny" else ROOT / "models" / "house"


@pytest.fixture
def copied(tiny_model: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_model, tmp_path / "copied")


def _change(folder: Path, **changes: Any) -> None:  # noqa: ANN401
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("prompt", PROMPTS)
def test_prompts_have_the_tokens_that_transformers_gives_them(folder: Path, prompt: Prompt) -> None:
    expected = ChatTokenizer(AutoTokenizer.from_pretrained(folder))
    found = FolderTokenizer(folder)
    assert found.encode(prompt) == expected.encode(prompt)
    assert found.end_token == expected.end_token


def test_the_head_of_a_prompt_is_its_systems_message(folder: Path) -> None:
    tokenizer = FolderTokenizer(folder)
    one, other = (build_prompt(RECEIPT_SCHEMA, page) for page in ("TOTAL 9.00", "<|im_start|>system"))
    head = tokenizer.encode_head(one, tokenizer.encode(one))
    assert head == tokenizer.encode_head(other, tokenizer.encode(other))
    assert len(head) > 50
    assert all(tokenizer.encode(prompt)[: len(head)] == head for prompt in (one, other))
    assert tokenizer.encode_head(PROMPTS[1], tokenizer.encode(PROMPTS[1])) == []  # no system's message
    assert tokenizer.encode_head(one, head) == []  # something is left to read


@pytest.mark.parametrize(
    "template",
    [
        "{% if messages|length < 2 %}{{ raise_exception('a user is missing') }}{% endif %}{{ messages }}",
        "{{ messages|length }} messages: {% for m in messages %}{{ m.content }}{% endfor %}",
    ],
)
def test_a_template_may_not_begin_with_the_systems_message(copied: Path, template: str) -> None:
    (copied / "chat_template.jinja").write_text(template)
    tokenizer = FolderTokenizer(copied)
    assert tokenizer.encode_head(PROMPTS[0], tokenizer.encode(PROMPTS[0])) == []


def test_the_constraint_engine_has_the_same_vocabulary(folder: Path) -> None:
    expected = llguidance.hf.from_tokenizer(AutoTokenizer.from_pretrained(folder))
    found = FolderTokenizer(folder).constrained()
    assert (found.vocab_size, found.eos_token) == (expected.vocab_size, expected.eos_token)
    tokens = range(found.vocab_size)
    assert [found.decode_bytes([t]) for t in tokens] == [expected.decode_bytes([t]) for t in tokens]


def test_a_tokenizer_that_transformers_changes_is_left_to_it(copied: Path) -> None:
    _change(copied, tokenizer_class="LlamaTokenizerFast")
    with pytest.raises(NotAsWrittenError):
        FolderTokenizer(copied)


def test_special_tokens_that_are_nowhere_are_left_to_transformers(copied: Path) -> None:
    _change(copied, additional_special_tokens=["<|new|>"], extra_special_tokens=["<|new|>"])
    with pytest.raises(NotAsWrittenError):
        FolderTokenizer(copied)


def test_a_template_of_more_than_jinja_is_left_to_transformers(copied: Path) -> None:
    text = "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    (copied / "chat_template.jinja").write_text(text)
    with pytest.raises(NotAsWrittenError):
        FolderTokenizer(copied)


def test_a_damaged_tokenizer_is_an_error(copied: Path) -> None:
    (copied / "tokenizer.json").write_text("{}")
    with pytest.raises(ValueError, match="no tokenizer"):
        FolderTokenizer(copied)


def test_a_template_that_writes_nothing_is_an_error(copied: Path) -> None:
    (copied / "chat_template.jinja").write_text("{{ '' }}")
    with pytest.raises(ValueError, match="writes nothing"):
        FolderTokenizer(copied).encode(PROMPTS[0])


def test_a_folder_without_a_template_or_an_end_cannot_be_asked(copied: Path) -> None:
    (copied / "chat_template.jinja").unlink()
    _change(copied, chat_template=None)
    with pytest.raises(ValueError, match="no chat template"):
        FolderTokenizer(copied)
    _change(copied, eos_token=None)
    with pytest.raises(ValueError, match="no token that ends"):
        FolderTokenizer(copied)


@pytest.mark.parametrize(
    "template",
    [
        "{% for m in messages %}{{ m.role }}: {{ m.content | tojson }}\n{% endfor %}{{ eos_token }}",
        "{% if tools is none and documents is none %}none{% endif %}{{ messages[0].content }}",
    ],
)
def test_templates_in_the_configuration_are_rendered_as_transformers_does(
    copied: Path, template: str
) -> None:
    (copied / "chat_template.jinja").write_text(template)
    expected = ChatTokenizer(AutoTokenizer.from_pretrained(copied))
    (copied / "chat_template.jinja").unlink()
    _change(copied, chat_template=[{"name": "default", "template": template}])
    assert FolderTokenizer(copied).encode(PROMPTS[2]) == expected.encode(PROMPTS[2])


@pytest.mark.parametrize("template", ["{{ raise_exception('no system') }}", "{{ messages.append(1) }}"])
def test_a_template_that_fails_is_an_error(copied: Path, template: str) -> None:
    (copied / "chat_template.jinja").write_text(template)
    with pytest.raises(ValueError, match="template failed"):
        FolderTokenizer(copied).encode(PROMPTS[0])


def test_a_plain_llama_is_asked_without_importing_transformers(tiny_model: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest
from decoding.grammar.build import build_grammar
from decoding.prompt import build_prompt
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of
document = document_of(RECEIPT_LINES)
request = EngineRequest(
    prompt=build_prompt(RECEIPT_SCHEMA, document.pages[0].text),
    grammar=build_grammar(RECEIPT_SCHEMA, document), max_tokens=400,
)
print(EmbeddedEngine(Path({str(tiny_model)!r})).complete([request])[0].finish_reason)
print(sorted(sys.modules.keys() & {{"transformers", "peft", "outlines"}}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["stop", "[]"]
