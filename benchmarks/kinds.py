"""How well the kind of a document is told: made-up and real documents of five kinds.

    python -m benchmarks.kinds --data ../shared/data --kept-out KEPT_OUT --readings runs/readings
    python -m benchmarks.kinds --data ../shared/data --kept-out KEPT_OUT --readings runs/readings --fit

The weights are fitted on made-up documents, on real invoices and receipts with transcripts (`rvl_text`,
`sroie_text`), and on those of four data sets that KEPT_OUT, a file with the SHA-256 of a document a line,
does not name. The tables show what no fit has seen: what it names, all other data sets, and made-up
documents of another seed. `--fit` prints weights for `decoding/kinds/weights.py` and shows the tables with
them; `rasg bench run` keeps READINGS.
"""

# scipy is not typed
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from app.bench.readings import read_kept
from app.bench.suite import read_suite
from app.extraction.schema_choice import MIN_KIND_CONFIDENCE, MIN_MISFIT_CONFIDENCE
from decoding.kinds import weights as shipped
from decoding.kinds.classify import rank_kinds
from decoding.kinds.evidence import list_signs
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.extraction import KINDS, KindName
from training.synthesis.sample import generate
from training.transcripts import read_transcripts

_SUITE = Path(__file__).parent / "suites" / "dev.yaml"
_RIDGE = 5e-4
_MOST_OF_A_SET = 400
_N_MADE_UP: Mapping[str, int] = {
    "invoice": 350,
    "receipt": 250,
    "order": 450,
    "statement": 450,
    "agreement": 150,
    "official": 200,
    "booking": 150,
    "form": 80,
}
_KIND_OF_MADE_UP: Mapping[str, KindName] = {
    "invoice": "invoice",
    "receipt": "receipt",
    "order": "purchase_order",
    "statement": "bank_statement",
}
_KIND_OF_SET: Mapping[str, KindName] = {
    "sroie": "receipt",
    "wildreceipt": "receipt",
    "softmatic_receipts": "receipt",
    "einvoice_cii": "invoice",
    "invoice2data": "invoice",
    "docile_sample": "invoice",
    "kleister_nda": "other",
    "azure_forms": "other",
}
_TRANSCRIPTS: tuple[tuple[str, KindName, bool], ...] = (
    ("rvl_text/train", "invoice", True),
    ("rvl_text/dev", "invoice", False),
    ("sroie_text/train", "receipt", True),
    ("cord_text/dev", "receipt", False),
)
# Half of these teach, the others measure only.
_TAUGHT = ("einvoice_cii", "invoice2data", "vrdu_adbuy", "softmatic_receipts")
# A hotel's "Payment receipt" among the invoices, and three bills called "Project statement" among the forms,
# of which nobody can say what they are.
_KIND_OF_ONE: Mapping[str, KindName | None] = {
    "invoice2data/ca0ca71b4744": "receipt",
    "azure_forms/19bb28235712": None,
    "azure_forms/806e00be30e9": None,
    "azure_forms/810739ce50c7": None,
}
_TITLE = re.compile("title|named")
_HEAD_LINES = 8
# An invoice with these words in its place is none: offers and delivery notes look the same but for them.
_OTHER_WORDS: Mapping[str, tuple[str, ...]] = {
    "invoice": ("quotation", "quote", "delivery note", "estimate", "packing list"),
    "rechnung": ("angebot", "lieferschein", "mahnung", "kostenvoranschlag"),
    "facture": ("devis", "bon de livraison", "relance"),
    "factuur": ("offerte", "pakbon", "aanmaning"),
    "fattura": ("preventivo", "documento di trasporto"),
    "factura": ("presupuesto", "albarán", "oferta"),
    "fatura": ("orçamento", "guia de remessa"),
    "faktur": ("penawaran", "surat jalan"),
    "invois": ("sebut harga", "nota hantaran"),
}
# One with these is a receipt on a sheet of paper.
_RECEIPT_WORDS: Mapping[str, tuple[str, ...]] = {
    "invoice": ("receipt", "payment receipt", "official receipt"),
    "rechnung": ("quittung",),
    "facture": ("reçu",),
    "factuur": ("kassabon",),
    "fattura": ("ricevuta",),
    "factura": ("recibo",),
    "fatura": ("recibo",),
    "faktur": ("kwitansi",),
    "invois": ("resit",),
}
_RENAMED = "renamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A document of known kind: its set, what its pages show, and whether it may teach."""

    name: str
    kind: KindName
    signs: Mapping[str, float]
    teaches: bool

    @property
    def set_name(self) -> str:
        """Return the data set that it is of."""
        return self.name.partition("/")[0]


Weights = tuple[tuple[float, ...], Mapping[str, tuple[float, ...]]]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kept-out", type=Path, required=True)
    parser.add_argument("--readings", type=Path, required=True)
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    kept_out = frozenset(line.strip()[:12] for line in arguments.kept_out.read_text().splitlines())
    cases = [
        *_make(seed=21, teaches=True),
        *_make(seed=22, teaches=False),
        *_read_real(arguments.data / "dev", arguments.readings, kept_out),
        *_read_transcripts(arguments.data),
    ]
    found: Weights = (shipped.BIASES, shipped.WEIGHTS)
    if arguments.fit:
        found = fit([case for case in cases if case.teaches])
        print_weights(found)
    print_tables([case for case in cases if not case.teaches], found)
    _print_speed()


