"""Adapters and their states in SQL: which one is live for a tenant's schema and base model, and which were.

A candidate becomes canary or live by promotion; a live one that is replaced, rolled back or retired is
retired, and can be promoted again. Each tenant has at most one live and one canary of a schema for each base
model, which the database enforces too. A change of state and its lines of audit are one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast
from uuid import uuid4

from sqlalchemy import Engine, Select, exists, select, update
from sqlalchemy.orm import Session, defer

from schemas.adapter import AdapterCard, served_name
from schemas.errors import AdapterNotFoundError, InputError, PromotionRefusedError
from schemas.example import AuditAction, AuditEntry, check_tenant, is_id
from storage.audit import note
from storage.database import read_session, write_session
from storage.tables import AdapterRow

AdapterState = Literal["candidate", "canary", "live", "retired"]
# Of several that a name means, the first is taken.
_BY_STATE: tuple[AdapterState, ...] = ("live", "canary", "candidate", "retired")
_HASH_START = re.compile(r"[0-9a-f]{8,64}")
_MAX_SCHEMA_NAME_CHARS = 64  # the column's width


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredAdapter:
    """An adapter of a tenant for one schema; its card is read apart, as it can be long.

    Attributes
    ----------
    content_sha256
        Of its weights and configuration (`schemas.adapter.adapter_sha256`).
    base_sha256
        Of the weights of the base model that it is for (`schemas.adapter.weights_sha256`).
    canary_percent
        Of the documents that a canary answers; None in another state.
    replaced_id
        The adapter that was live before it, if one was.
    changed_by, changed_at
        Of its state.
    """

    adapter_id: str
    tenant: str
    schema_name: str
    name: str
    content_sha256: str
    base_sha256: str
    state: AdapterState
    canary_percent: int | None
    replaced_id: str | None
    added_by: str
    added_at: datetime
    changed_by: str
    changed_at: datetime

    @property
    def served_name(self) -> str:
        """Return the name that an engine knows it by."""
        return served_name(self.name, self.content_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What a rollback did: which adapter went, and which answers again; None is the base model."""

    retired: RegisteredAdapter
    live: RegisteredAdapter | None


