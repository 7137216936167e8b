"""What comes back for a file: one extraction, or one for each document in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from pydantic import BaseModel, ConfigDict

from app.errors import Problem, problem_of
from app.extraction.options import SplitMode
from app.extraction.pipeline import FailedPart, PipelineResult
from schemas.extraction import Extraction, Status
from storage.jobs import JobState

Results = Sequence[PipelineResult | FailedPart]


class FailedDocument(BaseModel):
    """A document of a file that was split and has no extraction: its pages in the file, from 1, and why."""

    model_config = ConfigDict(frozen=True)

    page_numbers: tuple[int, ...]
    problem: Problem


class Extractions(BaseModel):
    """The documents of a file that was split, in order."""

    model_config = ConfigDict(frozen=True)

    documents: tuple[Extraction | FailedDocument, ...]


Answer = Extraction | Extractions


def compose_answer(
    results: Results, *, split: SplitMode, finish_alone: Callable[[PipelineResult], Extraction]
) -> Answer:
    """Return the answer for a file's documents; one that is alone is given its last touch.

    Raises
    ------
    RasgError
        That of the first document, if all of them failed.
    """
    first = results[0]
    if isinstance(first, FailedPart) and all(isinstance(result, FailedPart) for result in results):
        raise first.error
    if len(results) > 1 or isinstance(first, FailedPart):
        return Extractions(documents=tuple(map(_document_of, results)))
    alone = finish_alone(first)
    return alone if split == "never" else Extractions(documents=(alone,))


def name_extractions(answer: Answer, job_id: str) -> Answer:
    """Return the answer with an id for each extraction: the job's for one that is alone.

    They follow from the job's, so that a job that runs twice names the same.
    """
    if isinstance(answer, Extraction):
        return answer.model_copy(update={"extraction_id": job_id})
    is_alone = len(answer.documents) == 1
    documents = tuple(
        document.model_copy(update={"extraction_id": job_id if is_alone else _part_id(job_id, number)})
        if isinstance(document, Extraction)
        else document
        for number, document in enumerate(answer.documents, start=1)
    )
    return answer.model_copy(update={"documents": documents})


def state_of_answer(answer: Answer) -> JobState:
    """Return the state of a job with this answer: the worst of its documents'."""
    documents = (answer,) if isinstance(answer, Extraction) else answer.documents
    states = {one.status if isinstance(one, Extraction) else "partial" for one in documents}
    worst: tuple[Status, ...] = ("partial", "needs_review", "succeeded")
    return next(state for state in worst if state in states)


def _part_id(job_id: str, number: int) -> str:
    return hashlib.sha256(f"{job_id}#{number}".encode()).hexdigest()[:32]


def _document_of(result: PipelineResult | FailedPart) -> Extraction | FailedDocument:
    if isinstance(result, FailedPart):
        return FailedDocument(page_numbers=result.page_numbers, problem=problem_of(result.error))
    return result.extraction
