"""A file as documents: each with its own pages, and their numbers in the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.extraction.cursor import is_of_reading
from app.extraction.options import SplitMode
from app.extraction.page_ranges import PageRange, pick_pages
from app.extraction.review import add_doubts
from decoding.splitting.groups import PageGroup, group_pages
from schemas.completeness import Completeness
from schemas.document import Document, ReadWarning
from schemas.errors import InvalidCursorError
from schemas.extraction import Extraction, ExtractionWarning, FieldMetadata

# Where it is less sure than this that a document begins or ends, or that none begins amid its pages, a person
# should look: a document that is torn is seen, one that holds another is not (docs/results/splitting.md).
MIN_CUT_CONFIDENCE = 0.7
MIN_WHOLE_CONFIDENCE = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPart:
    """One document of a file.

    Attributes
    ----------
    document
        Its pages, renumbered from 0, with the hash of the whole file.
    page_numbers
        Where each of them stands in the file, from 1, ascending.
    confidence
        In [0, 1]: how sure it is that these pages are one document, and no more of them.
    evidence
        What says so, for people; empty where nothing was looked for.
    warnings
        What is doubtful about where it begins and ends, with page numbers of the file.
    """

    document: Document
    page_numbers: tuple[int, ...]
    confidence: float = 1.0
    evidence: str = ""
    warnings: tuple[ExtractionWarning, ...] = ()


def split_document(
    document: Document, mode: SplitMode, *, pages: tuple[PageRange, ...] | None = None
) -> tuple[DocumentPart, ...]:
    """Return the documents of a file in order, at least one; of its chosen `pages` only, if there are any.

    "never" gives one document, "pages" one for each page, "auto" what layout says.

    Raises
    ------
    PageNotFoundError
        If `pages` goes beyond the file's end.
    """
    n_pages = len(document.pages)
    chosen = tuple(range(1, n_pages + 1)) if pages is None else pick_pages(pages, n_pages)
    selected = document if len(chosen) == n_pages else _take(document, chosen, is_first=True)
    if not chosen:
        return (DocumentPart(document=selected, page_numbers=()),)
    if document.einvoice is not None and mode != "pages":  # an e-invoice is one document
        return (DocumentPart(document=selected, page_numbers=chosen),)
    if mode == "pages":
        selected = _without_xml(selected)
        groups = tuple(PageGroup(page_indices=(index,)) for index in range(len(chosen)))
    else:
        groups = group_pages(selected)
    if mode == "never":
        warnings = _warn_of_several(groups, chosen) or _warn_of_doubt(groups[0], chosen)
        return (DocumentPart(document=selected, page_numbers=chosen, warnings=warnings),)
    return tuple(
        DocumentPart(
            document=_take(selected, tuple(i + 1 for i in group.page_indices), is_first=at == 0),
            page_numbers=tuple(chosen[i] for i in group.page_indices),
            confidence=group.confidence,
            evidence=group.evidence,
            warnings=_warn_of_doubt(group, chosen),
        )
        for at, group in enumerate(groups)
    )


def choose_part(cursor: str, parts: Sequence[DocumentPart]) -> tuple[DocumentPart, ...]:
    """Return the document of a file that a cursor goes on with, the first of several that are read alike.

    Raises
    ------
    InvalidCursorError
        If it is no cursor, or of several documents it is none's.
    """
    found = [part for part in parts if is_of_reading(cursor, part.document)]
    if not found and len(parts) > 1:
        raise InvalidCursorError("the cursor belongs to none of the documents in this file")
    return tuple(found[:1]) or tuple(parts)


def is_in_doubt(group: PageGroup) -> bool:
    """Return whether a person should look at where a document begins and ends."""
    return group.cut_confidence < MIN_CUT_CONFIDENCE or group.whole_confidence < MIN_WHOLE_CONFIDENCE


def _without_xml(document: Document) -> Document:
    """Return the document without its e-invoice if it has several pages: the XML is about all of them."""
    if document.einvoice is None or len(document.pages) < 2:
        return document
    message = "the file carries an e-invoice, which is about all of its pages, and each is asked by itself"
    ignored = ReadWarning(code="xml_unusable", message=message)
    return replace(document, einvoice=None, warnings=(*document.warnings, ignored))


def _take(document: Document, page_numbers: Sequence[int], *, is_first: bool) -> Document:
    """Return the document with these pages (from 1) alone; the first part has what is said of no page."""
    place = {number: index for index, number in enumerate(page_numbers)}
    return replace(
        document,
        pages=tuple(replace(document.pages[number - 1], page_index=index) for number, index in place.items()),
        warnings=tuple(_renumber_reading(document.warnings, place, is_first=is_first)),
    )


def _renumber_reading(
    warnings: Sequence[ReadWarning], place: dict[int, int], *, is_first: bool
) -> Sequence[ReadWarning]:
    kept: list[ReadWarning] = []
    for warning in warnings:
        if warning.page_number is None:
            kept.extend([warning] if is_first else [])
        elif warning.page_number in place:
            kept.append(replace(warning, page_number=place[warning.page_number] + 1))
    return kept


def _warn_of_several(groups: Sequence[PageGroup], chosen: Sequence[int]) -> tuple[ExtractionWarning, ...]:
    """Return one warning that the answer may blend several documents, or none."""
    if len(groups) < 2:
        return ()
    begins = "; ".join(
        f"page {chosen[g.page_indices[0]]}" + (f" ({g.evidence})" if g.evidence else "") for g in groups
    )
    message = (
        f"the file seems to hold {len(groups)} documents, and this answer is about all of them; they "
        f"begin on: {begins}. Ask with split=auto for one answer each"
    )
    return (ExtractionWarning(code="several_documents", message=message),)


def _warn_of_doubt(group: PageGroup, chosen: Sequence[int]) -> tuple[ExtractionWarning, ...]:
    """Return one warning that a group may be more or less than one document, or none."""
    if not is_in_doubt(group):
        return ()
    first, last = (chosen[group.page_indices[end]] for end in (0, -1))
    pages = f"page {first} is" if first == last else f"pages {first} to {last} are"
    why = f"; it was cut before page {first} because {group.evidence}" if group.evidence else ""
    message = f"it is not sure that {pages} one whole document ({group.confidence:.2f}){why}"
    return (ExtractionWarning(code="split_in_doubt", message=message, page_number=first),)


def place_in_file(extraction: Extraction, part: DocumentPart, n_pages: int) -> Extraction:
    """Return a part's extraction as one of a file of `n_pages` pages, with what splitting doubts."""
    if len(part.page_numbers) < n_pages:
        extraction = renumber(extraction, part.page_numbers)
    return add_doubts(extraction, part.warnings)


