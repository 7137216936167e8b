"""What a person has to look at before an answer is booked: few reasons, the weightiest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from schemas.extraction import Extraction, ExtractionWarning, FieldMetadata, ReviewCode, ReviewReason
from schemas.spec import Path, json_path
from schemas.walk import Leaf

# Whether a leaf that has this confidence is to be looked at.
IsUncertain = Callable[[Leaf, float], bool]

# Which warnings ask for a person, weightiest first: that something was not read, that it is not the document
# or the schema that was meant, that it wants to steer its reader, that rows or sums are wrong, that a value
# has two readings or is unsure. All others tell how the file was read and what was done about it, and ask for
# nothing: that a page was deskewed, for example, is no reason to look at its values. `low_confidence` counts
# what `uncertain_value` names.
_IMPORTANCE: tuple[ReviewCode, ...] = (
    "unreadable_page",
    "pages_skipped",
    "truncated",
    "no_text",
    "several_documents",
    "split_in_doubt",
    "kind_without_schema",
    "schema_may_not_fit",
    "kind_in_doubt",
    "machine_instruction",
    "xml_differs",
    "xml_invalid",
    "xml_incomplete",
    "xml_unusable",
    "list_incomplete",
    "row_repeated",
    "sum_mismatch",
    "check_digit_failed",
    "readings_differ",
    "constraint_violated",
    "window_conflict",
    "ungrounded_value",
    "ambiguous_amount",
    "unparsed_amount",
    "low_ocr_confidence",
    "uncertain_value",
    "ambiguous_date",
    "unparsed_date",
    "unread_ink",
)
_RANK: Mapping[ReviewCode, int] = {code: rank for rank, code in enumerate(_IMPORTANCE)}
_N_NAMED = 3  # of a list's uncertain values, in one reason


def add_doubts(extraction: Extraction, warnings: Sequence[ExtractionWarning]) -> Extraction:
    """Return the extraction with more warnings, and with reasons for a review of those that ask for one."""
    told = extraction.model_copy(update={"warnings": (*extraction.warnings, *warnings)})
    return ask_for_review(told, _reasons_of(warnings, extraction.usage.n_pages))


def review_answer(extraction: Extraction, uncertain: Sequence[ReviewReason]) -> Extraction:
    """Return the extraction with all that a person must see in it: its warnings and what is uncertain."""
    told = _reasons_of(extraction.warnings, extraction.usage.n_pages)
    return ask_for_review(extraction, (*told, *uncertain))


def review_values(
    extraction: Extraction,
    leaves: Sequence[Leaf],
    metadata: Mapping[Path, FieldMetadata],
    is_uncertain: IsUncertain,
) -> Extraction:
    """Return the extraction with all that a person must see in it; a warning counts what is uncertain."""
    counted = count_uncertain(leaves, metadata, is_uncertain)
    told = extraction.model_copy(update={"warnings": (*extraction.warnings, *counted)})
    return review_answer(told, find_uncertain(leaves, metadata, is_uncertain))


def ask_for_review(extraction: Extraction, reasons: Iterable[ReviewReason]) -> Extraction:
    """Return the extraction with these reasons too, and the status that follows.

    Reasons are sorted by their weight, then by the order in which they were given, and each path comes once,
    with its weightiest; so does each code without a path, once a page. A reason without a page has that
    of its value or of the first value below its path. An extraction that is `partial` stays so.
    """
    sorted_reasons = sorted((*extraction.review, *reasons), key=lambda reason: _RANK[reason.code])
    seen: dict[object, ReviewReason] = {}
    for reason in sorted_reasons:
        seen.setdefault(reason.path or (reason.code, reason.page_number), reason)
    kept = tuple(_with_page(reason, extraction.output.metadata) for reason in seen.values())
    asked = "needs_review" if kept and extraction.status == "succeeded" else extraction.status
    return extraction.model_copy(update={"status": asked, "review": kept})


def find_uncertain(
    leaves: Iterable[Leaf], metadata: Mapping[Path, FieldMetadata], is_uncertain: IsUncertain
) -> tuple[ReviewReason, ...]:
    """Return a reason for each uncertain value outside of lists, and one for each list that holds some.

    Parameters
    ----------
    leaves
        Of the answer, null ones too, in schema order; those without confidence are not judged.
    is_uncertain
        Told a leaf and its confidence in [0, 1].
    """
    by_place: dict[Path, list[tuple[Leaf, float]]] = {}
    for leaf in leaves:
        known = metadata.get(leaf.path)
        if known is not None and known.confidence is not None and is_uncertain(leaf, known.confidence):
            by_place.setdefault(_list_of(leaf.path) or leaf.path, []).append((leaf, known.confidence))
    return tuple(_uncertain(place, found) for place, found in by_place.items())


def count_uncertain(
    leaves: Iterable[Leaf], metadata: Mapping[Path, FieldMetadata], is_uncertain: IsUncertain
) -> tuple[ExtractionWarning, ...]:
    """Return one `low_confidence` that counts the uncertain values that are not null, or nothing."""
    found = [
        leaf.path
        for leaf in leaves
        if leaf.value is not None
        and (known := metadata.get(leaf.path)) is not None
        and known.confidence is not None
        and is_uncertain(leaf, known.confidence)
    ]
    if not found:
        return ()
    message = f"{len(found)} values are less sure than was asked for, the first at {json_path(found[0])}"
    return (ExtractionWarning(code="low_confidence", message=message),)


def _reasons_of(warnings: Sequence[ExtractionWarning], n_pages: int) -> Iterator[ReviewReason]:
    """Yield the reasons among the warnings of a document of `n_pages` pages."""
    # The back of a sheet is empty, a document is not.
    is_empty = sum(warning.code == "no_text" for warning in warnings) >= n_pages
    for warning in warnings:
        # Of a whole page it says only that it was hard to read: what matters is which values it spoilt.
        is_of_page = warning.code == "low_ocr_confidence" and warning.path is None
        is_blank_page = warning.code == "no_text" and not is_empty
        if warning.code in _RANK and not is_of_page and not is_blank_page:
            yield ReviewReason(
                code=warning.code, message=warning.message, path=warning.path, page_number=warning.page_number
            )


def _with_page(reason: ReviewReason, metadata: Mapping[str, FieldMetadata]) -> ReviewReason:
    if reason.page_number is not None or reason.path is None:
        return reason
    places = (
        entry
        for path, entry in metadata.items()
        if entry.citations
        and (path == reason.path or path.startswith((f"{reason.path}[", f"{reason.path}.")))
    )
    first = next(places, None)
    if first is None:
        return reason
    return reason.model_copy(update={"page_number": first.citations[0].page_number})


def _list_of(path: Path) -> Path | None:
    """Return the outermost list that holds the leaf; None outside of lists."""
    at = next((i for i, part in enumerate(path) if isinstance(part, int)), None)
    return None if at is None else path[:at]


def _uncertain(place: Path, found: Sequence[tuple[Leaf, float]]) -> ReviewReason:
    """Return the reason for a value, or for those of a list, at the least sure of them."""
    leaf, confidence = min(found, key=lambda one: one[1])
    said = "left empty, which is" if leaf.value is None else "read, and is"
    message = f"{said} right with a probability of {confidence:.2f}"
    others = [json_path(other.path) for other, _ in found if other is not leaf]
    if others:
        named = ", ".join(others[:_N_NAMED]) + (" and more" if len(others) > _N_NAMED else "")
        message += f"; {len(others)} more values of {json_path(place)} are uncertain: {named}"
    return ReviewReason(code="uncertain_value", message=message, path=json_path(leaf.path))
