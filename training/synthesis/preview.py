"""Print synthetic documents for a person to read: `python -m training.synthesis.preview --n 3 --seed 1`."""

from __future__ import annotations

import argparse
import json
import random
import sys

from decoding.prompt import schema_text
from ocr.layout import layout_text
from training.synthesis.sample import SyntheticDocument, generate, generate_pair


def preview(sample: SyntheticDocument) -> str:
    """Return the page's layout, the schema and the gold answer as text."""
    parts = (
        f"=== {sample.template_key} ({sample.document.n_words} words)",
        layout_text(sample.document).text,
        "--- schema",
        schema_text(sample.schema),
        "--- gold",
        json.dumps(sample.gold, ensure_ascii=False, indent=1),
        f"--- reasoning: {sample.reasoning}",
    )
    return "\n".join(parts)


def main() -> None:
    """Print `--n` documents drawn from `--seed`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--difficulty", type=float, default=1.0)
    parser.add_argument("--pair", action="store_true")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    for _ in range(options.n):
        samples = generate_pair(rng) if options.pair else (generate(rng, difficulty=options.difficulty),)
        for sample in samples:
            sys.stdout.write(preview(sample) + "\n\n")


if __name__ == "__main__":
    main()
