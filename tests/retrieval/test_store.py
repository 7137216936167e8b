from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy import text

from retrieval.index import ExampleIndex, IndexRow
from retrieval.store import ExampleStore
from schemas.errors import ExampleNotFoundError, InputError, RetrievalError
from schemas.example import AuditEntry
from storage import index_notes
from storage.database import read_session, sqlite_url
from tests.retrieval.pages import NARROW, example

_AT = datetime(2026, 1, 2, tzinfo=UTC)


def _entry(example_id: str | None = None) -> AuditEntry:
    return AuditEntry(tenant="acme", at=_AT, actor="me", action="removed", example_id=example_id)


def _audit(store: ExampleStore) -> list[str]:
    with store.database.connect() as connection:
        return [row.action for row in connection.execute(text("SELECT action FROM audit ORDER BY audit_id"))]


def test_an_example_comes_back_as_it_was(store: ExampleStore) -> None:
    kept = example(1, 1)
    store.add([kept])
    assert store.get("acme", kept.example_id) == kept
    assert [s.example for s in store.page("acme")] == [kept]


def test_examples_are_of_one_tenant(store: ExampleStore) -> None:
    kept = example(1, 1)
    store.add([kept])
    with pytest.raises(ExampleNotFoundError):
        store.get("other", kept.example_id)
    with pytest.raises(ExampleNotFoundError):
        store.remove("other", [kept.example_id], ())
    assert store.page("other") == ()
    assert store.by_seqs("other", [1]) == {}


def test_a_page_annotated_again_replaces_the_annotation_before(store: ExampleStore) -> None:
    store.add([example(1, 1)])
    again = example(1, 1).model_copy(update={"example_id": "f" * 32, "answer": {"vendor": "new"}})
    store.add([again, example(1, 1, schema=NARROW)])
    assert [s.example.answer.get("vendor") for s in store.page("acme")] == ["new", "v1"]
    assert store.index.n_rows("acme") == 2