def _case(name: str, kind: KindName, document: Document, *, teaches: bool) -> Case:
    return Case(name=name, kind=kind, signs=list_signs(document), teaches=teaches)


def _make(*, seed: int, teaches: bool) -> Iterator[Case]:
    """Yield made-up documents: fewer of those that only measure, and some invoices renamed."""
    rng = random.Random(seed)
    for made_up, n in _N_MADE_UP.items():
        for number in range(n if teaches else n // 3):
            document = generate(rng, kinds=(made_up,)).document
            kind = _KIND_OF_MADE_UP.get(made_up, "other")
            if made_up == "booking" and (told := _airtime_kind(document)):
                kind = told
            name = f"made up: {made_up}/{number}"
            yield _case(name, kind, document, teaches=teaches)
            if made_up == "invoice":
                yield from _rename_some(name, number, document, rng, teaches=teaches)


def _rename_some(
    name: str, number: int, document: Document, rng: random.Random, *, teaches: bool
) -> Iterator[Case]:
    """Yield every third invoice as an offer, every sixth as a receipt."""
    if number % 3 == 0 and (offer := _rename(document, rng, _OTHER_WORDS)):
        yield _case(f"{_RENAMED} other {name}", "other", offer, teaches=teaches)
    if number % 6 == 1 and (receipt := _rename(document, rng, _RECEIPT_WORDS)):
        yield _case(f"{_RENAMED} receipt {name}", "receipt", receipt, teaches=teaches)


def _airtime_kind(document: Document) -> KindName | None:
    """Return what papers about airtime call themselves: invoice, contract (other) or neither."""
    head = document.pages[0].text.lower().split("\n")[:_HEAD_LINES]
    if any(re.search(r"\binvoice\b", line) for line in head):
        return "invoice"
    return "other" if any(re.search(r"\bcontract\b", line) for line in head) else None


def _rename(document: Document, rng: random.Random, names: Mapping[str, tuple[str, ...]]) -> Document | None:
    """Return the document with another name for an invoice wherever it stands; None if it stands nowhere."""
    words = {old: rng.choice(new) for old, new in names.items()}
    pattern = re.compile("|".join(words), re.IGNORECASE)

    def other(match: re.Match[str]) -> str:
        new = words[match[0].lower()].replace(" ", "-")  # a word has no spaces
        return new.upper() if match[0].isupper() else new.capitalize() if match[0][0].isupper() else new

    pages = tuple(
        replace(page, words=tuple(replace(word, text=pattern.sub(other, word.text)) for word in page.words))
        for page in document.pages
    )
    return None if pages == document.pages else replace(document, pages=pages)


def _read_real(data: Path, readings: Path, kept_out: frozenset[str]) -> Iterator[Case]:
    """Yield the documents of the development set, and real invoices renamed."""
    rng = random.Random(23)
    for record in read_suite(_SUITE, data=data).all_records():
        content = (data / record.dataset / record.file).read_bytes()
        document = read_kept(content, ReadOptions(), readings).document
        if not any(page.words for page in document.pages):
            continue
        teaches = record.dataset in _TAUGHT and record.id.partition("/")[2] not in kept_out
        kind = _KIND_OF_ONE.get(record.id, _KIND_OF_SET.get(record.dataset))
        if record.dataset == "vrdu_adbuy":
            kind = _airtime_kind(document)
        if kind is not None:
            yield _case(record.id, kind, document, teaches=teaches)
        if kind == "invoice" and (offer := _rename(document, rng, _OTHER_WORDS)):
            yield _case(f"{_RENAMED} other {record.id}", "other", offer, teaches=teaches)


def _read_transcripts(data: Path) -> Iterator[Case]:
    for file, kind, teaches in _TRANSCRIPTS:
        for item in islice(read_transcripts(data / f"{file}.jsonl"), _MOST_OF_A_SET):
            yield _case(item.document_id, kind, item.document, teaches=teaches)


def _untitled(cases: Sequence[Case]) -> Iterator[Case]:
    """Yield every second document again without its titles, which scans lose; one renamed is nothing else."""
    for case in cases[::2]:
        if not case.name.startswith(_RENAMED):
            yield replace(case, signs={n: 0.0 if _TITLE.search(n) else v for n, v in case.signs.items()})


def fit(cases: Sequence[Case]) -> Weights:
    """Return biases and weights of a multinomial logistic regression with a ridge; kinds weigh the same."""
    cases = [*cases, *_untitled(cases)]
    names = sorted(cases[0].signs)
    X = np.array([[1.0, *(case.signs[name] for name in names)] for case in cases])
    gold = np.array([KINDS.index(case.kind) for case in cases])
    weight = (1.0 / np.bincount(gold, minlength=len(KINDS)))[gold] / len(KINDS)
    Y = np.eye(len(KINDS))[gold]
    shape = (X.shape[1], len(KINDS))

    def loss(theta: Any) -> tuple[float, Any]:  # noqa: ANN401
        W = theta.reshape(shape)
        logits = X @ W
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        P = odds / odds.sum(axis=1, keepdims=True)
        value = -(weight * np.log((P * Y).sum(axis=1) + 1e-300)).sum() + _RIDGE * (W[1:] ** 2).sum()
        slope = X.T @ (weight[:, None] * (P - Y)) + 2 * _RIDGE * np.r_[np.zeros((1, shape[1])), W[1:]]
        return float(value), slope.ravel()

    bounds = [(None, None)] * len(KINDS) + [_bound(name, kind) for name in names for kind in KINDS]
    found = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", bounds=bounds).x.reshape(
        shape
    )
    return tuple(map(float, found[0])), {
        name: tuple(map(float, row)) for name, row in zip(names, found[1:], strict=True)
    }


