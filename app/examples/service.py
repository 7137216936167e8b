"""A tenant's examples are written here: what is annotated, confirmed or corrected, with a line of audit."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import uuid4

from pydantic import JsonValue

from app.examples.annotate import Annotation, annotate, page_hashes, says_something
from app.examples.feedback import count_right_fields, find_mistakes
from retrieval.store import ExampleStore, now
from retrieval.thinning import thin
from schemas.document import Document
from schemas.errors import InputError, RetrievalError
from schemas.example import AuditAction, AuditEntry, Example, ExampleSource, check_actor, check_tenant
from schemas.registry import from_json_text
from schemas.spec import ExtractionSchema
from storage.extractions import (
    KeptDocument,
    KeptExtraction,
    drop_extractions,
    find_extraction,
    keep_extraction,
)
from storage.feedback import FeedbackScore, drop_score, keep_score

logger = logging.getLogger(__name__)

FeedbackVerdict = Literal["confirmed", "corrected", "rejected"]

_SWEEP_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of an annotation.

    Attributes
    ----------
    examples
        One for each page on which something stands.
    ungrounded
        Paths of values that no page shows, which are not taught.
    n_thinned
        Older examples of the same templates that were removed.
    """

    examples: tuple[Example, ...] = ()
    ungrounded: tuple[str, ...] = ()
    n_thinned: int = 0


