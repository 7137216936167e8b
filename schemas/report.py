"""What linting a schema found: a verdict for each keyword, at its JSON pointer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# decoding    the grammar makes any other output impossible
# after       the finished answer is checked against it (`schemas.validate`)
# refused     the schema is not accepted
# annotation  says something to people, or to the prompt; restricts nothing
Verdict = Literal["decoding", "after", "refused", "annotation"]
_MAX_SHOWN_CHARS = 60


def pointer_to(parent: str, *parts: str | int) -> str:
    """Return the JSON pointer (RFC 6901) of `parts` under `parent`.

    Examples
    --------
    >>> pointer_to("/properties", "a/b", 0)
    '/properties/a~1b/0'
    """
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "".join([parent, *(f"/{part}" for part in escaped)])


def shown(value: object) -> str:
    """Return `value` as a message shows it: quoted, and cut where a caller wrote a novel."""
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARS else f"{text[:_MAX_SHOWN_CHARS]}..."


def one_line(text: str) -> str:
    r"""Return the text with white space collapsed and unprintable characters dropped.

    Examples
    --------
    >>> one_line("Total\n  to pay\x00")
    'Total to pay'
    """
    return "".join(char for char in " ".join(text.split()) if char.isprintable())


@dataclass(frozen=True, slots=True, kw_only=True)
class LintEntry:
    """The verdict on one keyword; `pointer` leads to the keyword itself, "" to the whole schema."""

    pointer: str
    keyword: str
    verdict: Verdict
    message: str
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LintWarning:
    """Something legal in the schema at `pointer` that a caller may not expect."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LintReport:
    """One entry for each keyword of the schema, in the schema's order, and warnings."""

    entries: tuple[LintEntry, ...]
    warnings: tuple[LintWarning, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether nothing was refused: the schema can be used."""
        return not self.refused

    @property
    def refused(self) -> tuple[LintEntry, ...]:
        """Return the entries that keep the schema from being used."""
        return tuple(entry for entry in self.entries if entry.verdict == "refused")

    @property
    def issues(self) -> tuple[tuple[str, str], ...]:
        """Return (JSON pointer, reason) of each refused keyword, as `InvalidSchemaError` holds them."""
        return tuple((entry.pointer, entry.message) for entry in self.refused)