def test_the_library_of_the_index_is_loaded_where_there_is_something_to_search(
    store: ExampleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm = Mock()
    monkeypatch.setattr(ExampleIndex, "warm", warm)
    store.warm()
    warm.assert_not_called()
    store.add([example(1, 1)])
    store.warm()
    warm.assert_called_once()


def test_a_database_that_fails_is_no_reason_not_to_start(
    store: ExampleStore, caplog: pytest.LogCaptureFixture
) -> None:
    with store.database.begin() as connection:
        connection.execute(text("DROP TABLE examples"))
    store.warm()
    assert "the search index is not warm" in caplog.text


def test_what_belongs_together_is_kept_together_or_not_at_all(store: ExampleStore) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        store.add([example(1, 1)], entries=[_entry()], also=fail)
    assert store.page("acme") == ()
    assert _audit(store) == []


def test_a_removed_example_leaves_nothing_but_the_audit(store: ExampleStore) -> None:
    kept = example(1, 1)
    store.add([kept, example(1, 2)])
    store.remove("acme", [kept.example_id], [_entry(kept.example_id)])
    assert [s.example.example_id for s in store.page("acme")] == [example(1, 2).example_id]
    assert store.index.n_rows("acme") == 1
    assert _audit(store) == ["removed"]


def test_of_several_to_remove_one_unknown_keeps_all(store: ExampleStore) -> None:
    kept = example(1, 1)
    store.add([kept])
    with pytest.raises(ExampleNotFoundError):
        store.remove("acme", [kept.example_id, "0" * 32], [_entry()])
    assert len(store.page("acme")) == 1


@pytest.mark.parametrize("tenant", ["", "Acme", "a b", "x' OR '1'='1", "../up", "a" * 65, "-a", "é"])
def test_a_tenant_is_an_id(store: ExampleStore, tenant: str) -> None:
    with pytest.raises(InputError, match="tenant"):
        store.add([example(1, 1, tenant=tenant)])


def test_a_place_in_the_order_is_never_used_twice(store: ExampleStore) -> None:
    (first,) = store.add([example(1, 1)])
    store.remove("acme", [first.example.example_id], ())
    (second,) = store.add([example(1, 2)])
    assert second.seq > first.seq


def test_pages_of_a_long_list_follow_each_other(store: ExampleStore) -> None:
    store.add([example(1, n) for n in range(25)])
    seen: list[int] = []
    while found := store.page("acme", after=seen[-1] if seen else 0, limit=10):
        seen += [s.seq for s in found]
    assert len(seen) == 25
    assert seen == sorted(seen)


def test_an_index_that_was_deleted_is_made_anew(store: ExampleStore, tmp_path: Path) -> None:
    store.add([example(1, n) for n in range(5)])
    store.close()
    shutil.rmtree(tmp_path / "index")
    again = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    assert again.ensure_index("acme")
    assert again.index.n_rows("acme") == 5


def test_an_index_of_another_store_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    one = ExampleStore(sqlite_url(tmp_path / "one"), index_uri=str(tmp_path / "index"))
    one.add([example(1, 1)])
    two = ExampleStore(sqlite_url(tmp_path / "two"), index_uri=str(tmp_path / "index"))
    assert not two.index.has("acme")
    two.add([example(2, 1), example(2, 2)])
    assert (one.index.n_rows("acme"), two.index.n_rows("acme")) == (1, 2)


def test_what_the_index_was_not_told_it_is_told_at_the_next_start(
    store: ExampleStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add([example(1, 1), example(1, 2)])
    kept = example(1, 1)

    def refuse(*_: object, **__: object) -> None:
        raise RetrievalError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(ExampleIndex, "add", refuse)
        patched.setattr(ExampleIndex, "remove", refuse)
        store.add([example(1, 3)])
        store.remove("acme", [kept.example_id], ())
        assert store.index.n_rows("acme") == 2  # the truth has 2 and 3, the index 1 and 2
    again = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    assert again.index.n_rows("acme") == 2
    with read_session(again.database) as session:
        assert index_notes.pending_of(session, "acme") == {}


def test_a_rebuild_takes_what_the_truth_has(store: ExampleStore) -> None:
    store.add([example(1, 1), example(2, 1, tenant="other")])
    assert store.rebuild() == 2
    assert store.rebuild("acme") == 1
    assert store.index.n_rows("other") == 1


def test_what_is_added_while_the_index_is_made_is_in_it_afterwards(
    store: ExampleStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add([example(1, n) for n in range(5)])
    other = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    monkeypatch.setattr("retrieval.store._SYNC_WAIT_S", 0.0)
    rebuild = ExampleIndex.rebuild

    def add_meanwhile(self: ExampleIndex, tenant: str, batches: Iterable[Sequence[IndexRow]]) -> None:
        taken = list(batches)
        other.add([example(1, 9)])  # cannot tell the index, as its maker has the lock
        rebuild(self, tenant, taken)

    monkeypatch.setattr(ExampleIndex, "rebuild", add_meanwhile)
    store.rebuild("acme")
    assert store.index.n_rows("acme") == len(store.page("acme")) == 6


def test_threads_that_add_and_rebuild_leave_each_example_once(store: ExampleStore) -> None:
    def add(vendor: int) -> None:
        for n in range(10):
            store.add([example(vendor, n)])

    with ThreadPoolExecutor(3) as pool:
        adding = [pool.submit(add, vendor) for vendor in (1, 2)]
        for _ in range(5):
            store.rebuild("acme")
        for one in adding:
            one.result()
    assert store.index.n_rows("acme") == len(store.page("acme")) == 20


def test_a_second_process_that_heals_what_the_first_is_about_to_tell_leaves_one_row(
    store: ExampleStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add([example(1, 1)])
    sync_index = ExampleStore._sync_index  # pyright: ignore[reportPrivateUsage]

    def late(self: ExampleStore, tenant: str) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(ExampleStore, "_sync_index", sync_index)
            ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index")).close()
        sync_index(self, tenant)

    monkeypatch.setattr(ExampleStore, "_sync_index", late)
    store.add([example(1, 2)])
    assert store.index.n_rows("acme") == 2


def test_a_correction_takes_the_annotation_of_every_page_away(store: ExampleStore) -> None:
    store.add([example(1, 1), example(1, 1, page_index=1)])
    store.add([example(1, 1).model_copy(update={"example_id": "e" * 32})])
    assert [s.example.page_index for s in store.page("acme")] == [0]
    assert store.index.n_rows("acme") == 1


def test_an_index_out_of_reach_stops_neither_the_start_nor_what_is_kept(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file stands where the folder should")
    store = ExampleStore(sqlite_url(tmp_path), index_uri=str(tmp_path / "index"))
    store.add([example(1, 1)])
    assert len(store.page("acme")) == 1


def test_what_is_removed_is_in_no_file_of_the_database(store: ExampleStore, tmp_path: Path) -> None:
    kept = example(1, 1).model_copy(update={"text": "an-unmistakable-word"})
    store.add([kept])
    store.remove("acme", [kept.example_id], ())
    store.close()
    held = [p.name for p in tmp_path.glob("rasg.sqlite*") if b"an-unmistakable-word" in p.read_bytes()]
    assert held == []


@pytest.mark.parametrize("example_id", ["", "x", "\ud800", "0" * 33, "' OR 1=1"])
def test_what_cannot_be_an_id_is_none(store: ExampleStore, example_id: str) -> None:
    with pytest.raises(ExampleNotFoundError):
        store.get("acme", example_id)
    with pytest.raises(ExampleNotFoundError):
        store.remove("acme", [example_id], ())
