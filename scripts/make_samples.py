"""Draw the sample documents of `samples/`: two invoices of a vendor, an order and the photo of a receipt.

All parties are made up. The files are the same on every run: `python scripts/make_samples.py`.
"""

# numpy's random numbers and pypdfium2's pictures are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
_WIDTH, _HEIGHT = A4
_LEFT, _RIGHT = 20 * mm, _WIDTH - 20 * mm
_INK, _FAINT, _ACCENT = HexColor("#1b2430"), HexColor("#5d6b7a"), HexColor("#1f5f8b")
_LINE_PT = 13.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table of goods; the price is of one unit, before tax."""

    code: str
    text: str
    quantity: str
    unit: str
    price: str

    @property
    def amount(self) -> Decimal:
        """Return quantity times price, in cents."""
        return (Decimal(self.quantity) * Decimal(self.price)).quantize(Decimal("0.01"))


INVOICE_ROWS = (
    Row(code="PB-1180", text="Copy paper A4, 80 g, box of 5 reams", quantity="24", unit="box", price="21.90"),
    Row(code="PB-1313", text="Recycled envelopes C5, window", quantity="10", unit="pack", price="14.25"),
    Row(code="TN-0042", text="Toner cartridge black, 9,000 pages", quantity="3", unit="pcs", price="118.50"),
    Row(code="TN-0043", text="Toner cartridge cyan, 6,000 pages", quantity="2", unit="pcs", price="134.00"),
    Row(code="OF-2207", text="Lever arch files, 75 mm, grey", quantity="40", unit="pcs", price="2.35"),
    Row(code="OF-2291", text="Document wallets, assorted", quantity="6", unit="pack", price="8.80"),
    Row(code="FU-5010", text="Desk lamp LED, dimmable", quantity="4", unit="pcs", price="46.75"),
    Row(code="SV-0001", text="Delivery to second floor", quantity="1", unit="job", price="35.00"),
)
NEXT_INVOICE_ROWS = (
    Row(code="PB-1180", text="Copy paper A4, 80 g, box of 5 reams", quantity="18", unit="box", price="21.90"),
    Row(code="OF-2310", text="Ring binders A4, 25 mm, blue", quantity="60", unit="pcs", price="1.85"),
    Row(code="FU-5122", text="Office chair, black, armrests", quantity="2", unit="pcs", price="189.00"),
    Row(code="TN-0044", text="Toner cartridge yellow, 6,000 pages", quantity="1", unit="pcs", price="134.00"),
    Row(code="SV-0001", text="Delivery to second floor", quantity="1", unit="job", price="35.00"),
)
ORDER_ROWS = (
    Row(code="88-2041", text="Hex bolt M10 x 60, zinc plated", quantity="500", unit="pcs", price="0.42"),
    Row(code="88-2107", text="Lock nut M10, stainless", quantity="500", unit="pcs", price="0.19"),
    Row(code="71-0330", text="Ball bearing 6204-2RS", quantity="48", unit="pcs", price="5.65"),
    Row(code="71-0415", text="Shaft seal 25 x 47 x 7", quantity="24", unit="pcs", price="3.10"),
    Row(code="60-9002", text="Hydraulic oil ISO 46, 20 l can", quantity="6", unit="can", price="78.00"),
)
RECEIPT_LINES = (
    "^GREENGATE MARKET",
    "^14 Orchard Lane, Milbury MB4 7TQ",
    "^Tel 01555 610 482",
    "^VAT No GB 555 0192 54",
    "-",
    "Receipt 004-118273|Till 4",
    "Date 17/10/2026|Time 18:42",
    "-",
    "SOURDOUGH LOAF 800G|3.40",
    "SEMI SKIMMED MILK 2L|1.85",
    "FREE RANGE EGGS 12|3.95",
    "BRAEBURN APPLES 1KG|2.60",
    "CHEDDAR MATURE 350G|4.25",
    "2 x TOMATO SOUP @ 1.20|2.40",
    "WASHING UP LIQUID|1.75",
    "-",
    "SUBTOTAL|20.20",
    "OF WHICH VAT|0.69",
    "TOTAL GBP|20.20",
    "CASH|25.00",
    "CHANGE|4.80",
    "-",
    "^Thank you for shopping with us",
)


def money(value: Decimal) -> str:
    """Return the amount as printed: groups of three and two decimals."""
    return f"{value:,.2f}"


def _text(
    canvas: Canvas,
    x: float,
    y: float,
    text: str,
    *,
    bold: bool = False,
    size: float = 9.5,
    right: bool = False,
    colour: Color = _INK,
) -> None:
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
    canvas.setFillColor(colour)
    (canvas.drawRightString if right else canvas.drawString)(x, y, text)


def _block(canvas: Canvas, x: float, y: float, lines: Sequence[str], *, title: str | None = None) -> None:
    if title:
        _text(canvas, x, y, title, size=8, colour=_FAINT)
        y -= _LINE_PT
    for index, line in enumerate(lines):
        _text(canvas, x, y - index * _LINE_PT, line, bold=index == 0)


def _pairs(
    canvas: Canvas, label_x: float, value_x: float, y: float, pairs: Sequence[tuple[str, str]]
) -> None:
    for index, (label, value) in enumerate(pairs):
        _text(canvas, label_x, y - index * _LINE_PT, label, colour=_FAINT)
        _text(canvas, value_x, y - index * _LINE_PT, value, right=True)


def _table(
    canvas: Canvas, y: float, heads: Sequence[tuple[str, float, bool]], rows: Sequence[Sequence[str]]
) -> float:
    """Draw a table whose columns are (head, x, right aligned); return the height below it."""
    canvas.setFillColor(HexColor("#e8eef4"))
    canvas.rect(_LEFT - 4, y - 5, _RIGHT - _LEFT + 8, 17, stroke=0, fill=1)
    for head, x, right in heads:
        _text(canvas, x, y, head, bold=True, size=8.5, right=right)
    canvas.setStrokeColor(HexColor("#c9d3dd"))
    for row in rows:
        y -= 19
        for cell, (_, x, right) in zip(row, heads, strict=True):
            _text(canvas, x, y, cell, size=9, right=right)
        canvas.line(_LEFT - 4, y - 6, _RIGHT + 4, y - 6)
    return y - 26


def _totals(canvas: Canvas, y: float, pairs: Sequence[tuple[str, str]]) -> None:
    for index, (label, value) in enumerate(pairs):
        last = index == len(pairs) - 1
        line = y - index * 15
        _text(canvas, _RIGHT - 62 * mm, line, label, bold=last, size=10.5 if last else 9.5)
        _text(canvas, _RIGHT, line, value, bold=last, size=10.5 if last else 9.5, right=True)


def _canvas(target: io.BytesIO, title: str, size: tuple[float, float] = A4) -> Canvas:
    canvas = Canvas(target, pagesize=size, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    return canvas


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What differs between two invoices of a vendor."""

    number: str
    date: str
    due: str
    order: str
    deliver_to: tuple[str, ...]
    rows: tuple[Row, ...]