class AdapterRegistry:
    """The adapters of one tenant; safe to share between threads and processes.

    The methods raise `RetrievalError` if the database fails, and `AdapterNotFoundError` if the tenant has no
    adapter of an id.
    """

    def __init__(self, database: Engine, *, tenant: str) -> None:
        self.tenant = check_tenant(tenant)
        self._database = database

    def add(
        self, schema_name: str, content_sha256: str, card: AdapterCard, *, actor: str
    ) -> RegisteredAdapter:
        """Return the adapter as it is registered: a candidate, unless the same content was there before.

        Raises
        ------
        InputError
            If the schema's name is empty or too long.
        """
        if not 0 < len(schema_name) <= _MAX_SCHEMA_NAME_CHARS:
            raise InputError(f"a schema's name has 1 to {_MAX_SCHEMA_NAME_CHARS} characters")
        at = datetime.now(UTC)
        with write_session(self._database) as session:
            same = self._of(schema_name).where(AdapterRow.content_sha256 == content_sha256)
            row = session.scalar(same)
            if row is None:
                row = AdapterRow(
                    adapter_id=uuid4().hex,
                    tenant=self.tenant,
                    schema_name=schema_name,
                    name=card.name,
                    content_sha256=content_sha256,
                    base_sha256=card.base_sha256,
                    card_json=card.model_dump_json(),
                    state="candidate",
                    added_by=actor,
                    added_at=at,
                    changed_by=actor,
                    changed_at=at,
                )
                session.add(row)
                note(session, self._entry(actor, at, "adapter_added", row.adapter_id))
                session.flush()
            return _to_adapter(row)

    def all(self) -> tuple[RegisteredAdapter, ...]:
        """Return the tenant's adapters in the order in which they were added."""
        with read_session(self._database) as session:
            return _all(session, self._mine().order_by(AdapterRow.seq))

    def of_schema(self, schema_name: str) -> tuple[RegisteredAdapter, ...]:
        """Return the tenant's adapters for a schema in the order in which they were added."""
        with read_session(self._database) as session:
            return _all(session, self._of(schema_name).order_by(AdapterRow.seq))

    def find(self, named: str, *, schema_name: str | None = None) -> tuple[RegisteredAdapter, ...]:
        """Return the adapters that `named` may mean, the likeliest first: live, canary, candidates, retired.

        `named` is an id, a name, the name that an engine knows it by, or at least 8 characters of its hash.
        Of equal states the one that was added last comes first. With `schema_name`, only those of that
        schema.
        """
        known = self.all() if schema_name is None else self.of_schema(schema_name)
        found = [adapter for adapter in reversed(known) if _is_named(adapter, named)]
        return tuple(sorted(found, key=lambda adapter: _BY_STATE.index(adapter.state)))

    def get(self, adapter_id: str) -> RegisteredAdapter:
        """Return the tenant's adapter of an id."""
        with read_session(self._database) as session:
            return _to_adapter(self._row(session, adapter_id))

    def card(self, adapter_id: str) -> AdapterCard:
        """Return the card that an adapter was added with."""
        with read_session(self._database) as session:
            row = self._row(session, adapter_id)
            return AdapterCard.model_validate_json(row.card_json)

    def live(self, schema_name: str, base_sha256: str) -> RegisteredAdapter | None:
        """Return the adapter that is live for a schema on a base model; None is the base model itself."""
        found = (
            adapter
            for adapter in self.of_schema(schema_name)
            if adapter.state == "live" and adapter.base_sha256 == base_sha256
        )
        return next(found, None)

    def is_used(self, content_sha256: str) -> bool:
        """Return whether this content may be asked for, by this tenant or another."""
        wanted = exists().where(AdapterRow.content_sha256 == content_sha256, AdapterRow.state != "retired")
        with read_session(self._database) as session:
            return bool(session.scalar(select(wanted)))

    def go_live(self, adapter_id: str, *, instead_of: str | None, actor: str) -> RegisteredAdapter:
        """Make an adapter live, and retire the one that was for the same base model.

        `instead_of` is the id of the live one that it was judged against, None for the base model.

        Raises
        ------
        PromotionRefusedError
            If another one is live by now.
        """
        at = datetime.now(UTC)
        with write_session(self._database) as session:
            row = self._row(session, adapter_id)
            before = self._check_judged_against(session, row, instead_of)
            if before is row:
                return _to_adapter(row)
            # An adapter stands once in the chain of those that were live, or rollbacks would go in circles.
            self._unlink(session, row)
            if before is not None:
                self._set(session, before, "retired", actor, at)
                note(session, self._entry(actor, at, "adapter_retired", before.adapter_id))
            row.replaced_id = None if before is None else before.adapter_id
            self._set(session, row, "live", actor, at)
            note(session, self._entry(actor, at, "adapter_live", row.adapter_id))
            return _to_adapter(row)

    def go_canary(
        self, adapter_id: str, *, percent: int, instead_of: str | None, actor: str
    ) -> RegisteredAdapter:
        """Let an adapter answer `percent` of the documents; a canary that there was is a candidate again.

        Raises
        ------
        PromotionRefusedError
            If another one than `instead_of` is live by now, or this one is.
        InputError
            If the percentage is not in [1, 100].
        """
        if not 1 <= percent <= 100:
            raise InputError(f"a canary answers 1 to 100 % of the documents, got {percent}")
        at = datetime.now(UTC)
        with write_session(self._database) as session:
            row = self._row(session, adapter_id)
            if self._check_judged_against(session, row, instead_of) is row:
                raise PromotionRefusedError("the adapter is live: it answers all documents")
            other = session.scalar(self._beside(row, "canary"))
            if other is not None and other is not row:
                self._set(session, other, "candidate", actor, at)
                note(session, self._entry(actor, at, "adapter_demoted", other.adapter_id))
            self._unlink(session, row)
            self._set(session, row, "canary", actor, at, percent=percent)
            note(session, self._entry(actor, at, "adapter_canary", row.adapter_id))
            return _to_adapter(row)

    def roll_back(self, schema_name: str, base_sha256: str, *, actor: str) -> Rollback:
        """Retire a base's live adapter; the one that was live before it is live again, if there was one.

        Raises
        ------
        AdapterNotFoundError
            If none is live.
        """
        at = datetime.now(UTC)
        with write_session(self._database) as session:
            of_base = self._of(schema_name).where(AdapterRow.base_sha256 == base_sha256)
            row = session.scalar(of_base.where(AdapterRow.state == "live"))
            if row is None:
                raise AdapterNotFoundError("no adapter is live for this schema: the base model answers")
            before = None if row.replaced_id is None else self._row(session, row.replaced_id)
            row.replaced_id = None
            self._set(session, row, "retired", actor, at)
            note(session, self._entry(actor, at, "adapter_rollback", row.adapter_id))
            if before is not None:
                self._set(session, before, "live", actor, at)
                note(session, self._entry(actor, at, "adapter_live", before.adapter_id))
            return Rollback(retired=_to_adapter(row), live=None if before is None else _to_adapter(before))

    def retire(self, adapter_id: str, *, actor: str) -> RegisteredAdapter:
        """Take an adapter out of use and out of the way of rollbacks; in its place the base model answers."""
        at = datetime.now(UTC)
        with write_session(self._database) as session:
            row = self._row(session, adapter_id)
            self._unlink(session, row)
            if row.state != "retired":
                self._set(session, row, "retired", actor, at)
                note(session, self._entry(actor, at, "adapter_retired", row.adapter_id))
            return _to_adapter(row)

    def _mine(self) -> Select[AdapterRow]:
        query = select(AdapterRow).where(AdapterRow.tenant == self.tenant)
        return query.options(defer(AdapterRow.card_json))

    def _of(self, schema_name: str) -> Select[AdapterRow]:
        return self._mine().where(AdapterRow.schema_name == schema_name)

    def _row(self, session: Session, adapter_id: str) -> AdapterRow:
        mine = self._mine().where(AdapterRow.adapter_id == adapter_id)
        row = session.scalar(mine) if is_id(adapter_id) else None
        if row is None:
            raise AdapterNotFoundError("there is no adapter of that id")
        return row

    def _beside(self, row: AdapterRow, state: AdapterState) -> Select[AdapterRow]:
        """Return the query for the adapter in a state that is for the same schema and base."""
        return self._of(row.schema_name).where(
            AdapterRow.base_sha256 == row.base_sha256, AdapterRow.state == state
        )

    def _check_judged_against(
        self, session: Session, row: AdapterRow, adapter_id: str | None
    ) -> AdapterRow | None:
        live = session.scalar(self._beside(row, "live"))
        if (None if live is None else live.adapter_id) != adapter_id:
            raise PromotionRefusedError(
                "another adapter went live while this one was judged", hint="promote it again"
            )
        return live

    def _unlink(self, session: Session, row: AdapterRow) -> None:
        """Take an adapter out of the chain of those that were live."""
        after = (AdapterRow.tenant == self.tenant, AdapterRow.replaced_id == row.adapter_id)
        session.execute(update(AdapterRow).where(*after).values(replaced_id=row.replaced_id))
        row.replaced_id = None

    @staticmethod
    def _set(
        session: Session,
        row: AdapterRow,
        state: AdapterState,
        actor: str,
        at: datetime,
        *,
        percent: int | None = None,
    ) -> None:
        row.state, row.canary_percent = state, percent
        row.changed_by, row.changed_at = actor, at
        session.flush()  # in this order: for a moment there may be none in a state, never two

    def _entry(self, actor: str, at: datetime, action: AuditAction, adapter_id: str) -> AuditEntry:
        return AuditEntry(tenant=self.tenant, at=at, actor=actor, action=action, adapter_id=adapter_id)


def _all(session: Session, query: Select[AdapterRow]) -> tuple[RegisteredAdapter, ...]:
    rows: Sequence[AdapterRow] = session.scalars(query).all()
    return tuple(_to_adapter(row) for row in rows)


def _is_named(adapter: RegisteredAdapter, named: str) -> bool:
    if named in (adapter.adapter_id, adapter.name, adapter.served_name):
        return True
    return _HASH_START.fullmatch(named) is not None and adapter.content_sha256.startswith(named)


def _to_adapter(row: AdapterRow) -> RegisteredAdapter:
    return RegisteredAdapter(
        adapter_id=row.adapter_id,
        tenant=row.tenant,
        schema_name=row.schema_name,
        name=row.name,
        content_sha256=row.content_sha256,
        base_sha256=row.base_sha256,
        state=cast("AdapterState", row.state),
        canary_percent=row.canary_percent,
        replaced_id=row.replaced_id,
        added_by=row.added_by,
        added_at=row.added_at,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )
