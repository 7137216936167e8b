from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import numpy as np
import pytest

from retrieval.features import PageFeatures, features_of
from retrieval.index import ExampleIndex
from retrieval.search import ExampleSearch, Hit, Query, SearchMode
from retrieval.store import ExampleStore
from schemas.errors import RetrievalError
from schemas.spec import ExtractionSchema
from storage import index_notes
from storage.database import lock_index, sqlite_url, write_session
from tests.retrieval.pages import NARROW, OTHER, SCHEMA, example, page_hash, page_text


def _query(
    vendor: int,
    number: int,
    *,
    tenant: str = "acme",
    schema: ExtractionSchema = SCHEMA,
    k: int = 1,
    mode: SearchMode = "fused",
) -> Query:
    features = features_of(page_text(vendor, number), page_hash(vendor, number))
    return Query(tenant=tenant, features=features, schema=schema, k=k, mode=mode)


def _answers(hits: tuple[Hit, ...]) -> list[tuple[object, object]]:
    return [(hit.example.answer.get("vendor"), hit.example.answer.get("total")) for hit in hits]


@pytest.mark.parametrize("mode", ["fused", "image", "text"])
def test_the_vendors_own_bill_is_found(store: ExampleStore, search: ExampleSearch, mode: SearchMode) -> None:
    store.add([example(vendor, n) for vendor in range(20) for n in range(3)])
    for vendor in range(20):
        (hit,) = search.find(_query(vendor, 7, mode=mode))
        assert hit.example.answer["vendor"] == f"v{vendor}"
        assert 0.5 < hit.similarity_score <= 1.0


def test_of_equally_near_ones_the_older_comes_first(store: ExampleStore, search: ExampleSearch) -> None:
    same = [
        example(1, 1).model_copy(update={"document_sha256": f"{n:064x}", "example_id": f"{n:032x}"})
        for n in (9, 4, 7)
    ]
    store.add(same)
    query = replace(_query(1, 2), k=3)
    assert [hit.example.example_id for hit in search.find(query)] == [s.example_id for s in same]


def test_neither_the_document_itself_nor_another_of_its_pages_is_shown(
    store: ExampleStore, search: ExampleSearch
) -> None:
    store.add([example(1, 1), example(1, 1, page_index=1), example(1, 2)])
    query = replace(_query(1, 1, k=5), document_sha256=example(1, 1).document_sha256)
    assert _answers(search.find(query)) == [("v1", "2.00")]


def test_a_copy_of_the_page_in_another_file_is_not_shown(store: ExampleStore, search: ExampleSearch) -> None:
    store.add([example(1, 1), example(1, 2)])
    rescanned = _query(1, 1, k=5)
    assert _answers(search.find(rescanned)) == [("v1", "2.00")]


def test_many_copies_do_not_hide_what_is_behind_them(store: ExampleStore, search: ExampleSearch) -> None:
    copies = [
        example(1, 1).model_copy(update={"document_sha256": f"{n:064x}", "example_id": f"{n:032x}"})
        for n in range(150)
    ]
    store.add([*copies, example(1, 2)])
    assert _answers(search.find(_query(1, 1))) == [("v1", "2.00")]


def test_own_pages_and_look_alikes_do_not_hide_what_is_behind_them(
    store: ExampleStore, search: ExampleSearch
) -> None:
    mine = example(1, 0)
    own = [
        example(1, p, page_index=p).model_copy(
            update={"document_sha256": mine.document_sha256, "page_hash": page_hash(1, 1000 + p)}
        )
        for p in range(80)
    ]
    # Another vendor on the same form: not near enough, and near by picture.
    alike = [example(2, n).model_copy(update={"page_hash": page_hash(1, 0)}) for n in range(3)]
    near = example(1, 500)
    words = " ".join(f"word{i}x" for i in range(25))
    near = near.model_copy(update={"page_hash": page_hash(9, 9), "text": f"{near.text}\n{words}"})
    store.add([*own, *alike, near])
    query = Query(
        tenant="acme",
        features=features_of(page_text(1, 0), page_hash(1, 0)),
        schema=SCHEMA,
        document_sha256=mine.document_sha256,
        min_similarity=0.5,
    )
    assert [hit.example.example_id for hit in search.find(query)] == [near.example_id]


