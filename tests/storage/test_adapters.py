"""Who is live: one at a time, by atomic steps, and back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from schemas.errors import AdapterNotFoundError, InputError, PromotionRefusedError, RasgError
from storage.adapters import AdapterRegistry, RegisteredAdapter
from storage.database import open_database, sqlite_url, write_session
from storage.feedback import FeedbackScore, FeedbackSummary, feedback_summaries, keep_score
from tests.storage.cards import BASE, card

AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def registry(database: Engine) -> AdapterRegistry:
    return AdapterRegistry(database, tenant="acme")


def add(
    registry: AdapterRegistry, number: int, schema: str = "bill", name: str = "mine"
) -> RegisteredAdapter:
    return registry.add(schema, f"{number:064x}", card(name), actor="ada")


def states(registry: AdapterRegistry, schema: str = "bill") -> list[str]:
    return [adapter.state for adapter in registry.of_schema(schema)]


def go_live(registry: AdapterRegistry, adapter: RegisteredAdapter) -> None:
    live = registry.live(adapter.schema_name, adapter.base_sha256)
    registry.go_live(adapter.adapter_id, instead_of=live and live.adapter_id, actor="ada")


def said(database: Engine) -> list[str]:
    with database.connect() as connection:
        found = connection.execute(text("SELECT action, adapter_id FROM audit ORDER BY audit_id"))
        return [row.action for row in found if row.adapter_id]


def test_the_same_content_is_added_once(registry: AdapterRegistry, database: Engine) -> None:
    first, again = add(registry, 1), add(registry, 1, name="other")
    assert first == again
    assert (first.state, first.name, first.added_by) == ("candidate", "mine", "ada")
    assert said(database) == ["adapter_added"]
    assert add(registry, 1, "receipt").adapter_id != first.adapter_id


def test_the_card_comes_back_as_it_was(registry: AdapterRegistry) -> None:
    given = card(trained_on=("c" * 64,), schema_names=("bill",))
    added = registry.add("bill", "1" * 64, given, actor="ada")
    assert registry.card(added.adapter_id) == given


def test_one_is_live_and_the_one_before_is_retired(registry: AdapterRegistry, database: Engine) -> None:
    first, second = add(registry, 1), add(registry, 2)
    go_live(registry, first)
    go_live(registry, second)
    assert states(registry) == ["retired", "live"]
    assert said(database)[2:] == ["adapter_live", "adapter_retired", "adapter_live"]


def test_rolling_back_leads_through_those_that_were_live_to_the_base_model(registry: AdapterRegistry) -> None:
    adapters = [add(registry, n) for n in range(3)]
    for adapter in adapters:
        go_live(registry, adapter)
    done = [registry.roll_back("bill", BASE, actor="bob") for _ in adapters]
    assert [one.retired.adapter_id for one in done] == [a.adapter_id for a in reversed(adapters)]
    assert [one.live and one.live.adapter_id for one in done] == [
        adapters[1].adapter_id,
        adapters[0].adapter_id,
        None,
    ]
    assert states(registry) == ["retired"] * 3
    with pytest.raises(AdapterNotFoundError, match="base model"):
        registry.roll_back("bill", BASE, actor="bob")


def test_what_was_live_twice_is_no_circle(registry: AdapterRegistry) -> None:
    first, second = add(registry, 1), add(registry, 2)
    for adapter in (first, second, first):
        go_live(registry, adapter)
    lives = [registry.roll_back("bill", BASE, actor="ada").live for _ in range(2)]
    assert [live and live.adapter_id for live in lives] == [second.adapter_id, None]


def test_a_retired_adapter_is_no_way_back(registry: AdapterRegistry) -> None:
    first, second, third = (add(registry, n) for n in range(3))
    for adapter in (first, second, third):
        go_live(registry, adapter)
    registry.retire(second.adapter_id, actor="ada")
    done = registry.roll_back("bill", BASE, actor="ada")
    assert done.live is not None
    assert done.live.adapter_id == first.adapter_id


def test_retiring_the_live_one_leaves_the_base_model(registry: AdapterRegistry) -> None:
    first, second = add(registry, 1), add(registry, 2)
    go_live(registry, first)
    registry.retire(first.adapter_id, actor="ada")
    assert registry.live("bill", BASE) is None
    go_live(registry, second)
    assert registry.roll_back("bill", BASE, actor="ada").live is None


def test_one_is_canary_and_the_one_before_is_a_candidate_again(
    registry: AdapterRegistry, database: Engine
) -> None:
    first, second = add(registry, 1), add(registry, 2)
    registry.go_canary(first.adapter_id, percent=10, instead_of=None, actor="ada")
    canary = registry.go_canary(second.adapter_id, percent=20, instead_of=None, actor="ada")
    assert (canary.state, canary.canary_percent) == ("canary", 20)
    assert states(registry) == ["candidate", "canary"]
    assert said(database)[2:] == ["adapter_canary", "adapter_demoted", "adapter_canary"]
    assert registry.go_canary(second.adapter_id, percent=5, instead_of=None, actor="a").canary_percent == 5
    go_live(registry, second)
    assert [(a.state, a.canary_percent) for a in registry.of_schema("bill")] == [
        ("candidate", None),
        ("live", None),
    ]


def test_a_canary_is_neither_live_nor_out_of_range(registry: AdapterRegistry) -> None:
    adapter = add(registry, 1)
    for percent in (0, 101, -1):
        with pytest.raises(InputError, match="1 to 100"):
            registry.go_canary(adapter.adapter_id, percent=percent, instead_of=None, actor="ada")
    go_live(registry, adapter)
    with pytest.raises(PromotionRefusedError, match="is live"):
        registry.go_canary(adapter.adapter_id, percent=5, instead_of=adapter.adapter_id, actor="ada")


def test_schemas_and_tenants_do_not_meet(registry: AdapterRegistry, database: Engine) -> None:
    other = AdapterRegistry(database, tenant="other")
    mine, theirs = add(registry, 1), add(other, 1)
    receipt = add(registry, 1, "receipt")
    for owner, adapter in ((registry, mine), (other, theirs), (registry, receipt)):
        go_live(owner, adapter)
    assert other.all() == other.of_schema("bill")
    assert [a.adapter_id for a in other.find("mine")] == [theirs.adapter_id]
    for act in (other.get, other.card):
        with pytest.raises(AdapterNotFoundError):
            act(mine.adapter_id)
    with pytest.raises(AdapterNotFoundError):
        other.retire(mine.adapter_id, actor="eve")
    with pytest.raises(AdapterNotFoundError):
        other.go_live(mine.adapter_id, instead_of=theirs.adapter_id, actor="eve")
    other.roll_back("bill", BASE, actor="eve")
    assert states(registry) == states(registry, "receipt") == ["live"]


def test_an_adapter_is_found_by_name_id_and_hash_the_live_one_first(registry: AdapterRegistry) -> None:
    old, live, new = (registry.add("bill", f"{n}" * 64, card("mine"), actor="ada") for n in ("1", "2", "3"))
    go_live(registry, live)
    assert [a.adapter_id for a in registry.find("mine")] == [live.adapter_id, new.adapter_id, old.adapter_id]
    for named in (old.adapter_id, "1" * 8, "1" * 64, old.served_name):
        assert [a.adapter_id for a in registry.find(named)] == [old.adapter_id]
    for named in ("1" * 7, "", "%", "mine-", "' OR 1=1"):
        assert registry.find(named) == ()
    assert registry.find("mine", schema_name="receipt") == ()


def test_what_is_judged_against_another_live_one_is_refused(registry: AdapterRegistry) -> None:
    first, second = add(registry, 1), add(registry, 2)
    go_live(registry, first)
    with pytest.raises(PromotionRefusedError, match="went live"):
        registry.go_live(second.adapter_id, instead_of=None, actor="ada")
    with pytest.raises(PromotionRefusedError, match="went live"):
        registry.go_canary(second.adapter_id, percent=5, instead_of=second.adapter_id, actor="ada")
    assert states(registry) == ["live", "candidate"]


def test_of_concurrent_promotions_one_wins(registry: AdapterRegistry) -> None:
    adapters = [add(registry, n) for n in range(8)]

    def promote(adapter: RegisteredAdapter) -> bool:
        try:
            registry.go_live(adapter.adapter_id, instead_of=None, actor="ada")
        except PromotionRefusedError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(promote, adapters)) == 1
    assert sorted(states(registry)) == ["candidate"] * 7 + ["live"]


def test_adding_the_same_from_many_threads_adds_one(registry: AdapterRegistry) -> None:
    with ThreadPoolExecutor(8) as pool:
        added = [pool.submit(add, registry, 1) for _ in range(16)]
    assert {one.result().adapter_id for one in added} == {a.adapter_id for a in registry.all()}
    assert len(registry.all()) == 1


@pytest.mark.parametrize("state", ["live", "canary"])
def test_the_database_itself_holds_one_in_a_state(
    registry: AdapterRegistry, database: Engine, state: str
) -> None:
    add(registry, 1)
    add(registry, 2)
    add(registry, 3, "receipt")
    one = text("UPDATE adapters SET state = :state WHERE schema_name = 'receipt'")
    both = text("UPDATE adapters SET state = :state")
    with database.begin() as connection:
        connection.execute(one, {"state": state})
    with pytest.raises(IntegrityError), database.begin() as connection:
        connection.execute(both, {"state": state})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["live", "canary", "retire", "back"]), st.integers(0, 2)), max_size=8
    )
)
def test_whatever_is_done_one_is_live_and_rollbacks_end(
    registry: AdapterRegistry, steps: list[tuple[str, int]]
) -> None:
    ids = [add(registry, n).adapter_id for n in range(3)]
    for adapter_id in ids:
        registry.retire(adapter_id, actor="ada")

    def step(kind: str, adapter_id: str) -> None:
        live = registry.live("bill", BASE)
        against = live and live.adapter_id
        acts: dict[str, Callable[[], object]] = {
            "live": lambda: registry.go_live(adapter_id, instead_of=against, actor="a"),
            "canary": lambda: registry.go_canary(adapter_id, percent=9, instead_of=against, actor="a"),
            "retire": lambda: registry.retire(adapter_id, actor="a"),
            "back": lambda: registry.roll_back("bill", BASE, actor="a"),
        }
        with suppress(AdapterNotFoundError, PromotionRefusedError):
            acts[kind]()

    for kind, index in steps:
        step(kind, ids[index])
        found = states(registry)
        assert found.count("live") <= 1
        assert found.count("canary") <= 1
    n_back = 0
    while registry.live("bill", BASE) is not None:
        registry.roll_back("bill", BASE, actor="a")
        n_back += 1
    assert n_back <= 3


def test_what_cannot_be_a_schema_name_is_refused(registry: AdapterRegistry) -> None:
    for name in ("", "x" * 65):
        with pytest.raises(InputError, match="schema"):
            add(registry, 1, name)


# --- what people said


def score(number: int, right: int, of: int, *, adapter: str | None = None) -> FeedbackScore:
    return FeedbackScore(
        extraction_id=f"{number:032x}",
        tenant="acme",
        schema_name="bill",
        adapter_sha256=adapter,
        n_right=right,
        n_fields=of,
        at=AT,
    )


def test_feedback_is_counted_by_adapter_and_what_was_said_last_counts(database: Engine) -> None:
    sha = "f" * 64
    with write_session(database) as session:
        for one in (score(1, 1, 2, adapter=sha), score(2, 4, 4, adapter=sha), score(3, 0, 3)):
            keep_score(session, one)
    with write_session(database) as session:
        keep_score(session, score(1, 0, 2, adapter=sha))  # a second look
        keep_score(session, score(4, 0, 0, adapter=sha))  # no field: it says nothing
    assert feedback_summaries(database, "acme") == {
        ("bill", sha): FeedbackSummary(n_documents=3, mean_score=0.5),  # (0 / 2 + 4 / 4) / 2
        ("bill", None): FeedbackSummary(n_documents=1, mean_score=0.0),
    }
    assert feedback_summaries(database, "other") == {}


def test_a_count_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="n_right"):
        score(1, 3, 2)


def test_a_database_that_fails_is_an_error_of_ours(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE adapters"))
    with pytest.raises(RasgError) as caught:
        AdapterRegistry(engine, tenant="acme").all()
    assert caught.value.code == "retrieval_failed"
    engine.dispose()


def test_each_base_has_its_own_live_adapter_canary_and_way_back(registry: AdapterRegistry) -> None:
    other = "c" * 64
    first, second = add(registry, 1), add(registry, 2)
    theirs = registry.add("bill", f"{3:064x}", card(base_sha256=other), actor="ada")
    go_live(registry, first)
    go_live(registry, theirs)
    go_live(registry, second)
    assert registry.live("bill", BASE) == registry.get(second.adapter_id)
    assert registry.live("bill", other) == registry.get(theirs.adapter_id)
    assert registry.roll_back("bill", BASE, actor="ada").live == registry.get(first.adapter_id)
    assert registry.roll_back("bill", other, actor="ada").live is None
    assert registry.live("bill", BASE) == registry.get(first.adapter_id)
