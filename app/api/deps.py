"""What routes depend on: one typed state, and what forms say."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request
from fastapi.exceptions import RequestValidationError
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.api.access_guard import CALLER_KEY
from app.api.drain import Drain
from app.api.forms import TextOrFile
from app.api.health import Health
from app.api.job_watch import JobWatch
from app.api.readiness import Readiness
from app.api.runner import Runner
from app.api.telemetry import note_tenant
from app.extraction.options import SPLIT_HELP, ExtractionOptions, SplitMode
from app.extraction.page_ranges import PAGES_HELP, PageRange, parse_page_ranges
from app.extraction.pipeline import Pipeline
from app.extraction.schema_choice import AUTO, SCHEMA_HELP, SchemaChoice, is_auto
from app.jobs.request import JobRequest
from app.log import request_id
from app.outbound.fetching import Opener
from app.telemetry.telemetry import Telemetry
from app.tenants import Tenant, Tenants
from schemas.access import Caller
from schemas.errors import ConfigurationError, InvalidSchemaError
from schemas.registry import from_json_text
from schemas.spec import ExtractionSchema
from storage.job_queue import JobQueue

# PDF 2.0 allows 127 bytes.
_MAX_PASSWORD_CHARS = 127
_MAX_SCHEMA_BYTES = 262_144
# As many ranges as nobody writes by hand.
_MAX_RANGES_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What the service is made of while it runs, kept as `app.state.service`.

    Attributes
    ----------
    pipeline
        Nobody's; each request takes it for its tenant.
    extractions, lookups, lints
        Where documents are read and decoded, where only the database is asked, and where schemas are checked.
    keeps_answers
        Whether answers are kept until they are confirmed.
    options
        Of requests that do not say.
    jobs, watch, wake_worker
        The jobs of all tenants, who is told of their changes, and what tells a worker here that there is one.
    intake
        Where files are written down.
    max_bytes
        Of a file.
    max_wait_s
        How long an answer is waited for at most.
    opener
        Checks and opens the URLs that callers name.
    takes_urls, tells_request_urls
        Whether a request may name its document by a URL, and a URL that is told of it.
    health, drain, telemetry
        Whether it can work, whether it is about to stop, and what is measured.
    metrics_token
        What /metrics asks for; None asks for nothing.
    commit
        Of the source that the program was made of, where that is known.
    """

    pipeline: Pipeline
    tenants: Tenants
    extractions: Runner
    lookups: Runner
    lints: Runner
    readiness: Readiness
    opener: Opener
    takes_urls: bool
    tells_request_urls: bool
    keeps_answers: bool
    options: ExtractionOptions
    jobs: JobQueue
    watch: JobWatch
    wake_worker: Callable[[], None]
    intake: Runner
    max_bytes: int
    max_wait_s: float
    health: Health
    drain: Drain
    telemetry: Telemetry
    metrics_token: str | None = None
    commit: str | None = None


# What waits for nothing is `async`: the framework takes every other function to a thread.
async def state_of(request: Request) -> ServiceState:
    """Return what the service is made of."""
    return request.app.state.service


State = Annotated[ServiceState, Depends(state_of)]


async def tenant_name_of(request: Request) -> str:
    """Return whose request it is: that of its key, or of the settings where no key is needed."""
    caller: Caller = request.scope[CALLER_KEY]
    note_tenant(request, caller.tenant)
    return caller.tenant


def tenant_of(request: Request, state: State, name: Annotated[str, Depends(tenant_name_of)]) -> Tenant:
    """Return what belongs to the request's tenant."""
    note_tenant(request, name)
    return state.tenants.of(name)


RequestTenant = Annotated[Tenant, Depends(tenant_of)]
TenantName = Annotated[str, Depends(tenant_name_of)]


