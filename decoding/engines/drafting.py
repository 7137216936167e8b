"""Which tokens are likely to come next: a draft, that the model reads in the pass that it makes anyway.

Values stand on the page that the prompt shows, rows of a table that was found are known but for what the
model makes of them, and rows of others are written alike. A draft changes nothing that is written but by
rounding: in bfloat16 more rows are multiplied otherwise than few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from llguidance import LLMatcher

from decoding.engines.row_drafts import RowDrafter
from decoding.grammar.json_cursor import JsonCursor

# Of two tokens that stood before, what followed is right more often than not; of one it is not.
_LONGEST, _SHORTEST = 4, 2
# So many characters of a value tell where on the page it stands.
_LEAST_OF_VALUE = 3
_MOST_OF_PAGE = 60
# Tokens of repeated text in one draft.
_MOST_REPEATED = 6


class Repeats:
    """The text so far, and where each of its pieces stood last (prompt lookup decoding).

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


class Drafter:
    """Drafts what follows a text under way, which must be an answer under a grammar.

    Texts are bytes as Latin-1, like the cursor's.

    Parameters
    ----------
    rows
        Of lists that are known.
    tokenize
        Returns the tokens of a text.
    token_text
        Returns the text of a token.
    """

    def __init__(
        self,
        rows: RowDrafter,
        *,
        tokenize: Callable[[str], list[int]],
        token_text: Callable[[int], str],
    ) -> None:
        self._repeats = Repeats(())
        self._rows = rows
        self._tokenize = tokenize
        self._token_text = token_text
        self._prompt = self._text = ""

    def read_prompt(self, tokens: Sequence[int]) -> None:
        """Take what the answer follows, with the page in it."""
        self._repeats.extend(tokens)
        self._prompt = "".join(map(self._token_text, tokens))

    def extend(self, tokens: Iterable[int]) -> None:
        """Add tokens that are settled."""
        tokens = list(tokens)
        self._repeats.extend(tokens)
        self._text += "".join(map(self._token_text, tokens))

    def draft(
        self,
        pending: Iterable[int],
        cursor: JsonCursor,
        matcher: LLMatcher,
        *,
        most: int,
        is_end: Callable[[JsonCursor, LLMatcher], bool],
    ) -> list[int]:
        """Return up to `most` tokens that may follow what is settled and `pending`, all of them allowed.

        What the grammar forces between them is among them. `cursor` and `matcher` stand at the end of
        `pending`; they are changed. `is_end` says where no more can be drafted.
        """
        before, drafted, waiting = list(pending), list[int](), list[int]()
        text = self._text + "".join(map(self._token_text, before))
        while len(drafted) < most:
            tokens = matcher.compute_ff_tokens()
            if tokens:
                waiting = []
            elif is_end(cursor, matcher):
                break
            else:
                waiting = waiting or self._guess([*before, *drafted], cursor, text)
                tokens, waiting = waiting[:1], waiting[1:]
                if not tokens or not matcher.validate_tokens(tokens):
                    break
            matcher.consume_tokens(tokens)
            if matcher.is_stopped():
                break
            new = "".join(map(self._token_text, tokens))
            text += new
            cursor.feed(new)
            drafted += tokens
        return drafted

    def _guess(self, pending: list[int], cursor: JsonCursor, text: str) -> list[int]:
        if row := self._rows.draft(cursor, text):
            return self._tokenize(row)
        if cursor.state in ("key", "colon"):
            return self._tokenize('":"' if cursor.state == "key" else ':"')
        if cursor.state == "value" and text.endswith('":'):
            return self._tokenize("null")  # the quote that a text begins with is one token with the colon
        if cursor.state == "string":
            value = text[cursor.value_start + 1 :]
            if not value:
                return []  # which value it is, no text before tells
            if more := self._read_on(value):
                return self._tokenize(more)
        return self._repeats.draft(pending, _MOST_REPEATED)

    def _read_on(self, value: str) -> str:
        """Return what follows a value on the page, up to where its line or column ends, and the quote."""
        if len(value) < _LEAST_OF_VALUE:
            return ""
        start = self._prompt.find(value)
        while start > 0 and self._prompt[start - 1] not in " \n":
            start = self._prompt.find(value, start + 1)
        if start < 0:
            return ""
        more = self._prompt[start + len(value) : start + len(value) + _MOST_OF_PAGE]
        end = min((at for at in (more.find("\n"), more.find("  ")) if at >= 0), default=-1)
        return more if end < 0 else f'{more[:end]}","'