def renumber(extraction: Extraction, page_numbers: tuple[int, ...]) -> Extraction:
    """Return the extraction of a part with pages numbered as in the file.

    `page_numbers` says where each page of the part stands in the file, both from 1.
    """

    def in_file(number: int) -> int:
        return page_numbers[number - 1]

    def move(entry: FieldMetadata) -> FieldMetadata:
        citations = tuple(
            c.model_copy(update={"page_number": in_file(c.page_number)}) for c in entry.citations
        )
        return entry.model_copy(update={"citations": citations})

    metadata = {path: move(entry) for path, entry in extraction.output.metadata.items()}
    return extraction.model_copy(
        update={
            "page_numbers": page_numbers,
            "output": extraction.output.model_copy(update={"metadata": metadata}),
            "completeness": _renumber_rows(extraction.completeness, in_file),
            "warnings": tuple(
                w if w.page_number is None else w.model_copy(update={"page_number": in_file(w.page_number)})
                for w in extraction.warnings
            ),
            "review": tuple(
                r if r.page_number is None else r.model_copy(update={"page_number": in_file(r.page_number)})
                for r in extraction.review
            ),
            "examples": tuple(
                use.model_copy(update={"page_numbers": tuple(in_file(n) for n in use.page_numbers)})
                for use in extraction.examples
            ),
        }
    )


def _renumber_rows(completeness: Completeness, in_file: Callable[[int], int]) -> Completeness:
    lists = {
        path: found.model_copy(
            update={
                "missing": tuple(
                    row.model_copy(update={"page_number": in_file(row.page_number)}) for row in found.missing
                )
            }
        )
        for path, found in completeness.lists.items()
    }
    return completeness.model_copy(update={"lists": lists})
