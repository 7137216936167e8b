"""A quick look at a model in training, cheap enough for every checkpoint.

It asks whether a value's tokens are the most likely ones, given the gold before them. That is a
proxy: the figures in the model card come from real decoding under the grammar.
"""

# torch, transformers and matplotlib are typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from decoding.grammar.answer import answer_pieces
from schemas.spec import ExtractionSchema, FieldKind, FieldSpec, ObjectSpec
from training.encode import chat_text, prompt_of
from training.synthesis.sample import SyntheticDocument, generate
from training.transcripts import LabelledTranscript, read_transcripts

RECEIPT_FIELDS: tuple[tuple[str, FieldKind, str], ...] = (
    ("company", "verbatim", "Name of the seller"),
    ("address", "verbatim", "Address of the seller"),
    ("date", "date", "Date of the receipt"),
    ("total", "amount", "Total amount to pay"),
)


def receipt_schema() -> ExtractionSchema:
    """Return the four fields of SROIE."""
    properties = tuple(
        (key, FieldSpec(kind=kind, description=description)) for key, kind, description in RECEIPT_FIELDS
    )
    return ExtractionSchema(name="sroie", root=ObjectSpec(properties=properties), json_schema="{}")


def synthetic_set(n: int, *, seed: int) -> tuple[SyntheticDocument, ...]:
    """Return `n` documents of full difficulty from a seed that training does not use."""
    rng = random.Random(seed)
    return tuple(generate(rng) for _ in range(n))


def transcript_set(path: Path, *, n: int) -> tuple[SyntheticDocument, ...]:
    """Return the first `n` labelled receipts whose values all stand on the page, as samples."""
    schema = receipt_schema()
    samples = (_as_sample(item, schema) for item in read_transcripts(path))
    return tuple(sample for _, sample in zip(range(n), (s for s in samples if s), strict=False))


def _as_sample(item: LabelledTranscript, schema: ExtractionSchema) -> SyntheticDocument | None:
    page = item.document.pages[0]
    text = f" {' '.join(word.text for word in page.words)} "
    gold: dict[str, Any] = {key: " ".join(item.kie.get(key, "").split()) for key, _ in schema.root.properties}
    present = {key: value for key, value in gold.items() if value and f" {value} " in text}
    if len(present) < 3:
        return None
    kept = tuple((key, spec) for key, spec in schema.root.properties if key in present)
    asked = ExtractionSchema(name="sroie", root=ObjectSpec(properties=kept), json_schema="{}")
    return SyntheticDocument(
        document=item.document,
        schema=asked,
        gold={key: present[key] for key, _ in kept},
        reasoning="",
        template_key=item.document_id,
    )


@torch.no_grad()
def forced_accuracy(model: Any, tokenizer: Any, samples: Iterable[SyntheticDocument]) -> Mapping[str, float]:  # noqa: ANN401
    """Return per key (and "all") the share of values whose every token is the arg-max, in [0, 1]."""
    model.eval()
    hits: dict[str, list[bool]] = defaultdict(list)
    for sample in samples:
        for key, hit in _value_hits(model, tokenizer, sample):
            hits[key].append(hit)
            hits["all"].append(hit)
    model.train()
    return {key: sum(values) / len(values) for key, values in hits.items()}


def _value_hits(model: Any, tokenizer: Any, sample: SyntheticDocument) -> Iterator[tuple[str, bool]]:  # noqa: ANN401
    asked = tokenizer(chat_text(prompt_of(sample).messages), add_special_tokens=False)["input_ids"]
    pieces = answer_pieces(sample.gold)
    text = "".join(piece.text for piece in pieces)
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    token_ids = torch.tensor([[*asked, *encoded["input_ids"]]])
    if token_ids.shape[1] > model.config.max_position_embeddings:
        return
    best = model(input_ids=token_ids.to(model.device)).logits[0, len(asked) - 1 : -1].argmax(-1).cpu()
    right = (best == token_ids[0, len(asked) :]).tolist()
    position = 0
    key = ""
    for piece in pieces:
        if piece.is_choice and piece.text.strip("[,]"):  # brackets and commas of lists are no values
            inside = [
                ok
                for ok, (start, _) in zip(right, encoded["offset_mapping"], strict=True)
                if position <= start < position + len(piece.text)
            ]
            yield key, all(inside)
        elif not piece.is_choice:
            key = piece.text.strip('{,:"}')
        position += len(piece.text)