def _bound(name: str, kind: KindName) -> tuple[float | None, float | None]:
    """Return which sign a weight may have: a kind's own titles and labels never speak for another."""
    sign, _, named = name.partition(".")
    if not named or sign == "named":
        return None, None
    return (0.0, None) if named == kind else (None, 0.0)


def print_weights(found: Weights) -> None:
    """Print what `decoding/kinds/weights.py` holds."""
    print(f"BIASES: tuple[float, ...] = ({', '.join(f'{value:.2f}' for value in found[0])})")
    print("WEIGHTS: Mapping[str, tuple[float, ...]] = {")
    for name, row in found[1].items():
        print(f'    "{name}": ({", ".join(f"{value:.2f}" for value in row)}),')
    print("}\n")


def _probabilities(signs: Mapping[str, float], found: Weights) -> Mapping[KindName, float]:
    logits = np.array(found[0])
    for name, value in signs.items():
        logits = logits + value * np.array(found[1][name])
    odds = np.exp(logits - logits.max())
    return dict(zip(KINDS, (odds / odds.sum()).tolist(), strict=True))


def print_tables(cases: Iterable[Case], found: Weights) -> None:
    """Print what is said of the documents of each set, how sure it is, and which are wrong and sure."""
    told = [(case, _probabilities(case.signs, found)) for case in cases]
    _print_sets(told)
    _print_calibration([pair for pair in told if not pair[0].name.startswith(("made up", _RENAMED))])
    print("\nwrong and sure:")
    for case, chances in told:
        best = max(chances, key=lambda kind: chances[kind])
        if best != case.kind and chances[best] >= MIN_KIND_CONFIDENCE:
            print(f"- {case.name}: {case.kind} taken for {best} ({chances[best]:.2f})")


def _print_speed() -> None:
    """Print how long it takes to tell the kind of made-up documents."""
    rng = random.Random(31)
    documents = [generate(rng).document for _ in range(100)]
    started = time.process_time()
    for document in documents:
        rank_kinds(document)
    spent_ms = 1000 * (time.process_time() - started) / sum(len(d.pages) for d in documents)
    print(f"\n{spent_ms:.1f} ms a page")


def _print_sets(told: Sequence[tuple[Case, Mapping[KindName, float]]]) -> None:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for case, chances in told:
        best = max(chances, key=lambda kind: chances[kind])
        is_sure = chances[best] >= MIN_KIND_CONFIDENCE
        count = counts[case.set_name, case.kind]
        count["documents"] += 1
        count["right"] += best == case.kind
        count["in doubt"] += not is_sure
        count["wrong and sure"] += is_sure and best != case.kind
        count["a wrong warning"] += best != case.kind and chances[best] >= MIN_MISFIT_CONFIDENCE
        if best != case.kind:
            count[f"as {best}"] += 1
    columns = ["documents", "right", "in doubt", "wrong and sure", "a wrong warning"]
    print(
        "| set | kind | " + " | ".join(columns) + " | taken for |\n|---|---" + "|---" * len(columns) + "|---|"
    )
    for (name, kind), count in sorted(counts.items()):
        wrong = ", ".join(f"{key[3:]} {n}" for key, n in count.items() if key.startswith("as "))
        print(f"| {name} | {kind} | " + " | ".join(str(count[c]) for c in columns) + f" | {wrong} |")


def _print_calibration(told: Sequence[tuple[Case, Mapping[KindName, float]]]) -> None:
    """Print how often it is right when it is so sure, real documents only."""
    print("\n| confidence | documents | mean confidence | right |\n|---|---|---|---|")
    best = [
        (max(chances.values()), max(chances, key=lambda k: chances[k]) == case.kind) for case, chances in told
    ]
    for low, high in ((0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.97), (0.97, 1.01)):
        inside = [(chance, is_right) for chance, is_right in best if low <= chance < high]
        if inside:
            mean = sum(chance for chance, _ in inside) / len(inside)
            right = sum(is_right for _, is_right in inside) / len(inside)
            print(f"| {low:.2f} to {min(high, 1.0):.2f} | {len(inside)} | {mean:.3f} | {right:.3f} |")


if __name__ == "__main__":
    main()
