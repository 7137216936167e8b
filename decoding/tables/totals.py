"""Lines that are set like rows and are none: totals, taxes, payments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from schemas.values.dates import fold

_WORD_ENDS = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
# Taxes on sales by their short names.
_SALES_TAXES = "vat gst sgst cgst igst sst pst hst mwst ust tva iva btw ppn"
# Words of such lines, in the languages of the date table.
_NOT_ROWS = frozenset(
    (
        "commission disc svc chg sum amount cash tender card visa "
        "mastercard debit credit paid due tip gratuity service carried brought "
        "net gross summe gesamt netto brutto steuer betrag bar versand versandkosten skonto "
        "totaux ttc ht montant solde rendu especes importe base cambio efectivo imponibile "
        "resto contanti bedrag jumlah cukai baki tunai valor imposto troco "
        "sales kredit diskon potongan "
        "saved bersih"
    ).split()
    + _SALES_TAXES.split()
)
# The same as parts of words: compounds, and words that a reader glued together ("FOODTAX", "BALANCEDUE").
_NOT_ROW_PARTS = re.compile(
    "total|^tax(?!i(?:s|cab.*)?$)|tax(?:es)?$|balance|discount|coupon|rounding|change|payment|payable|tender(?:ed)?$|saving|saldo|kontostand|deposit|summen?$|"
    "gesamt|betrag|steuer|rabatt|geld|ubertrag|remise|descuento|sconto|totaal|korting|disk[ao]un|bundaran|bulatan"
    "|^sub ?t(?:ot|t?l|ul)|jumlah|^pajak|bayar(?:an)?$|layanan|larasan$|kembali"
)
_TAXES = re.compile(
    f"^(?:{_SALES_TAXES.replace(' ', '|')}|qst|tps|tvq|moms|mva|alv|afa|dph|pdv|kdv|igv)$"
    "|^tax(?!i(?:s|cab.*)?$)|tax(?:es)?$|steuern?$|^cukai|^pajak|^impost|^impuest"
)
# A tax that is kept back from what is paid.
_WITHHELD = re.compile(
    "^withh|^wht$|^retenci|^irpf$|^irrf$|^ritenut|^retenue|^retenca|^tds$|^einbehalt|voorheffing$"
)
# Words that say nothing of a line: they stand with totals and with items.
_EMPTY = frozenset("sub eur usd gbp chf myr rm rp inr idr pln sek dkk nok cad aud sgd".split())
# Words that say which total: "Total (excluding GST)", "Grand total of lines".
_QUALIFIERS = frozenset(
    "grand of der des du de la le the before after with without excluding exclude excl exclusive "
    "including include incl inclusive inkl exkl zzgl ohne mit "
    "this invoice invoiced bill statement current date now past".split()
)
# An amount, and that it is to be paid: together a sum, whatever else the line says.
_OWED = frozenset("amount balance total totals sum".split())
_OWING = frozenset("due owed owing payable pay paid outstanding".split())
_OWED_SHARE = 0.5
# What is done for money, too: no total, unless all else beside it is one or a charge.
_WORK = frozenset("service commission".split())
_CHARGES = frozenset("charge charges chg fee agency less".split())
_MISREAD_TOTALS, _MIN_MISREAD = ("total", "subtotal"), 4
# Deductions, which stand among rows.
_DEDUCTIONS = re.compile(
    "discount|coupon|saving|^saved$|^disc$|rabatt|remise|sconto|descuento|korting|disk[ao]u?n|potongan"
)
# What is charged beside goods; an order may have a row of it, too.
_CHARGED = re.compile(
    "^(?:postage|packing|packaging|shipping|delivery|freight|handling|carriage|port|porto|fracht|transport|livraison"
    "|frais|envio|gastos|spedizione|verzendkosten|verzending|frete|penghantaran)$|versand"
)
# What a line says that counts the rows above it: "Items 26", "Total Qty: 3", "BIL. ITEM 15".
_COUNTED = frozenset(
    "item items qty qtys quantity pcs pieces barang artikel article articles posten articulos articoli "
    "kuantiti".split()
)
_COUNTED_ALONE = frozenset("items qty qtys artikel articles posten articulos articoli".split())
_MOST_COUNTED = 3  # figures
_COUNTS = frozenset("total no nr number of bil sold jumlah jml anzahl count".split())
_SUMS = re.compile("total|summe|gesamt|totaal|totaux")
# Sums of some rows, after which others may follow; with "sub" or "page" the word beside it is a sum's.
_SUBTOTALS = re.compile(
    "^sub ?t(?:ot|t?l|ul)|^(?:zwischen|teil|seiten)(?:summe|betrag)|^tussentota|^soustotal"
)
_SUB = frozenset("sub sous page pagina seite parcial parziale partiel partial".split())
# Words of a total that no row has beside other words: "City tax" may be one, "Amount due today" none.
_SURE_TOTALS = re.compile(
    "total|summen?$|^sum$|gesamt|totaal|totaux|jumlah|betrag|bedrag|^amount|^montant|^importe|balance|saldo$|kontostand|^solde$"
    "|^due$|pay|^paid$|bayar|^net|^gross$|^brutto$|^ttc$|^ht$|imponibile|^tender|rounding|ubertrag|^carried$|^brought$"
)
# What an account holds.
_BALANCES = re.compile("^balance$|saldo$|^solde$|^kontostand$|^bal$|^baki$")
# Sums at the foot of a page, after which the table goes on.
_GOES_ON = frozenset(
    "carried brought forward ubertrag report riporto suma sigue transport transporteren".split()
)


def folded_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of some texts in lower case, without accents, signs and digits; "NetAmount" is two."""
    parts = (part for text in texts for part in re.split(r"[\W\d_]+", text) if part)
    return frozenset(word for part in parts for word in _unglued(part))


