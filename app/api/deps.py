"""What routes depend on: one typed state, and what forms say."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request
from fastapi.exceptions import RequestValidationError
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.api.drain import Drain
from app.api.health import Health
from app.api.readiness import Readiness
from app.api.runner import Runner
from app.api.telemetry import note_tenant
from app.extraction.options import SPLIT_HELP, ExtractionOptions, SplitMode
from app.extraction.page_ranges import PAGES_HELP, PageRange, parse_page_ranges
from app.extraction.pipeline import Pipeline
from app.extraction.schema_choice import AUTO, SCHEMA_HELP, SchemaChoice, is_auto
from app.telemetry.telemetry import Telemetry
from app.tenants import Tenant, Tenants
from schemas.errors import ConfigurationError
from schemas.registry import from_json_text, get_schema
from schemas.spec import ExtractionSchema

# PDF 2.0 allows 127 bytes.
_MAX_PASSWORD_CHARS = 127
# As many ranges as nobody writes by hand.
_MAX_RANGES_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What the service is made of while it runs, kept as `app.state.service`.

    Attributes
    ----------
    pipeline
        Nobody's; each request takes it for its tenant.
    tenant_name
        Of requests that do not say whose they are.
    extractions, lookups
        Where documents are read and decoded, and where only the database is asked.
    keeps_answers
        Whether answers are kept until they are confirmed.
    options
        Of requests that do not say.
    health, drain, telemetry
        Whether it can work, whether it is about to stop, and what is measured.
    metrics_token
        What /metrics asks for; None asks for nothing.
    commit
        Of the source that the program was made of, where that is known.
    """

    pipeline: Pipeline
    tenants: Tenants
    tenant_name: str
    extractions: Runner
    lookups: Runner
    readiness: Readiness
    keeps_answers: bool
    options: ExtractionOptions
    health: Health
    drain: Drain
    telemetry: Telemetry
    metrics_token: str | None = None
    commit: str | None = None


def state_of(request: Request) -> ServiceState:
    """Return what the service is made of."""
    return request.app.state.service


State = Annotated[ServiceState, Depends(state_of)]


def tenant_name_of(state: State) -> str:
    """Return whose request it is; one process still serves the tenant of its settings."""
    return state.tenant_name


def tenant_of(request: Request, state: State, name: Annotated[str, Depends(tenant_name_of)]) -> Tenant:
    """Return what belongs to the request's tenant."""
    note_tenant(request, name)
    return state.tenants.of(name)


RequestTenant = Annotated[Tenant, Depends(tenant_of)]


def schema_of(asked: Annotated[str, Form(alias="schema", max_length=262_144)]) -> ExtractionSchema:
    """Return the schema of that name, or of that JSON Schema text; never a file's."""
    return from_json_text(asked) if asked.lstrip().startswith("{") else get_schema(asked)


def schema_choice_of(
    asked: Annotated[str, Form(alias="schema", max_length=262_144, description=SCHEMA_HELP)],
) -> SchemaChoice:
    """Return "auto", or the schema of that name, or of that JSON Schema text; never a file's."""
    return AUTO if is_auto(asked) else schema_of(asked)


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
