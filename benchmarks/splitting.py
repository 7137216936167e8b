"""How well a file's documents are told apart: real documents one after another, and made-up files.

    python -m benchmarks.splitting --data ../shared/data/dev --readings runs/readings
    python -m benchmarks.splitting --data ../shared/data/dev --readings runs/readings \
        --transcripts ../shared/data/rvl_text/train.jsonl --fit

Every two pages in a row of one document are a pair that goes on, the last and first pages of two documents
(four times in ten of one data set) a pair that does not. Half of the documents, by the hash of their names,
fit the weights; the other half is what the tables show. `--fit` prints weights of all documents for
`decoding/splitting/weights.py`, and shows the other half with those of the first half alone. Made-up files
are two to twelve documents of the training generator, of seeds that no fit sees; `rasg bench run`
keeps READINGS. `--transcripts` adds labelled transcripts, of which each is a document.
"""

# scipy is not typed
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import argparse
import hashlib
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from app.bench.readings import read_kept
from app.bench.suite import read_suite
from app.extraction.splitting import MIN_CUT_CONFIDENCE, MIN_WHOLE_CONFIDENCE, is_in_doubt
from decoding.splitting import weights as shipped
from decoding.splitting.evidence import compare
from decoding.splitting.groups import BEGINS, group_pages
from decoding.splitting.page_facts import DocumentFacts, PageFacts
from ocr.reader import ReadOptions
from schemas.document import Document
from training.synthesis.sample import generate
from training.transcripts import read_transcripts

