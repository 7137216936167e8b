"""Labels: which words announce a field on a real page, and which others could stand in their place.

The lexicon of the generator has what is common; here are the less common ones, which a model that has only
seen the common ones does not find, and the words by which a page shows that it does *not* print a field.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz import fuzz

from decoding.grounding.matching import text_key
from training.synthesis.lexicon import LANGUAGES, names, own_labels

MAX_LABEL_WORDS = 6


def _parsed(text: str) -> dict[str, tuple[str, ...]]:
    entries = (line.split(": ", 1) for line in text.strip().splitlines())
    return {name: tuple(label.strip() for label in found.split(" | ")) for name, found in entries}


# English ones first: they are used in any language that has none of its own here.
_RARE = {
    "en": _parsed("""
document_id: Our invoice | Bill Number | Inv. Nbr. | Billing No. | Statement No. | Voucher No. | Tax Invoice No. | Control No. | Invoice Ref. | Serial No.
date_issue: Billing Date | Date of Invoice | Tax point | Invoiced on | Date issued | Document Date | Bill Date | Dated this
date_due: Payment due by | Please pay by | Payable by | Due by | Net due | Payment date | Pay before | To be paid by | Maturity | Settlement date
date_delivery: Shipped on | Date shipped | Despatch date | Delivered on | Date of supply
date_order: Date of order | Order placed
order_id: Your P.O. | Customer P.O. No. | Buyer's order | Purchase order ref. | Cust. Order No. | P.O. # | Requisition No. | Authority
vendor_order_id: Sales order | S.O. No. | Our order no.
customer_id: Acct. # | Customer A/C | Client ref. | Cust # | Debtor No. | Bill-to No.
payment_reference: Remittance ref. | Quote this reference | Payment ref. | Reference No. | Your reference | Ref.
contact_person: Attn. | Handled by | Prepared by | Sales rep. | Your contact
payment_terms: Conditions | Payment conditions | Terms of sale
amount_total_net: Net value | Goods value | Total before VAT | Taxable value | Value of goods | Subtotal excl. tax
amount_total_tax: Total VAT | VAT amount | Tax total | Plus VAT
amount_total_gross: Invoice amount | Total payable | Please pay this amount | Invoice value | Total invoice | Amount of this invoice | Sum due | Total to pay | Net payable | Pay this amount
advertiser_name: Advertiser | Client | Advertiser Name | On behalf of
gross_amount: Gross Amount | Total Gross | Gross Billing | Order Gross | Gross Total
flight_start: Flight Start | Start Date | Begins
flight_end: Flight End | End Date | Ends
col.description: Item/Description | Services rendered | Nature of goods | Text | Article | Work performed | Goods | Specification | Product Name
col.quantity: No. | Pieces | Qty Shipped | Ordered | Count | Volume | Hrs | Nos.
col.unit_price: Each | Per unit | Unit Cost | Net price | Price each | Price/unit | List price
col.amount: Extension | Value | Ext. Price | Line value | Charges | Sum | Net value | Extended | Amount due
col.code: Catalog No. | Product No. | Ref. | Stock No. | Mat. No.
"""),
    "de": _parsed("""
document_id: Rg.-Nr. | RE-Nr. | Vorgangsnummer | Dokument-Nr. | Rechnung | Faktura-Nr. | Unsere Rechnung
date_issue: Rechnung vom | Ausgestellt am | Druckdatum | vom | Rg.-Datum | Fakturadatum
date_due: zahlbar bis zum | Zahlung bis | Zahlungstermin | fällig zum | netto bis | Valuta
order_id: Ihr Auftrag | Ihre Bestellnummer | Ihr Zeichen | Best.-Nr. | Auftrags-Nr. | Bestellreferenz
customer_id: Debitor | Kdnr. | Debitorennummer | Ihre Kundennummer
payment_reference: Referenz | Zahlungsreferenz | Kassenzeichen | bitte angeben
contact_person: Ihr Ansprechpartner | bearbeitet von | Kontakt
amount_total_net: Warenwert | Nettosumme | Summe Netto | Gesamtwert netto
amount_total_tax: Mehrwertsteuer | USt.-Betrag | Steuerbetrag
amount_total_gross: Bruttobetrag | Rechnungssumme | Endsumme | Zahlbetrag | Gesamtsumme | Rechnungsendbetrag
col.description: Text | Artikelbezeichnung | Leistungsbeschreibung | Gegenstand | Ware
col.quantity: Stück | Mge. | Stk. | Std.
col.unit_price: EP | Stückpreis | Preis/Einheit | E.-Preis
col.amount: GP | Gesamt EUR | Wert | Summe | Zeilensumme | Netto
"""),
    "fr": _parsed("""
