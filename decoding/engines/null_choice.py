"""Whether there is a value at all: null against all texts together that may begin. Imports torch.

A field that may be null is null or begins with a quote, and one token decides. Tokens of a quote and what
follows it are many, and the grammar takes some away: where the page has ":30-05-2018" and the model would
write it with its colon, all that it thinks of a value stands behind one token that is forbidden. It still
says that there is a value.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from decoding.engines.next_token import NextToken

_QUOTE = b'"'


def find_text_openings(token_bytes: Callable[[int], bytes], n_tokens: int) -> Tensor:
    """Return (n,) int64: the tokens of a vocabulary of `n_tokens` that a text in JSON may begin with."""
    return torch.tensor([t for t in range(n_tokens) if token_bytes(t).startswith(_QUOTE)], dtype=torch.long)


def choose_text(following: NextToken, allowed: Tensor, openings: Tensor) -> tuple[Tensor, float] | None:
    """Return the allowed tokens that begin a text, and log P(there is one), where that is likelier than none.

    Parameters
    ----------
    following
        What the model thinks of the next token.
    allowed
        (n,) int64, the tokens that the grammar allows there.
    openings
        (m,) int64, all tokens that begin a text, allowed or not.

    Notes
    -----
    With v the sum of the probabilities of `openings` before the mask and o that of the allowed tokens that
    are none of them, P = v / (v + o); a tie is no text. None as well where there is no choice: every allowed
    token begins a text, or none does.
    """
    begins = torch.isin(allowed, openings)
    if bool(begins.all()) or not bool(begins.any()):
        return None
    text = torch.logsumexp(following.scores(openings), dim=0)
    other = torch.logsumexp(following.scores(allowed[~begins]), dim=0)
    if text <= other:
        return None
    return allowed[begins], float(-torch.nn.functional.softplus(other - text))
