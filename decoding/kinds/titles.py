"""What kinds of documents are called, in nine languages.

English, German, French, Dutch, Italian, Spanish, Portuguese, Malay and Indonesian, and what the Slavic and
Nordic languages write alike. Phrases are as `plain_words` writes them: small letters without accents or
marks, apart by bars or lines.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

_LETTERS = {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae"}
# Longer phrases are not looked for.
MOST_PHRASE_WORDS = 4

# What a document of a kind is called. They count where they stand alone, in the upper part of its first page.
_TITLES: Mapping[str, str] = {
    "invoice": """
        invoice | tax invoice | commercial invoice | sales invoice | service invoice | bill | credit note
        credit memo
        credit invoice | debit note | electronic invoice | original invoice | duplicate invoice
        invoice statement
        rechnung | gutschrift | rechnungskorrektur | korrekturrechnung | stornorechnung | schlussrechnung
        facture | avoir | facture d avoir | note de credit | facture proforma | note d honoraires
        factuur | creditnota | creditfactuur | kopie factuur | rekening | verkoopfactuur
        fattura | nota di credito | parcella | copia fattura | fattura accompagnatoria
        factura | factura simplificada | nota de credito | factura rectificativa | factura electronica
        fatura | fatura recibo | nota fiscal | nota de debito | invois | invois cukai | faktur | faktur pajak
        nota kredit
        faktura | faktura vat | danovy doklad | lasku
    """,
    "receipt": """
        receipt | sales receipt | cash receipt | official receipt | payment receipt | cash sale | cash sales
        cash bill
        sale receipt | customer copy | merchant copy | guest check | guest receipt | till receipt
        simplified tax invoice
        fuel receipt | transaction record | your receipt | credit card receipt | bar tab
        quittung | kassenbon | kassenbeleg | kassenzettel | bon | barverkauf | kundenbeleg | bewirtungsbeleg
        beleg
        ticket | ticket de caisse | recu | ticket client | note de restaurant | carte bancaire
        kassabon | bonnetje | klantenticket | kopie kaarthouder | pinbon
        scontrino | scontrino fiscale | ricevuta | ricevuta fiscale | documento commerciale
        recibo | ticket de compra | tique | cupom fiscal | talao | resit | resit rasmi | struk | nota tunai
        bil tunai
        struk belanja | kwitansi | paragon fiskalny | uctenka | kvitto | kvittering
    """,
    "purchase_order": """
        purchase order | order | order confirmation | sales order | order form | work order | standing order
        orders
        purchase order number | change order | order acknowledgement | blanket order
        bestellung | auftrag | auftragsbestatigung | bestellschein | bestellformular | einkaufsbestellung
        bestellbestatigung | abrufbestellung | rahmenbestellung
        commande | bon de commande | confirmation de commande | commande d achat
        bestelling | inkooporder | bestelbon | orderbevestiging | opdrachtbevestiging | inkoopopdracht
        order bevestiging
        ordine | ordine di acquisto | ordine d acquisto | conferma d ordine | conferma ordine
        ordine fornitore
        pedido | orden de compra | pedido de compra | confirmacion de pedido | hoja de pedido
        orden de pedido
        encomenda | nota de encomenda | ordem de compra | confirmacao de encomenda
        pesanan | pesanan belian | pesanan pembelian | pesanan tempatan | surat pesanan | order pembelian
        objednavka | zamowienie | innkjopsordre | inkopsorder
    """,
    "bank_statement": """
        bank statement | account statement | statement of account | statement of accounts
        current account statement
        account activity | account summary | account transactions | transaction history
        checking account statement
        savings account statement | credit card statement | card statement | statement | your statement
        transactions
        consolidated statement | monthly statement | statement summary
        kontoauszug | auszug | kontoumsatze | umsatze | kreditkartenabrechnung | finanzubersicht
        umsatzanzeige
        kontoubersicht | depotauszug
        releve | releve de compte | releve bancaire | releve de comptes | extrait de compte
        releve d operations
        rekeningafschrift | afschrift | rekeningoverzicht | bankafschrift | dagafschrift
        estratto conto | estratto di conto corrente | estratto conto corrente | lista movimenti
        elenco movimenti
        extracto | extracto bancario | extracto de cuenta | estado de cuenta | movimientos | extracto mensual
        extrato | extrato bancario | extrato de conta | extrato combinado | movimentos
        penyata | penyata akaun | penyata bank | rekening koran | laporan rekening | mutasi rekening
        vypis z uctu | wyciag bankowy | wyciag z rachunku | kontoutdrag | kontoutskrift
    """,
    "other": """
        agreement | contract | non disclosure agreement | confidentiality agreement | lease | letter of intent
        memorandum
        quotation | quote | offer | proposal | estimate | pro forma invoice | proforma invoice | proforma
        delivery note
        packing list | packing slip | delivery order | bill of lading | reminder | dunning letter
        payment reminder
        remittance advice | payslip | pay slip | pay statement | earnings statement | certificate
        application
        application form | form | report | minutes | agenda | letter | curriculum vitae | resume
        questionnaire
        tax return | wage and tax statement | request for quotation | request | notice | schedule | checklist
        insurance
        policy | claim | claim form | registration | manual | timesheet | time sheet | bill of sale
        power of attorney
        waybill | certificate of origin | price list | brochure | newsletter | declaration | permit | license
        angebot | kostenvoranschlag | lieferschein | mahnung | zahlungserinnerung | vertrag | antrag
        bescheid | formular
        kundigung | gehaltsabrechnung | lohnabrechnung | verdienstabrechnung | mietvertrag | proformarechnung
        anfrage
        bescheinigung | protokoll | bericht | rechenschaftsbericht | vollmacht | lebenslauf | anmeldung
        packliste
        contrat | devis | bon de livraison | bulletin de paie | bulletin de salaire | formulaire | attestation
        demande
        lettre | rapport | relance | mise en demeure | procuration | certificat | facture pro forma
        overeenkomst | offerte | pakbon | leveringsbon | aanmaning | herinnering | loonstrook | formulier
        aanvraag
        vrachtbrief | verslag | contratto | preventivo | documento di trasporto | busta paga | sollecito
        modulo | domanda
        certificato | relazione | contrato | presupuesto | albaran | nomina | solicitud | formulario | informe
        oferta
        recordatorio | certificado | orcamento | guia de remessa | guia de transporte | recibo de vencimento
        proposta
        aviso | perjanjian | sebut harga | nota hantaran | borang | surat | laporan | permohonan | penawaran
        surat jalan
        kontrak | slip gaji | formulir | nabidka | smlouva | oferta cenowa | umowa | offert | avtal | tilbud
        dodaci list
    """,
    # What has a title's word and is none.
    "": """
        upon receipt | on receipt | due upon receipt | due on receipt | receipt of | of receipt | bill to
        invoice to
        order of | in order | to order | form of payment | bill of material | bill of materials
    """,
}
# Ends of one written word that say the same as a title does: German and Dutch compounds.
_TITLE_ENDS: tuple[tuple[str, str], ...] = (
    ("proformarechnung", "other"),
    ("lohnabrechnung", "other"),
    ("gehaltsabrechnung", "other"),
    ("vertrag", "other"),
    ("angebot", "other"),
    ("voranschlag", "other"),
    ("mahnung", "other"),
    ("lieferschein", "other"),
    ("overeenkomst", "other"),
    ("abrechnung", ""),  # of a card, of wages, of heating: the word alone says nothing
    ("berechnung", ""),
    ("rechnung", "invoice"),
    ("rechnungskorrektur", "invoice"),
    ("factuur", "invoice"),
    ("faktura", "invoice"),
    ("quittung", "receipt"),
    ("kassenbon", "receipt"),
    ("bestellung", "purchase_order"),
    ("auftragsbestatigung", "purchase_order"),
    ("kontoauszug", "bank_statement"),
    ("afschrift", "bank_statement"),
)

_NUMBER_WORDS = frozenset(
    (
        "no nr n nro num number numbers nummer numero date datum data fecha tanggal tarikh id code currency "
        "wahrung type period zeitraum total ref reference address name amount to from by status terms"
    ).split()
)


def plain_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in small letters, without accents, digits and marks.

    Examples
    --------
    >>> plain_words("RELEVÉ N° 12 de l'opération")
    ('releve', 'n', 'de', 'l', 'operation')
    """
    # A letter and its accent are two characters; a ligature of a whole phrase would be eighteen.
    apart = unicodedata.normalize("NFKD", text.casefold())[: 2 * len(text)]
    kept = "".join(_LETTERS.get(ch, ch) for ch in apart if not unicodedata.combining(ch))
    return tuple("".join(ch if ch.isalpha() else " " for ch in kept).split())


@cache
def title_phrases() -> Mapping[str, str]:
    """Return the kind that each title names; "" for what is none."""
    return {phrase: kind for kind, text in _TITLES.items() for phrase in list_phrases(text)}


def is_number_word(word: str) -> bool:
    """Return whether a word makes a label of the title before it: "Order No.", "Rechnungs-Nr."."""
    return word in _NUMBER_WORDS


def compound_kind(word: str) -> str | None:
    """Return the kind that the end of a compound names; "" if none, None of an unknown end."""
    return next((kind for end, kind in _TITLE_ENDS if word.endswith(end)), None)


def list_phrases(text: str) -> list[str]:
    """Return the phrases of a text, which bars and lines part."""
    return [
        " ".join(phrase.split()) for line in text.splitlines() for phrase in line.split("|") if phrase.strip()
    ]
