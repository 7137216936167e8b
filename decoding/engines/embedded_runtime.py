"""A loaded model: tokenizer, weights, adapters, and the two ways to decode. Imports torch."""

# Torch and Transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from llguidance import LLMatcher, LLParserLimits, LLTokenizer

from decoding.engines.folder_tokenizer import FolderTokenizer, NotAsWrittenError
from decoding.engines.hypotheses import Decoded, Ranking, raise_on_error
from decoding.engines.llama.config import NotPlainLlamaError
from decoding.engines.llama.loaded import LlamaModel
from decoding.engines.null_choice import find_text_openings
from decoding.engines.span_search import SpanDecoder
from decoding.engines.threads import Threads, count_allowed_threads
from decoding.engines.token_tree import Branch, TokenTree
from decoding.grammar.build import Grammar
from schemas.errors import EngineUnavailableError
from schemas.prompt import Prompt

if TYPE_CHECKING:  # Transformers takes seconds to import, and most models do without it
    from decoding.engines.chat_tokens import ChatTokenizer
    from decoding.engines.transformers_model import TransformersModel

logger = logging.getLogger(__name__)

# The library's defaults stop at 200,000 steps for one mask. Long pages and large vocabularies need 300,000
# at the first character of a value (10,000 words, 42,000 tokens), once.
# Errors are not verbose: they would quote the grammar, that is the page.
_LIMITS = LLParserLimits(
    initial_lexer_fuel=20_000_000, step_lexer_fuel=5_000_000, step_max_items=500_000, verbose_errors=False
)


# Tokens of a prompt that is read for nothing.
_WARMING = 128


class Runtime:
    """The model in `folder`, ready to decode; for one thread at a time.

    Parameters
    ----------
    dtype
        Of the arithmetic; None is the best for the weights and the device.
    with_transformers
        Leave even a plain Llama to Transformers, which other models are left to.
    cache
        A folder that keeps what is worked out of weights at the first start.
    n_threads
        So many compute on a processor; None is one for each core that nobody else needs.
    usual_adapter
        The folder of the adapter that most requests name.

    Raises
    ------
    EngineUnavailableError
        If the folder cannot be loaded, or its tokenizer has no chat template.
    """

    def __init__(
        self,
        folder: Path,
        *,
        dtype: str | None,
        device: str,
        with_transformers: bool = False,
        cache: Path | None = None,
        n_threads: int | None = None,
        usual_adapter: Path | None = None,
    ) -> None:
        self.threads = Threads(count_allowed_threads()) if n_threads is None else Threads.fixed(n_threads)
        try:
            best = _best_dtype(folder, device) if dtype is None else getattr(torch, dtype)
        except (OSError, ValueError) as error:
            raise EngineUnavailableError(f"cannot load the model in {folder.name!r}: {error}") from error
        self._model = _load_model(
            folder,
            best,
            device,
            with_transformers=with_transformers,
            cache=cache,
            threads=self.threads,
            usual_adapter=usual_adapter,
        )
        try:
            self._chat, self._ll_tokenizer = _load_tokenizer(folder)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EngineUnavailableError(f"the model in {folder.name!r} cannot be asked: {error}") from error
        self.max_context_tokens = self._model.max_context_tokens
        self._text_openings: torch.Tensor | None = None

    @property
    def end_token(self) -> int:
        """Return the token that ends an answer."""
        return self._chat.end_token

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the tokens of `prompt` in the model's chat format, up to where the answer begins.

        Raises
        ------
        EngineUnavailableError
            If the model's chat template does not take it.
        """
        try:
            return self._chat.encode(prompt)
        except ValueError as error:
            raise EngineUnavailableError(f"the model cannot be asked: {error}") from error

    def encode_head(self, prompt: Prompt, tokens: Sequence[int]) -> list[int]:
        """Return what prompts about the same task and schema begin with as `tokens` do, maybe nothing."""
        return self._chat.encode_head(prompt, tokens)

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that `token` writes."""
        return self._ll_tokenizer.decode_bytes([token])

    def tokenize_bytes(self, text: bytes) -> list[int]:
        """Return the tokens that `text` is written in."""
        return self._ll_tokenizer.tokenize_bytes(text)

    @property
    def text_openings(self) -> torch.Tensor:
        """Return the tokens that begin with a quote, looked up once."""
        if self._text_openings is None:
            self._text_openings = find_text_openings(self.token_bytes, self._ll_tokenizer.vocab_size)
        return self._text_openings

    def use_adapter(self, name: str | None, folder: Path | None) -> None:
        """Answer with the adapter `name` from now on, or with the base model for None.

        Raises
        ------
        AdapterNotFoundError
            If the weights in `folder` do not fit the model.
        """
        self._model.use_adapter(name, folder)

    def warm(self) -> None:
        """Read some tokens as prompts and answers are read: kernels are made when they are first used."""
        if isinstance(self._model, LlamaModel):
            tree = TokenTree(self._model.begin())
            tree.prefill(_WARMING * [self.end_token])
            for n_rows in (1, 4, 8, 16, 32):
                (grown,) = tree.grow([Branch((), n_rows * (self.end_token,))])
                grown.following[0].scores(torch.arange(1))
                tree.settle(())

    def drop_adapter(self, name: str) -> None:
        """Free the weights of adapter `name`, if they are loaded."""
        self._model.drop_adapter(name)

    def decode(
        self,
        prompt_tokens: Sequence[int],
        grammar: Grammar,
        *,
        max_tokens: int,
        n_candidates: int,
        ranking: Ranking | None,
        head: Sequence[int] = (),
    ) -> Decoded:
        """Return what the model writes after `prompt_tokens`, which begin with `head`, under `grammar`.

        Models whose attention is not full (sliding windows, recurrent layers) decode greedily: their
        state cannot hold several branches at once.
        """
        matcher = LLMatcher(self._ll_tokenizer, grammar.lark, log_level=0, limits=_LIMITS)
        raise_on_error(matcher)
        if not (isinstance(self._model, LlamaModel) or (n_candidates > 1 and self._model.has_tree)):
            from decoding.engines.greedy import decode_greedily

            return decode_greedily(
                self._model.model, prompt_tokens, matcher, end_token=self.end_token, max_tokens=max_tokens
            )
        decoder = SpanDecoder(
            TokenTree(self._model.begin(head)),
            matcher,
            self,
            grammar.schema,
            n_candidates=n_candidates,
            max_tokens=max_tokens,
            ranking=ranking or Ranking(),
            likely_rows=grammar.likely_rows,
        )
        return decoder.decode(prompt_tokens)