def schema_of(
    asked: Annotated[bytes, TextOrFile(alias="schema", max_length=_MAX_SCHEMA_BYTES)],
    tenant: RequestTenant,
) -> ExtractionSchema:
    """Return the schema that the tenant has under that name, or of that JSON Schema, as text or as a file."""
    return find_schema(_text_of(asked), tenant)


def schema_choice_of(
    asked: Annotated[
        bytes, TextOrFile(alias="schema", max_length=_MAX_SCHEMA_BYTES, description=SCHEMA_HELP)
    ],
    tenant: RequestTenant,
) -> SchemaChoice:
    """Return "auto", or what `schema_of` returns."""
    return find_schema_choice(_text_of(asked), tenant)


def _text_of(asked: bytes) -> str:
    try:
        return asked.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        reason = "is not UTF-8"
        raise InvalidSchemaError(f"the schema {reason}", issues=(("", reason),)) from error


def find_schema_choice(text: str, tenant: Tenant) -> SchemaChoice:
    """Return "auto", or what `find_schema` returns."""
    return AUTO if is_auto(text) else find_schema(text, tenant)


def find_schema(text: str, tenant: Tenant) -> ExtractionSchema:
    """Return the schema that the tenant has under that name, or of that JSON Schema; never a file's."""
    return from_json_text(text) if text.startswith("{") else tenant.schemas.find(text)


def pages_of(
    pages: Annotated[str | None, Form(max_length=_MAX_RANGES_CHARS, description=PAGES_HELP)] = None,
) -> tuple[PageRange, ...] | None:
    """Return the pages that are asked for; None for all of them.

    Raises
    ------
    RequestValidationError
        If the text names no pages.
    """
    try:
        return None if pages is None else parse_page_ranges(pages)
    except ConfigurationError as error:
        issue = {"type": "value_error", "loc": ("body", "pages"), "msg": f"names no pages; {error.hint}"}
        raise RequestValidationError([issue]) from error


def options_of(state: State, **given: object) -> ExtractionOptions:
    """Return the options that the form names; what it does not name is as the settings say."""
    said = {name: value for name, value in given.items() if value is not None}
    return state.options.model_copy(update=said)


def _form_field(name: str, field: FieldInfo) -> inspect.Parameter:
    annotation = Annotated[field.annotation | None, *field.metadata, Form(description=field.description)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=None)


# The framework reads a form's fields off the signature: they are those of the model.
options_of.__signature__ = inspect.Signature(
    [
        inspect.Parameter("state", inspect.Parameter.KEYWORD_ONLY, annotation=State),
        *(_form_field(name, field) for name, field in ExtractionOptions.model_fields.items()),
    ]
)


def pipeline_of(
    state: State,
    tenant: RequestTenant,
    password: Annotated[SecretStr | None, Form(max_length=_MAX_PASSWORD_CHARS)] = None,
) -> Pipeline:
    """Return the service's pipeline for the tenant's request, which opens files with `password`."""
    secret = None if password is None else password.get_secret_value()
    return state.pipeline.serve(tenant.context, password=secret)


Schema = Annotated[ExtractionSchema, Depends(schema_of)]
AskedSchema = Annotated[SchemaChoice, Depends(schema_choice_of)]
Options = Annotated[ExtractionOptions, Depends(options_of)]
Pages = Annotated[tuple[PageRange, ...] | None, Depends(pages_of)]
Split = Annotated[SplitMode, Form(description=SPLIT_HELP)]
RequestPipeline = Annotated[Pipeline, Depends(pipeline_of)]


def job_request_of(
    schema: AskedSchema,
    options: Options,
    pipeline: RequestPipeline,
    split: Split = "never",
    pages: Pages = None,
) -> JobRequest:
    """Return what the form asks of a file, as it is written down with a job."""
    return JobRequest(
        schema=schema,
        options=options,
        split=split,
        pages=pages,
        password=pipeline.read_options.password,
        request_id=request_id.get(),
    )


AskedJob = Annotated[JobRequest, Depends(job_request_of)]
