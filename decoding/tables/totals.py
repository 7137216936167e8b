"""Lines that are set like rows and are none: totals, taxes, payments."""

from __future__ import annotations

import re
from collections.abc import Iterable

from schemas.values.dates import fold

# Words of such lines, in the languages of the date table.
_NOT_ROWS = frozenset(
    (
        "commission disc svc chg sum amount vat gst sgst cgst igst sst pst hst cash tender card visa "
        "mastercard debit credit paid due tip gratuity service carried brought items item qty count "
        "net gross summe gesamt netto brutto mwst ust steuer betrag bar versand versandkosten skonto "
        "totaux ttc tva ht montant solde rendu especes importe iva base cambio efectivo imponibile "
        "resto contanti btw bedrag jumlah cukai baki tunai valor imposto troco "
        "sales kredit ppn diskon potongan "
        "saved bersih"
    ).split()
)
# The same as parts of words: compounds, and words that a reader glued together ("FOODTAX", "BALANCEDUE").
_NOT_ROW_PARTS = re.compile(
    "total|^tax|tax(?:es)?$|balance|discount|coupon|rounding|change|payment|payable|tender|saving|saldo|deposit|summe|"
    "gesamt|betrag|steuer|rabatt|geld|ubertrag|remise|descuento|sconto|totaal|korting|disk[ao]un|bundaran|bulatan"
    "|^sub ?t(?:ot|t?l|ul)|jumlah|^pajak|bayar(?:an)?$|layanan|larasan$|kembali"
)
# Words that say nothing of a line: they stand with totals and with items.
_EMPTY = frozenset("sub eur usd gbp chf myr rm rp inr idr pln sek dkk nok cad aud sgd".split())
# Deductions, which stand among rows.
_DEDUCTIONS = re.compile(
    "discount|coupon|saving|^saved$|^disc$|rabatt|remise|sconto|descuento|korting|disk[ao]u?n|potongan"
)
# What a line says that counts the rows above it: "Items 26", "Total Qty: 3", "BIL. ITEM 15".
_COUNTED = frozenset("item items qty quantity pcs pieces barang artikel articles kuantiti".split())
_COUNTS = frozenset("total no nr number of bil sold jumlah jml anzahl count".split())
_SUMS = re.compile("total|summe|gesamt|totaal|totaux")
# Sums of some rows, after which others may follow; with "sub" or "page" the word beside it is a sum's.
_SUBTOTALS = re.compile(
    "^sub ?t(?:ot|t?l|ul)|^(?:zwischen|teil|seiten)(?:summe|betrag)|^tussentota|^soustotal"
)
_SUB = frozenset("sub sous page pagina seite parcial parziale partiel partial".split())
# Sums at the foot of a page, after which the table goes on.
_GOES_ON = frozenset(
    "carried brought forward ubertrag report riporto suma sigue transport transporteren".split()
)


def folded_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of some texts in lower case, without accents, signs and digits."""
    parts = (part for text in texts for part in re.split(r"[\W\d_]+", text))
    return frozenset(fold(part) for part in parts if part)


def telling_words(words: Iterable[str]) -> list[str]:
    """Return the folded words that tell what a line is: longer ones, no currencies."""
    return [word for word in words if len(word) > 1 and word not in _EMPTY]


def names_total(words: Iterable[str]) -> bool:
    """Return whether some folded word names a total, a tax or a payment."""
    return any(word in _NOT_ROWS or _NOT_ROW_PARTS.search(word) for word in words)


def is_sum_line(words: Iterable[str]) -> bool:
    """Return whether folded words are those of a sum and nothing else, whose amount may stand elsewhere."""
    known = telling_words(words)
    return bool(known) and all(names_total([word]) for word in known) and any(map(_SUMS.search, known))


def names_carried_sum(words: Iterable[str]) -> bool:
    """Return whether some folded word says that the table goes on after this sum."""
    return not _GOES_ON.isdisjoint(words)


def names_subtotal(words: Iterable[str]) -> bool:
    """Return whether folded words say that a sum is one of some rows: "Zwischensumme", "sous-total"."""
    spoken = frozenset(words)
    return any(map(_SUBTOTALS.search, spoken)) or (
        not _SUB.isdisjoint(spoken) and any(map(_SUMS.search, spoken))
    )


def names_deduction(words: Iterable[str]) -> bool:
    """Return whether at least half of some folded words name a discount or the like, and no sum."""
    spoken = telling_words(words)
    named = [word for word in spoken if names_total([word])]
    is_most = bool(named) and 2 * len(named) >= len(spoken)
    return is_most and any(map(_DEDUCTIONS.search, named)) and not any(map(_SUMS.search, named))


def counts_rows(words: Iterable[str]) -> bool:
    """Return whether folded words, all of them, say how many rows or pieces stand above."""
    spoken = telling_words(words)
    counted = [word for word in spoken if word in _COUNTED]
    is_whole = bool(counted) and all(word in _COUNTED or word in _COUNTS for word in spoken)
    return is_whole and (len(spoken) > 1 or counted == ["items"])
