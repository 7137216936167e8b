"""Which of two columns of dates a key is taken from: the day of booking, or the day of value beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from decoding.tables.headings import ColumnKind
from decoding.tables.table import Column
from decoding.tables.totals import folded_words

_VALUE = frozenset("value valuta wert wertstellung valeur val valor".split())
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


def _names_value(text: str) -> bool:
    return not _VALUE.isdisjoint(folded_words([text]))
