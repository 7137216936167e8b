"""What is asked of a file, as it is written down with its job."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from app.extraction.options import ExtractionOptions, SplitMode
from app.extraction.page_ranges import PageRange, parse_page_ranges
from app.extraction.schema_choice import AUTO, SchemaChoice
from schemas.errors import UnknownSchemaError
from schemas.registry import from_json_text, get_schema


class _Written(BaseModel):
    """A request as it is written: its schema is kept once for all of its jobs, its password apart."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    options: ExtractionOptions
    split: SplitMode
    pages: str | None
    request_id: str | None
    webhook_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What is asked of a file.

    Attributes
    ----------
    password
        Opens it; kept until the job has ended, and shown nowhere.
    request_id
        Of the HTTP request, for the log.
    webhook_url
        Is told of the end, besides the tenant's endpoints; checked when it was named.
    """

    schema: SchemaChoice
    options: ExtractionOptions
    split: SplitMode = "never"
    pages: tuple[PageRange, ...] | None = None
    password: str | None = None
    request_id: str | None = None
    webhook_url: str | None = None

    @property
    def schema_name(self) -> str:
        """Return the schema's name, or "auto"."""
        return AUTO if self.schema == AUTO else self.schema.name

    @property
    def json_schema(self) -> str | None:
        """Return the schema's text; None if it is chosen by the kind of each document."""
        return None if self.schema == AUTO else self.schema.json_schema

    def to_json(self) -> str:
        """Return what is written with the job."""
        written = _Written(
            options=self.options,
            split=self.split,
            pages=_pages_text(self.pages),
            request_id=self.request_id,
            webhook_url=self.webhook_url,
        )
        return written.model_dump_json()

    @property
    def password_json(self) -> str | None:
        """Return the password as it is written: a database's text has no NUL."""
        return None if self.password is None else json.dumps(self.password)

    def fingerprint(self, document_sha256: str) -> str:
        """Return the hash of all that is asked of a file of these bytes; ids of requests say nothing."""
        said = [
            document_sha256,
            self.schema_name,
            self.json_schema,
            self.options.model_dump(mode="json"),
            self.split,
            _pages_text(self.pages),
            self.password,
            # Who asks that another is told asks something else: the job of before told whom it was to tell.
            *(() if self.webhook_url is None else (self.webhook_url,)),
        ]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def read_request(
    request_json: str, *, schema_name: str, json_schema: str | None, password: str | None
) -> JobRequest:
    """Return the request that was written; its `password` as JSON."""
    written = _Written.model_validate_json(request_json)
    return JobRequest(
        schema=AUTO if json_schema is None else _schema_of(schema_name, json_schema),
        options=written.options,
        split=written.split,
        pages=None if written.pages is None else parse_page_ranges(written.pages),
        password=None if password is None else str(json.loads(password)),
        request_id=written.request_id,
    )


def _schema_of(name: str, json_schema: str) -> SchemaChoice:
    """Return the schema as it was when the job was accepted; the shipped one if that is the same."""
    try:
        shipped = get_schema(name)
    except UnknownSchemaError:
        return from_json_text(json_schema, name=name)
    return shipped if shipped.json_schema == json_schema else from_json_text(json_schema, name=name)


def _pages_text(pages: tuple[PageRange, ...] | None) -> str | None:
    if pages is None:
        return None
    return ",".join(f"{page.first}-{'' if page.last is None else page.last}" for page in pages)