class ExampleService:
    """Writes one tenant's examples; safe to share between threads.

    Parameters
    ----------
    per_template
        Examples of one template that are kept, the newest; None for all.
    keep_days
        How long answers can be confirmed or corrected; older ones are deleted as new ones come.
    """

    def __init__(
        self, store: ExampleStore, *, tenant: str, per_template: int | None, keep_days: float = 30.0
    ) -> None:
        self.store = store
        self.tenant = check_tenant(tenant)
        self._per_template = per_template
        self._keep_days = keep_days
        self._swept_at: float | None = None

    def add(
        self,
        document: Document,
        schema: ExtractionSchema,
        value: Mapping[str, JsonValue],
        *,
        source: ExampleSource,
        confirmed_by: str,
        said: Mapping[str, JsonValue] | None = None,
    ) -> Added:
        """Keep a document's pages as examples; `said` is what the service had answered, if that is known.

        Raises
        ------
        InvalidAnswerError
            If the value does not satisfy the schema.
        InputError
            If nobody confirms it, or no page shows anything of what an e-invoice says of itself.
        """
        action: AuditAction = "added" if source == "annotated" else "imported"
        kept = KeptDocument(document=document, page_hashes=page_hashes(document))
        return self._add(kept, schema, value, source, confirmed_by, action, None, said)

    def keep(
        self,
        document: Document,
        schema: ExtractionSchema,
        value: Mapping[str, JsonValue],
        *,
        adapter_sha256: str | None = None,
    ) -> str | None:
        """Return the id by which this answer can be confirmed or corrected; None if it cannot be kept.

        `adapter_sha256` is the content of the adapter that gave it, None for the base model.
        """
        extraction_id = uuid4().hex
        kept = self.to_keep(
            document, schema, value, adapter_sha256=adapter_sha256, extraction_id=extraction_id
        )
        try:
            self._sweep()
            keep_extraction(self.store.database, kept)
        except RetrievalError as error:
            logger.warning("the answer cannot be corrected later: %s", error)
            return None
        return extraction_id

    def to_keep(
        self,
        document: Document,
        schema: ExtractionSchema,
        value: Mapping[str, JsonValue],
        *,
        adapter_sha256: str | None,
        extraction_id: str,
    ) -> KeptExtraction:
        """Return an answer as it is kept by whoever ends its job."""
        return KeptExtraction(
            extraction_id=extraction_id,
            tenant=self.tenant,
            created_at=now(),
            schema_name=schema.name,
            json_schema=schema.json_schema,
            document=KeptDocument(document=document, page_hashes=page_hashes(document)),
            value=value,
            adapter_sha256=adapter_sha256,
        )

    def feedback(
        self,
        extraction_id: str,
        verdict: FeedbackVerdict,
        *,
        value: Mapping[str, JsonValue] | None,
        confirmed_by: str,
    ) -> Added:
        """Confirm, correct or reject an answer; confirmed and corrected pages are examples at once.

        How right the answer was counts for the adapter that gave it; a rejection says nothing of its fields,
        and takes back what was said before: its examples and its score.

        Raises
        ------
        ExtractionNotFoundError
            If no such answer is kept.
        InvalidAnswerError
            If the corrected value does not satisfy the schema of the answer.
        InputError
            If a correction has no value, or something else has one, or nobody says so.
        """
        if (verdict == "corrected") != (value is not None):
            raise InputError("a correction, and only a correction, has a value")
        kept = find_extraction(self.store.database, self.tenant, extraction_id)
        actor = check_actor(confirmed_by)
        if verdict == "rejected":
            self._reject(kept.extraction_id, actor)
            return Added()
        schema = from_json_text(kept.json_schema, name=kept.schema_name)
        right = kept.value if value is None else value
        return self._add(kept.document, schema, right, "feedback", actor, verdict, kept, kept.value)

    def _reject(self, extraction_id: str, actor: str) -> None:
        # Examples first: who hears nothing of a crash between the two says it again.
        taught = self.store.taught_by(self.tenant, extraction_id)
        if taught:
            entries = [self._entry(actor, "removed", one, extraction_id) for one in taught]
            self.store.discard(self.tenant, entries)
        self.store.add(
            (),
            entries=(self._entry(actor, "rejected", None, extraction_id),),
            also=lambda session: drop_score(session, extraction_id),
        )

    def remove(self, example_ids: Iterable[str], *, actor: str) -> None:
        """Delete examples.

        Raises
        ------
        ExampleNotFoundError
            If one of them is not there; then none is deleted.
        """
        ids = tuple(example_ids)
        entries = [self._entry(check_actor(actor), "removed", one, None) for one in ids]
        self.store.remove(self.tenant, ids, entries)

    def _sweep(self) -> None:
        """Delete answers that are too old, now and then."""
        moment = time.monotonic()
        if self._swept_at is None or moment - self._swept_at > _SWEEP_EVERY_S:
            self._swept_at = moment
            self.forget_answers(older_than_days=self._keep_days)

    def forget_answers(self, *, older_than_days: float) -> int:
        """Delete kept answers older than so many days; return how many."""
        return drop_extractions(self.store.database, before=now() - timedelta(days=older_than_days))

    def _add(
        self,
        kept: KeptDocument,
        schema: ExtractionSchema,
        value: Mapping[str, JsonValue],
        source: ExampleSource,
        confirmed_by: str,
        action: AuditAction,
        answer: KeptExtraction | None,
        said: Mapping[str, JsonValue] | None,
    ) -> Added:
        actor = check_actor(confirmed_by)
        made = annotate(
            Annotation(
                document=kept.document,
                page_hashes=kept.page_hashes,
                schema=schema,
                value=value,
                tenant=self.tenant,
                source=source,
                confirmed_by=actor,
                at=now(),
                mistakes={} if said is None else find_mistakes(said, value, schema),
            )
        )
        if source == "einvoice" and not any(says_something(example.answer) for example in made.examples):
            # A person may say that a page holds nothing; an attachment that the page contradicts may not.
            raise InputError("nothing of what the embedded e-invoice says stands on a page")
        said_of = None if answer is None else answer.extraction_id
        entries = [self._entry(actor, action, e.example_id, said_of) for e in made.examples]
        score = None if answer is None else _score(answer, value, schema)
        self.store.add(
            made.examples, entries=entries, also=lambda session: score and keep_score(session, score)
        )
        return Added(
            examples=made.examples, ungrounded=made.ungrounded, n_thinned=self._thin(made.examples, actor)
        )

    def _thin(self, examples: Sequence[Example], actor: str) -> int:
        if self._per_template is None:
            return 0
        spare = frozenset(example.example_id for example in examples)
        try:
            removed = [
                thin(self.store, example, keep=self._per_template, actor=actor, spare=spare)
                for example in examples
            ]
        except RetrievalError as error:  # what was added is kept; there are a few more of the template
            logger.warning("examples were not thinned: %s", error)
            return 0
        return sum(len(ids) for ids in removed)

    def _entry(
        self, actor: str, action: AuditAction, example_id: str | None, extraction_id: str | None
    ) -> AuditEntry:
        return AuditEntry(
            tenant=self.tenant,
            at=now(),
            actor=actor,
            action=action,
            example_id=example_id,
            extraction_id=extraction_id,
        )


def _score(answer: KeptExtraction, gold: Mapping[str, JsonValue], schema: ExtractionSchema) -> FeedbackScore:
    count = count_right_fields(answer.value, gold, schema)
    return FeedbackScore(
        extraction_id=answer.extraction_id,
        tenant=answer.tenant,
        schema_name=answer.schema_name,
        adapter_sha256=answer.adapter_sha256,
        n_right=count.n_right,
        n_fields=count.n_fields,
        at=now(),
    )