INVOICE = Bill(
    number="RB-2026-04417",
    date="14 October 2026",
    due="13 November 2026",
    order="PO-77310",
    deliver_to=("Lindqvist Architects AB", "Magasinsgatan 3, floor 2", "411 18 Gothenburg, Sweden"),
    rows=INVOICE_ROWS,
)
NEXT_INVOICE = Bill(
    number="RB-2026-05102",
    date="11 November 2026",
    due="11 December 2026",
    order="PO-78026",
    deliver_to=("Lindqvist Architects AB", "Kungsgatan 41", "411 15 Gothenburg, Sweden"),
    rows=NEXT_INVOICE_ROWS,
)


def draw_invoice(bill: Bill = INVOICE) -> bytes:
    """Return the PDF of an invoice with a text layer, its lines and a head in two columns."""
    target = io.BytesIO()
    canvas = _canvas(target, "Invoice")
    top = _HEIGHT - 24 * mm
    _text(canvas, _LEFT, top, "Papierhof Brandt GmbH", bold=True, size=17, colour=_ACCENT)
    for index, line in enumerate(("Hafenstrasse 48", "28217 Bremen, Germany", "VAT ID: DE298417309")):
        _text(canvas, _LEFT, top - 18 - index * 12, line, size=9, colour=_FAINT)
    _text(canvas, _RIGHT, top, "INVOICE", bold=True, size=20, right=True)
    _pairs(
        canvas,
        _RIGHT - 66 * mm,
        _RIGHT,
        top - 22,
        (
            ("Invoice number", bill.number),
            ("Invoice date", bill.date),
            ("Due date", bill.due),
            ("Customer number", "K-20851"),
            ("Purchase order", bill.order),
        ),
    )
    middle = top - 48 * mm
    _block(
        canvas,
        _LEFT,
        middle,
        ("Lindqvist Architects AB", "Storgatan 12", "411 38 Gothenburg, Sweden", "VAT ID: SE556677889901"),
        title="BILL TO",
    )
    _block(
        canvas,
        _LEFT + 88 * mm,
        middle,
        bill.deliver_to,
        title="DELIVER TO",
    )
    heads = (
        ("Pos", _LEFT, False),
        ("Article", _LEFT + 10 * mm, False),
        ("Description", _LEFT + 32 * mm, False),
        ("Qty", _LEFT + 112 * mm, True),
        ("Unit", _LEFT + 117 * mm, False),
        ("Unit price", _LEFT + 147 * mm, True),
        ("Amount", _RIGHT, True),
    )
    rows = [
        (str(n), r.code, r.text, r.quantity, r.unit, r.price, money(r.amount))
        for n, r in enumerate(bill.rows, 1)
    ]
    y = _table(canvas, middle - 32 * mm, heads, rows)
    net = sum((row.amount for row in bill.rows), Decimal(0))
    tax = (net * Decimal("0.19")).quantize(Decimal("0.01"))
    _totals(
        canvas,
        y,
        (
            ("Net total", f"EUR {money(net)}"),
            ("VAT 19 %", f"EUR {money(tax)}"),
            ("Total amount due", f"EUR {money(net + tax)}"),
        ),
    )
    _block(
        canvas,
        _LEFT,
        y,
        ("Payment terms: 30 days net", "IBAN: DE78 3000 0000 0012 3456 78", "BIC: PHBRDE21XXX"),
    )
    _text(canvas, _LEFT, 18 * mm, "Thank you for your order.", size=8.5, colour=_FAINT)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def draw_order() -> bytes:
    """Return the PDF of a purchase order: labels above values, five lines, no tax."""
    target = io.BytesIO()
    canvas = _canvas(target, "Purchase order")
    top = _HEIGHT - 26 * mm
    _text(canvas, _WIDTH / 2 - 62, top, "PURCHASE ORDER", bold=True, size=15)
    facts = (
        ("Order No.", "4500-118206"),
        ("Order date", "2026-09-03"),
        ("Delivery date", "2026-09-24"),
        ("Buyer", "M. Okafor"),
    )
    for index, (label, value) in enumerate(facts):
        x = _LEFT + index * 44 * mm
        _text(canvas, x, top - 30, label, size=8, colour=_FAINT)
        _text(canvas, x, top - 43, value, bold=True, size=10)
    _block(
        canvas,
        _LEFT,
        top - 74,
        ("Harlow Pump Works Ltd", "Unit 7, Canal Road", "Sheffield S9 2RB"),
        title="From",
    )
    _block(
        canvas,
        _LEFT + 88 * mm,
        top - 74,
        ("Westmark Fasteners Inc.", "2250 Industrial Blvd", "Dayton, OH 45404"),
        title="Supplier",
    )
    heads = (
        ("Item code", _LEFT, False),
        ("Description", _LEFT + 26 * mm, False),
        ("Quantity", _LEFT + 108 * mm, True),
        ("Unit", _LEFT + 114 * mm, False),
        ("Price USD", _LEFT + 146 * mm, True),
        ("Total USD", _RIGHT, True),
    )
    rows = [(r.code, r.text, r.quantity, r.unit, r.price, money(r.amount)) for r in ORDER_ROWS]
    y = _table(canvas, top - 150, heads, rows)
    _totals(canvas, y, (("Order total", f"USD {money(sum((r.amount for r in ORDER_ROWS), Decimal(0)))}"),))
    _text(canvas, _LEFT, y - 40, "Payment: 60 days after receipt of invoice. DAP Sheffield.", size=9)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _receipt_pdf() -> bytes:
    width, line = 74 * mm, 12.0
    height = 40 + line * len(RECEIPT_LINES)
    target = io.BytesIO()
    canvas = _canvas(target, "Receipt", (width, height))
    for index, text in enumerate(RECEIPT_LINES):
        y = height - 26 - index * line
        canvas.setFont("Courier-Bold" if index == 0 or text.startswith("TOTAL") else "Courier", 8.6)
        left, _, right = text.partition("|")
        if text == "-":
            canvas.drawString(10, y, "-" * 36)
        elif text.startswith("^"):
            canvas.drawCentredString(width / 2, y, text[1:])
        else:
            canvas.drawString(10, y, left)
            canvas.drawRightString(width - 10, y, right)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _render(pdf: bytes, dpi: int) -> NDArray[np.uint8]:
    page = pdfium.PdfDocument(pdf)[0]
    bitmap: Any = page.render(scale=dpi / 72)  # pyright: ignore[reportArgumentType] - an int by its default
    return np.asarray(bitmap.to_pil().convert("L"), dtype=np.uint8)