document_id: Réf. facture | Pièce n° | N° de pièce
date_due: Règlement avant le | Date limite de paiement | À régler le | Payable le
order_id: Réf. commande | Votre réf. | N° de bon
payment_reference: Référence | Réf. à rappeler | Communication
amount_total_gross: Montant à régler | Total général | Somme due | Montant total
amount_total_net: Montant hors taxes | Base HT | Total hors taxes
amount_total_tax: Montant de la TVA | Taxes
col.description: Intitulé | Prestation | Produit
col.quantity: Nombre | Nb | Quant.
col.unit_price: Px unit. | Prix/unité | PU
col.amount: Total HT | Valeur | Total ligne
"""),
    "nl": _parsed("""
date_due: Uiterste betaaldatum | Betalen vóór | Te voldoen vóór
order_id: Uw referentie | Inkoopordernr.
payment_reference: Betalingskenmerk | Kenmerk
amount_total_gross: Te voldoen | Eindbedrag | Totaal te betalen
"""),
    "it": _parsed("""
date_due: Da pagare entro | Termine di pagamento
order_id: Vs. riferimento | Rif. ordine
payment_reference: Causale | Riferimento
amount_total_gross: Totale da pagare | Netto a pagare | Importo totale
"""),
    "es": _parsed("""
date_due: Fecha límite de pago | Pagar antes de
order_id: Su referencia | Ref. pedido
payment_reference: Referencia | Concepto de pago
amount_total_gross: Importe a pagar | Total general | Líquido a pagar
"""),
    "pt": _parsed("""
date_due: Data limite | Prazo de pagamento
amount_total_gross: Total do documento | A pagar
"""),
    "ms": _parsed("""
