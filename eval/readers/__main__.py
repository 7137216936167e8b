"""`python -m eval.readers NAME FOLDER`: a published data set as gold records, one JSON line a document."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from eval.datasets import GoldRecord
from eval.readers import READERS
from eval.readers.files import read_json
from schemas.errors import EvaluationError


def main() -> int:
    """Print the records; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m eval.readers", description=__doc__)
    parser.add_argument("name", choices=sorted(READERS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--common-names", type=Path, help="JSON file {data set: {native name: common name}}")
    options = parser.parse_args()
    try:
        names = _names(options.common_names)
        for record in READERS[options.name](options.folder):
            line = renamed(record, names.get(record.dataset, {})).model_dump_json()
            sys.stdout.write(f"{line}\n")
    except EvaluationError as error:
        sys.stderr.write(f"eval.readers: {error}\n")
        return 2
    return 0


def _names(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    try:
        return dict(read_json(path))
    except (TypeError, ValueError) as error:
        raise EvaluationError(f"the names {path.name!r} cannot be read") from error


def renamed(record: GoldRecord, names: dict[str, str]) -> GoldRecord:
    """Return the record with common names; columns are "item.NAME" in `names`, other names stay."""
    rows = record.line_items
    return record.model_copy(
        update={
            "kie": {names.get(key, key): value for key, value in record.kie.items()},
            "kie_alternatives": {names.get(k, k): v for k, v in (record.kie_alternatives or {}).items()}
            or None,
            "line_items": None
            if rows is None
            else [{names.get(f"item.{key}", key): value for key, value in row.items()} for row in rows],
        }
    )


if __name__ == "__main__":
    sys.exit(main())
