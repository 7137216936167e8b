"""`rasg-train refill`: templates of annotated documents, and a look at what is made of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.refill.compiling import AnnotatedDocument
    from training.refill.template import Template

app = typer.Typer(no_args_is_help=True, help="Real pages with other values, to train on.")
_MONTH_FIRST = ":mdy"


@app.callback()
def refill_options() -> None:
    """Real pages with other values, to train on."""


@app.command()
def prepare(
    kept_out: Annotated[
        Path, typer.Option(help="SHA-256 of documents that no template is made of, one a line.")
    ],
    out: Annotated[Path, typer.Option(help="File of templates to write; it holds the documents' words.")],
    transcripts: Annotated[
        list[str] | None,
        typer.Option(
            help="Labelled transcripts (FILE.jsonl, or FILE.jsonl:mdy where the month comes first)."
        ),
    ] = None,
    suite: Annotated[
        list[str] | None, typer.Option(help="SUITE.yaml:DATASET,DATASET of `rasg bench`. May be repeated.")
    ] = None,
    readings: Annotated[
        Path, typer.Option(help="Folder in which documents are kept as they were read.")
    ] = Path("runs/readings"),
) -> None:
    """Compile annotated documents into templates, once: reading and grounding them takes a while."""
    from training.refill.sources import read_hashes
    from training.refill.template import write_templates

    outcomes: Counter[str] = Counter()
    refused = read_hashes(kept_out)
    documents = _documents(transcripts or [], suite or [], refused, readings, outcomes)
    n = write_templates(_templates(documents, outcomes), out)
    _say(outcomes)
    typer.echo(f"{n} templates")


def _documents(
    transcripts: Iterable[str],
    suites: Iterable[str],
    kept_out: frozenset[str],
    readings: Path,
    outcomes: Counter[str],
) -> Iterator[AnnotatedDocument]:
    from training.refill.sources import transcript_documents

    for text in transcripts:
        path = Path(text.removesuffix(_MONTH_FIRST))
        is_day_first = not text.endswith(_MONTH_FIRST)
        yield from transcript_documents(path, kept_out=kept_out, outcomes=outcomes, day_first=is_day_first)
    for text in suites:
        yield from _suite_documents(text, kept_out, readings, outcomes)


def _suite_documents(
    text: str, kept_out: frozenset[str], readings: Path, outcomes: Counter[str]
) -> Iterator[AnnotatedDocument]:
    from app.settings import load_settings
    from app.wiring import build_read_options
    from training.refill.sources import suite_documents
    from training.sft.data import suite_of

    yield from suite_documents(
        suite_of(text),
        kept_out=kept_out,
        read_options=build_read_options(load_settings().read),
        readings=readings,
        outcomes=outcomes,
    )


def _templates(documents: Iterable[AnnotatedDocument], outcomes: Counter[str]) -> Iterator[Template]:
    from training.refill.compiling import compile_document

    for document in documents:
        for template in compile_document(document, outcomes=outcomes):
            outcomes[f"templates of {template.source}"] += 1
            yield template


@app.command()
def show(
    templates: Annotated[Path, typer.Option(help="File of templates.")],
    n: Annotated[int, typer.Option(min=1, help="Samples to print.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the samples.")] = 1,
    source: Annotated[str | None, typer.Option(help="Of one data set only.")] = None,
    pairs: Annotated[bool, typer.Option("--pairs", help="With the example that each is shown with.")] = False,
    pictures: Annotated[Path | None, typer.Option(help="Folder to draw the pages into as PNG.")] = None,
) -> None:
    """Print a few samples to read: the page's layout, the schema, the gold answer, the reasoning."""
    from training.refill.picture import draw_pages
    from training.refill.refilling import Refiller
    from training.refill.template import read_templates
    from training.synthesis.preview import preview

    refiller = Refiller(read_templates(templates))
    rng = random.Random(seed)
    for number in range(1, n + 1):
        samples = refiller.pair(rng, source=source) if pairs else (refiller.sample(rng, source=source),)
        for sample in samples:
            typer.echo(preview(sample) + "\n")
        if pictures is not None:
            draw_pages(samples[-1].document, pictures, f"{number:03d}")
    _say(refiller.outcomes)


def _say(outcomes: Counter[str]) -> None:
    for what, count in sorted(outcomes.items()):
        typer.echo(f"{count:7d} {what}", err=True)
