"""Receipts: SROIE, WildReceipt and CORD as they are published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from eval.datasets import GoldRecord
from eval.readers.files import beside, each, files, read_bytes, read_json
from schemas.errors import EvaluationError

_SROIE_CAVEATS = (
    "company and address are sometimes split or punctuated otherwise than on the page",
    "rows are not annotated",
)
_WILD_CAVEATS = (
    "transcripts have lost most spaces: compare without them",
    "rows are labelled cell by cell and not paired, so there are none here",
)
_CORD_CAVEATS = ("names of shops, addresses and dates are blurred and not labelled",)


def read_sroie(folder: Path) -> Iterator[GoldRecord]:
    """Yield SROIE's receipts: four fields in `entities/ID.txt` or `key/ID.json`, pictures `img/ID.jpg`.

    Raises
    ------
    EvaluationError
        If there is none, or a file is not as published.
    """

    def record(path: Path) -> GoldRecord:
        kie: dict[str, Any] = dict(read_json(path))
        return GoldRecord(
            id=f"sroie/{path.stem}",
            file=beside(folder, path.stem, ("img", "images", ".")),
            dataset="sroie",
            doc_type="receipt",
            kie={key: str(value) for key, value in kie.items() if value},
            caveats=_SROIE_CAVEATS,
        )

    yield from each(files(folder, "entities/*.txt", "entities/*.json", "key/*.json"), record)


def read_wildreceipt(folder: Path) -> Iterator[GoldRecord]:
    """Yield WildReceipt's: JSON lines of `train.txt` and `test.txt`, classes by number in `class_list.txt`.

    Fields are the classes that end in `_value`, without that: `Store_name`, `Total`. A field of several
    segments has all of them as values, but names and addresses of stores, which are joined from top to
    bottom and left to right.

    Raises
    ------
    EvaluationError
        If a file is missing, or a line is not as published.
    """
    classes = _classes(folder / "class_list.txt")
    for path in files(folder, "train.txt", "test.txt"):
        for number, line in enumerate(read_bytes(path).decode("utf-8", "replace").split("\n"), start=1):
            if line.strip():
                try:
                    yield _wild_record(json.loads(line), classes, path.stem)
                except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
                    raise EvaluationError(f"line {number} of {path.name!r} is not as published") from error


def _classes(path: Path) -> dict[int, str]:
    names: dict[int, str] = {}
    for line in read_bytes(path).decode("utf-8", "replace").splitlines():
        number, _, name = line.strip().partition(" ")
        if name and number.isdigit():
            names[int(number)] = name.strip()
    if not names:
        raise EvaluationError(f"{path.name!r} names no classes")
    return names


def _wild_record(sample: dict[str, Any], classes: dict[int, str], split: str) -> GoldRecord:
    segments: dict[str, list[tuple[float, float, str]]] = {}
    for one in sample["annotations"]:
        name, text = classes[int(one["label"])], str(one["text"]).strip()
        if name.endswith("_value") and text:
            box = [float(edge) for edge in one["box"]]
            segments.setdefault(name.removesuffix("_value"), []).append((box[1], box[0], text))
    kie: dict[str, JsonValue] = {}
    for name, found in segments.items():
        texts: list[JsonValue] = [text for _, _, text in sorted(found)]
        if name.startswith("Store_"):
            texts = [" ".join(str(text) for text in texts)]
        kie[name] = texts[0] if len(texts) == 1 else texts
    file = str(sample["file_name"])
    return GoldRecord(
        id=f"wildreceipt/{split}/{Path(file).stem}",
        file=file,
        dataset="wildreceipt",
        doc_type="receipt",
        kie={name: value for name, value in kie.items() if not name.startswith("Prod_")},
        caveats=_WILD_CAVEATS,
    )


def read_cord(folder: Path) -> Iterator[GoldRecord]:
    """Yield CORD's receipts of one split: `json/ID.json` with `valid_line`, `image/ID.png`.

    Rows are the groups of `menu.*` (nm, cnt, price and so on); fields the other categories, such as
    `total.total_price`. Words that are keys ("Total") are no values.

    Raises
    ------
    EvaluationError
        If there is none, or a file is not as published.
    """

    def record(path: Path) -> GoldRecord:
        rows: dict[int, dict[str, list[str]]] = {}
        fields: dict[str, list[str]] = {}
        for line in read_json(path)["valid_line"]:
            text = " ".join(str(word["text"]) for word in line["words"] if not word.get("is_key"))
            head, _, tail = str(line["category"]).partition(".")
            if not text or not tail:
                continue
            if head == "menu":
                rows.setdefault(int(line["group_id"]), {}).setdefault(tail, []).append(text)
            else:
                fields.setdefault(f"{head}.{tail}", []).append(text)
        items: list[dict[str, JsonValue]] = [
            {key: " ".join(texts) for key, texts in row.items()} for _, row in sorted(rows.items())
        ]
        return GoldRecord(
            id=f"cord/{path.stem}",
            file=beside(folder, path.stem, ("image", "images", ".")),
            dataset="cord",
            doc_type="receipt",
            kie={name: " ".join(texts) for name, texts in fields.items()},
            line_items=items,
            caveats=_CORD_CAVEATS,
        )

    yield from each(files(folder, "json/*.json"), record)
