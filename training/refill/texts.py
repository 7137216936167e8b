"""Names, addresses and descriptions to put in the place of others: of like length, in like capitals.

They come from the other templates and from the generator's open vocabulary, half and half.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.refill.template import Template
from training.synthesis.parties import address_lines
from training.synthesis.text import capitalised, company_name, item_text, person_name

_TRIES = 12
_SHORTEST, _LONGEST = 0.6, 1.5  # of the text that it replaces
_FROM_POOL = 0.55
_PERSON_SHARE = 0.12
_FULL_NAME_SHARE = 0.3  # of cashiers; others go by one name
_LOCALES = {"en": ("us", "us", "gb", "my"), "ms": ("my",), "pt": ("es",)}
_MAX_DESCRIPTION = 160
# What a description must not say where quantity and price are asked for: they would be in it, too.
_NUMBERED = re.compile(r"^\W*\d+\b|@|\d[.,]\d\d\b|[$€£]|\b\d+ ?[xX]\b")
# Sums that were annotated as rows.
_SUM = re.compile(
    r"\b(?:sub-?)?tota[l1]|\bamount\b|\bbalance\b|\bdue\b|\bless\b|\btax\b|\bsum\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Texts of all templates."""

    names: tuple[str, ...]
    addresses: tuple[str, ...]
    descriptions: tuple[str, ...]


def pools_of(templates: Iterable[Template]) -> Pools:
    """Return the names, addresses and descriptions that the templates print, each once."""
    names: dict[str, None] = {}
    addresses: dict[str, None] = {}
    descriptions: dict[str, None] = {}
    for template in templates:
        for field in template.fields:
            pool = names if field.tag.endswith("name") else addresses if field.tag.endswith("address") else {}
            pool[template.text(field.places[0])] = None
        if template.table is not None:
            descriptions.update(dict.fromkeys(_descriptions(template)))
    return Pools(names=tuple(names), addresses=tuple(addresses), descriptions=tuple(descriptions))


def _descriptions(template: Template) -> Iterable[str]:
    table = template.table
    columns = () if table is None else enumerate(table.columns)
    texts = [n for n, column in columns if column.tag == "description"]
    for row in () if table is None else table.rows:
        for n in texts:
            text = template.text(row.cells[n])
            if len(text) <= _MAX_DESCRIPTION and not _NUMBERED.search(text) and not _SUM.search(text):
                yield text


def draw_party_text(
    rng: random.Random, pools: Pools, *, tag: str, like: Sequence[str], language: str
) -> tuple[str, ...] | None:
    """Return a name or an address in as many lines as another one, None if none of like length was drawn."""
    length, old = sum(map(len, like)) + len(like) - 1, " ".join(like).casefold()
    for _ in range(_TRIES):
        text = _party(rng, pools, tag, language)
        is_like = _SHORTEST * length <= len(text) <= _LONGEST * length + 4
        if is_like and len(text.split()) >= len(like) and text.casefold() != old:
            return parted(in_case_of(text, " ".join(like)), like)
    return None


def _party(rng: random.Random, pools: Pools, tag: str, language: str) -> str:
    if tag == "cashier":
        name = capitalised(person_name(rng))
        return name if rng.random() < _FULL_NAME_SHARE else max(name.split(), key=len)
    return _address(rng, pools, language) if tag.endswith("address") else _name(rng, pools)


def _name(rng: random.Random, pools: Pools) -> str:
    if pools.names and rng.random() < _FROM_POOL:
        return rng.choice(pools.names)
    return capitalised(person_name(rng) if rng.random() < _PERSON_SHARE else company_name(rng))


def _address(rng: random.Random, pools: Pools, language: str) -> str:
    if pools.addresses and rng.random() < _FROM_POOL:
        return rng.choice(pools.addresses)
    locale = rng.choice(_LOCALES.get(language, (language,)))
    return " ".join(address_lines(rng, locale, upper=False, width=40))


def in_case_of(text: str, like: str) -> str:
    """Return `text` in capitals if `like` is, and without them if only `text` is.

    Examples
    --------
    >>> in_case_of("Blue Door Ltd", "ACME GMBH"), in_case_of("ACME GMBH", "Blue Door")
    ('BLUE DOOR LTD', 'Acme Gmbh')
    """
    if like.isupper():
        return text.upper()
    return capitalised(text.lower()) if text.isupper() else text


def parted(text: str, like: Sequence[str]) -> tuple[str, ...]:
    """Return `text` in as many lines as `like`, broken at spaces in about the same places.

    There must be as many words as lines.
    """
    words = text.split()
    total = sum(map(len, like))
    lines: list[str] = []
    start, reached = 0, 0.0
    for n, line in enumerate(like):
        reached += len(line) / total
        left = len(like) - n - 1
        end = start + 1
        while end < len(words) - left and len(" ".join(words[:end])) < reached * len(text) - 1:
            end += 1
        if left == 0:
            end = len(words)
        lines.append(" ".join(words[start:end]))
        start = end
    return tuple(lines)


def draw_description(rng: random.Random, pools: Pools, *, like: str, width: int) -> str:
    """Return what a row could be for, without numbers that could be its quantity or price.

    Its words are at most about `width` characters long, so that it can be wrapped into lines of that width.
    """
    text = rng.choice(pools.descriptions) if pools.descriptions and rng.random() < _FROM_POOL else ""
    for _ in range(_TRIES):
        if text and not _NUMBERED.search(text) and max(map(len, text.split())) <= width:
            break
        text = item_text(rng, longest=rng.choice((4, 6, 8, 10)))
    return in_case_of(text, like)
