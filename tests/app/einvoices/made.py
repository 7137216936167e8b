"""Made-up invoices: their page as a PDF, and their XML, which need not say the same."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib import import_module
from io import BytesIO
from typing import Any, Literal

import pikepdf
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from stdnum.iso7064 import mod_11_10

Language = Literal["de", "en", "fr"]
LABELS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "title": "Rechnung",
        "BT-1": "Rechnungsnummer:",
        "BT-2": "Rechnungsdatum:",
        "BT-9": "Fällig am:",
        "BT-109": "Nettobetrag",
        "BT-110": "Umsatzsteuer 19 %",
        "BT-112": "Rechnungsbetrag",
        "BT-115": "Zahlbetrag",
        "columns": "Pos|Bezeichnung|Menge|Einzelpreis|Betrag",
        "vat": "USt-IdNr.:",
    },
    "en": {
        "title": "Invoice",
        "BT-1": "Invoice number:",
        "BT-2": "Invoice date:",
        "BT-9": "Due date:",
        "BT-109": "Net total",
        "BT-110": "VAT 19 %",
        "BT-112": "Grand total",
        "BT-115": "Amount due",
        "columns": "No|Description|Qty|Unit price|Amount",
        "vat": "VAT number:",
    },
    "fr": {
        "title": "Facture",
        "BT-1": "Facture n°:",
        "BT-2": "Date de facture:",
        "BT-9": "Date d'échéance:",
        "BT-109": "Total HT",
        "BT-110": "TVA 19 %",
        "BT-112": "Total TTC",
        "BT-115": "Net à payer",
        "columns": "N°|Désignation|Quantité|Prix unitaire|Montant",
        "vat": "N° TVA:",
    },
}
_SELLERS = ("Nordlicht Papier GmbH", "Harbour Tools Ltd", "Atelier du Moulin SARL", "Blaukraut Druck AG")
_BUYERS = ("Kontor Meyer KG", "Willow & Sons", "Mairie de Sainte-Barbe", "Bergmann Bau GmbH")
_GOODS = (
    "Paper A4 white",
    "Toner cartridge",
    "Desk lamp",
    "Filing cabinet",
    "Marker set",
    "Stapler",
    "Chair",
)
IBANS = ("DE75512108001245126199", "DE89370400440532013000", "FR7630006000011234567890189")
_COLUMN_X = (50, 80, 340, 430, 540)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One invoice by terms of EN 16931, as the `factur-x` library takes it, and the language of its page."""

    data: dict[str, Any]
    language: Language

    def xml(self, syntax: Literal["cii", "ubl"] = "cii", *, data: dict[str, Any] | None = None) -> bytes:
        """Return the XML of the invoice, or of other data, checked against its XML schema only."""
        flavor = "factur-x" if syntax == "cii" else "ubl-2.1"
        facturx: Any = import_module("facturx")  # has no types
        return bytes(
            facturx.generate_xml(
                copy.deepcopy(data or self.data),
                flavor=flavor,
                level="en16931",
                check_xsd=False,
                check_schematron=None,
            )
        )

    def page(self) -> bytes:
        """Return the PDF that shows the invoice."""
        out = BytesIO()
        canvas = Canvas(out, pagesize=A4)
        _draw(canvas, self.data, self.language)
        canvas.save()
        return out.getvalue()

    def pdf(self, *, data: dict[str, Any] | None = None) -> bytes:
        """Return the page with the XML of the invoice, or of other data, attached."""
        return attach(self.page(), {"factur-x.xml": self.xml(data=data)})


def _vat_number(number: int) -> str:
    """Return a German VAT number of the first eight of nine digits and the check digit that fits them."""
    check: Any = mod_11_10  # has no types
    return f"DE{number // 10 % 10**8}{check.calc_check_digit(str(number // 10 % 10**8))}"