def photograph(image: NDArray[np.uint8], *, seed: int = 7) -> NDArray[np.uint8]:
    """Return a gray page as a hand-held scan shows it: tilted, unevenly lit, soft and noisy."""
    cv2.setNumThreads(1)
    pad = image.shape[1] // 9
    page = cv2.copyMakeBorder(image, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=(120,))
    centre = (page.shape[1] / 2, page.shape[0] / 2)
    turn = cv2.getRotationMatrix2D(centre, 1.8, 1.0)
    page = cv2.warpAffine(page, turn, (page.shape[1], page.shape[0]), borderValue=(120,))
    light = np.linspace(0.98, 0.86, page.shape[1])[None, :] * np.linspace(1.0, 0.93, page.shape[0])[:, None]
    lit: NDArray[np.float64] = cv2.GaussianBlur(page, (3, 3), 0.7) * light
    noise: NDArray[np.float64] = np.random.default_rng(seed).normal(0, 5.0, page.shape)
    # Sixteen levels are what a phone's JPEG leaves of paper; they also keep the PNG small.
    return (np.clip(lit + noise, 0, 255) // 16 * 16 + 8).astype(np.uint8)


def draw_receipt() -> bytes:
    """Return the PNG of a receipt, slightly tilted and noisy."""
    image = photograph(_render(_receipt_pdf(), dpi=220))
    done, data = cv2.imencode(".png", image, (cv2.IMWRITE_PNG_COMPRESSION, 9))
    if not done:
        raise RuntimeError("the receipt could not be encoded")
    return data.tobytes()


def main() -> None:
    """Write the files."""
    SAMPLES.mkdir(exist_ok=True)
    drawn = {
        "invoice.pdf": draw_invoice(),
        "next_invoice.pdf": draw_invoice(NEXT_INVOICE),
        "order.pdf": draw_order(),
        "receipt.png": draw_receipt(),
    }
    for name, data in drawn.items():
        (SAMPLES / name).write_bytes(data)
        print(f"{name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
