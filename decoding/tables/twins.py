"""Which of two columns of one kind a key is taken from: days of booking and value, net and gross."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from decoding.tables.headings import ColumnKind
from decoding.tables.table import Column
from decoding.tables.totals import folded_words

_VALUE = frozenset("value valuta wert wertstellung valeur val valor".split())
_NET = re.compile("^nett?o|^nett?$|^ht(?:va)?$|^exc?k?l|^ohne$")
_GROSS = re.compile("^gross$|^brutt?o|^ttc$|^tvac$|^inc?k?l")
_STAGES = {
    "ordered": re.compile("^(?:order|bestell(?:t|menge|ung)|commande|pedid|ordinat|besteld)"),
    "delivered": re.compile(
        "^(?:ship|deliver|geliefert|liefermenge|livre|expedi|entregad|consegnat|geleverd)"
    ),
    "open": re.compile("^(?:back|open|offen|rest|ruckstand|reliquat|pendient|outstanding)"),
}
_BOOKED = re.compile("^(?:buch|bu$|book|post|conta|operac|operaz|oper)")


def pair_days(
    kinds: Mapping[str, Sequence[ColumnKind]], own: Mapping[str, tuple[int, ...]], columns: Sequence[Column]
) -> dict[str, tuple[int, ...]]:
    """Return the columns of keys of days where a table has two of them; {} where that stays open.

    A key and a heading that say "value" go together, and what is left of both. Where no heading says it, the
    key without it has the day of booking, or the first; the other key may be taken from either column.
    """
    days = [i for i, column in enumerate(columns) if column.kind == "date"]
    keys = [key for key, options in kinds.items() if options[:1] == ("date",) and own[key] == tuple(days)]
    valued = [index for index in days if _names_value(columns[index].heading)]
    plain = [key for key in keys if not _names_value(key)]
    if len(days) != 2 or len(plain) != 1 or len(valued) > 1 or (not valued and len(keys) == 1):
        return {}
    booked = [i for i in days if i not in valued]
    if not valued:
        named = [i for i in days if any(map(_BOOKED.search, folded_words([columns[i].heading])))]
        booked = named if len(named) == 1 else booked
    paired = {plain[0]: (booked[0],)}
    return paired | {key: (valued[0],) for key in keys if key not in plain and valued}


def pair_amounts(
    kinds: Mapping[str, Sequence[ColumnKind]], own: Mapping[str, tuple[int, ...]], columns: Sequence[Column]
) -> dict[str, tuple[int, ...]]:
    """Return the columns of keys of a net and a gross amount, where headings say which is which.

    Of two columns it is enough that one of them says it. The only column is one key's alone if it says whose.
    """
    amounts = [i for i, column in enumerate(columns) if column.kind == "amount"]
    keys = [
        key for key, options in kinds.items() if options[:1] == ("amount",) and own[key] == tuple(amounts)
    ]
    by_side = {side: [key for key in keys if _side(key) == side] for side in ("net", "gross")}
    if any(len(found) != 1 for found in by_side.values()) or len(keys) != 2 or not 0 < len(amounts) <= 2:
        return {}
    sides = {i: _side(columns[i].heading) for i in amounts}
    said = {side: [i for i in amounts if sides[i] == side] for side in by_side}
    paired: dict[str, tuple[int, ...]] = {}
    for (side, (key,)), other in zip(by_side.items(), ("gross", "net"), strict=True):
        own_side = said[side]
        if not own_side and len(said[other]) == 1:
            own_side = [i for i in amounts if i not in said[other]]
        if len(own_side) == 1 or (not own_side and len(said[other]) == 1):
            paired[key] = tuple(own_side)
    return paired


def pair_quantities(
    kinds: Mapping[str, Sequence[ColumnKind]], own: Mapping[str, tuple[int, ...]], columns: Sequence[Column]
) -> dict[str, tuple[int, ...]]:
    """Return the columns of keys of quantities and unit prices where a table has several.

    A key and a heading that both say "ordered", "delivered" or "open" go together. The only key of a kind
    takes the column that rows are reckoned with, else of quantities the one delivered.
    """
    paired: dict[str, tuple[int, ...]] = {}
    for kind in ("quantity", "unit_price"):
        several = tuple(i for i, column in enumerate(columns) if column.kind == kind)
        keys = [key for key, options in kinds.items() if options[:1] == (kind,) and own[key] == several]
        if len(several) < 2:
            continue
        for key in keys:
            alike = [i for i in several if _stage(key) and _stage(columns[i].heading) == _stage(key)]
            if len(alike) == 1:
                paired[key] = (alike[0],)
        factors = [i for i in several if columns[i].is_factor]
        delivered = [i for i in several if _stage(columns[i].heading) == "delivered"]
        chosen = factors or delivered
        if len(keys) == 1 and keys[0] not in paired and len(chosen) == 1:
            paired[keys[0]] = (chosen[0],)
    return paired


def _stage(text: str) -> str | None:
    """Return at which stage of an order a heading or key counts goods; None if it says none, or two."""
    words = folded_words([text])
    stages = [stage for stage, known in _STAGES.items() if any(map(known.search, words))]
    return stages[0] if len(stages) == 1 else None


def is_net_alone(heading: str) -> bool:
    """Return whether a heading says "net" and nothing else, as that of a tax's base does."""
    words = folded_words([heading])
    return bool(words) and all(map(_NET.search, words))


def _side(text: str) -> str | None:
    """Return whether a heading or key says that an amount is "net" or "gross"; None if neither, or both."""
    words = folded_words([text])
    is_net, is_gross = any(map(_NET.search, words)), any(map(_GROSS.search, words))
    if is_net == is_gross:
        return None
    return "net" if is_net else "gross"


def _names_value(text: str) -> bool:
    return not _VALUE.isdisjoint(folded_words([text]))
