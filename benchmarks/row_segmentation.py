"""Prints how many rows of tables layout finds, without a model.

    python -m benchmarks.row_segmentation --generated 400
    python -m benchmarks.row_segmentation --transcripts ../shared/data/rvl_text/dev.jsonl
    python -m benchmarks.row_segmentation --transcripts ../shared/data/dev/einvoice_cii/labels.jsonl

Records without a transcript name a file beside them, which is read as the service reads it.
A gold row is found if a row has all of its values that the page shows at all, letters and digits compared;
a row counts for one gold row only. Precision, recall and F1 are over the rows of all documents with a list.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from decoding.tables.find import find_tables
from decoding.tables.match import match_lists
from decoding.tables.priced_lines import find_priced_lines
from ocr.reader import ReadOptions, read_document
from schemas.document import Document
from schemas.spec import ArraySpec, FieldKind, FieldSpec, ObjectSpec
from training.synthesis.sample import generate
from training.transcripts import transcript_document

_COLUMNS: tuple[tuple[str, FieldKind], ...] = (
    ("description", "verbatim"),
    ("quantity", "amount"),
    ("unit_price", "amount"),
    ("amount", "amount"),
)
_ENOUGH_CHARS = 8  # of a longer value: how it ends is the annotator's choice

Case = tuple[Document, ObjectSpec, Sequence[Mapping[str, JsonValue]]]


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--generated", type=int, default=0, help="made-up documents")
    parser.add_argument("--seed", type=int, default=0, help="the first of them, others have other seeds")
    parser.add_argument("--transcripts", type=Path, help="labelled transcripts or files, one a line")
    arguments = parser.parse_args()
    n_gold = n_found = n_right = n_documents = n_whole = 0
    for document, root, gold in _cases(arguments):
        found = find_rows(document, root)
        right = count_right(document, found, gold)
        n_documents += 1
        n_gold += len(gold)
        n_found += len(found)
        n_right += right
        n_whole += right == len(gold) == len(found)
    precision, recall = n_right / max(n_found, 1), n_right / max(n_gold, 1)
    f1 = 2 * n_right / max(n_found + n_gold, 1)
    print(f"documents {n_documents}, with every row and no other {n_whole}; rows {n_gold}, found {n_found}")
    print(f"precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}")


def _cases(arguments: argparse.Namespace) -> Iterator[Case]:
    yield from _made_up(range(arguments.seed, arguments.seed + arguments.generated))
    if arguments.transcripts:
        yield from _labelled(arguments.transcripts)


def _made_up(seeds: Iterable[int]) -> Iterator[Case]:
    for seed in seeds:
        made = generate(random.Random(seed))
        lists = [value for value in made.gold.values() if isinstance(value, list)]
        gold = [row for rows in lists[:1] for row in rows if isinstance(row, dict)]
        gold = [row for row in gold if set(row) != {"label", "value"}]
        if gold:
            yield made.document, made.schema.root, gold


def _labelled(labels: Path) -> Iterator[Case]:
    item = ObjectSpec(properties=tuple((k, FieldSpec(kind=kind, nullable=True)) for k, kind in _COLUMNS))
    root = ObjectSpec(properties=(("line_items", ArraySpec(item=item)),))
    for line in labels.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        rows = record["line_items"]
        if rows and record.get("ocr"):
            yield transcript_document(record), root, rows
        elif rows:
            content = (labels.parent / record["file"]).read_bytes()
            yield read_document(content, options=ReadOptions()), root, [_as_printed(row) for row in rows]


def _as_printed(row: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a row of a file's labels, which are normalised, with no more decimals than it may print."""
    ends = re.compile(r"\.?0*$")
    return {
        key: ends.sub("", text) if re.fullmatch(r"-?\d+\.\d+", text := str(value)) else value
        for key, value in row.items()
    }


def find_rows(document: Document, root: ObjectSpec) -> list[list[str]]:
    """Return the rows of the first list that a table fills: what its cells say, letters and digits only."""
    lists = match_lists(root, find_tables(document), find_priced_lines(document))
    rows = next((known.rows for known in lists.values()), ())
    return [
        [_bare(" ".join(document.pages[row.page_index].words[i].text for i in cell)) for cell in row.words]
        for row in rows
    ]


def count_right(
    document: Document, found: Sequence[Sequence[str]], gold: Sequence[Mapping[str, JsonValue]]
) -> int:
    """Return how many gold rows are among those found."""
    whole = _bare(" ".join(word.text for _, _, word in document.words()))
    left = list(found)
    n_right = 0
    for row in gold:
        values = [bare for value in row.values() if value and (bare := _bare(str(value))) in whole]
        match = next((cells for cells in left if all(_stands(value, cells) for value in values)), None)
        if match is not None:
            left.remove(match)
            n_right += 1
    return n_right


def _stands(value: str, cells: Sequence[str]) -> bool:
    return any(
        value in cell or (len(value) > _ENOUGH_CHARS and value[:_ENOUGH_CHARS] in cell) for cell in cells
    )


def _bare(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.casefold())


if __name__ == "__main__":
    main()
