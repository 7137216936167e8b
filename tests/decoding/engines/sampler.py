"""A model that knows nothing: any token that the grammar allows is as likely as any other."""

from __future__ import annotations

import random
from functools import lru_cache

from llguidance import LLMatcher, LLTokenizer

from tests.decoding.engines.tiny_model import make_bpe

MAX_TOKENS = 20_000


@lru_cache(maxsize=1)
def bpe_tokenizer() -> LLTokenizer:
    """Return the tiny model's tokenizer."""
    bpe = make_bpe()
    return LLTokenizer(bpe.to_str(), eos_token=bpe.token_to_id("<|im_end|>"))


@lru_cache(maxsize=1)
def byte_tokenizer() -> LLTokenizer:
    """Return a tokenizer with one token a byte, which can write any text."""
    return LLTokenizer("byte")


def accepts(lark: str, text: str) -> bool:
    """Return whether `text` is a complete text of the grammar.

    Raises
    ------
    ValueError
        If the grammar does not compile.
    """
    matcher = LLMatcher(byte_tokenizer(), lark, log_level=0)
    if matcher.is_error():
        raise ValueError(matcher.get_error())
    data = text.encode()
    return matcher.try_consume_tokens(list(data)) == len(data) and matcher.is_accepting()


def sample(lark: str, *, seed: int) -> str:
    """Return a random text of the grammar, written with the tiny model's tokens.

    Raises
    ------
    ValueError
        If the grammar fails, leads into a dead end, or does not end within `MAX_TOKENS`.
    """
    rng = random.Random(seed)
    tokenizer = bpe_tokenizer()
    matcher = LLMatcher(tokenizer, lark, log_level=0)
    written: list[int] = []
    while not matcher.is_stopped():
        allowed = [token for token, bias in enumerate(matcher.compute_logit_bias()) if bias]
        allowed = [token for token in allowed if token != tokenizer.eos_token]
        if matcher.is_error() or not allowed or len(written) == MAX_TOKENS:
            raise ValueError(matcher.get_error() or f"no end after {len(written)} tokens")
        written.append(rng.choice(allowed))
        matcher.consume_token(written[-1])
    if matcher.is_error():
        raise ValueError(matcher.get_error())
    return tokenizer.decode_bytes(written).decode()
