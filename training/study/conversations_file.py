"""A file of conversations in tokens: what is kept out of training, and in which order the rest is seen."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import InputError
from training.encode import EncodedSample
from training.sft.packing import PackedRow, row_of

# Tokens at the end of a prompt, where the page ends, by which conversations about one page are known: they
# differ in what is asked, which comes first.
_PAGE_TAIL = 64
# At most this share of a source's pages is kept out.
_MAX_KEPT_OUT = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedSample:
    """A conversation, the data set it is of, and its kind, such as "plain" or "example"."""

    source: str
    kind: str
    sample: EncodedSample


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Conversations to train on, and by source those to choose a rate by and those to compare with."""

    training: tuple[SourcedSample, ...]
    tuning: Mapping[str, tuple[SourcedSample, ...]]
    test: Mapping[str, tuple[SourcedSample, ...]]


def read_conversations(path: Path, *, max_tokens: int) -> tuple[SourcedSample, ...]:
    """Return the conversations of at most `max_tokens` tokens, in the file's order.

    The file is a gzipped pickle of tuples (source, kind, token ids, weights, tokens of the prompt). A pickle
    runs what is in it: read only your own.

    Raises
    ------
    InputError
        If it is none, or none is short enough.
    """
    try:
        with gzip.open(path) as file:
            records = pickle.load(file)
        made = tuple(
            SourcedSample(
                source=source,
                kind=kind,
                sample=EncodedSample(token_ids=token_ids, weights=weights, n_asked=n_asked),
            )
            for source, kind, token_ids, weights, n_asked in records
            if len(token_ids) <= max_tokens
        )
    except (OSError, EOFError, ImportError, pickle.UnpicklingError, ValueError, TypeError) as error:
        raise InputError(f"{path.name!r} holds no conversations: {type(error).__name__}") from error
    if not made:
        raise InputError(f"{path.name!r} holds no conversation of at most {max_tokens} tokens")
    return made


def keep_out(conversations: Sequence[SourcedSample], *, n_pages: int) -> Parts:
    """Return the conversations without some pages of each source, and one conversation of each such page.

    All conversations whose prompts end alike are of one page, so that pages that only end alike are kept
    out together. Which pages, the same in every run, is decided by a hash; every second one is for tuning.

    Parameters
    ----------
    n_pages
        Of each source and part; fewer where they would be more than a quarter of the source's.
    """
    pages: dict[str, dict[str, list[SourcedSample]]] = defaultdict(lambda: defaultdict(list))
    for one in conversations:
        pages[one.source][_page_of(one.sample)].append(one)
    tuning: dict[str, tuple[SourcedSample, ...]] = {}
    test: dict[str, tuple[SourcedSample, ...]] = {}
    training: list[SourcedSample] = []
    for source, found in sorted(pages.items()):
        n = min(n_pages, int(_MAX_KEPT_OUT * len(found) / 2))
        kept = [_shown(found[page]) for page in sorted(found)[: 2 * n]]
        if n:
            tuning[source], test[source] = tuple(kept[0::2]), tuple(kept[1::2])
        training += [one for page in sorted(found)[2 * n :] for one in found[page]]
    return Parts(training=tuple(training), tuning=tuning, test=test)


def training_steps(
    conversations: Sequence[SourcedSample], *, seed: int, batch_tokens: int
) -> Iterator[PackedRow]:
    """Yield rows of about `batch_tokens` without end, in an order that the seed alone decides.

    Conversations follow one another as they are drawn, each pass in an order of its own; a row ends before
    the one that would make it too long.
    """
    row: list[EncodedSample] = []
    for one in _drawn(conversations, seed):
        if row and sum(map(len, row)) + len(one.sample) > batch_tokens:
            yield row_of(row)
            row = []
        row.append(one.sample)


def _drawn(conversations: Sequence[SourcedSample], seed: int) -> Iterator[SourcedSample]:
    epoch = 0
    while conversations:
        order = list(conversations)
        random.Random(f"{seed}/{epoch}").shuffle(order)
        yield from order
        epoch += 1


def _page_of(sample: EncodedSample) -> str:
    tail = sample.token_ids[max(0, sample.n_asked - _PAGE_TAIL) : sample.n_asked]
    return hashlib.sha256(tail.tobytes()).hexdigest()


def _shown(conversations: Sequence[SourcedSample]) -> SourcedSample:
    """Return the page's conversation without examples or reasoning, or else its first."""
    return next((one for one in conversations if one.kind == "plain"), conversations[0])
