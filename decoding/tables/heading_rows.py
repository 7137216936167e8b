"""The line, or the few lines, that head a table, and the columns that they name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from decoding.tables.headings import (
    DEBIT_CREDIT,
    MONEY_KINDS,
    NUMERIC_KINDS,
    ColumnKind,
    heading_ends,
    heading_kinds,
    is_heading,
)
from decoding.tables.lines import Group, TableLine, group_of
from decoding.tables.table import Column
from schemas.document import Page

# Lines of one heading follow each other within this many times their height.
_PITCH = 2.2
_MIN_KINDS = 2
MAX_COLUMNS = 40  # the time for a line grows with their square
_N_DIGITS = re.compile(r"\d\D*\d")  # a heading may have one, of a tax rate or a footnote
# Figures in headings: how many a price is for, and how many days a debt is old.
_PER_UNIT = re.compile(r"[^\W\d]\S*(?: [^\W\d]\S*)*(?:/| per | je | pro )\d{1,4}(?: ?[^\W\d]+)?")
_AGE = re.compile(r"(?:over |uber |über |[<>] ?)?\d{1,3}(?: ?[-–] ?\d{1,3})? ?\+?(?: ?[^\W\d]{1,6}\.?)?")
_MIN_ALIGNED, _MIN_NUMBERS, _ALIGNED = 4, 2, 0.6
_MIN_SURE = 3  # kinds: a line that names so many may have figures beside words ("Preis/100", "31-60 days")
# What a table has before it has anything else, where a heading may mean either.
_FIRST_NEEDED: tuple[ColumnKind, ...] = ("amount", "description")
_MAX_LINES = 3  # above and below the line that names most columns


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingRow:
    """The columns that a heading names, and the lines [first, last) that it takes."""

    columns: tuple[Column, ...]
    first: int
    last: int


def find_headings(lines: Sequence[TableLine], page: Page) -> tuple[HeadingRow, ...]:
    """Return the headings among the lines of a page, from top to bottom; they share no line."""
    lines = [_split(line, page) for line in lines]
    found: list[HeadingRow] = []
    at = 0
    while at < len(lines):
        if not _names_columns(lines[at]) and not _stands_above_cells(lines, at):
            at += 1
            continue
        # Of the lines of one heading the one that names most columns tells where the columns are.
        near = [at]
        while near[-1] + 1 < len(lines) and len(near) <= 2 * _MAX_LINES:
            line, above = lines[near[-1] + 1], lines[near[-1]]
            if not _is_near(line, above) or line.has_decimals:
                break
            near.append(near[-1] + 1)
        fullest = max(
            (i for i in near if i == at or _names_columns(lines[i])), key=lambda i: (*_n_known(lines[i]), -i)
        )
        heading = _heading(lines, fullest, first=found[-1].last if found else 0)
        found.append(heading)
        at = max(heading.last, at + 1)
    return tuple(found)


def _split(line: TableLine, page: Page) -> TableLine:
    """Return the line with headings that stand close together apart."""
    groups: list[Group] = []
    for group in line.groups:
        words = [word.text for word in page.words[group.start : group.end]]
        ends = [group.start + end for end in heading_ends(words)] or [group.end]
        starts = [group.start, *ends[:-1]]
        groups += [group_of(page.words, a, b) for a, b in zip(starts, ends, strict=True)]
    return replace(line, groups=tuple(groups))


def _names_columns(line: TableLine) -> bool:
    """Return whether a line names at least two different columns, one of numbers, and prints no numbers."""
    if len(line.groups) > MAX_COLUMNS:
        return False
    known = [heading_kinds(group.text) for group in line.groups if is_heading(group.text)]
    n_kinds = len({kinds[0] for kinds in known})
    n_ages = sum(_AGE.fullmatch(group.text) is not None for group in line.groups)
    return (
        n_kinds >= _MIN_KINDS
        and 2 * len(known) >= len(line.groups) - n_ages
        and any(NUMERIC_KINDS.intersection(kinds) for kinds in known)
        and (not any(map(_prints_figures, line.groups)) or (n_kinds >= _MIN_SURE and _is_worded(line)))
    )


def _stands_above_cells(lines: Sequence[TableLine], at: int) -> bool:
    """Return whether a line of which one money's heading is known stands above a line of as many cells.

    Of the groups of the one right below most stand under a heading of their own, some with numbers.
    """
    line, below = lines[at], lines[at + 1 : at + 2]
    known = (kind for group in line.groups if is_heading(group.text) for kind in heading_kinds(group.text))
    if not _MIN_ALIGNED <= len(line.groups) <= MAX_COLUMNS or MONEY_KINDS.isdisjoint(known):
        return False
    if any(map(_prints_figures, line.groups)) and not _is_worded(line):
        return False
    return any(_is_near(other, line) and _fills_cells(other, line.groups) for other in below)


def _fills_cells(line: TableLine, headings: Sequence[Group]) -> bool:
    if len(line.groups) > MAX_COLUMNS or not line.has_decimals:
        return False
    above = [[at for at, head in enumerate(headings) if _overlap(group, head) > 0] for group in line.groups]
    own = {found[0] for found in above if len(found) == 1}
    n_numbers = sum(group.is_numeric for group in line.groups)
    return n_numbers >= _MIN_NUMBERS and len(own) >= max(_MIN_ALIGNED - 1, _ALIGNED * len(headings))


def _prints_figures(group: Group) -> bool:
    return _N_DIGITS.search(group.text) is not None


def _is_worded(line: TableLine) -> bool:
    """Return whether figures stand only beside words, or as the days that a debt is old ("0-30 Tage")."""
    with_figures = [group for group in line.groups if _prints_figures(group)]
    n_ages = sum(_AGE.fullmatch(group.text) is not None for group in with_figures)
    is_few = 2 * (len(with_figures) - n_ages) < len(line.groups)
    return (
        is_few
        and not line.has_decimals
        and all(_AGE.fullmatch(group.text) or _PER_UNIT.fullmatch(group.text) for group in with_figures)
    )


def _n_known(line: TableLine) -> tuple[int, int]:
    """Return how many kinds of columns a line names, and how many columns: units name one kind."""
    known = [heading_kinds(group.text)[0] for group in line.groups if is_heading(group.text)]
    return len(set(known)), len(known)


def _heading(lines: Sequence[TableLine], at: int, *, first: int) -> HeadingRow:
    top, last = at, at + 1
    while top > first and at - top < _MAX_LINES and _belongs(lines[top - 1], lines[top:last]):
        top -= 1
    while last < len(lines) and last - at <= _MAX_LINES and _belongs(lines[last], lines[top:last]):
        last += 1
    return HeadingRow(columns=_columns(lines[top:last], lines[at]), first=top, last=last)


def _is_near(line: TableLine, neighbour: TableLine) -> bool:
    return abs(line.y - neighbour.y) < _PITCH * max(line.height, neighbour.height)


def _belongs(line: TableLine, heading: Sequence[TableLine]) -> bool:
    """Return whether a line above or below a heading is a part of it.

    It is if it prints no number and has headings only, or words at headings of numbers: a text under the
    heading of a description is the first row's.
    """
    if not any(_is_near(line, other) for other in (heading[0], heading[-1])):
        return False
    if len(line.groups) > max(len(other.groups) for other in heading):
        return False
    if any(character.isdigit() for group in line.groups for character in group.text):
        return False
    named = [group for other in heading for group in other.groups]
    numeric = [g for g in named if NUMERIC_KINDS.intersection(heading_kinds(g.text))]
    texts = [g for g in named if not NUMERIC_KINDS.intersection(heading_kinds(g.text))]
    others = [g for g in line.groups if not is_heading(g.text)]
    if 2 * len(others) <= len(line.groups):
        return _are_at(others, named)
    return _are_at(others, numeric) and not any(_are_at([group], texts) for group in others)


def _are_at(groups: Sequence[Group], headings: Sequence[Group]) -> bool:
    return all(any(_overlap(group, other) > 0 for other in headings) for group in groups)


def _overlap(a: Group, b: Group) -> float:
    return min(a.right, b.right) - max(a.left, b.left)


def _columns(lines: Sequence[TableLine], main: TableLine) -> tuple[Column, ...]:
    """Return the columns from left to right: groups above one another are one heading."""
    stacks: list[list[Group]] = [[group] for group in main.groups if not _is_note(group)]
    for line in lines:
        for group in line.groups:
            if line is main and not _is_note(group):
                continue
            nearest = max(stacks, key=lambda stack: max(_overlap(group, other) for other in stack))
            if _is_note(group) or max(_overlap(group, other) for other in nearest) > 0:
                nearest.append(group)
            else:
                stacks.append([group])
    stacks.sort(key=lambda stack: min(group.left for group in stack))
    for stack in stacks:
        stack.sort(key=lambda group: next(n for n, line in enumerate(lines) if group in line.groups))
    headings = [_joined(stack) for stack in stacks]
    kinds = _resolve([heading_kinds(heading) for heading in headings])
    return tuple(
        Column(
            heading=heading,
            kind=kind,
            also=tuple(k for group in stack for k in _also(group.text, kind)),
            left=min(g.left for g in stack),
            right=max(g.right for g in stack),
        )
        for heading, kind, stack in zip(headings, kinds, stacks, strict=True)
    )


def _also(text: str, kind: ColumnKind | None) -> tuple[ColumnKind, ...]:
    """Return what a line of a heading names beside `kind`; a day that may have been an amount is none."""
    kinds = heading_kinds(text)
    if kind is not None and kind in kinds and "code" not in kinds:
        return ()
    return tuple(k for k in kinds[:1] if k != kind)


def _is_note(group: Group) -> bool:
    """Return whether a group is a remark on the heading beside it, such as "(EUR)"."""
    return group.text.startswith("(") and group.text.endswith(")")


def _joined(groups: Sequence[Group]) -> str:
    """Return the texts from top to bottom; a word that is parted by a hyphen is one."""
    text = ""
    for group in groups:
        text = text[:-1] + group.text if text.endswith("-") else f"{text} {group.text}".strip()
    return text


def _resolve(candidates: Sequence[tuple[ColumnKind, ...]]) -> list[ColumnKind | None]:
    """Return one kind for each column; what is ambiguous takes what no other heading names, or a date.

    Of several prices without an amount beside them the last is the row's amount, unless what stands right of
    it has a heading that is not understood: that may be the amount.
    """
    taken = {kinds[0] for kinds in candidates if len(kinds) == 1}
    if taken & DEBIT_CREDIT:
        taken.add("amount")  # "Wert" beside "Soll" and "Haben" is a day
    # Bookings have two days, goods no second price.
    twice: frozenset[ColumnKind] = frozenset(("date",) if "date" in taken else ())
    kinds: list[ColumnKind | None] = []
    for options in reversed(candidates):  # the amount stands at the right
        free: list[ColumnKind] = [kind for kind in options if kind not in taken or kind in twice]
        if len(options) > 1 and free:
            choice = min(free, key=lambda kind: kind not in _FIRST_NEEDED)
            taken.add(choice)
            kinds.append(choice)
        else:
            kinds.append(options[0] if options else None)
    kinds.reverse()
    if not taken & MONEY_KINDS - {"unit_price"}:
        prices = [index for index, kind in enumerate(kinds) if kind == "unit_price"]
        if prices and None not in kinds[prices[-1] :]:
            kinds[prices[-1]] = "amount"
    return kinds
