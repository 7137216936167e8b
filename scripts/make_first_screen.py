"""Draw the README's picture: the sample invoice with a box around each value, beside the JSON that it became.

    python -m scripts.make_first_screen          # with the default model; writes docs/first_screen.png

What is drawn is what `rasg extract samples/invoice.pdf --schema invoice` answers, not made up.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from pydantic import JsonValue

from app.settings import load_settings
from app.wiring import build_pipeline, build_read_options
from ocr.reader import page_images
from schemas.extraction import FieldMetadata
from schemas.registry import get_schema
from schemas.walk import values_by_path

_ROOT = Path(__file__).resolve().parent.parent
_SAMPLE, _TARGET = _ROOT / "samples" / "invoice.pdf", _ROOT / "docs" / "first_screen.png"
_FIELDS = (
    *("vendor_name", "document_id", "date_issue", "date_due", "amount_total_net", "amount_total_tax"),
    *("amount_total_gross",),
)
_N_ROWS = 3
_COLUMNS = ("description", "quantity", "amount_net", "amount_gross", "unit_price_net")
# Told apart by most who see colours differently (Okabe and Ito).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_HEIGHT_PX, _TEXT_WIDTH_PX, _MARGIN_PX = 830, 520, 24
_SHOWN = 0.7  # of the page's height: its foot is empty
_FONT_PX, _LINE_PX, _BOX_GAP_PX = 17, 26, 3
_MAX_BYTES = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line of the JSON as it is shown, and where on the page its value stands, in page fractions."""

    text: str
    colour: str = "#555555"
    bbox: tuple[float, float, float, float] | None = None


def main() -> None:
    """Extract the sample and draw it."""
    settings = load_settings()
    options = build_read_options(settings.read)
    result = build_pipeline(settings, read_options=options).extract(
        _SAMPLE.read_bytes(), get_schema("invoice")
    )
    (page,) = page_images(_SAMPLE.read_bytes(), result.document, page_numbers=(1,), options=options)
    output = result.extraction.output
    lines = tuple(_lines(values_by_path(dict(output.value)), output.metadata))
    picture = _draw(Image.open(io.BytesIO(page)).convert("RGB"), lines)
    picture.quantize(64).save(_TARGET, "PNG", optimize=True)
    if _TARGET.stat().st_size > _MAX_BYTES:
        raise SystemExit(f"{_TARGET.name} has more than {_MAX_BYTES} bytes")


def _lines(values: Mapping[str, JsonValue], metadata: Mapping[str, FieldMetadata]) -> Iterator[_Line]:
    colours = (colour for _ in range(100) for colour in _COLOURS)

    def pair(path: str, key: str, indent: str) -> _Line | None:
        value, entry = values.get(path), metadata.get(path)
        if value is None or entry is None or not entry.citations:
            return None
        text = f"{indent}{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)},"
        return _Line(text=text, colour=next(colours), bbox=entry.citations[0].bbox)

    yield _Line(text="{")
    yield from filter(None, (pair(name, name, "    ") for name in _FIELDS))
    yield _Line(text='    "line_items": [')
    for index in range(_N_ROWS):
        cells = [pair(f"line_items[{index}].{name}", name, "            ") for name in _COLUMNS]
        yield _Line(text="        {")
        yield from filter(None, cells)
        yield _Line(text="        },")
    yield _Line(text="        …")
    yield _Line(text="    ],")
    yield _Line(text="}")


def _draw(page: Image.Image, lines: tuple[_Line, ...]) -> Image.Image:
    top = int(page.height * _SHOWN)
    page = page.crop((0, 0, page.width, top)).resize((round(page.width * _HEIGHT_PX / top), _HEIGHT_PX))
    scale = _HEIGHT_PX / _SHOWN
    picture = Image.new("RGB", (page.width + _TEXT_WIDTH_PX, _HEIGHT_PX), "white")
    picture.paste(page)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(_FONT_PX)
    draw.line((page.width, 0, page.width, _HEIGHT_PX), fill="#cccccc", width=2)
    for number, line in enumerate(lines):
        place = (page.width + _MARGIN_PX, _MARGIN_PX + number * _LINE_PX)
        draw.text(place, line.text, fill=line.colour, font=font)
        if line.bbox is not None:
            left, upper, right, lower = line.bbox
            box = (left * page.width, upper * scale, right * page.width, lower * scale)
            grown = (
                box[0] - _BOX_GAP_PX, box[1] - _BOX_GAP_PX, box[2] + _BOX_GAP_PX, box[3] + _BOX_GAP_PX
            )  # fmt: skip
            draw.rectangle(grown, outline=line.colour, width=2)
    return picture


if __name__ == "__main__":
    main()