def _load_model(
    folder: Path,
    dtype: torch.dtype,
    device: str,
    *,
    with_transformers: bool,
    cache: Path | None,
    threads: Threads,
    usual_adapter: Path | None,
) -> LlamaModel | TransformersModel:
    if device == "cpu" and not with_transformers:
        try:
            return LlamaModel(folder, dtype=dtype, cache=cache, threads=threads, usual_adapter=usual_adapter)
        except NotPlainLlamaError as error:
            logger.info("Transformers runs %s: it has %s", folder.name, error)
    from decoding.engines.transformers_model import TransformersModel

    return TransformersModel(folder, dtype=dtype, device=device)


def _load_tokenizer(folder: Path) -> tuple[FolderTokenizer | ChatTokenizer, LLTokenizer]:
    try:
        tokenizer = FolderTokenizer(folder)
    except NotAsWrittenError as error:
        logger.info("Transformers reads the tokenizer of %s: %s", folder.name, error)
        return _load_with_transformers(folder)
    return tokenizer, tokenizer.constrained()


def _load_with_transformers(folder: Path) -> tuple[ChatTokenizer, LLTokenizer]:
    import llguidance.hf
    from transformers import AutoTokenizer

    from decoding.engines.chat_tokens import ChatTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    return ChatTokenizer(tokenizer), llguidance.hf.from_tokenizer(tokenizer)


def _best_dtype(folder: Path, device: str) -> torch.dtype:
    """Return bfloat16 for weights that are, where the device computes in it; float32 otherwise."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if (config.get("dtype") or config.get("torch_dtype")) != "bfloat16":
        return torch.float32
    # Without such instructions oneDNN emulates them, several times slower than float32.
    is_native = device != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return torch.bfloat16 if is_native else torch.float32
