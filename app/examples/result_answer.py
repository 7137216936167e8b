"""An answer as a person hands it in: the value alone, or a result of the service that they have corrected."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue, TypeAdapter, ValidationError

from schemas.errors import InputError
from schemas.extraction import FieldMetadata
from schemas.spec import GROUNDED_KINDS, ExtractionSchema, json_path, single_fields
from schemas.walk import value_at, with_values

_METADATA: TypeAdapter[dict[str, FieldMetadata]] = TypeAdapter(dict[str, FieldMetadata])


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """What a person says that a document holds, and what the service knew of it, if they kept that.

    Attributes
    ----------
    document_sha256
        Of the file that the result is of.
    """

    value: dict[str, JsonValue]
    metadata: Mapping[str, FieldMetadata] | None = None
    document_sha256: str | None = None

    def check_file(self, data: bytes) -> None:
        """Check that the answer is of a file of these bytes, where it says of which it is.

        Raises
        ------
        InputError
            If it is of another.
        """
        if self.document_sha256 not in (None, hashlib.sha256(data).hexdigest()):
            raise InputError(
                "the answer is the result of another file",
                hint="name its file; if the file has changed since, give the `value` of its `output` alone",
            )

    def said_before(self, schema: ExtractionSchema) -> dict[str, JsonValue] | None:
        """Return what the service had answered before the person corrected it; None if nothing tells.

        A result still cites the words of a value that was changed, and cites none where there was null.
        Lists, and fields that need not stand on the page, are as the person has them.
        """
        if self.metadata is None:
            return None
        said = dict(self.value)
        before = {
            path: _before(value_at(said, path), self.metadata.get(json_path(path)))
            for path, spec in single_fields(schema.root)
            if spec.kind in GROUNDED_KINDS
        }
        return with_values(schema.root, said, before)


def read_answer(found: dict[str, JsonValue]) -> GivenAnswer:
    """Return the answer in a JSON object: a result of the command line or of HTTP, or the value alone."""
    extraction = found.get("extraction", found)
    output = extraction.get("output") if isinstance(extraction, dict) else None
    value = output.get("value") if isinstance(output, dict) else None
    if not isinstance(output, dict) or not isinstance(value, dict):
        return GivenAnswer(value=found)
    sha256 = extraction.get("document_sha256") if isinstance(extraction, dict) else None
    given = GivenAnswer(value=value, document_sha256=sha256 if isinstance(sha256, str) else None)
    try:
        metadata = _METADATA.validate_python(output.get("metadata"))
    except ValidationError:  # of another version, or edited: the value counts
        return given
    return replace(given, metadata=metadata)


def _before(value: JsonValue, known: FieldMetadata | None) -> JsonValue:
    if known is None:
        return value
    cited = " ".join(citation.reference_text for citation in known.citations)
    if not cited:
        return None
    is_same = value is not None and _letters(str(value)) in _letters(cited)
    return value if is_same else cited


def _letters(text: str) -> str:
    return "".join(ch for ch in text.casefold() if ch.isalnum())
