"""A cut answer goes on: what it left out is asked, in another call or in the same one."""

from __future__ import annotations

from collections.abc import Sequence

from app.extraction.cursor import Rest
from app.extraction.prompt_examples import FoundExamples, nearest_hits
from app.extraction.window_extractor import DocumentAnswer, WindowExtractor, refuse_unanswered
from app.extraction.window_schemas import list_parts
from decoding.merging import merge_answers
from decoding.required import relax, subschema_for
from eval.glirm import match_rows
from schemas.document import Document


def continue_answer(
    extractor: WindowExtractor,
    document: Document,
    rests: Sequence[Rest],
    *,
    found: FoundExamples | None = None,
) -> DocumentAnswer:
    """Return the answer to what was left out, and nothing else: what was given before is null or no row.

    Parameters
    ----------
    found
        The examples of the whole document, which hold for its last rows as for its first; None to look.

    Raises
    ------
    DecodingError
        If the engine fails or breaks its contract.
    """
    if found is None:
        windows = () if extractor.examples is None else extractor.cut(document)
        found = _join(extractor.find_examples(windows))
    parts = [_answer_rest(extractor, document, rest, found) for rest in rests]
    merged, conflicts = merge_answers(
        relax(extractor.schema).root, [part.merged for part in parts], match_rows=match_rows
    )
    return DocumentAnswer(
        merged=merged,
        conflicts=(*(warning for part in parts for warning in part.conflicts), *conflicts),
        decoded=tuple(one for part in parts for one in part.decoded),
        n_windows=sum(part.n_windows for part in parts),
        requests=tuple(request for part in parts for request in part.requests),
        rests=tuple(rest for part in parts for rest in part.rests),
    )


def _answer_rest(
    extractor: WindowExtractor, document: Document, rest: Rest, found: FoundExamples
) -> DocumentAnswer:
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
    return part.answer(part.build_requests(windows, found=found))


def _join(found: Sequence[FoundExamples]) -> FoundExamples:
    return FoundExamples(hits=nearest_hits(found), failed=any(one.failed for one in found))


def finish_answer(extractor: WindowExtractor, document: Document, answer: DocumentAnswer) -> DocumentAnswer:
    """Return a cut answer with what it left out, asked for until nothing is left or nothing more comes.

    Raises
    ------
    TruncatedOutputError, EmptyDocumentError
        If it lacks what the schema demands in the end.
    """
    found = _join([request.found for request in answer.requests])
    while answer.rests:
        more = continue_answer(extractor, document, answer.rests, found=found)
        merged, conflicts = merge_answers(
            relax(extractor.schema).root, [answer.merged, more.merged], match_rows=match_rows
        )
        is_stuck = more.rests == answer.rests
        answer = DocumentAnswer(
            merged=merged,
            conflicts=tuple(dict.fromkeys((*answer.conflicts, *more.conflicts, *conflicts))),
            decoded=(*answer.decoded, *more.decoded),
            n_windows=answer.n_windows,
            requests=answer.requests,
            rests=more.rests,
        )
        if is_stuck:
            break
    refuse_unanswered(extractor.schema, answer.merged, answer.decoded)
    return answer
