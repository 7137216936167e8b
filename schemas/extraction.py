"""What comes back: completions of an engine, and extractions with the provenance of each value."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, JsonValue

from schemas.completeness import Completeness
from schemas.document import ReadWarningCode
from schemas.frozen import Value
from schemas.spec import Path

FinishReason = Literal["stop", "length"]
Alignment = Literal["exact", "normalised", "fuzzy"]
ValueSource = Literal["page", "xml"]
Status = Literal["succeeded", "needs_review", "partial"]
WarningCode = Literal[
    ReadWarningCode,
    "ungrounded_value",
    "ambiguous_date",
    "ambiguous_amount",
    "unparsed_amount",
    "unparsed_date",
    "truncated",
    "list_incomplete",
    "row_repeated",
    "sum_mismatch",
    "settled_by_sum",
    "sole_date",
    "named_value",
    "check_digit_failed",
    "readings_differ",
    "low_confidence",
    "window_conflict",
    "constraint_violated",
    "example_dropped",
    "examples_unavailable",
    "adapter_unavailable",
    "several_documents",
    "split_in_doubt",
    "kind_in_doubt",
    "kind_without_schema",
    "schema_may_not_fit",
    "xml_differs",
    "xml_invalid",
    "xml_incomplete",
    "xml_several_accounts",
    "known_document",
    "rows_left_out",
    "rows_added",
]
ReviewCode = Literal[WarningCode, "uncertain_value"]
# Kinds of documents by the names of the schemas that ship for them; for "other" none does.
KindName = Literal["invoice", "receipt", "purchase_order", "bank_statement", "other"]
KINDS: tuple[KindName, ...] = get_args(KindName)


class TokenLogprob(Value):
    """One generated token: its text as UTF-8 bytes, and its log-probability under the mask.

    `logprob` is the natural logarithm of the probability after the grammar's mask and
    renormalisation; 0.0 means that the grammar left no choice. `raw_logprob` is the same token's
    before the mask, where the engine gives it: what the model itself thought.
    """

    token_bytes: bytes
    logprob: float
    raw_logprob: float | None = None


class OtherValue(Value):
    """A value that was nearly written in the place of another.

    Attributes
    ----------
    path
        The place of both in the answer.
    value
        What would have been written.
    gap
        By how many nats it is less likely than what was written, at least 0.
    """

    path: Path
    value: JsonValue
    gap: float


class Completion(Value):
    """What an engine returned for one prompt.

    `others` are amounts that were nearly written, the likeliest of a place first, where the engine ranks
    whole values.
    """

    text: str
    finish_reason: FinishReason
    n_prompt_tokens: int
    n_completion_tokens: int
    tokens: tuple[TokenLogprob, ...] = ()
    others: tuple[OtherValue, ...] = ()
    engine: str
    model: str
    adapter: str | None = None
    seconds: float = 0.0


class Citation(Value):
    """Where a value stands: page (from 1), box in page fractions, the words and their text."""

    page_number: int
    bbox: tuple[float, float, float, float]
    word_indices: tuple[int, ...]
    reference_text: str


class FieldMetadata(Value):
    """What is known of one leaf value, keyed by its JSON path in `Output.metadata`.

    Attributes
    ----------
    confidence
        In [0, 1], how likely the value is right: calibrated where the model has a calibration, else
        `probability`; None where the engine gave no log-probabilities.
    probability
        In [0, 1], the model's own of the value among all that the grammar allows.
    ocr_confidence
        In [0, 1], the lowest confidence of the cited words; None for an ungrounded value.
    taught_by
        The id of the confirmed example that says so: of a page like this, which outweighed the model, or of
        this very file; None where the model was followed.
    normalised
        The value as a Decimal string ("1234.56") or ISO date, for amounts and dates that parse.
    source
        Whether the value was read on the page, or is that of the e-invoice's XML; then it has no confidence,
        and citations only where the page shows it too.
    """

    confidence: float | None = None
    probability: float | None = None
    ocr_confidence: float | None = None
    alignment: Alignment | None = None
    alignment_score: float | None = None
    citations: tuple[Citation, ...] = ()
    normalised: str | None = None
    currency: str | None = None
    source: ValueSource = "page"
    taught_by: str | None = None


class ExtractionWarning(Value):
    """A coded doubt about the whole result (`path` None) or one value."""

    code: WarningCode
    message: str
    path: str | None = None
    page_number: int | None = None


class ReviewReason(Value):
    """One thing that a person has to look at before the answer is booked, at a value, a row or the whole.

    `code` is that of the warning it comes from, or `uncertain_value`; `path` is the value's or list's, None
    for the document; `page_number` is from 1, as printed in the file.
    """

    code: ReviewCode
    message: str
    path: str | None = None
    page_number: int | None = None


class Output(Value):
    """`value` is exactly the caller's schema; `metadata` is keyed by the same JSON paths."""

    value: dict[str, JsonValue]
    metadata: dict[str, FieldMetadata]


class ExampleUse(Value):
    """Which retrieved example was shown to the model, how near it was, and with which pages (from 1)."""

    example_id: str
    similarity_score: float
    page_numbers: tuple[int, ...]


class DocumentKind(Value):
    """What kind of document it seems to be by its layout, and in [0, 1] how sure that is."""

    name: KindName
    confidence: float = Field(ge=0, le=1)


class Usage(Value):
    """Tokens and seconds that the extraction took, by stage."""

    n_pages: int
    n_windows: int
    n_prompt_tokens: int
    n_completion_tokens: int
    stage_seconds: dict[str, float] = Field(default_factory=dict)


class Extraction(Value):
    """The answer for one document.

    Attributes
    ----------
    extraction_id
        By which it can be confirmed or corrected; None where it was not kept.
    page_numbers
        The pages of the file, from 1, that it is about; empty means all of them.
    status
        `partial` where something was cut off or not read, else `needs_review` where `review` has a reason.
    kind
        What kind of document it seems to be, whatever schema was asked for; None where nobody looked.
    examples
        What was shown to the model beside the document; none where no example was near enough.
    adapter, adapter_sha256
        Which LoRA weights answered, by the engine's name for them, and the hash of their content where they
        are of the registry; None is the base model.
    completeness
        Which rows the pages show and the answer gives, and which sums hold.
    review
        What a person has to look at, the weightiest first, each path once; empty where nothing asks for it.
    cursor
        From where the same call goes on, where the answer was cut by its limit; None where nothing is left.
    """

    extraction_id: str | None = None
    document_sha256: str
    page_numbers: tuple[int, ...] = ()
    schema_name: str
    kind: DocumentKind | None = None
    status: Status
    output: Output
    warnings: tuple[ExtractionWarning, ...] = ()
    reasoning: str | None = None
    examples: tuple[ExampleUse, ...] = ()
    usage: Usage
    engine: str
    model: str
    adapter: str | None = None
    adapter_sha256: str | None = None
    completeness: Completeness = Completeness()
    review: tuple[ReviewReason, ...] = ()
    cursor: str | None = None