_SUITE = Path(__file__).parent / "suites" / "dev.yaml"
_SAME_SET_SHARE = 0.4
_RIDGE = 6e-4
_MADE_UP = 500
_LONG = 60
_TRANSCRIPTS = 300
_BEGINNINGS = 1500
# Signs of pages that go on, and those that may say either; all others are signs of a beginning.
_SAYS_GOES_ON = frozenset(
    (
        "amid captions_same carried carried_same dated_same number_awaited "
        "number_follows number_later number_more_before open rows_above rows_follow "
        "sections_follow table_high title_gone vocabulary"
    ).split()
)
_SAYS_EITHER = frozenset("number_missing short_after short_before totals_after".split())
# What says much and is seldom seen in the data begins at what it would say, not at nothing.
_PRIOR = {
    "carried_same": -2.5,
    "rolls_whole": 2.5,
    "rows_follow": -2.5,
    "rows_restart": 1.0,
    "sections_restart": 0.5,
}
# Made-up agreements and official forms may be a part of one, orders for airtime count pages that are not
# there, and plain forms are words that mean nothing.
_KINDS = ("receipt", "invoice", "order", "statement")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two pages in a row: of which data sets, what tells them apart, and whether a document begins."""

    names: tuple[str, str]
    signs: Mapping[str, float]
    begins: bool


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--readings", type=Path, required=True)
    parser.add_argument("--transcripts", type=Path, help="more documents, one a line")
    parser.add_argument("--files", type=int, default=200, help="made-up ones")
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    named = _read(arguments.data, arguments.readings) | _make(_MADE_UP, seed=11) | _make_long(_LONG, seed=17)
    if arguments.transcripts:
        some = islice(read_transcripts(arguments.transcripts), _TRANSCRIPTS)
        named |= {transcript.document_id: transcript.document for transcript in some}
    if arguments.fit:
        _print_weights(fit([*_pairs(named, half=0, seed=1), *_pairs(named, half=1, seed=2)]))
        _print_pairs(_pairs(named, half=1, seed=3), fit(_pairs(named, half=0, seed=1)))
    else:
        _print_pairs(_pairs(named, half=1, seed=3), (shipped.BIAS, dict(shipped.WEIGHTS)))
    _print_whole(named)
    _print_files(arguments.files)


def _read(data: Path, readings: Path) -> dict[str, Document]:
    suite = read_suite(_SUITE, data=data)
    found: dict[str, Document] = {}
    for record in suite.all_records():
        content = (data / record.dataset / record.file).read_bytes()
        document = read_kept(content, ReadOptions(), readings).document
        if any(page.words for page in document.pages):
            found[record.id] = document
    return found


def _make(n: int, *, seed: int) -> dict[str, Document]:
    """Return made-up documents, those of several pages more often than the generator has them."""
    rng = random.Random(seed)
    found: dict[str, Document] = {}
    while len(found) < n:
        sample = generate(rng, kinds=_KINDS)
        if len(sample.document.pages) > 1 or rng.random() < 0.3:
            found[f"made up/{len(found)}"] = sample.document
    return found


def _make_long(n: int, *, seed: int) -> dict[str, Document]:
    """Return made-up documents of several pages."""
    rng = random.Random(seed)
    found: dict[str, Document] = {}
    while len(found) < n:
        document = generate(rng, kinds=_KINDS).document
        if len(document.pages) > 1:
            found[f"made up/long {len(found)}"] = document
    return found


def _pairs(named: Mapping[str, Document], *, half: int, seed: int) -> list[Pair]:
    names = [name for name in named if _half(name) == half]
    facts = {name: [PageFacts(page) for page in named[name].pages if page.words] for name in names}
    known = {name: _grow(pages) for name, pages in facts.items() if pages}
    by_set: dict[str, list[str]] = defaultdict(list)
    for name in known:
        by_set[_set(name)].append(name)
    pairs = [
        Pair(names=(_set(name), _set(name)), signs=compare(before, after), begins=False)
        for name, grown in known.items()
        for before, after in zip(grown, facts[name][1:], strict=False)
    ]
    rng = random.Random(seed)
    for _ in range(_BEGINNINGS):
        first = rng.choice(by_set[rng.choice(sorted(by_set))])
        second = rng.choice(by_set[_set(first)] if rng.random() < _SAME_SET_SHARE else sorted(known))
        if first != second:
            signs = compare(known[first][-1], facts[second][0])
            pairs.append(Pair(names=(_set(first), _set(second)), signs=signs, begins=True))
    return pairs


def _grow(pages: Sequence[PageFacts]) -> list[DocumentFacts]:
    """Return a document as it is known after each of its pages."""
    grown = [DocumentFacts.begin(pages[0])]
    for page in pages[1:]:
        grown.append(grown[-1].go_on(page))
    return grown


def _half(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2


def _set(name: str) -> str:
    return name.partition("/")[0]


def fit(pairs: Sequence[Pair]) -> tuple[float, dict[str, float]]:
    """Return bias and weights of a logistic regression with a ridge; both answers weigh the same."""
    names = sorted(pairs[0].signs)
    X = np.array([[pair.signs[name] for name in names] for pair in pairs])
    y = np.array([pair.begins for pair in pairs], dtype=float)
    prior = np.array([_PRIOR.get(name, 0.0) for name in names])
    sign, weight = 2 * y - 1, np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))

    def loss(theta: Any) -> tuple[float, Any]:  # noqa: ANN401
        z = sign * (X @ theta[1:] + theta[0])
        slope = -sign / (1 + np.exp(z)) * weight
        away = theta[1:] - prior
        value = (weight * np.logaddexp(0, -z)).mean() + _RIDGE * (away**2).sum()
        return float(value), np.r_[slope.mean(), (X * slope[:, None]).mean(0) + 2 * _RIDGE * away]

    bounds = [(None, None), *(_bound(name) for name in names)]
    theta = minimize(loss, np.r_[0.0, prior], jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(theta[0]), dict(zip(names, map(float, theta[1:]), strict=True))


def _bound(name: str) -> tuple[float | None, float | None]:
    """Return which sign a weight may have: what the sets happen to have in common says nothing of others."""
    if name in _SAYS_GOES_ON:
        return None, 0.0
    return (None, None) if name in _SAYS_EITHER else (0.0, None)


def _print_weights(found: tuple[float, Mapping[str, float]]) -> None:
    print(f"BIAS = {found[0]:.2f}\nWEIGHTS: Mapping[str, float] = {{")
    print("".join(f'    "{name}": {value:.2f},\n' for name, value in found[1].items()) + "}\n")


def _print_pairs(pairs: Iterable[Pair], weights: tuple[float, Mapping[str, float]]) -> None:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        logit = weights[0] + sum(weights[1].get(name, 0.0) * value for name, value in pair.signs.items())
        chance = 1 / (1 + np.exp(-logit))
        same = pair.names[0] == pair.names[1]
        row = pair.names[0] if same else "of two sets"
        for key in (row, "all"):
            kind = "begins" if pair.begins else "goes on"
            counts[key][kind] += 1
            counts[key][f"{kind}, wrong"] += (chance >= BEGINS) != pair.begins
            counts[key][f"{kind}, silent"] += (
                (chance <= 1 - MIN_WHOLE_CONFIDENCE) if pair.begins else (chance >= MIN_CUT_CONFIDENCE)
            )
            counts[key][f"{kind}, doubt"] += 1 - MIN_WHOLE_CONFIDENCE < chance < MIN_CUT_CONFIDENCE
    columns = [
        f"{kind}{what}" for kind in ("goes on", "begins") for what in ("", ", wrong", ", silent", ", doubt")
    ]
    print("| pages of | " + " | ".join(columns) + " |\n|---" * 1 + "|---" * len(columns) + "|")
    for key in sorted(counts, key=lambda key: (key == "all", key)):
        print(f"| {key} | " + " | ".join(str(counts[key][column]) for column in columns) + " |")


def _print_whole(named: Mapping[str, Document]) -> None:
    """Print what becomes of real documents of several pages, which are each a file of one document."""
    real = [d for name, d in named.items() if _set(name) != "made up" and len(d.pages) > 1]
    started = time.process_time()
    found = [group_pages(document) for document in real]
    spent_ms = 1000 * (time.process_time() - started) / sum(len(d.pages) for d in real)
    cut = sum(len(groups) > 1 for groups in found)
    doubted = sum(len(g) == 1 and is_in_doubt(g[0]) for g in found)
    print(f"\nwhole documents of several pages: {len(real)}; cut: {cut}; doubted: {doubted}")
    print(f"{spent_ms:.1f} ms a page")


def _print_files(n: int) -> None:
    rng = random.Random(99)
    exact = blended = torn = silent = doubted = n_groups = 0
    for _ in range(n):
        parts = [generate(rng, kinds=_KINDS).document for _ in range(rng.randint(2, 12))]
        pages = [page for part in parts for page in part.pages if page.words]
        wanted: set[int] = set()
        at = 0
        for part in parts:
            wanted.add(at)
            at += sum(bool(page.words) for page in part.pages)
        numbered = tuple(replace(page, page_index=index) for index, page in enumerate(pages))
        groups = group_pages(replace(parts[0], pages=numbered))
        found = {group.page_indices[0] for group in groups}
        exact += found == wanted
        torn += len(found - wanted)
        blended += len(wanted - found)
        n_groups += len(groups)
        for group in groups:
            holds = wanted & set(group.page_indices[1:])
            silent += bool(holds) and not is_in_doubt(group)
            doubted += is_in_doubt(group)
    print(f"\nmade-up files: {n}; every boundary right: {exact / n:.3f}; documents torn: {torn};")
    print(f"boundaries missed: {blended}; documents that hold another and no doubt is said: {silent};")
    print(f"documents that a doubt is said of: {doubted} of {n_groups}")


if __name__ == "__main__":
    main()
