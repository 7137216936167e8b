"""Words that documents begin and end with, in the languages of the documents that are read."""

from __future__ import annotations

import re

TOTALS = frozenset(
    (
        "total gesamt gesamtbetrag summe endbetrag rechnungsbetrag zahlbetrag totale totaal importe "
        "celkem razem suma totals balance amount due net gross netto brutto "
        "subtotal jumlah totaux solde saldo endsaldo totalbetrag payable"
    ).split()
)
CARRIED = frozenset(
    "übertrag vortrag riporto carried brought fortsetzung report overdracht transport".split()
)
SIGNED = re.compile(
    r"_{5,}|/s/|\bsignature\b|\bunterschrift\b|\bwitness whereof\b|\btruly yours\b|^by:", re.IGNORECASE
)
# What letters and receipts end with.
CLOSES = re.compile(
    r"\bthank(?:s| ?you)\b|\bsincerely\b|\bkind regards\b|\bplease come again\b|\bvisit us\b"
    r"|\bvielen dank\b|\bdanke\b|\bgr(?:ü|ue|u)(?:ß|ss)en?\b|\bmerci\b|\bau revoir\b"
    r"|\bgrazie\b|\barrivederci\b"
    r"|\bgracias\b|\bbedankt\b|\bdank u\b|\btot ziens\b|\bobrigad[oa]\b|\bterima ?kasih\b|\bsila datang\b",
    re.IGNORECASE,
)
# What letters and agreements begin with.
OPENS = re.compile(
    r"^dear\b|^sehr geehrte|^madame?\b|^(?:gentil|egregi)|^estimad[oa]|^geachte"
    r"|\b(?:agreement|contract|lease|deed)\b.{0,60}\b(?:made|entered|dated|effective|between)\b"
    r"|\bby and between\b|^subject:|^betreff|^memorandum\b",
    re.IGNORECASE,
)
