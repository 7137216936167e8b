"""From annotated documents to an adapter: split, conversations, training, package."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from app.bench.gold_set import GoldDocument, gold_sha256, run_gold_set
from app.bench.results import Results, kie_counts, lir_counts
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from app.extraction.tenant import TenantContext
from decoding.engines.chat_tokens import ChatTokenizer
from decoding.engines.embedded import EmbeddedEngine
from decoding.grammar.answer import answer_pieces
from eval.f_scores import Counts, total
from ocr.reader import ReadOptions
from schemas.adapter import AdapterCard, adapter_sha256, weights_sha256
from schemas.errors import ConfigurationError
from schemas.model_profile import ModelProfile, read_profile
from training.encode import EncodedSample, encode_turn, prompt_of
from training.hf import load_tokenizer
from training.sft.conversations import (
    Conversation,
    ConversationMaker,
    Kind,
    conversations_sha256,
)
from training.sft.data import TrainingSource
from training.sft.package import package
from training.sft.run import SftConfig, SftRun, SftState, begin
from training.sft.split import DocumentSplit, Shares, split
from training.synthesis.sample import generate

_ADAPTER = "candidate"
_MAX_TRIES = 20
# In the run's folder: the files that the adapter never sees, for `rasg bench --documents`.
KEPT_OUT = "kept_out.txt"
# Told a stage, how many of its documents are done, and of how many.
Advance = Callable[[str, int, int], None]
_KINDS: tuple[Kind, ...] = ("plain", "example", "reasoning", "flat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What `rasg-train sft` is asked for.

    Attributes
    ----------
    start
        Folder of the adapter that training begins with; None is fresh factors.
    n_validation
        Documents extracted at each validation at most, evenly spread over the sources.
    n_candidates
        As the service decodes; 1 is greedy and several times as fast.
    """

    name: str
    base: Path
    run: Path
    out: Path
    sources: Sequence[TrainingSource]
    config: SftConfig
    shares: Shares
    start: Path | None = None
    n_validation: int = 40
    n_candidates: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finetuned:
    """What came of a job; `outcomes` counts what became of the documents' windows."""

    state: SftState
    card: AdapterCard | None
    outcomes: Mapping[str, int]
    n_conversations: int


def finetune(
    job: Job,
    *,
    announce: Callable[[str], None] = lambda _: None,
    advance: Advance = lambda _stage, _done, _all: None,
    report: Callable[[int, int, float], None] = lambda _done, _all, _loss: None,
    stop: Callable[[], bool] = lambda: False,
) -> Finetuned:
    """Train, or go on with, the adapter of `job.run`, and write it to `job.out` when it is done.

    `announce` is told each stage as it begins, `advance` each document of it, `report` each step.

    Raises
    ------
    ConfigurationError
        If there are no documents for training or validation, the base cannot be loaded, or the run's folder
        holds another run.
    """
    parts = _parts(job)
    engine = EmbeddedEngine(job.base, device=job.config.device)
    chat = ChatTokenizer(load_tokenizer(job.base))
    max_tokens = min(engine.max_context_tokens, job.config.batch_tokens)
    profile = read_profile(job.base)
    maker = ConversationMaker(engine=engine, chat=chat, max_tokens=max_tokens, profile=profile)
    conversations = tuple(_conversations(job, parts, maker, announce, advance))
    seen = [document for part in parts for document in (*part.training, *part.validation)]
    hashes = {
        "base_sha256": weights_sha256(job.base),
        "data_sha256": conversations_sha256(conversations),
    }
    begun_with = None if job.start is None else adapter_sha256(job.start)
    sizes = {"n_validation": job.n_validation, "n_candidates": job.n_candidates}
    begin(job.run, job.config, **hashes, seen=gold_sha256(seen), start=begun_with, **sizes)
    _write_kept_out(job.run, parts)
    run = SftRun(
        config=job.config,
        base=job.base,
        conversations=conversations,
        folder=job.run,
        validate=_Validation(
            job=job, engine=engine, profile=profile, parts=parts, announce=announce, advance=advance
        ),
        start=job.start,
        synthesise=_synthesis(chat, job.config, profile, max_tokens=max_tokens),
        report=report,
        stop=stop,
    )
    state = run.train()
    card: AdapterCard | None = None
    if state.is_done and state.best_epoch:
        card = _card(job, state, seen, start=begun_with, **hashes)
        package(job.run, job.out, card)
    return Finetuned(
        state=state, card=card, outcomes=dict(maker.outcomes), n_conversations=len(conversations)
    )


def _write_kept_out(run: Path, parts: Sequence[DocumentSplit]) -> None:
    kept_out = sorted({document.sha256 for part in parts for document in part.kept_out})
    (run / KEPT_OUT).write_text("".join(f"{sha256}\n" for sha256 in kept_out), encoding="utf-8")


