"""What is given for one document, of its answer, what is known of the values, and the warnings."""

from __future__ import annotations

from collections.abc import Mapping

from app.extraction.window_extractor import DocumentAnswer
from decoding.merging import WindowAnswer
from schemas.document import Document
from schemas.extraction import Extraction, ExtractionWarning, FieldMetadata, Output, Usage
from schemas.spec import ExtractionSchema, Path, json_path


def compose_extraction(
    document: Document,
    schema: ExtractionSchema,
    merged: WindowAnswer,
    metadata: Mapping[Path, FieldMetadata],
    warnings: tuple[ExtractionWarning, ...],
    answer: DocumentAnswer,
    seconds: dict[str, float],
) -> Extraction:
    """Return the extraction of a document with its status: `partial` where something was cut or not read."""
    completions = tuple(d.completion for d in answer.decoded)
    reasoning = "\n".join(d.parsed.reasoning for d in answer.decoded if d.parsed.reasoning)
    return Extraction(
        document_sha256=document.sha256,
        schema_name=schema.name,
        status="partial"
        if any(w.code in {"truncated", "pages_skipped", "unreadable_page"} for w in warnings)
        else "succeeded",
        output=Output(
            value=dict(merged.value),
            metadata={json_path(path): entry for path, entry in metadata.items()},
        ),
        warnings=warnings,
        reasoning=reasoning or None,
        usage=Usage(
            n_pages=len(document.pages),
            n_windows=answer.n_windows,
            n_prompt_tokens=sum(c.n_prompt_tokens for c in completions),
            n_completion_tokens=sum(c.n_completion_tokens for c in completions),
            stage_seconds=seconds,
        ),
        engine=completions[0].engine,
        model=completions[0].model,
        adapter=completions[0].adapter,
    )
