"""Rows that a page's end parts, from the windows to the evidence: one row, whole, on both pages."""

from __future__ import annotations

import random

import pytest
from pydantic import JsonValue

from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline
from benchmarks.long_tables import LAYOUTS, make_document
from decoding.engines.engine import EngineRequest
from ocr.layout_document import layout_document
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.extraction import Completion, Extraction
from schemas.registry import load_schema
from schemas.spec import ExtractionSchema
from tests.app.reader import Reader

_FIRST = """\
Pos   Article   Description            Qty   Unit price   Amount
1     PB-1180   Copy paper A4, 80 g     24        21.90   525.60
                box of 5 reams
2     PB-1313   Envelopes C5            10        14.25   142.50
"""
_SECOND = """\
Pos   Article   Description            Qty   Unit price   Amount
                with window, self-seal
                white
3     TN-0042   Toner cartridge black    3       118.50   355.50
                original
4     PB-1313   Envelopes C5            10        14.25   142.50
                with window, self-seal
                white
Net total                                               1,166.10
"""


class _RowReader(Reader):
    """Writes of each known row what its cells say, and null for all else."""

    def _answer(self, request: EngineRequest) -> Completion:
        likely = request.grammar.likely_rows
        rows: list[JsonValue] = [dict(row.cells) for known in likely.values() for row in known]
        told = Reader(lambda _: {"line_items": rows}, n_words=self.n_words)
        return told._answer(request)


def _schema() -> ExtractionSchema:
    return load_schema("invoice")


def _extract(document: Document, schema: ExtractionSchema, *, n_words: int) -> Extraction:
    pipeline = Pipeline(
        engine=_RowReader(lambda _: {}, n_words=n_words), read_options=ReadOptions(n_workers=1)
    )
    return pipeline.extract_document(document, schema, options=ExtractionOptions())


def _document(first: str = _FIRST, second: str = _SECOND) -> Document:
    return layout_document(f"{first}\n{second}", sha256="0" * 64)


@pytest.mark.parametrize("n_words", [10_000, 60])
def test_a_row_over_a_page_end_is_one_row_with_boxes_on_both_pages(n_words: int) -> None:
    extraction = _extract(_document(), _schema(), n_words=n_words)
    rows = extraction.output.value["line_items"]
    assert isinstance(rows, list)
    assert [row["description"] for row in rows if isinstance(row, dict)] == [
        "Copy paper A4, 80 g box of 5 reams",
        "Envelopes C5 with window, self-seal white",
        "Toner cartridge black original",
        "Envelopes C5 with window, self-seal white",
    ]
    cited = extraction.output.metadata["line_items[1].description"].citations
    assert [(c.page_number, c.reference_text) for c in cited] == [
        (1, "Envelopes C5"),
        (2, "with window, self-seal white"),
    ]
    again = extraction.output.metadata["line_items[3].description"].citations
    assert {c.page_number for c in again} == {2}
    assert cited[-1].word_indices[-1] < again[0].word_indices[0]
    known = extraction.completeness.lists["line_items"]
    assert (known.rows_seen, known.rows_given, known.n_missing, known.rows_unseen) == (4, 4, 0, 0)
    assert extraction.usage.n_windows == (1 if n_words == 10_000 else 2)


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("n_words", [10_000, 600])
def test_long_tables_whose_pages_end_amid_rows_are_given_whole(number: int, n_words: int) -> None:
    layout = LAYOUTS[number]
    document, gold = make_document(layout, 120, random.Random(f"0:{number}"), cut_rows=True)
    extraction = _extract(document, load_schema(layout.schema), n_words=n_words)
    rows = extraction.output.value["line_items"]
    assert isinstance(rows, list)
    given = [row["description"] for row in rows if isinstance(row, dict)]
    assert given == [row["description"] for row in gold]
    known = extraction.completeness.lists["line_items"]
    assert (known.rows_seen, known.n_missing, known.rows_unseen) == (120, 0, 0)


def test_where_the_next_page_is_not_there_the_row_is_what_its_page_shows() -> None:
    extraction = _extract(_document(second="See the terms overleaf."), _schema(), n_words=10_000)
    rows = extraction.output.value["line_items"]
    assert isinstance(rows, list)
    assert [row["description"] for row in rows if isinstance(row, dict)][1] == "Envelopes C5"
