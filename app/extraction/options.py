"""How one document is extracted: the model from which forms, the command line and suites take their keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from decoding.engines.engine import DEFAULT_MAX_TOKENS, DEFAULT_N_CANDIDATES
from schemas.prompt import ReasoningMode

# How a file becomes documents: as layout says, one document whatever it holds, or one for each page.
# It is no field of the options, which are about one document.
SplitMode = Literal["auto", "never", "pages"]
# Whose word an e-invoice's XML is: the answer's, a second opinion's, or nobody's.
XmlMode = Literal["prefer", "compare", "ignore"]
SPLIT_HELP = "Documents of a file: `auto` finds where each begins, `pages` is one a page, `never` one a file."
# Of some hundred windows that were cut; a longer one is refused before it is read.
MAX_CURSOR_CHARS = 16_384


def parse_share(said: object) -> object:
    """Return the share that a text such as "1%" or "0.01" means, in (0, 1); what is no text as it is.

    Raises
    ------
    ValueError
        If the text is no share, or not between none and all.

    Examples
    --------
    >>> parse_share("0.5%"), parse_share("0.02")
    (0.005, 0.02)
    """
    if not isinstance(said, str):
        return said
    number, percent, rest = said.strip().partition("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = 0.0
    if rest or not 0 < share < 1:
        raise ValueError("a share is written as 1% or 0.01, and is between none and all")
    return share


def refuse_truth_value(said: object) -> object:
    """Return what is said as it is; of true and false, which would count as 1 and 0, raise."""
    if isinstance(said, bool):
        raise PydanticCustomError("number", "must be a number, and is true or false")
    return said


Whole = Annotated[int, BeforeValidator(refuse_truth_value)]
Share = Annotated[float, BeforeValidator(parse_share), Field(gt=0, lt=1)]


class ExtractionOptions(BaseModel):
    """How to extract one document; it is written and read as JSON wherever an extraction is kept for later.

    `grounding`, `tables`, `sums` and `structured` exist for ablations; `seed` makes engines that sample
    repeatable. The description of a field is what `/openapi.json` and `rasg extract --help` say of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reasoning: ReasoningMode = Field(
        default="off", description="Whether the model names its evidence before it answers."
    )
    grounding: bool = Field(
        default=True, description="Whether copied values, amounts and dates can only be what the page shows."
    )
    xml: XmlMode = Field(
        default="prefer",
        description="What an e-invoice's XML is taken for: the answer where it has one (`prefer`), something "
        "to compare what is read on the page with (`compare`), or nothing (`ignore`).",
    )
    tables: bool = Field(
        default=True, description="Whether rows of tables that layout shows are written from their own cells."
    )
    sums: bool = Field(
        default=True,
        description="Whether of two amounts that are nearly as likely the one is given with which sums hold.",
    )
    structured: bool = Field(default=True, description="Whether the model is shown the page's layout.")
    n_candidates: Whole = Field(
        default=DEFAULT_N_CANDIDATES, ge=1, le=64, description="Candidates that are ranked for each value."
    )
    adapter: str | None = Field(
        default=None,
        max_length=128,
        description="LoRA weights to answer with, or `base` for none; those that are live by default.",
    )
    adapter_fallback: bool = Field(
        default=False, description="Whether the base model answers where the adapter cannot."
    )
    seed: Whole = Field(default=0, ge=0, lt=2**32, description="Makes engines that sample repeatable.")
    max_tokens: Whole = Field(
        default=DEFAULT_MAX_TOKENS,
        ge=1,
        le=32_768,
        description="Tokens of the answer to one window of a document, at most.",
    )
    n_examples: Whole = Field(
        default=1,
        ge=0,
        le=8,
        description="Annotated pages that are shown with each window, if so many are near enough.",
    )
    lessons: bool = Field(
        default=True,
        description="Whether annotated pages like this one decide fields that the model is unsure of or was "
        "corrected in.",
    )
    confirmed: bool = Field(
        default=True,
        description="Whether a file that a person has confirmed before is answered by what they said.",
    )
    complete: bool = Field(
        default=False,
        description="Whether an answer that its limit cut goes on in the same call until it is whole.",
    )
    cursor: str | None = Field(
        default=None,
        max_length=MAX_CURSOR_CHARS,
        description="The `cursor` of a partial answer to the same file, schema and options: only what it "
        "left out is given.",
    )
    max_error: Share | None = Field(
        default=None,
        description="Share of wrong values, such as `1%`, that is tolerated among those that need no look; "
        "the model's own by default.",
    )