def test_files_that_are_excluded_are_not_shown(store: ExampleStore, search: ExampleSearch) -> None:
    first, second = example(1, 1), example(1, 2)
    store.add([first, second])
    query = Query(tenant="acme", features=features_of(page_text(1, 0), page_hash(1, 0)), schema=SCHEMA, k=2)
    assert len(search.find(query)) == 2
    kept = search.find(replace(query, excluded=frozenset({first.document_sha256})))
    assert [hit.example.example_id for hit in kept] == [second.example_id]


def test_an_example_under_a_larger_schema_is_cut_down_to_the_one_that_is_asked(
    store: ExampleStore, search: ExampleSearch
) -> None:
    store.add([example(1, 1)])
    (hit,) = search.find(_query(1, 2, schema=NARROW))
    assert hit.example.answer == {"total": "1.00"}


def test_an_example_under_a_smaller_or_other_schema_is_not_shown(
    store: ExampleStore, search: ExampleSearch
) -> None:
    store.add([example(1, 1, schema=NARROW), example(1, 1, schema=OTHER), example(5, 1)])
    assert _answers(search.find(_query(1, 2))) == [("v5", "1.00")]
    assert search.find(_query(1, 2, tenant="nobody")) == ()


def test_below_the_threshold_nothing_is_shown(store: ExampleStore, search: ExampleSearch) -> None:
    store.add([example(1, 1)])
    assert search.find(replace(_query(2, 1), min_similarity=0.9)) == ()
    assert len(search.find(replace(_query(2, 1), min_similarity=0.0))) == 1


def test_an_example_can_be_found_as_soon_as_it_is_kept_and_no_longer(
    store: ExampleStore, search: ExampleSearch
) -> None:
    assert search.find(_query(1, 1)) == ()
    store.add([example(1, 2)])
    assert _answers(search.find(_query(1, 1))) == [("v1", "2.00")]
    store.add([example(1, 2).model_copy(update={"answer": {"vendor": "corrected"}})])
    assert search.find(_query(1, 1))[0].example.answer["vendor"] == "corrected"
    store.remove("acme", [example(1, 2).example_id], ())
    assert search.find(_query(1, 1)) == ()


@pytest.mark.parametrize(
    "features",
    [
        features_of("", None),
        features_of("", page_hash(1, 1)),
        features_of("a ' OR 1=1 -- \" * ~ ( ) : AND NOT \x00 \ud800", None),
        features_of("word " * 100_000, None),
    ],
)
def test_odd_pages_are_searched_for_like_others(
    store: ExampleStore, search: ExampleSearch, features: PageFeatures
) -> None:
    store.add([example(1, 2), example(3, 2)])
    hits = search.find(Query(tenant="acme", features=features, schema=SCHEMA, k=5))
    assert all(hit.example.tenant == "acme" for hit in hits)


def test_an_example_without_words_or_picture_can_be_kept(store: ExampleStore, search: ExampleSearch) -> None:
    store.add([example(1, 1).model_copy(update={"text": "", "page_hash": None}), example(1, 2)])
    assert _answers(search.find(_query(1, 3))) == [("v1", "2.00")]


def test_answers_do_not_depend_on_how_the_index_came_to_be(
    store: ExampleStore, search: ExampleSearch, tmp_path: Path
) -> None:
    rng = random.Random(5)
    pages = [example(vendor, n) for vendor in range(12) for n in range(4)]
    rng.shuffle(pages)
    store.add(pages[:20])
    for page in pages[20:]:
        store.add([page])
    store.remove("acme", [page.example_id for page in pages[5:10]], ())
    queries = [_query(vendor, 9, k=10) for vendor in range(12)]
    before = [search.find(query) for query in queries]
    store.close()
    shutil.rmtree(tmp_path / "index")
    again = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    assert [ExampleSearch(again).find(query) for query in queries] == before


