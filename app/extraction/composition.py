"""What is given for one document: its answer, what is known of the values, and the warnings."""

from __future__ import annotations

from app.extraction.checked_answer import Asked, CheckedAnswer
from app.extraction.window_extractor import DocumentAnswer
from app.extraction.window_request import list_example_uses
from schemas.extraction import Extraction, Output, Usage
from schemas.spec import json_path


def compose_extraction(
    asked: Asked,
    checked: CheckedAnswer,
    answer: DocumentAnswer,
    seconds: dict[str, float],
    *,
    cursor: str | None,
) -> Extraction:
    """Return the extraction of a document with its status: `partial` where something was cut or not read."""
    completions = tuple(d.completion for d in answer.decoded)
    reasoning = "\n".join(d.parsed.reasoning for d in answer.decoded if d.parsed.reasoning)
    return Extraction(
        document_sha256=asked.document.sha256,
        schema_name=asked.schema.name,
        status="partial"
        if any(w.code in {"truncated", "pages_skipped", "unreadable_page"} for w in checked.warnings)
        else "succeeded",
        output=Output(
            value=dict(checked.given.value),
            metadata={json_path(path): entry for path, entry in checked.metadata.items()},
        ),
        warnings=checked.warnings,
        reasoning=reasoning or None,
        usage=Usage(
            n_pages=len(asked.document.pages),
            n_windows=answer.n_windows,
            n_prompt_tokens=sum(c.n_prompt_tokens for c in completions),
            n_completion_tokens=sum(c.n_completion_tokens for c in completions),
            stage_seconds=seconds,
        ),
        engine=completions[0].engine,
        model=completions[0].model,
        adapter=completions[0].adapter,
        examples=list_example_uses(asked.requests),
        completeness=checked.completeness,
        cursor=cursor,
    )