def made(seed: int) -> Made:
    """Return an invoice: seller, buyer, two to five lines and their sums follow from the seed."""
    rng = random.Random(seed)
    issued = date(2026, rng.randint(1, 12), rng.randint(13, 28))
    goods = rng.sample(_GOODS, rng.randint(2, 5))
    lines = [_line(n, name, rng) for n, name in enumerate(goods, start=1)]
    net = sum((Decimal(line["BT-131"]) for line in lines), Decimal(0))
    tax = (net * 19 / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    number = rng.randint(100_000_000, 999_999_999)
    data: dict[str, Any] = {
        "BT-1": f"R{issued.year}-{rng.randint(1000, 9999)}",
        "BT-2": issued,
        "BT-3": "380",
        "BT-5": "EUR",
        "BT-9": issued + timedelta(days=30),
        "BG-4": {
            "name": rng.choice(_SELLERS),
            "addr_l1": "Hafenstrasse 7",
            "postcode": "28195",
            "city": "Bremen",
            "country_code": "DE",
            "vat_identifier": _vat_number(number),
        },
        "BG-7": {
            "name": rng.choice(_BUYERS),
            "addr_l1": "Marktplatz 3",
            "postcode": "04109",
            "city": "Leipzig",
            "country_code": "DE",
            "vat_identifier": _vat_number(number + 10),
        },
        "BG-13": {"name": "Lager", "addr_l1": "Tor 4", "country_code": "DE"},
        "BT-81": "30",
        "BT-84": rng.choice(IBANS),
        "BG-23": [{"BT-116": str(net), "BT-117": str(tax), "BT-118": "S", "BT-119": "19"}],
        "BG-25": lines,
        "BT-106": str(net),
        "BT-109": str(net),
        "BT-110": str(tax),
        "BT-112": str(net + tax),
        "BT-115": str(net + tax),
    }
    return Made(data=data, language=rng.choice(("de", "en", "fr")))


def _line(number: int, name: str, rng: random.Random) -> dict[str, str]:
    quantity, price = rng.randint(2, 40), Decimal(rng.randint(150, 19_999)) / 100
    return {
        "BT-126": str(number),
        "BT-129": str(quantity),
        "BT-130": "C62",
        "BT-131": str(quantity * price),
        "BT-146": str(price),
        "BT-151": "S",
        "BT-152": "19",
        "BT-153": name,
    }


def attach(pdf: bytes, files: Mapping[str, bytes]) -> bytes:
    """Return a PDF with files attached."""
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as document:
        for name, content in files.items():
            document.attachments[name] = content
        document.save(out)
    return out.getvalue()


def printed(amount: str, language: Language) -> str:
    """Return an amount as pages of a language print it."""
    text = f"{Decimal(amount):,.2f}"
    if language == "en":
        return text
    group = "." if language == "de" else " "
    return text.replace(",", "~").replace(".", ",").replace("~", group)


def _day(day: date, language: Language) -> str:
    return day.strftime({"de": "%d.%m.%Y", "en": "%d %B %Y", "fr": "%d/%m/%Y"}[language])


def _draw(canvas: Canvas, data: dict[str, Any], language: Language) -> None:
    labels = LABELS[language]
    seller, buyer = data["BG-4"], data["BG-7"]
    canvas.setFont("Helvetica", 10)
    for y, text in (
        (790, seller["name"]),
        (776, f"{seller['addr_l1']}, {seller['postcode']} {seller['city']}"),
        (762, f"{labels['vat']} {seller['vat_identifier']}"),
        (720, buyer["name"]),
        (706, buyer["addr_l1"]),
        (692, f"{buyer['postcode']} {buyer['city']}"),
        (650, labels["title"]),
    ):
        canvas.drawString(50, y, text)
    for y, term in ((630, "BT-1"), (616, "BT-2"), (602, "BT-9")):
        canvas.drawString(50, y, labels[term])
        value = data[term]
        canvas.drawString(170, y, value if isinstance(value, str) else _day(value, language))
    _draw_rows(canvas, data, language)
    y = 540 - 18 * (len(data["BG-25"]) + 1)
    for term in ("BT-109", "BT-110", "BT-112", "BT-115"):
        canvas.drawString(340, y, labels[term])
        canvas.drawRightString(_COLUMN_X[4], y, printed(data[term], language))
        y -= 14
    canvas.drawString(50, 100, f"IBAN: {data['BT-84']}")


def _draw_rows(canvas: Canvas, data: dict[str, Any], language: Language) -> None:
    heads = LABELS[language]["columns"].split("|")
    rows = [
        (
            line["BT-126"],
            line["BT-153"],
            line["BT-129"],
            printed(line["BT-146"], language),
            printed(line["BT-131"], language),
        )
        for line in data["BG-25"]
    ]
    for n_row, row in enumerate((tuple(heads), *rows)):
        for column, text in enumerate(row):
            draw = canvas.drawString if column < 2 else canvas.drawRightString
            draw(_COLUMN_X[column], 540 - 18 * n_row, text)
