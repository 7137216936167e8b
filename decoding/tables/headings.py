"""What the heading of a column says is in it, in the languages of the date table.

The same words are looked for in a schema's keys and descriptions, so that a key finds its column.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from schemas.values.dates import fold

ColumnKind = Literal[
    "position",
    "code",
    "description",
    "quantity",
    "unit",
    "unit_price",
    "discount",
    "tax_rate",
    "tax_amount",
    "tax_base",
    "amount",
    "date",
    "debit",
    "credit",
    "balance",
]

# Kinds whose cells are numbers.
NUMERIC_KINDS: frozenset[ColumnKind] = frozenset(
    (
        "quantity",
        "unit_price",
        "discount",
        "tax_rate",
        "tax_amount",
        "tax_base",
        "amount",
        "debit",
        "credit",
        "balance",
    )
)
# What was booked stands in one of two columns.
DEBIT_CREDIT: frozenset[ColumnKind | None] = frozenset(("debit", "credit"))
# Kinds of which a table of line items or bookings has at least one.
MONEY_KINDS: frozenset[ColumnKind] = frozenset(("unit_price", "amount", "debit", "credit", "balance"))

# Folded phrases by kind. A phrase under two kinds is ambiguous: the table's other headings decide.
_PHRASES: dict[ColumnKind, str] = {
    "position": "pos | position | no | nr | n | line | line no | lfd | lfd nr | s no | sl no | "
    "sr no | item no | "
    "ligne | regel | bil | num | nro | riga | linha | item",
    "code": "code | item code | item no | item number | item id | sku | article | "
    "article no | article number "
    "| article code | art | art nr | art no | art nr kunde | art nr lief | artnr | artikel | artikel "
    "nr | artikelnr | artikelnummer | part no | part number | part | product code | product no | "
    "product id | material | ref | reference | codigo | cod | codice | ean | gtin | upc | isbn | "
    "model | stock code | plu | hsn | hsn sac | kod | catalog no | catalogue no | mfg upc no",
    "description": "description | desc | descript | item description | item | items | product | products | "
    "product description "
    "| product name | details | particulars | service | services | goods | name | item name | "
    "bezeichnung | artikel | beschreibung | leistung | artikelbezeichnung | produkt | text | "
    "buchungstext | verwendungszweck | designation | libelle | article | descripcion | concepto | "
    "producto | articulo | descrizione | prodotto | articolo | omschrijving | dienst | keterangan | "
    "perihal | butiran | descricao | produto | transaction | transactions | activity | memo | booking "
    "text | band | vorgang | erlauterung | erlauterungen "
    "| narrative | narration | causale | detalle | movimiento "
    "| title | 品名 | 商品名 | 品目 | 内容 | 摘要 | 名称 | 项目 | 項目",
    "quantity": "qty | quantity | quan | count | units | qnty | qty shipped | qty ordered | shipped | "
    "hours | hrs | menge "
    "| ordered | delivered | qty delivered | bestellt | geliefert "
    "| anzahl | anz | stueck | stuck | quantite | qte | nombre | cantidad | cant | unidades | quantita | "
    "qta | aantal | hoeveelheid | kuantiti | qtd | quantidade | qtde | spots | nights | 数量 | 數量",
    "unit": "unit | uom | unit of measure | einheit | me | unite | unidad | unita | eenheid | unidade | um | "
    "per | units of measure | eh | einh | 単位 | 单位",
    "unit_price": "unit price | price | rate | unit cost | cost | list price | price each | each | "
    "u price | s "
    "price | u p | price unit | net price | einzelpreis | e preis | ep | preis | nettopreis | bruttopreis "
    "| vk preis | stuckpreis | prix unitaire | prix | pu | pu ht | p u | precio | precio unitario | p unit "
    "| prezzo | prezzo unitario | prijs | prijs per stuk | stukprijs | harga | harga seunit | preco | "
    "preco unitario | price of one unit | price per unit | 単価 | 单价 | 單價",
    "discount": "discount | disc | rabatt | rab | nachlass | remise | descuento | dto | sconto | korting | "
    "diskaun | desconto | rebate",
    "tax_rate": "vat | tax | satz | gst | mwst | ust | st | steuer | steuersatz | mwst satz | tva | "
    "iva | btw | sst | "
    "vat rate | tax rate | cukai | imposto | tax rate in percent",
    "tax_amount": "tax amount | vat amount | gst amount | steuerbetrag | mwst betrag | "
    "ust betrag | montant tva | "
    "importe iva | importo iva | btw bedrag | total tva | sst amount | amount of tax",
    "tax_base": "basisbetrag | basis | base | tax base | taxable | taxable amount | vat base | "
    "base tva | base ht | base "
    "imponible | imponibile | grondslag | bemessungsgrundlage | warenwert",
    "amount": "amount | total | line total | amt | total price | price | ext price | "
    "extended | extended price "
    "| extension | net amount | net price | gross amount | sum | betrag | gesamt | gesamtpreis | "
    "positionsbetrag | summe | entgelt | nettowert | nettobetrag | bruttobetrag | wert | zeilenbetrag "
    "| preis | gp | g preis | ges preis "
    "| montant | montant ht | montant ttc | total ht | total ttc | importe | importo | totale "
    "| bedrag | totaal | prijs | jumlah | amaun | valor | valor total | subtotal | sub total | netto "
    "| brutto | charge | charges | price of the row | line amount | eur | usd | gbp | rm | myr | chf "
    "| net value | line value | total value | umsatz | umsatze | 金額 | 金额",
    "date": "date | datum | buchungstag | buchung | fecha | data | tarikh | trans date | transaction date | "
    "booking date | run date | start date | air date | value date | valuta | wertstellung | day of booking "
    "| wert | valeur | val | bu tag | butag | f valor | 日付 | 日期",
    "debit": "debit | debits | soll | withdrawal | withdrawals | money out | paid out | debet | belastung | "
    "debito | debe | af | lastschrift | lastschriften | belastungen | ausgang | ausgange | ausgaben "
    "| subtractions | retrait | retraits | cargos | dare | addebiti | uscite",
    "credit": "credit | credits | haben | deposit | deposits | money in | paid in | gutschrift | credito | "
    "haber | bij "
    "| gutschriften | eingang | eingange | einnahmen | additions | versement | versements | abonos "
    "| avere | accrediti | entrate",
    "balance": "balance | running balance | saldo | kontostand | solde | bal | baki | 残高 | 余额",
}
# Whose article number a code is, where it is not the seller's own.
_OTHERS_CODES = frozenset(
    "ean gtin upc isbn hsn sac plu kunde kunden lief lieferant hersteller mfg mpn manufacturer buyer "
    "customer client model".split()
)
# Words beside a heading that make no other column of it, and the taxes that they say are in it or not.
_QUALIFIERS = frozenset(
    "excl incl inc ex ohne mit inkl exkl hors taxe excluding including zzgl sin con esclusa".split()
)
_FILLERS = frozenset("in of the a per ht ttc your our ihre unsere de la le el".split()) | _QUALIFIERS
_CURRENCIES = frozenset("eur euro usd gbp chf rm myr rp idr sgd aud cad pln sek dkk nok".split())
_TAXES = frozenset("vat btw mwst ust tva iva gst sst tax".split())


def _table() -> dict[tuple[str, ...], tuple[ColumnKind, ...]]:
    found: dict[tuple[str, ...], tuple[ColumnKind, ...]] = {}
    for kind, phrases in _PHRASES.items():
        for phrase in phrases.split("|"):
            words = tuple(phrase.split())
            found[words] = (*found.get(words, ()), kind)
    return found


_KINDS = _table()
_LONGEST = max(map(len, _KINDS))
_MIN_MISREAD = 5  # of shorter words too many are one letter away
_WORDS = sorted({word for phrase in _KINDS for word in phrase if len(word) >= _MIN_MISREAD})
_KNOWN = frozenset(word for phrase in _KINDS for word in phrase) | _FILLERS
# Phrases written as one word, of so many letters or more, and words that a reader cut.
_MIN_CUT = 7
_GLUED = {
    "".join(phrase): phrase for phrase in _KINDS if len(phrase) > 1 and len("".join(phrase)) >= _MIN_CUT
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# Ends of compounds, which German and Dutch make freely ("Stücknettopreis").
_COMPOUND_ENDS: tuple[tuple[str, ColumnKind], ...] = (
    ("preis", "unit_price"),
    ("prijs", "unit_price"),
    ("betrag", "amount"),
    ("bedrag", "amount"),
    ("menge", "quantity"),
    ("bezeichnung", "description"),
    ("beschreibung", "description"),
    ("nummer", "code"),
    ("datum", "date"),
)


@lru_cache(maxsize=4096)
def heading_kinds(text: str) -> tuple[ColumnKind, ...]:
    """Return what a column under the heading `text` may hold, likeliest first; () if it is no known heading.

    The phrase that begins first decides, of those the longest.

    Examples
    --------
    >>> heading_kinds("Unit price"), heading_kinds("Price"), heading_kinds("Art.-Nr.")
    (('unit_price',), ('unit_price', 'amount'), ('code',))
    >>> heading_kinds("BILL TO")
    ()
    """
    words = _words(text)
    for start, word in enumerate(words):
        for length in range(min(_LONGEST, len(words) - start), 0, -1):
            kinds = _KINDS.get(words[start : start + length])
            if kinds:
                return kinds
        for end, kind in _COMPOUND_ENDS:
            if word.endswith(end):
                return (kind,)
    return ()


def is_others_code(text: str) -> bool:
    """Return whether a heading or key asks for an article number that is not the seller's own.

    Examples
    --------
    >>> is_others_code("Référence"), is_others_code("Art.-Nr. Kunde"), is_others_code("gtin")
    (False, True, True)
    """
    return not _OTHERS_CODES.isdisjoint(_words(text))


def is_heading(text: str) -> bool:
    """Return whether `text` is a heading and nothing else: at most one word more than its phrases have.

    A sentence that has the word "total" in it is not.
    """
    words = _words(text)
    known = sum(1 for word in words if (word,) in _KINDS or word in _FILLERS or _is_compound(word))
    in_phrase = bool(heading_kinds(text))
    return in_phrase and len(words) - known <= 1


def heading_ends(texts: Sequence[str]) -> tuple[int, ...]:
    """Return where each heading ends of several that stand close together in `texts`; () if it is only one.

    Examples
    --------
    >>> heading_ends(["VAT", "%", "Line", "Amount", "Excl.", "VAT"]), heading_ends(["Price", "incl.", "VAT"])
    ((2, 6), ())
    >>> heading_ends(["Price", "USD"]), heading_ends(["Qty", "Price", "EUR"])
    ((), (1, 3))
    """
    words = [_words(text) for text in texts]
    ends: list[int] = []
    kinds: list[tuple[ColumnKind, ...]] = []
    at = 0
    while at < len(words):
        found = next(
            (
                (end, known)
                for end in range(min(len(words), at + _LONGEST), at, -1)
                if (known := _exact_kinds(tuple(w for part in words[at:end] for w in part)))
            ),
            None,
        )
        if found is None:
            return ()
        at = found[0]
        while at < len(words) and all(w in _FILLERS or w in _CURRENCIES for w in words[at]):
            is_qualifier = any(w in _QUALIFIERS for w in words[at])
            at += 1
            if is_qualifier and at < len(words) and words[at] and words[at][0] in _TAXES:
                at += 1
        ends.append(at)
        kinds.append(found[1])
    different = len(set(kinds)) == len(kinds) > 1
    return tuple(ends) if different else ()


def _exact_kinds(words: tuple[str, ...]) -> tuple[ColumnKind, ...]:
    if words in _KINDS:
        return _KINDS[words]
    for end, kind in _COMPOUND_ENDS:
        if len(words) == 1 and words[0].endswith(end):
            return (kind,)
    return ()


def _is_compound(word: str) -> bool:
    return any(word.endswith(end) for end, _ in _COMPOUND_ENDS)


@lru_cache(maxsize=4096)
def _words(text: str) -> tuple[str, ...]:
    """Return the folded words of a heading or key, spelled as if no reader had glued, cut or misread them."""
    parts = re.findall(r"[^\W\d_]+", text)
    words = tuple(word for part in parts for word in _unglued(part))
    if len(words) > 1 and not all(word in _KNOWN for word in words):
        whole = _spelled("".join(words))
        if len(whole) >= _MIN_CUT and (whole,) in _KINDS:
            return (whole,)
    return tuple(map(_spelled, words))


def _unglued(part: str) -> tuple[str, ...]:
    """Return the words that a reader, or a programmer, wrote as one ("ItemDescription", "UNITPRICE")."""
    whole = fold(part)
    if whole in _KNOWN:
        return (whole,)
    parts = tuple(fold(word) for word in _CAMEL.split(part))
    if len(parts) > 1 and all(word in _KNOWN for word in parts):
        return parts
    return _GLUED.get(whole, (whole,))


def _spelled(word: str) -> str:
    """Return the known word that a reader may have misread as `word` by one letter, or `word`."""
    if len(word) < _MIN_MISREAD or word in _WORDS:
        return word
    near = process.extractOne(word, _WORDS, scorer=Levenshtein.distance, score_cutoff=1)
    return word if near is None else near[0]
