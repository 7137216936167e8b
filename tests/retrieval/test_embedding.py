"""A text encoder as a fourth ranking: a real one by its code, a small one of random weights by its size."""

from __future__ import annotations

import string
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval.embedding import TransformersEmbedder
from retrieval.features import features_of
from retrieval.search import ExampleSearch, Query
from retrieval.store import ExampleStore
from schemas.errors import ConfigurationError
from storage.database import sqlite_url
from tests.retrieval.pages import SCHEMA, example, page_hash, page_text

transformers: Any = import_module("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a BERT of random weights that knows single characters."""
    made = tmp_path_factory.mktemp("encoder")
    characters = string.ascii_lowercase + string.digits + string.punctuation
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters, *(f"##{ch}" for ch in characters)]
    (made / "vocab.txt").write_text("\n".join(tokens))
    transformers.BertTokenizerFast(vocab=str(made / "vocab.txt")).save_pretrained(made)
    config = transformers.BertConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=256,
    )
    transformers.set_seed(1)
    transformers.BertModel(config).save_pretrained(made)
    return made


def test_a_text_has_one_unit_vector_however_long_it_is(folder: Path) -> None:
    embedder = TransformersEmbedder(folder)
    first = embedder.embed("invoice no 7")
    assert (first.shape, first.dtype) == ((32,), np.float32)
    assert abs(float(np.linalg.norm(first)) - 1.0) < 1e-5
    assert np.array_equal(first, embedder.embed("invoice no 7"))
    assert not np.allclose(first, embedder.embed("quite another text"))
    head = "x " * 1_000
    assert np.array_equal(embedder.embed(head), embedder.embed(head + " and more"))
    assert embedder.embed("").shape == (32,)


def test_the_store_ranks_by_embeddings_too_and_makes_the_index_anew_where_the_encoder_changes(
    folder: Path, tmp_path: Path
) -> None:
    plain = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    plain.add([example(vendor, n) for vendor in range(6) for n in range(3)])
    store = ExampleStore(
        sqlite_url(tmp_path), index_uri=str(tmp_path / "index"), embedder=TransformersEmbedder(folder)
    )
    features = features_of(page_text(2, 9), page_hash(2, 9), store.embedder)
    query = Query(tenant="acme", features=features, schema=SCHEMA, k=3)
    search = ExampleSearch(store)
    assert [hit.example.answer["vendor"] for hit in search.find(query)] == ["v2"] * 3
    ranked = search.rank(query, depth=64, schema_ids=None)
    assert ranked[0].score > 3.0 / 62  # three whole votes, and a quarter of one
    store.add([example(2, 4)])
    assert store.index.n_rows("acme") == 19
    store.close()
    plain.close()
    without = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    assert without.index.n_rows("acme") == 19
    hits = ExampleSearch(without).find(replace(query, features=features_of(page_text(2, 9), None)))
    assert [hit.example.answer["vendor"] for hit in hits] == ["v2"] * 3


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no text encoder"):
        TransformersEmbedder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match="cannot be loaded"):
        TransformersEmbedder(tmp_path)
