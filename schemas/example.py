"""Annotated pages: what a tenant has confirmed or corrected, to be shown with pages like them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from schemas.errors import InputError
from schemas.frozen import Value

ExampleSource = Literal["feedback", "annotated", "einvoice", "imported"]
# At most 16 characters each, as the audit's column has it.
AuditAction = Literal[
    "added",
    "confirmed",
    "corrected",
    "rejected",
    "imported",
    "removed",
    "thinned",
    "adapter_added",
    "adapter_canary",
    "adapter_demoted",
    "adapter_live",
    "adapter_rollback",
    "adapter_retired",
]

_TENANT = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_ID = re.compile(r"[0-9a-f]{32}")
_MAX_ACTOR_CHARS = 128
DEFAULT_TENANT = "default"
# Parts of a page's width or height in which places on it are kept.
PRINTED_UNITS = 10_000


def check_tenant(tenant: str) -> str:
    """Return `tenant` if it is an id: 1 to 64 of a-z, 0-9, `_`, `.`, `-`, the first a letter or digit.

    Raises
    ------
    InputError
        If it is not.
    """
    if not _TENANT.fullmatch(tenant):
        raise InputError("a tenant is named by 1 to 64 of a-z, 0-9, _ . - and begins with a letter or digit")
    return tenant


def check_actor(name: str, *, asked: str = "who confirms it") -> str:
    """Return the name of whoever answers for a change, without spaces around it; `asked` names it in errors.

    Raises
    ------
    InputError
        If it is empty, longer than 128 characters, or holds control characters.
    """
    stripped = name.strip()
    if not stripped or len(stripped) > _MAX_ACTOR_CHARS or not stripped.isprintable():
        raise InputError(f"say {asked}, in 1 to {_MAX_ACTOR_CHARS} printable characters")
    return stripped


def is_id(text: str) -> bool:
    """Return whether `text` can be the id of an example, an extraction or an adapter."""
    return _ID.fullmatch(text) is not None


class PrintedPage(Value):
    """The words of a page, and the box of each: left, top, right, bottom in ten-thousandths of the page."""

    width_pt: float
    height_pt: float
    texts: tuple[str, ...]
    boxes: tuple[tuple[int, int, int, int], ...]

    @model_validator(mode="after")
    def _has_a_box_a_word(self) -> PrintedPage:
        if len(self.texts) != len(self.boxes):
            raise ValueError(f"{len(self.texts)} words have {len(self.boxes)} boxes")
        return self


class Example(Value):
    """One annotated page.

    Attributes
    ----------
    document_sha256, page_index
        The file and page (from 0) that it shows; a page annotated again under the same schema replaces the
        annotation before.
    page_hash
        The wavelet hash of the page's image; None where there was no image.
    text
        The page as layout text, as a prompt shows it.
    answer
        What stands on the page, under the schema's keys.
    evidence
        For each key, the start of the line where its value stands: "total < Total EUR 12.50".
    known, unknown
        Paths, rows apart, of values that the annotation of the document has: those that one of its pages
        shows, and those that none does, for which the answer says null though there is something.
    mistakes
        What the service had answered, by the path of each field that a person corrected, lists left out.
    confirmed
        The whole answer that was confirmed, of all pages and as it was said; None where it is not kept.
    printed
        The page's words where they stand, if the document's answer has rows: what its table teaches is
        learnt from them. Of several pages that are shown together, each.
    confirmed_by
        Who says so: a person's or a program's name.
    """

    example_id: str = Field(pattern=rf"^{_ID.pattern}$")
    tenant: str
    document_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    page_index: int = Field(ge=0)
    schema_name: str
    json_schema: str = Field(repr=False)
    page_hash: bytes | None = Field(default=None, repr=False)
    text: str = Field(repr=False)
    answer: dict[str, JsonValue] = Field(repr=False)
    evidence: tuple[str, ...] = Field(default=(), repr=False)
    known: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    mistakes: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue], repr=False)
    confirmed: dict[str, JsonValue] | None = Field(default=None, repr=False)
    printed: tuple[PrintedPage, ...] = Field(default=(), repr=False)
    source: ExampleSource
    confirmed_by: str = Field(max_length=128)
    created_at: AwareDatetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to a tenant's examples and adapters, and when; no values of documents."""

    tenant: str
    at: datetime
    actor: str
    action: AuditAction
    example_id: str | None = None
    extraction_id: str | None = None
    adapter_id: str | None = None
