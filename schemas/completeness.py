"""How complete an answer is: which rows the pages show and the answer gives, and which sums hold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.frozen import Value

SumRule = Literal["net_and_tax", "rows_and_total", "quantity_and_price", "running_balance"]


class MissingRow(Value):
    """A row that a page shows and the answer lacks: page (from 1), box in page fractions, words."""

    page_number: int
    bbox: tuple[float, float, float, float]
    text: str


class LeftOutRow(MissingRow):
    """A line that looks like a row and is none, as in an example that a person confirmed."""

    example_id: str


class ListEvidence(Value):
    """What is known of one list.

    Attributes
    ----------
    rows_given
        Rows of the answer.
    rows_seen
        Rows that the pages' tables show, known before anything was written; None where no table was found
        for the list, or it is not sure which of its lines are rows.
    rows_unseen
        Given rows that are none of those seen; 0 where `rows_seen` is None.
    rows_unplaced
        Given rows none of whose values stands anywhere on the pages.
    missing
        Rows seen, or lines set like the given rows, that the answer lacks, in reading order; the first
        hundred.
    n_missing
        How many these are in all.
    left_out, n_left_out
        Rows seen that are not given, as a confirmed page of the same template has no such rows: the first
        hundred, and how many these are in all. They are none of `missing`.
    taught_by
        Examples that decided which lines are rows, or which column a key is taken from.
    """

    rows_given: int
    rows_seen: int | None = None
    rows_unseen: int = 0
    rows_unplaced: int = 0
    missing: tuple[MissingRow, ...] = ()
    n_missing: int = 0
    left_out: tuple[LeftOutRow, ...] = ()
    n_left_out: int = 0
    taught_by: tuple[str, ...] = ()


class SumCheck(Value):
    """One sum that was checked.

    Attributes
    ----------
    paths
        What was added up or multiplied, and what with; `[*]` stands for each row.
    holds
        Whether it comes out, within the rounding of cash and of each row.
    n_checked
        How many times it was checked: once a row for rules about rows.
    difference
        What is printed less what was reckoned, a decimal string; None for rules about rows.
    failing, n_failing
        Paths of the rows where it does not hold, the first twenty, and how many these are in all.
    """

    rule: SumRule
    paths: tuple[str, ...]
    holds: bool
    n_checked: int = 1
    difference: str | None = None
    failing: tuple[str, ...] = ()
    n_failing: int = 0


class Completeness(Value):
    """What is known of each list, by its JSON path, and of the sums; of what is not named, nothing."""

    lists: dict[str, ListEvidence] = Field(default_factory=dict)
    sums: tuple[SumCheck, ...] = ()