def _parts(job: Job) -> list[DocumentSplit]:
    """Return the parts of each source, if there is a model and something to train and to stop on."""
    if not (job.base / "config.json").is_file():
        raise ConfigurationError(f"no model in {job.base.name!r}: config.json is missing")
    parts = [split(source.documents, job.shares) for source in job.sources]
    if not any(part.validation for part in parts):
        raise ConfigurationError("no document is left for validation", hint="annotate more documents")
    if not any(part.training for part in parts):
        raise ConfigurationError(
            "of the annotated documents none is left to train on",
            hint="annotate more, or lower the shares of validation and kept-out documents",
        )
    return parts


def _conversations(
    job: Job,
    parts: Sequence[DocumentSplit],
    maker: ConversationMaker,
    announce: Callable[[str], None],
    advance: Advance,
) -> Iterator[Conversation]:
    for source, part in zip(job.sources, parts, strict=True):
        announce(f"conversations of {len(part.training)} documents of {source.name}")
        finder = source.finder.without(part.unseen)
        for n_done, document in enumerate(part.training):
            advance("conversations", n_done, len(part.training))
            yield from maker.make(document, finder, _KINDS, source=source.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Validation:
    """Extracts the validation documents of every source with an adapter's folder, or with the base."""

    job: Job
    engine: EmbeddedEngine
    profile: ModelProfile
    parts: Sequence[DocumentSplit]
    announce: Callable[[str], None]
    advance: Advance

    def __call__(self, adapter: Path | None) -> dict[str, float]:
        if adapter is not None:
            self.engine.load_adapter(_ADAPTER, adapter)
        options = ExtractionOptions(
            adapter=None if adapter is None else _ADAPTER, n_candidates=self.job.n_candidates
        )
        counts_kie: list[Counts] = []
        counts_lir: list[Counts] = []
        for source, part in zip(self.job.sources, self.parts, strict=True):
            chosen = _spread(part.validation, -(-self.job.n_validation // len(self.parts)))
            if not chosen:
                continue
            self.announce(f"validation on {len(chosen)} documents of {source.name}")
            finder = source.finder.without(part.unseen)
            tenant = TenantContext(examples=finder)
            pipeline = Pipeline(
                engine=self.engine, read_options=ReadOptions(), profile=self.profile, tenant=tenant
            )
            results: Results = run_gold_set(
                pipeline,
                chosen,
                self.job.run / "validation" / source.name,
                dataset=source.name,
                options=options,
                announce=_counter(self.advance, len(chosen)),
            )
            counts_kie += [kie_counts(d) for d in results.scores.documents]
            counts_lir += [lir_counts(d) for d in results.scores.documents if d.rows is not None]
        scores = {"kie": total(counts_kie).f1}
        return scores | ({"lir": total(counts_lir).f1} if counts_lir else {})


def _counter(advance: Advance, n_all: int) -> Callable[[str], None]:
    """Return what tells, each time that it is called, that another document is validated."""
    numbers = iter(range(n_all))
    return lambda _name: advance("validation", next(numbers), n_all)


def _spread(documents: Sequence[GoldDocument], n: int) -> list[GoldDocument]:
    n = min(n, len(documents))
    return [documents[i * len(documents) // n] for i in range(n)]


def _synthesis(
    chat: ChatTokenizer, config: SftConfig, profile: ModelProfile, *, max_tokens: int
) -> Callable[[random.Random, int], list[EncodedSample]]:
    def make(rng: random.Random, n: int) -> list[EncodedSample]:
        made: list[EncodedSample] = []
        for _ in range(_MAX_TRIES * n):
            if len(made) == n:
                break
            document = generate(rng, kinds=config.synthetic_kinds)
            prompt = prompt_of(document, texts=profile.prompt)
            sample = encode_turn(chat, prompt, answer_pieces(document.gold))
            if len(sample) <= max_tokens:
                made.append(sample)
        if len(made) < n:
            raise ConfigurationError(f"made-up documents do not fit {max_tokens} tokens")
        return made

    return make


def _card(
    job: Job,
    state: SftState,
    seen: Sequence[GoldDocument],
    *,
    start: str | None,
    base_sha256: str,
    data_sha256: str,
) -> AdapterCard:
    settings = {**asdict(job.config), "epochs_trained": state.epoch, "best_epoch": state.best_epoch}
    settings |= {
        "tokens": state.n_tokens,
        "minutes": round(state.spent_s / 60, 1),
        "start": start,
        "shares": asdict(job.shares),
    }
    return AdapterCard(
        name=job.name,
        base_model=job.base.resolve().name,
        base_sha256=base_sha256,
        data_sha256=data_sha256,
        schema_names=tuple(sorted({document.schema.name for document in seen})),
        trained_on=tuple(sorted({document.sha256 for document in seen})),
        settings=json.loads(json.dumps(settings)),  # tuples become lists
        scores={**{f"base_{key}": value for key, value in state.base_scores.items()}, **state.scores},
    )
