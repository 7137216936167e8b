"""The tables of the store, as SQLAlchemy sees them; `storage/migrations` makes them."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite numbers rows by itself only where the key is its own INTEGER.
_RowId = BigInteger().with_variant(Integer, "sqlite")


class _Utc(TypeDecorator[datetime]):
    """A moment, kept in UTC: SQLite forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


class Table(DeclarativeBase):
    """Base of the tables."""


class SchemaRow(Table):
    """A JSON Schema, once however many examples use it; `schema_id` is the hash of name and text."""

    __tablename__ = "schemas"

    schema_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    json_schema: Mapped[str] = mapped_column(Text)


class RegisteredSchemaRow(Table):
    """One version of a tenant's own schema; one that was removed stays as an empty row, for its number."""

    __tablename__ = "registered_schemas"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    json_schema: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_Utc)
    removed_at: Mapped[datetime | None] = mapped_column(_Utc)


class ApiKeyRow(Table):
    """A key by its id; of its secret only the SHA-256 is here. A revoked one stays: there were keys."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_tenant", "tenant"),)

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    secret_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    name: Mapped[str] = mapped_column(String(128))
    tenant: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(String(128))
    created_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(_Utc)
    expires_at: Mapped[datetime | None] = mapped_column(_Utc)
    revoked_at: Mapped[datetime | None] = mapped_column(_Utc)
    last_used_at: Mapped[datetime | None] = mapped_column(_Utc)


class WebhookEndpointRow(Table):
    """Where a tenant is told; without a URL it holds the secret of messages to URLs that requests name.

    Its secret is here as it is, because each message is signed with it; `old_secret` signs too, for a while.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index("ix_webhook_endpoints_tenant", "tenant"),)

    endpoint_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    url: Mapped[str | None] = mapped_column(Text)
    event_types: Mapped[str] = mapped_column(Text)
    secret: Mapped[bytes] = mapped_column(LargeBinary(64))
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary(64))
    old_secret_until: Mapped[datetime | None] = mapped_column(_Utc)
    is_disabled: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(_Utc)


class WebhookDeliveryRow(Table):
    """A message to one URL, written in the transaction of what it tells of; `due_at` is None once it is over.

    A message is taken by moving `due_at` past the sender's deadline: if the sender dies, it falls due again.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_due", "due_at"),
        Index("ix_webhook_deliveries_tenant", "tenant", "seq"),
    )

    seq: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    delivery_id: Mapped[str] = mapped_column(String(32), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    endpoint_id: Mapped[str] = mapped_column(
        ForeignKey("webhook_endpoints.endpoint_id", ondelete="CASCADE"), index=True
    )
    message_id: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(Text)
    event_type: Mapped[str] = mapped_column(String(64))
    payload: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    n_attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime | None] = mapped_column(_Utc)
    created_at: Mapped[datetime] = mapped_column(_Utc)
    finished_at: Mapped[datetime | None] = mapped_column(_Utc)
    last_status: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(String(64))


class ExampleRow(Table):
    """An annotated page; `seq` is the order of insertion, never used twice."""

    __tablename__ = "examples"
    __table_args__ = (
        UniqueConstraint("tenant", "document_sha256", "page_index", "schema_id"),
        Index("ix_examples_tenant_seq", "tenant", "seq"),
        Index("ix_examples_tenant_schema", "tenant", "schema_id"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    example_id: Mapped[str] = mapped_column(String(32), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    document_sha256: Mapped[str] = mapped_column(String(64))
    page_index: Mapped[int] = mapped_column(Integer)
    schema_id: Mapped[str] = mapped_column(ForeignKey("schemas.schema_id"))
    page_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    text: Mapped[str] = mapped_column(Text)
    answer_json: Mapped[str] = mapped_column(Text)
    evidence_json: Mapped[str] = mapped_column(Text)
    known_json: Mapped[str] = mapped_column(Text)
    unknown_json: Mapped[str] = mapped_column(Text)
    mistakes_json: Mapped[str] = mapped_column(Text, server_default="{}")
    confirmed_json: Mapped[str | None] = mapped_column(Text)
    printed_zlib: Mapped[bytes | None] = mapped_column(LargeBinary)
    source: Mapped[str] = mapped_column(String(16))
    confirmed_by: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(_Utc)


class PendingRow(Table):
    """What the index has not been told yet: the example of this `seq` was added, or is gone.

    Written with the change itself and deleted when the index has it, so that a crash between the two
    leaves a note.
    """

    __tablename__ = "index_pending"

    pending_id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class AuditRow(Table):
    """One line of the audit: never changed, never deleted by the service."""

    __tablename__ = "audit"

    audit_id: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    tenant: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(_Utc)
    actor: Mapped[str] = mapped_column(String(128))
    action: Mapped[str] = mapped_column(String(16))
    example_id: Mapped[str | None] = mapped_column(String(32))
    extraction_id: Mapped[str | None] = mapped_column(String(32), index=True)
    adapter_id: Mapped[str | None] = mapped_column(String(32))


class ExtractionRow(Table):
    """An answer that was given, with the document as it was read, until it is confirmed, corrected or old."""

    __tablename__ = "extractions"
    __table_args__ = (Index("ix_extractions_created_at", "created_at"),)

    extraction_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(_Utc)
    schema_id: Mapped[str] = mapped_column(ForeignKey("schemas.schema_id"))
    document: Mapped[bytes] = mapped_column(LargeBinary)
    output_json: Mapped[str] = mapped_column(Text)
    # The content hash of the adapter that answered; None is the base model.
    adapter_sha256: Mapped[str | None] = mapped_column(String(64))


def _only_one(state: str) -> Index:
    """Return the rule: one adapter in a state for a tenant's schema and base; whoever comes second fails."""
    where = text(f"state = '{state}'")
    names = ("tenant", "schema_name", "base_sha256")
    return Index(f"ux_adapters_{state}", *names, unique=True, sqlite_where=where, postgresql_where=where)