def test_an_index_that_names_foreign_rows_shows_none(
    store: ExampleStore, search: ExampleSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add([example(1, 1, tenant="victim"), example(2, 1)])
    name_of = ExampleIndex.table_name
    monkeypatch.setattr(ExampleIndex, "table_name", partialmethod(_name_of_another, name_of))
    store.index.forget()
    hits = search.find(_query(1, 2, k=10))
    assert hits == ()


def _name_of_another(self: ExampleIndex, name_of: Callable[[ExampleIndex, str], str], _tenant: str) -> str:
    return name_of(self, "victim")


def test_a_broken_index_is_an_error_of_ours(
    store: ExampleStore, search: ExampleSearch, tmp_path: Path
) -> None:
    store.add([example(1, 1)])
    for path in (tmp_path / "index").rglob("*"):
        if path.is_file():
            path.write_bytes(b"broken")
    store.index.forget()
    with pytest.raises(RetrievalError):
        search.find(_query(1, 2))


def test_vectors_are_the_same_wherever_they_are_made() -> None:
    first, second = features_of(page_text(1, 1), None), features_of(page_text(1, 1), None)
    assert np.array_equal(first.vector, second.vector)


def test_where_several_pages_are_asked_about_the_examples_next_pages_are_shown_too(
    store: ExampleStore, search: ExampleSearch
) -> None:
    first, second, third = (example(1, 1, page_index=i) for i in range(3))
    store.add(
        [
            first.model_copy(update={"answer": {"vendor": "v1", "total": None}}),
            second.model_copy(update={"text": "second page", "answer": {"vendor": None, "total": "9.00"}}),
            third.model_copy(update={"text": "third page", "answer": {"vendor": None, "total": "8.00"}}),
        ]
    )
    (hit,) = search.find(replace(_query(1, 2), next_pages=(features_of("another page", None),)))
    assert hit.example.text == f"{first.text}\n\nsecond page"
    assert hit.example.answer == {"vendor": "v1", "total": "9.00"}


def test_a_page_that_is_asked_about_is_not_shown_behind_another(
    store: ExampleStore, search: ExampleSearch
) -> None:
    """Neither as a further page of the example, nor as one of the further pages that are asked about."""
    store.add([example(1, 1), example(1, 1, page_index=1).model_copy(update={"text": page_text(3, 3)})])
    same_second_page = (features_of(page_text(3, 3), None),)
    assert search.find(replace(_query(1, 2), next_pages=same_second_page)) == ()
    store.add([example(1, 5)])
    both = (features_of(page_text(1, 5), None),)
    assert ("v1", "5.00") not in _answers(search.find(replace(_query(1, 2, k=5), next_pages=both)))


def test_an_example_that_lacks_much_of_what_its_annotation_knows_is_passed_over(
    store: ExampleStore, search: ExampleSearch
) -> None:
    told = {"answer": {"vendor": None, "total": "1"}, "unknown": ("vendor",), "known": ("total",)}
    half = example(1, 1).model_copy(update=told)
    store.add([half, example(5, 1)])
    assert _answers(search.find(_query(1, 2))) == [("v5", "1.00")]
    (hit,) = search.find(_query(1, 2, schema=NARROW))  # who asks for the total alone is told all
    assert hit.example.answer == {"total": "1"}


def test_what_the_annotation_knows_counts_for_the_whole_document(
    store: ExampleStore, search: ExampleSearch
) -> None:
    first = example(1, 1).model_copy(
        update={
            "answer": {"vendor": "v1", "total": None},
            "known": ("vendor", "total", "a", "b", "c"),
            "unknown": ("d",),
        }
    )
    store.add([first])
    assert len(search.find(_query(1, 2))) == 1


def test_an_index_deleted_under_a_running_process_is_made_anew_for_the_search(
    store: ExampleStore, search: ExampleSearch, tmp_path: Path
) -> None:
    store.add([example(1, n) for n in range(5)])
    assert len(search.find(_query(1, 9, k=10))) == 5
    shutil.rmtree(tmp_path / "index")
    assert len(search.find(_query(1, 9, k=10))) == 5
    shutil.rmtree(tmp_path / "index")
    store.add([example(1, 6)])
    assert len(search.find(_query(1, 9, k=10))) == 6


def test_a_half_made_index_is_not_searched(
    store: ExampleStore, search: ExampleSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add([example(1, n) for n in range(5)])
    monkeypatch.setattr("retrieval.store._SEARCH_WAIT_S", 0.0)
    with write_session(store.database) as session:
        index_notes.note_rebuild(session, "acme")
    with lock_index(store.database, timeout_s=1.0), pytest.raises(RetrievalError, match="another process"):
        search.find(_query(1, 9))
    assert len(search.find(_query(1, 9, k=10))) == 5  # nobody is at work: what was left so is made anew
