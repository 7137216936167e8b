"""Forms of any kind: FUNSD's linked questions, and invoice2data's expectations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from eval.datasets import GoldRecord
from eval.readers.files import beside, each, files, read_json
from schemas.errors import EvaluationError

_FUNSD_CAVEATS = (
    "fields are named by the questions as printed, which no schema knows beforehand",
    "links between questions and answers are inconsistent in places",
)
_I2D_CAVEATS = (
    "values are normalised: decimal points, ISO dates",
    "some fields are constants of a template and stand nowhere on the page",
)


def read_funsd(folder: Path) -> Iterator[GoldRecord]:
    """Yield FUNSD's forms of one split: `annotations/ID.json`, `images/ID.png`.

    A field is a question's text without its colon; its value the texts of the answers linked to it, in
    their order on the page. Questions of one text have several values. Unanswered ones are no fields.

    Raises
    ------
    EvaluationError
        If there is none, or a file is not as published.
    """

    def record(path: Path) -> GoldRecord:
        entities: dict[int, dict[str, Any]] = {int(one["id"]): one for one in read_json(path)["form"]}
        kie: dict[str, list[JsonValue]] = {}
        for question in entities.values():
            answers = _answers(question, entities) if question["label"] == "question" else []
            name = " ".join(str(question["text"]).split()).rstrip(": ")
            if answers and name:
                kie.setdefault(name, []).append(" ".join(answers))
        return GoldRecord(
            id=f"funsd/{path.stem}",
            file=beside(folder, path.stem, ("images", "image", ".")),
            dataset="funsd",
            doc_type="form",
            kie={name: values[0] if len(values) == 1 else values for name, values in kie.items()},
            caveats=_FUNSD_CAVEATS,
        )

    yield from each(files(folder, "annotations/*.json"), record)


def _answers(question: dict[str, Any], entities: dict[int, dict[str, Any]]) -> list[str]:
    linked = {int(other) for pair in question["linking"] for other in pair} - {int(question["id"])}
    answers = [entities[i] for i in linked if i in entities and entities[i]["label"] == "answer"]
    ordered = sorted(answers, key=lambda one: (float(one["box"][1]), float(one["box"][0])))
    return [text for one in ordered if (text := " ".join(str(one["text"]).split()))]


def read_invoice2data(folder: Path) -> Iterator[GoldRecord]:
    """Yield invoice2data's test invoices: `NAME.json`, a list of one object, beside `NAME.pdf`.

    Rows are its `lines`; an object without them is not annotated.

    Raises
    ------
    EvaluationError
        If there is none, or a file is not as published.
    """

    def record(path: Path) -> GoldRecord:
        (found,) = read_json(path)
        fields: dict[str, Any] = dict(found)
        rows = fields.pop("lines", None)
        name = path.relative_to(folder).with_suffix("").as_posix()
        if not path.with_suffix(".pdf").is_file():
            raise EvaluationError(f"no {path.with_suffix('.pdf').name!r} beside {path.name!r}")
        return GoldRecord(
            id=f"invoice2data/{name}",
            file=f"{name}.pdf",
            dataset="invoice2data",
            doc_type="invoice",
            kie={str(key): value for key, value in fields.items() if value not in (None, "")},
            line_items=None if rows is None else [{str(k): v for k, v in row.items()} for row in rows],
            caveats=_I2D_CAVEATS,
        )

    yield from each(files(folder, "**/*.json"), record)
