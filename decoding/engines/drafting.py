"""Which tokens are likely to come next, as the text so far has said them before.

Values stand on the page that the prompt shows, and a table's rows are written alike: what followed the last
few tokens where they stood before often follows them again (prompt lookup decoding). A draft costs the
model some rows of a pass that it makes anyway, and changes nothing that is written but by rounding: in
bfloat16 more rows are multiplied otherwise than few.
"""

from __future__ import annotations

from collections.abc import Iterable

# Of two tokens that stood before, what followed is right more often than not; of one it is not.
_LONGEST, _SHORTEST = 4, 2


class Drafter:
    """The text so far, and where each of its pieces stood last.

    Parameters
    ----------
    tokens
        The prompt.
    """

    def __init__(self, tokens: Iterable[int]) -> None:
        self._tokens: list[int] = []
        # Where the text goes on after a piece: its last place, but for the text's very end.
        self._after: dict[tuple[int, ...], int] = {}
        self.extend(tokens)

    def extend(self, tokens: Iterable[int]) -> None:
        """Add what was written."""
        for token in tokens:
            end = len(self._tokens)
            for length in range(_SHORTEST, min(_LONGEST, end) + 1):
                self._after[tuple(self._tokens[end - length :])] = end
            self._tokens.append(token)

    def draft(self, pending: Iterable[int], most: int) -> list[int]:
        """Return up to `most` tokens that may follow the text and `pending`; often none."""
        tail = [*self._tokens[-_LONGEST:], *pending][-_LONGEST:]
        for length in range(len(tail), _SHORTEST - 1, -1):
            start = self._after.get(tuple(tail[-length:]))
            if start is not None:
                return self._tokens[start : start + most]
        return []
