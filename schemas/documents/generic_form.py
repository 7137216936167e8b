"""Any form: its title, and its fields as an open list of labels and values."""

from __future__ import annotations

from pydantic import Field

from schemas.documents.fields import DocumentModel, Verbatim


class FormField(DocumentModel):
    """One filled-in field; a value without a printed label has a null label, a blank field a null value."""

    label: Verbatim = Field(default=None, description="Printed label of the field")
    value: Verbatim = Field(default=None, description="What was filled in")


class GenericForm(DocumentModel):
    """Form of any kind, read as pairs of label and value."""

    title: Verbatim = Field(default=None, description="Title of the form")
    fields: tuple[FormField, ...] = Field(default=(), description="Labels and their values")
