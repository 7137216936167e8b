"""Annotated documents as the conversations that the service has about them, in tokens."""

# transformers is typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.bench.gold_set import GoldDocument
from app.extraction.finder import ExampleFinder
from app.extraction.options import ExtractionOptions
from app.extraction.prompt_examples import build_trace
from app.extraction.window_extractor import WindowExtractor
from app.extraction.window_request import WindowRequest
from decoding.engines.accepts import GrammarCheck
from decoding.engines.chat_tokens import ChatTokenizer
from decoding.engines.engine import Engine
from decoding.grammar.answer import answer_pieces
from decoding.windows import Window
from retrieval.projection import join, project
from schemas.errors import RasgError
from schemas.model_profile import DEFAULT_PROFILE, ModelProfile
from training.encode import EncodedSample, encode_turn

# plain      the page alone
# example    with the retrieved example
# reasoning  with the example if there is one, the evidence first
# flat       the page without its layout
Kind = Literal["plain", "example", "reasoning", "flat"]
_OPTIONS: dict[Kind, ExtractionOptions] = {
    "plain": ExtractionOptions(n_examples=0),
    "example": ExtractionOptions(n_examples=1),
    "reasoning": ExtractionOptions(n_examples=1, reasoning="brief"),
    "flat": ExtractionOptions(n_examples=0, structured=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One window of a document: prompt and answer as tokens, only the answer's with a weight.

    `origin` tells apart what is asked of the same file under several schemas, or from several sources.
    """

    origin: str
    document_sha256: str
    window_index: int
    kind: Kind
    sample: EncodedSample


class ConversationMaker:
    """Makes conversations by the service's own code.

    Parameters
    ----------
    engine
        Whose context decides what fits.
    chat, profile
        The base model's tokenizer and chat format, and the words it is asked with.
    max_tokens
        Longer conversations are left out, and counted.

    Attributes
    ----------
    outcomes
        What became of the windows so far: "made", or why there is no conversation.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        chat: ChatTokenizer,
        max_tokens: int,
        profile: ModelProfile = DEFAULT_PROFILE,
    ) -> None:
        self._engine = engine
        self._profile = profile
        self._chat = chat
        self._check = GrammarCheck(chat.tokenizer)
        self._max_tokens = max_tokens
        self.outcomes: Counter[str] = Counter()

    def make(
        self,
        document: GoldDocument,
        finder: ExampleFinder | None,
        kinds: Sequence[Kind],
        *,
        source: str = "",
    ) -> Iterator[Conversation]:
        """Yield a document's conversations of these kinds.

        Left out are windows that begin or end within a page (what of the answer stands in them is not
        known), those whose right answer the service could not write (values in pieces that the grammar does
        not join), those that are too long, and "example" where no example was found.
        """
        asked = hashlib.sha256(document.schema.json_schema.encode()).hexdigest()
        for kind in kinds:
            extractor = WindowExtractor(
                engine=self._engine,
                schema=document.schema,
                options=_OPTIONS[kind],
                profile=self._profile,
                examples=None if kind in ("plain", "flat") else finder,
            )
            try:
                windows = extractor.cut(document.document)
                requests = extractor.build_requests(windows)
            except RasgError as error:
                self.outcomes[error.code] += 1
                continue
            for index, window in enumerate(windows):
                request = requests[index]
                sample = self._sample(document, window, request, kind)
                self.outcomes[sample if isinstance(sample, str) else "made"] += 1
                if not isinstance(sample, str):
                    yield Conversation(
                        origin=f"{source}/{document.schema.name}/{asked}",
                        document_sha256=document.sha256,
                        window_index=index,
                        kind=kind,
                        sample=sample,
                    )

    def _sample(
        self, document: GoldDocument, window: Window, request: WindowRequest, kind: Kind
    ) -> EncodedSample | str:
        """Return the conversation's tokens, or why there are none."""
        pages = [document.pages[index] for index in window.page_indices]
        whole = sum(len(document.document.pages[index].words) for index in window.page_indices)
        if window.document.n_words != whole:
            return "cut_page"
        if kind == "example" and not request.shown:
            return "no_example"
        value = project(join([page.answer for page in pages]), request.engine_request.grammar.schema)
        evidence = tuple(line for page in pages for line in page.evidence)
        trace = build_trace(evidence, value, document.schema) if kind == "reasoning" else None
        pieces = answer_pieces(value, reasoning=trace)
        sample = encode_turn(
            self._chat, request.engine_request.prompt, pieces, unknown=frozenset(document.unknown)
        )
        if not self._check.accepts(request.engine_request.grammar, sample.answer_ids[:-1].tolist()):
            return "refused_by_grammar"
        return "too_long" if len(sample) > self._max_tokens else sample


def conversations_sha256(conversations: Sequence[Conversation]) -> str:
    """Return a hash of every token that is trained on, in order."""
    content = hashlib.sha256()
    for conversation in conversations:
        content.update(conversation.sample.token_ids.tobytes())
        content.update(conversation.sample.weights.tobytes())
    return content.hexdigest()
