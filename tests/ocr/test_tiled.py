"""A watermark that is tiled over a page stands in none of its rows."""

from __future__ import annotations

import pytest

from ocr.reader import ReadOptions, read_document
from tests.ocr.files import pdf, text_at

ROWS = [(700, "Screws M6", "12,50"), (680, "Nuts M6", "8,00"), (660, "Total", "20,50")]
BODY = "".join(text_at(72, y, name) + text_at(400, y, amount) for y, name, amount in ROWS)


def tiled(word: str, *, size: int, columns: range, rows: range) -> str:
    return "".join(f"q 0.8 g BT /F1 {size} Tf {x} {y} Td ({word}) Tj ET Q\n" for x in columns for y in rows)


def lines(content: str) -> list[str]:
    document = read_document(pdf(content), options=ReadOptions(n_workers=1))
    return [" ".join(line.split()) for line in document.pages[0].text.splitlines() if line.strip()]


@pytest.mark.parametrize(("size", "word"), [(20, "COPY"), (20, "Entwurf"), (12, "COPY")])
def test_a_tiled_watermark_stands_apart(size: int, word: str) -> None:
    watermark = tiled(word, size=size, columns=range(30, 560, 130), rows=range(20, 780, 36))
    found = lines(watermark + BODY)
    assert found[:3] == ["Screws M6 12,50", "Nuts M6 8,00", "Total 20,50"]
    assert set(" ".join(found[3:]).split()) == {word}


def test_units_in_columns_of_a_table_stay_in_their_rows() -> None:
    units = tiled("EUR", size=12, columns=range(300, 520, 200), rows=range(660, 720, 20))
    assert lines(units + BODY)[0] == "Screws M6 EUR 12,50 EUR"