class AdapterRow(Table):
    """An adapter of a tenant for one schema and base; its files are kept apart, by the hash of their content.

    `replaced_id` is the adapter that was live before it: there a rollback leads.
    """

    __tablename__ = "adapters"
    __table_args__ = (
        UniqueConstraint("tenant", "schema_name", "content_sha256"),
        _only_one("live"),
        _only_one("canary"),
        Index("ix_adapters_content", "content_sha256"),
    )

    seq: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    adapter_id: Mapped[str] = mapped_column(String(32), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    schema_name: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[str] = mapped_column(String(64))
    base_sha256: Mapped[str] = mapped_column(String(64), server_default="")
    card_json: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    canary_percent: Mapped[int | None] = mapped_column(Integer)
    replaced_id: Mapped[str | None] = mapped_column(String(32))
    added_by: Mapped[str] = mapped_column(String(128))
    added_at: Mapped[datetime] = mapped_column(_Utc)
    changed_by: Mapped[str] = mapped_column(String(128))
    changed_at: Mapped[datetime] = mapped_column(_Utc)


class FeedbackScoreRow(Table):
    """How an answer came out by what a person said of it; what was said last counts.

    It outlives the answer, and holds none of its values.
    """

    __tablename__ = "feedback_scores"
    __table_args__ = (Index("ix_feedback_scores_tenant", "tenant", "schema_name", "adapter_sha256"),)

    extraction_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    schema_name: Mapped[str] = mapped_column(String(64))
    adapter_sha256: Mapped[str | None] = mapped_column(String(64))
    n_right: Mapped[int] = mapped_column(Integer)
    n_fields: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(_Utc)


class StoreRow(Table):
    """The store's own id, which the index carries: an index of another store is no index of this one.

    `index_variant` says what the index's rows are made with (`retrieval.index.variant_of`).
    """

    __tablename__ = "store"

    store_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    index_variant: Mapped[str] = mapped_column(String(128))


class JobRow(Table):
    """An accepted file and what becomes of it; `seq` is the order of acceptance.

    Who runs it holds the lease: each start has a new `lease_token`, without which nothing of the run is
    written, and `lease_beat` counts up while its worker lives. `revision` counts every change that is shown.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_seq", "state", "seq"),
        Index("ix_jobs_tenant_seq", "tenant", "seq"),
        Index("ix_jobs_tenant_document", "tenant", "document_sha256"),
        Index("ix_jobs_batch_state", "batch_id", "state"),
        Index("ix_jobs_finished_at", "finished_at"),
        {"sqlite_autoincrement": True},
    )

    seq: Mapped[int] = mapped_column(_RowId, primary_key=True, autoincrement=True)
    job_id: Mapped[str] = mapped_column(String(32), unique=True)
    tenant: Mapped[str] = mapped_column(String(64))
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batches.batch_id"))
    state: Mapped[str] = mapped_column(String(16))
    # Of the kind that chooses the schema, None.
    schema_id: Mapped[str | None] = mapped_column(ForeignKey("schemas.schema_id"), index=True)
    schema_name: Mapped[str] = mapped_column(String(64))
    request_json: Mapped[str] = mapped_column(Text)
    # Opens the file; forgotten when the job has ended.
    password: Mapped[str | None] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(String(255))
    # None once the bytes were purged.
    document_sha256: Mapped[str | None] = mapped_column(String(64))
    n_bytes: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(_Utc)
    started_at: Mapped[datetime | None] = mapped_column(_Utc)
    finished_at: Mapped[datetime | None] = mapped_column(_Utc)
    not_before: Mapped[datetime | None] = mapped_column(_Utc)
    attempt: Mapped[int] = mapped_column(Integer)
    lease_owner: Mapped[str | None] = mapped_column(String(128))
    lease_token: Mapped[int] = mapped_column(BigInteger)
    lease_beat: Mapped[int] = mapped_column(BigInteger)
    stage: Mapped[str | None] = mapped_column(String(16))
    page_number: Mapped[int | None] = mapped_column(Integer)
    n_pages: Mapped[int | None] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(BigInteger)
    problem_json: Mapped[str | None] = mapped_column(Text)


class JobResultRow(Table):
    """What a job gave: compressed JSON, written with the job's end."""

    __tablename__ = "job_results"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class BatchRow(Table):
    """Files that were sent together; each is a job."""

    __tablename__ = "batches"

    batch_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(_Utc)
    n_jobs: Mapped[int] = mapped_column(Integer)


class IdempotencyRow(Table):
    """What a key of a tenant's stands for: the request that it was first sent with, and its job or batch.

    Until `in_flight_until` the first request may still wait for its answer; None once it has it.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    target_id: Mapped[str] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime] = mapped_column(_Utc)
    in_flight_until: Mapped[datetime | None] = mapped_column(_Utc)