@lru_cache(maxsize=8192)
def _unglued(part: str) -> tuple[str, ...]:
    whole = fold(part)
    return (whole,) if names_total([whole]) else tuple(map(fold, _WORD_ENDS.split(part)))


def telling_words(words: Iterable[str]) -> list[str]:
    """Return the folded words that tell what a line is: longer ones, no currencies."""
    return [word for word in words if len(word) > 1 and word not in _EMPTY]


def total_share(words: Iterable[str]) -> float:
    """Return the share of the words that tell what a line is which name a total, a tax or a payment.

    0.0 if there are none. Words that say which total count for neither, and "service" for one only beside
    words of totals and charges: "Service charge 10 %" is one, "Messenger service" is none.
    """
    spoken = [word for word in telling_words(words) if word not in _QUALIFIERS]
    named = [word for word in spoken if names_total([word])]
    if names_owed(spoken):
        return max(_OWED_SHARE, len(named) / len(spoken))
    if set(named) <= _WORK and not set(spoken) <= _WORK | _CHARGES:
        return 0.0
    return len(named) / len(spoken) if spoken else 0.0


def names_owed(words: Iterable[str]) -> bool:
    """Return whether folded words name an amount and that it is, or was, to be paid: "Total amount due"."""
    spoken = frozenset(words)
    return not _OWED.isdisjoint(spoken) and not _OWING.isdisjoint(spoken)


def says_which(words: Iterable[str]) -> bool:
    """Return whether folded words only tell which of several sums is meant: "This invoice"."""
    return all(word in _QUALIFIERS for word in telling_words(words))


def names_total(words: Iterable[str]) -> bool:
    """Return whether some folded word names a total, a tax or a payment."""
    return any(map(_is_total_word, words))


@lru_cache(maxsize=8192)
def _is_total_word(word: str) -> bool:
    """Return whether a folded word names a total or the like; "total" with one letter misread, too."""
    if word in _NOT_ROWS or _NOT_ROW_PARTS.search(word):
        return True
    if len(word) < _MIN_MISREAD:
        return False
    return any(Levenshtein.distance(word, total, score_cutoff=1) <= 1 for total in _MISREAD_TOTALS)


def names_tax(words: Iterable[str]) -> bool:
    """Return whether some folded word names a tax on sales."""
    return any(map(_TAXES.search, words))


def names_withholding(words: Iterable[str]) -> bool:
    """Return whether some folded word names a tax that is kept back from what is paid."""
    return any(map(_WITHHELD.search, words))


def is_sum_line(words: Iterable[str]) -> bool:
    """Return whether folded words are those of a sum and nothing else, whose amount may stand elsewhere."""
    known = [word for word in telling_words(words) if word not in _QUALIFIERS]
    return bool(known) and all(names_total([word]) for word in known) and any(map(_SUMS.search, known))


def may_be_row(words: Iterable[str]) -> bool:
    """Return whether folded words that name a tax, a deposit or a payment may name goods as well.

    Another word stands beside them, and none of them is a sum's: "City tax", "Gift card".
    """
    spoken = [word for word in telling_words(words) if word not in _QUALIFIERS]
    return total_share(spoken) < 1 and not any(map(_SURE_TOTALS.search, spoken)) and not names_charge(spoken)


def names_balance(words: Iterable[str]) -> bool:
    """Return whether some folded word says what an account holds: "Alter Saldo", "closing balance"."""
    return any(map(_BALANCES.search, words))


def names_carried_sum(words: Iterable[str]) -> bool:
    """Return whether some folded word says that the table goes on after this sum."""
    return not _GOES_ON.isdisjoint(words)


def is_carried_line(words: Iterable[str]) -> bool:
    """Return whether folded words say little but that a sum is carried over; a text may have "transport"."""
    spoken = telling_words(words)
    known = sum(word in _GOES_ON or names_total([word]) for word in spoken)
    return names_carried_sum(spoken) and 2 * known >= len(spoken)


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


def mentions_deduction(words: Iterable[str]) -> bool:
    """Return whether some folded word tells of a discount or the like, whatever stands beside it."""
    return any(map(_DEDUCTIONS.search, words))


def names_charge(words: Iterable[str]) -> bool:
    """Return whether all folded words that tell what a line is name a charge for delivery or the like."""
    spoken = [
        word for word in telling_words(words) if word not in _QUALIFIERS | _CHARGES | {"and", "und", "et"}
    ]
    return bool(spoken) and all(_CHARGED.search(word) for word in spoken)


def counts_rows(words: Iterable[str], *, n_figures: int) -> bool:
    """Return whether folded words, all of them, and some figures say how many rows or pieces stand above.

    One word alone says so with a short number: "Artikel 14", where "Artikel 471100" is what one is called.
    """
    spoken = telling_words(words)
    counted = [word for word in spoken if word in _COUNTED]
    is_whole = bool(counted) and all(word in _COUNTED or word in _COUNTS for word in spoken)
    if not n_figures or not is_whole:
        return False
    return len(spoken) > 1 or (counted[0] in _COUNTED_ALONE and n_figures <= _MOST_COUNTED)