date_due: Bayar sebelum | Tarikh bayaran
amount_total_gross: Jumlah Perlu Dibayar | Amaun Perlu Dibayar
"""),
}  # fmt: skip

# By tag, what a page that prints the field would say in some language; "=" before a word wants it whole, "~"
# is a pattern. On a page that says none of it the field is asked for and the answer is null.
_SIGNS = {
    tag: tuple(signs.split("|"))
    for tag, signs in {
        "iban": "iban",
        "bic": "=bic|swift",
        "date_due": "due|=pay|payable|terms|=net|fällig|zahlbar|zahlung|échéance|règlement|scadenza|pagamento|vencim|verval|betal|bayar|days|tage|maturity",
        "order_id": "order|=po|=p.o|purchase|bestell|auftrag|commande|ordine|pedido|encomenda|pesanan|reference|=ref|=réf|requisition|authori",
        "customer_id": "=cust|customer|client|account|=acct|=a/c|=ac|kunde|=kd|klant|cliente|member|debitor|pelanggan|=no",
        "payment_reference": "reference|=ref|=réf|referenz|kenmerk|causale|verwendung|communication|quote|riferimento|referencia",
        "vendor_tax_id": "=vat|=tax|=gst|=ust|=tva|=iva|=btw|=sst|=ein|=nif|=cif|=uid|steuer|federal|=id|=fein",
        "shipping_amount": "shipping|freight|deliver|postage|versand|=port|porto|fracht|fret|livraison|carriage|courier|mailing|transport|handling",
        "tip_amount": "=tip|=tips|gratuity|trinkgeld|pourboire|service|=svc|=serv",
        "discount_amount": "discount|=disc|=less|rabatt|remise|sconto|korting|skonto|nachlass|allowance|rebate|saving|diskaun|credit",
        "date_delivery": "deliver|shipped|=ship|liefer|livraison|dispatch|despatch|received|consegna|entrega|leistung",
        "contact_person": "contact|=attn|attention|salesperson|=rep|ansprechpartner|bearbeiter|handled|prepared|kontakt|buyer|served|cashier",
        "vendor_email": "~@|=email|e-mail|=mail",
        "vendor_website": "~www|~http|~\\.com|website|=web|internet|homepage|~\\.[a-z]{2,3}$",
        "table_number": "table|=tbl|tisch|=meja|=pax",
        "rounding_amount": "round|=rnd|rundung|genap|adjust",
        "item_count": "=qty|quantity|item|count|=pcs|anzahl|menge|artikel|posten|=nos",
        "customer_tax_id": "=vat|=tax|=gst|=ust|=tva|=iva|=btw|=id|steuer",
        "amount_total_tax": "=vat|=tax|=gst|=ust|=mwst|=tva|=iva|=btw|=sst|steuer|cukai|=hst|=taxes",
        "document_time": "~\\d[:.h]\\d\\d|=am|=pm|=time|uhr",
        "vendor_phone": "phone|=tel|fax|=ph|=hp|=h|=t|mobile|contact|=call|hotline|whatsapp|telefo|téléphone|fon"
        "|~\\d{2,4}[-.)]\\d{3,4}|~^\\W*\\+?\\d{7,11}\\W*$|~^\\W*\\+?0\\d{1,2}\\W*$|~^\\(\\d+\\)",
        "vendor_fax": "fax|facsimile|=f|=telecopy|télécopie",
        "amount_total_net": "sub|=net|nett|excl|=exc|before|taxable|goods|value|tax|gst|=vat|=sst|=hst|round|disc|service"
        "|=svc|=serv|grand|final|due|zwischen|brutto|summe|montant|base|impon|=ust|mwst|=tva|=iva|=btw|=ht|jumlah|merchandise",
        "change_amount": "change|=balance|=bal|=chg|=due|return|baki|gegeben|rückgeld|zurück|wechsel|rendu|monnaie",
        "cashier": "cashier|serve|staff|operat|=by|sales|clerk|waiter|waitress|host|user|employee|attend|bedien|kass|caissi",
    }.items()
}
_MIN_LIKENESS = 80  # of a sign that was misread: one letter of five is another


@lru_cache
def synonyms(tag: str, language: str) -> tuple[str, ...]:
    """Return the words that announce `tag` in `language`, common and rare ones, in English if it has none.

    Examples
    --------
    >>> "zahlbar bis zum" in synonyms("date_due", "de"), synonyms("no_such_field", "de")
    (True, ())
    """
    name = _ALIASES.get(tag, tag)
    own = (*own_labels(name, language), *_RARE.get(language, {}).get(name, ()))
    return own or (() if language == "en" else synonyms(tag, "en"))


# Tags that are announced like others.
_ALIASES = {
    "amount_total_rounded": "amount_total_gross",
    "vendor_name": "seller",
    "customer_billing_name": "buyer",
}


@lru_cache
def languages_of(tag: str) -> dict[str, tuple[str, ...]]:
    """Return by the key of a label (`text_key`) the languages in which it announces `tag`."""
    found: dict[str, tuple[str, ...]] = {}
    for language in LANGUAGES:
        for label in synonyms(tag, language):
            key = text_key(label)
            if key and language not in found.get(key, ()):
                found[key] = (*found.get(key, ()), language)
    return found


def has_labels(tag: str) -> bool:
    """Return whether some label announces `tag`."""
    return bool(languages_of(tag))


@lru_cache
def known_words() -> frozenset[str]:
    """Return every word of a label, without marks and in lower case."""
    labels = (label for tag in known_tags() for language in LANGUAGES for label in synonyms(tag, language))
    return frozenset(text_key(word) for label in labels for word in label.split())


def page_language(lines: Sequence[Sequence[str]], default: str) -> str:
    """Return the language whose labels stand most often on a page, `default` if none does.

    Labels of several languages ("Total") count for none.
    """
    votes: Counter[str] = Counter()
    own = _keys_of_one_language()
    for line in lines:
        for size in range(1, MAX_LABEL_WORDS):
            for start in range(len(line) - size + 1):
                language = own.get(text_key(" ".join(line[start : start + size])))
                if language is not None:
                    votes[language] += 1
    if not votes:
        return default
    best, n = votes.most_common(1)[0]
    return best if n > votes[default] else default


@lru_cache
def _keys_of_one_language() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for tag in known_tags():
        for key, languages in languages_of(tag).items():
            found.setdefault(key, set()).update(languages)
    return {key: next(iter(names)) for key, names in found.items() if len(names) == 1 and len(key) > 2}


def absent_tags(words: Sequence[str]) -> tuple[str, ...]:
    """Return the tags that a page of these words certainly does not print.

    Of a field that could be announced by a word of the page, misread or not, nothing is known.
    """
    folded = [word.casefold().strip(".,:;()#*-") for word in words]
    return tuple(tag for tag, signs in _SIGNS.items() if not any(_stands(sign, folded) for sign in signs))


def _stands(sign: str, words: Sequence[str]) -> bool:
    if sign.startswith("="):
        return any(re.split(r"[:.#/]", word)[0] == sign[1:] or word == sign[1:] for word in words)
    if sign.startswith("~"):
        return any(re.search(sign[1:], word) for word in words)
    return any(
        sign in word or (len(word) >= 4 and fuzz.partial_ratio(sign, word, score_cutoff=_MIN_LIKENESS) > 0)
        for word in words
    )


@lru_cache
def known_tags() -> frozenset[str]:
    """Return the tags that some label announces."""
    return names() | frozenset(tag for rare in _RARE.values() for tag in rare)


@lru_cache(maxsize=65_536)
def tags_said(text: str) -> frozenset[str]:
    """Return the tags that a page with these words may print: those that `absent_tags` would not give."""
    return frozenset(_SIGNS) - frozenset(absent_tags(text.split()))
