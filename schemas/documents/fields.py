"""Field types of the document schemas: what a value is, and where it must come from.

Each type writes its kind into the JSON Schema as `x-rasg-kind`, which `schemas.registry` reads.
Every field may be null: a document that does not show a value has none.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.codes import FORMAT_KEYWORD

KIND_KEYWORD = "x-rasg-kind"

# Text copied from the page, whole words.
Verbatim = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "verbatim"})]
# Codes with a form of their own, and mostly a check, as printed; compact in the metadata.
Iban = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "verbatim", FORMAT_KEYWORD: "iban"})]
Bic = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "verbatim", FORMAT_KEYWORD: "bic"})]
TaxId = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "verbatim", FORMAT_KEYWORD: "tax_id"})]
Currency = Annotated[
    str | None, Field(json_schema_extra={KIND_KEYWORD: "verbatim", FORMAT_KEYWORD: "currency"})
]
Time = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "verbatim", FORMAT_KEYWORD: "time"})]
Phone = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "verbatim", FORMAT_KEYWORD: "phone"})]
Email = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "verbatim", FORMAT_KEYWORD: "email"})]
# An amount, quantity or rate as printed ("1.234,56"); its Decimal stands in the metadata.
Amount = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "amount"})]
# A date as printed ("12 March 2026"); its ISO form stands in the metadata.
Date = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "date"})]
# Text that need not stand on the page. No built-in field is free; it is here for callers' classes.
Free = Annotated[str | None, Field(json_schema_extra={KIND_KEYWORD: "free"})]
# An enum needs no type of its own: `Literal["cash", "card"] | None` says it all.


class DocumentModel(BaseModel):
    """Base of the document schemas: frozen, and no key beside the declared ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")
