"""A model folder's tokenizer and chat template, read without Transformers, which takes seconds to import."""

# Files of any kind of tokenizer are read here.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment
from llguidance import LLTokenizer
from tokenizers import Tokenizer

from decoding.engines.chat_text import defuse, markers_of
from schemas.prompt import Message, Prompt

# Classes that take `tokenizer.json` as it is; others change it when they load it.
_AS_WRITTEN = ("TokenizersBackend", "PreTrainedTokenizerFast")
_NAMED = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")


class NotAsWrittenError(Exception):
    """The folder's tokenizer is more than its `tokenizer.json`: only Transformers can tell what."""


class FolderTokenizer:
    """The tokenizer in a folder, with the chat template there.

    Raises
    ------
    NotAsWrittenError
        If Transformers would make something else of the files.
    ValueError
        If there is no chat template, or no token that ends a turn.
    OSError
        If a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        config: dict[str, Any] = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        if config.get("tokenizer_class") not in _AS_WRITTEN or not (folder / "tokenizer.json").is_file():
            raise NotAsWrittenError(f"a tokenizer of class {config.get('tokenizer_class')!r}")
        self._tokenizer = _read_tokenizer(folder / "tokenizer.json")
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        special = dict(_special_tokens(config))
        ids = {name: self._tokenizer.token_to_id(token) for name, token in special.items()}
        if None in ids.values():
            raise NotAsWrittenError("special tokens that are not among its tokens")
        end_token = ids.get("eos_token")
        if end_token is None:
            raise ValueError("the tokenizer has no token that ends an answer")
        self.end_token = end_token
        self._markers = markers_of(special.values())
        self._names = {name: token for name, token in special.items() if name in _NAMED}
        try:
            self._template = _environment().from_string(_read_template(folder, config))
        except TemplateError as error:  # of tags that Transformers has and Jinja has not
            raise NotAsWrittenError(f"a chat template of more than Jinja: {error}") from error

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the tokens of `prompt` up to where the answer begins; nothing in it can end a turn.

        Raises
        ------
        ValueError
            If the template does not take such a conversation.
        """
        try:
            tokens = self._encode(self._defused(prompt), is_whole=True)
        except TemplateError as error:
            raise ValueError(f"the chat template failed: {error}") from error
        if not tokens:
            raise ValueError("the chat template writes nothing")
        return tokens

    def encode_head(self, prompt: Prompt, tokens: Sequence[int]) -> list[int]:
        """Return the tokens of the system's message, if the prompt's `tokens` begin with them; else none."""
        first = self._defused(prompt)[:1]
        if first[0].role != "system":
            return []
        try:
            head = self._encode(first, is_whole=False)
        except TemplateError:  # a template may want a user's turn
            return []
        return head if len(head) < len(tokens) and list(tokens[: len(head)]) == head else []

    def _defused(self, prompt: Prompt) -> Sequence[Message]:
        return defuse(prompt, self._markers).messages

    def _encode(self, messages: Sequence[Message], *, is_whole: bool) -> list[int]:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        text = self._template.render(
            messages=turns, add_generation_prompt=is_whole, tools=None, documents=None, **self._names
        )
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def constrained(self) -> LLTokenizer:
        """Return the same tokenizer as the constraint engine has it."""
        return LLTokenizer(self._tokenizer.to_str(), eos_token=self.end_token)


def _read_tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises no class of its own
        raise ValueError(f"{path.name} is no tokenizer: {error}") from error


def _special_tokens(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the special tokens that the configuration names."""
    for name in _NAMED:
        if config.get(name) is not None:
            yield name, _text_of(config[name])
    for key in ("extra_special_tokens", "additional_special_tokens"):
        extra: Any = config.get(key) or []
        for index, token in enumerate(extra.values() if isinstance(extra, dict) else extra):
            yield f"{key} {index}", _text_of(token)


def _text_of(token: str | Mapping[str, Any]) -> str:
    return token if isinstance(token, str) else str(token["content"])


def _read_template(folder: Path, config: Mapping[str, Any]) -> str:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    template: Any = config.get("chat_template")
    if isinstance(template, list):  # several by name
        template = {one["name"]: one["template"] for one in template}.get("default")
    if not isinstance(template, str) or not template:
        raise ValueError("the tokenizer has no chat template")
    return template


def _environment() -> ImmutableSandboxedEnvironment:
    """Return what Transformers renders chat templates in."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    functions: dict[str, Any] = environment.globals
    functions |= {"raise_exception": _raise, "strftime_now": _format_now}
    return environment


def _to_json(value: Any, **options: Any) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=False, **options)


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _format_now(pattern: str) -> str:
    return datetime.now().strftime(pattern)
