"""`rasg-train refill`, and the training stream that mixes its pages in."""

from __future__ import annotations

import json
import random
from collections import Counter
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.training.refill.pages import templates
from training.cli import app
from training.hf import load_tokenizer
from training.refill.refilling import Refiller
from training.refill.template import read_templates, write_templates
from training.stream import StreamConfig, draw, sample_stream

_LINES = ("MELATI BOOKS SDN BHD", "Date: 05/11/2023", "PENCIL 3.40", "TOTAL 3.40")


def _transcripts(folder: Path) -> Path:
    ocr = [
        {"text": line, "box": [10, 20 * n, 10 + 9 * len(line), 20 * n + 12]} for n, line in enumerate(_LINES)
    ]
    kie = {"company": "MELATI BOOKS SDN BHD", "date": "05/11/2023", "total": "3.40"}
    path = folder / "receipts" / "train.jsonl"
    path.parent.mkdir()
    path.write_text(
        "".join(json.dumps({"id": one, "kie": kie, "ocr": ocr}) + "\n" for one in "ab"), encoding="utf-8"
    )
    return path


@pytest.fixture
def templates_file(tmp_path: Path) -> Path:
    write_templates(templates(), tmp_path / "templates.jsonl")
    return tmp_path / "templates.jsonl"


def test_prepare_writes_templates_of_what_is_not_kept_out(tmp_path: Path) -> None:
    kept_out, out = tmp_path / "kept_out.txt", tmp_path / "templates.jsonl"
    kept_out.write_text(sha256(b"a").hexdigest(), encoding="utf-8")
    arguments = ["--transcripts", str(_transcripts(tmp_path)), "--kept-out", str(kept_out), "--out", str(out)]
    done = CliRunner().invoke(app, ["refill", "prepare", *arguments], catch_exceptions=False)
    assert "1 templates" in done.output
    (template,) = read_templates(out)
    assert (template.sha256, [field.key for field in template.fields]) == (
        sha256(b"b").hexdigest(),
        ["company", "date", "total"],
    )


def test_show_prints_pages_with_their_answers_and_draws_them(templates_file: Path, tmp_path: Path) -> None:
    arguments = [
        "--templates",
        str(templates_file),
        "--n",
        "2",
        "--pairs",
        "--pictures",
        str(tmp_path / "png"),
    ]
    done = CliRunner().invoke(app, ["refill", "show", *arguments], catch_exceptions=False)
    assert done.output.count("--- gold") == 4  # two pairs
    assert {path.suffix for path in (tmp_path / "png").iterdir()} == {".png"}


def test_a_share_of_the_stream_is_refilled() -> None:
    rng, refiller = random.Random(1), Refiller(templates())
    config = StreamConfig(tokenizer_folder="", refilled_share=0.5, refilled_example_share=0.5)
    drawn = [draw(rng, config, difficulty=1.0, refiller=refiller) for _ in range(120)]
    refilled = [
        (document, example)
        for document, example, _, _ in drawn
        if document.template_key.startswith("refilled")
    ]
    assert 35 < len(refilled) < 85  # about 60
    assert 10 < sum(example is not None for _, example in refilled) < 50  # about 30
    assert all(example is None or example.schema == document.schema for document, example in refilled)


def test_without_templates_the_stream_is_as_before() -> None:
    config = StreamConfig(tokenizer_folder="")
    first, second = (draw(random.Random(4), config, difficulty=1.0) for _ in range(2))
    assert first == second
    assert not first[0].template_key.startswith("refilled")


def test_the_stream_encodes_refilled_pages(templates_file: Path, tokenizer_folder: Path) -> None:
    config = StreamConfig(
        tokenizer_folder=str(tokenizer_folder),
        templates=str(templates_file),
        refilled_share=1.0,
        max_tokens=4096,
    )
    samples = list(islice(sample_stream(load_tokenizer(tokenizer_folder), config, lambda: 1.0), 8))
    assert all(0 < sample.n_asked < len(sample) <= 4096 for sample in samples)
    assert Counter(bool(sample.weights[: sample.n_asked].any()) for sample in samples) == {False: 8}
