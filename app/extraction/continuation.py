"""A cut answer goes on: what it left out is asked, in another call or in the same one."""

from __future__ import annotations

from collections.abc import Sequence

from app.extraction.cursor import Rest
from app.extraction.window_extractor import DocumentAnswer, WindowExtractor, refuse_unanswered
from app.extraction.window_schemas import list_parts
from decoding.merging import merge_answers
from decoding.required import relax, subschema_for
from eval.glirm import match_rows
from schemas.document import Document


def continue_answer(extractor: WindowExtractor, document: Document, rests: Sequence[Rest]) -> DocumentAnswer:
    """Return the answer to what was left out, and nothing else: what was given before is null or no row.

    Raises
    ------
    DecodingError
        If the engine fails or breaks its contract.
    """
    parts = [_answer_rest(extractor, document, rest) for rest in rests]
    merged, conflicts = merge_answers(
        relax(extractor.schema).root, [part.merged for part in parts], match_rows=match_rows
    )
    return DocumentAnswer(
        merged=merged,
        conflicts=(*(warning for part in parts for warning in part.conflicts), *conflicts),
        decoded=tuple(one for part in parts for one in part.decoded),
        n_windows=sum(part.n_windows for part in parts),
        rests=tuple(rest for part in parts for rest in part.rests),
    )


def _answer_rest(extractor: WindowExtractor, document: Document, rest: Rest) -> DocumentAnswer:
    relaxed = relax(extractor.schema)
    wanted = [part for part in list_parts(relaxed.root) if part.keys in rest.keys]
    part = WindowExtractor(
        engine=extractor.engine,
        schema=subschema_for(relaxed, wanted),
        options=extractor.options,
        profile=extractor.profile,
        places_rows=True,
    )
    windows = part.cut(document, lines=rest.lines)
    return part.answer(windows, part.build_requests(windows))


def finish_answer(extractor: WindowExtractor, document: Document, answer: DocumentAnswer) -> DocumentAnswer:
    """Return a cut answer with what it left out, asked for until nothing is left or nothing more comes.

    Raises
    ------
    TruncatedOutputError, EmptyDocumentError
        If it lacks what the schema demands in the end.
    """
    while answer.rests:
        more = continue_answer(extractor, document, answer.rests)
        merged, conflicts = merge_answers(
            relax(extractor.schema).root, [answer.merged, more.merged], match_rows=match_rows
        )
        is_stuck = more.rests == answer.rests
        answer = DocumentAnswer(
            merged=merged,
            conflicts=tuple(dict.fromkeys((*answer.conflicts, *more.conflicts, *conflicts))),
            decoded=(*answer.decoded, *more.decoded),
            n_windows=answer.n_windows,
            rests=more.rests,
        )
        if is_stuck:
            break
    refuse_unanswered(extractor.schema, answer.merged, answer.decoded)
    return answer
