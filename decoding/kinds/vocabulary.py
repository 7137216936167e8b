"""The words that tell kinds of documents apart, in nine languages.

English, German, French, Dutch, Italian, Spanish, Portuguese, Malay and Indonesian, and what the Slavic and
Nordic languages write alike. Phrases are as `plain_words` writes them: small letters without accents or marks.
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
        invoice | tax invoice | commercial invoice | sales invoice | service invoice | bill | credit note | credit memo
        credit invoice | debit note | electronic invoice | original invoice | duplicate invoice | invoice statement
        rechnung | gutschrift | rechnungskorrektur | korrekturrechnung | stornorechnung | schlussrechnung
        facture | avoir | facture d avoir | note de credit | facture proforma | note d honoraires
        factuur | creditnota | creditfactuur | kopie factuur | rekening | verkoopfactuur
        fattura | nota di credito | parcella | copia fattura | fattura accompagnatoria
        factura | factura simplificada | nota de credito | factura rectificativa | factura electronica
        fatura | fatura recibo | nota fiscal | nota de debito | invois | invois cukai | faktur | faktur pajak | nota kredit
        faktura | faktura vat | danovy doklad | lasku
    """,
    "receipt": """
        receipt | sales receipt | cash receipt | official receipt | payment receipt | cash sale | cash sales | cash bill
        sale receipt | customer copy | merchant copy | guest check | guest receipt | till receipt | simplified tax invoice
        fuel receipt | transaction record | your receipt | credit card receipt | bar tab
        quittung | kassenbon | kassenbeleg | kassenzettel | bon | barverkauf | kundenbeleg | bewirtungsbeleg | beleg
        ticket | ticket de caisse | recu | ticket client | note de restaurant | carte bancaire
        kassabon | bonnetje | klantenticket | kopie kaarthouder | pinbon
        scontrino | scontrino fiscale | ricevuta | ricevuta fiscale | documento commerciale
        recibo | ticket de compra | tique | cupom fiscal | talao | resit | resit rasmi | struk | nota tunai | bil tunai
        struk belanja | kwitansi | paragon fiskalny | uctenka | kvitto | kvittering
    """,
    "purchase_order": """
        purchase order | order | order confirmation | sales order | order form | work order | standing order | orders
        purchase order number | change order | order acknowledgement | p o | blanket order
        bestellung | auftrag | auftragsbestatigung | bestellschein | bestellformular | einkaufsbestellung
        bestellbestatigung | abrufbestellung | rahmenbestellung
        commande | bon de commande | confirmation de commande | commande d achat
        bestelling | inkooporder | bestelbon | orderbevestiging | opdrachtbevestiging | inkoopopdracht | order bevestiging
        ordine | ordine di acquisto | ordine d acquisto | conferma d ordine | conferma ordine | ordine fornitore
        pedido | orden de compra | pedido de compra | confirmacion de pedido | hoja de pedido | orden de pedido
        encomenda | nota de encomenda | ordem de compra | confirmacao de encomenda
        pesanan | pesanan belian | pesanan pembelian | pesanan tempatan | surat pesanan | order pembelian
        objednavka | zamowienie | innkjopsordre | inkopsorder
    """,
    "bank_statement": """
        bank statement | account statement | statement of account | statement of accounts | current account statement
        account activity | account summary | account transactions | transaction history | checking account statement
        savings account statement | credit card statement | card statement | statement | your statement | transactions
        consolidated statement | monthly statement | statement summary
        kontoauszug | auszug | kontoumsatze | umsatze | kreditkartenabrechnung | finanzubersicht | umsatzanzeige
        kontoubersicht | depotauszug
        releve | releve de compte | releve bancaire | releve de comptes | extrait de compte | releve d operations
        rekeningafschrift | afschrift | rekeningoverzicht | bankafschrift | dagafschrift
        estratto conto | estratto di conto corrente | estratto conto corrente | lista movimenti | elenco movimenti
        extracto | extracto bancario | extracto de cuenta | estado de cuenta | movimientos | extracto mensual
        extrato | extrato bancario | extrato de conta | extrato combinado | movimentos
        penyata | penyata akaun | penyata bank | rekening koran | laporan rekening | mutasi rekening
        vypis z uctu | wyciag bankowy | wyciag z rachunku | kontoutdrag | kontoutskrift
    """,
    "other": """
        agreement | contract | non disclosure agreement | confidentiality agreement | lease | letter of intent | memorandum
        quotation | quote | offer | proposal | estimate | pro forma invoice | proforma invoice | proforma | delivery note
        packing list | packing slip | delivery order | bill of lading | reminder | dunning letter | payment reminder
        remittance advice | payslip | pay slip | pay statement | earnings statement | certificate | application
        application form | form | report | minutes | agenda | letter | curriculum vitae | resume | questionnaire
        tax return | wage and tax statement | request for quotation | request | notice | schedule | checklist | insurance
        policy | claim | claim form | registration | manual | timesheet | time sheet | bill of sale | power of attorney
        waybill | certificate of origin | price list | brochure | newsletter | declaration | permit | license | receipt of
        angebot | kostenvoranschlag | lieferschein | mahnung | zahlungserinnerung | vertrag | antrag | bescheid | formular
        kundigung | gehaltsabrechnung | lohnabrechnung | verdienstabrechnung | mietvertrag | proformarechnung | anfrage
        bescheinigung | protokoll | bericht | rechenschaftsbericht | vollmacht | lebenslauf | anmeldung | packliste
        contrat | devis | bon de livraison | bulletin de paie | bulletin de salaire | formulaire | attestation | demande
        lettre | rapport | relance | mise en demeure | procuration | certificat | facture pro forma
        overeenkomst | offerte | pakbon | leveringsbon | aanmaning | herinnering | loonstrook | formulier | aanvraag
        vrachtbrief | verslag | contratto | preventivo | documento di trasporto | busta paga | sollecito | modulo | domanda
        certificato | relazione | contrato | presupuesto | albaran | nomina | solicitud | formulario | informe | oferta
        recordatorio | certificado | orcamento | guia de remessa | guia de transporte | recibo de vencimento | proposta
        aviso | perjanjian | sebut harga | nota hantaran | borang | surat | laporan | permohonan | penawaran | surat jalan
        kontrak | slip gaji | formulir | nabidka | smlouva | oferta cenowa | umowa | offert | avtal | tilbud | dodaci list
    """,
}
# Ends of one written word that say the same as a title does: German and Dutch compounds.
_TITLE_ENDS: tuple[tuple[str, str], ...] = (
    ("proformarechnung", "other"),
    ("lohnabrechnung", "other"),
    ("gehaltsabrechnung", "other"),
    ("vertrag", "other"),
    ("angebot", "other"),
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

# What stands in front of values, at the head of columns or in the small print of a kind, anywhere on a page.
_LABELS: Mapping[str, str] = {
    "invoice": """
        invoice no | invoice number | invoice nr | inv no | inv | invoice date | inv date | date of invoice | invoice id
        invoice total | total invoice | invoice amount | bill to | billed to | invoice to | sold to | due date | payment due
        payment terms | terms of payment | amount due | balance due | remit to | please remit | remittance | pay by
        please pay | net 30 | net days | this invoice | our invoice | vat reg no | late payment | remit payment to | terms
        rechnungsnummer | rechnungsnr | rechnung nr | rechnungsdatum | rechnungsbetrag | rechnungsempfanger | fallig am
        zahlbar bis | falligkeit | falligkeitsdatum | zahlungsziel | zahlungsbedingungen | leistungsdatum | leistungszeitraum
        skonto | rechnung an | zahlbar | zahlungsbedingung | re nr | rechnungsnr | leistungsempfanger | rechnungssumme
        uberweisen sie | ohne abzug | zzgl mwst
        facture n | n facture | n de facture | numero de facture | date de facture | date d echeance | echeance | facture a
        conditions de paiement | conditions de reglement | net a payer | penalites de retard | total ht | facture no
        mode de reglement | date facture
        factuurnummer | factuurnr | factuurdatum | vervaldatum | factuuradres | te betalen voor | betalingstermijn
        betalingsconditie | factuur totaal | betaaltermijn
        fattura n | numero fattura | data fattura | scadenza | data scadenza | totale fattura | modalita di pagamento
        condizioni di pagamento | fattura nr | imponibile | spett le
        factura n | factura no | numero de factura | n factura | fecha de factura | fecha factura | vencimiento
        fecha de vencimiento | forma de pago | total factura | base imponible | condiciones de pago | facturar a
        fatura n | fatura no | n da fatura | data da fatura | data de vencimento | vencimento | condicoes de pagamento
        total da fatura | data de emissao | no invois | tarikh invois | bil kepada | no faktur | tanggal faktur | jatuh tempo
        nomor faktur | nomor invoice | kepada yth | cislo faktury | datum splatnosti | numer faktury | termin platnosci
        termin zaplaty | fakturadatum | forfallodatum | forfallsdato
    """,
    "receipt": """
        cash | change | change due | cash tendered | tendered | cashier | served by | server | table | table no | guests
        guest count | covers | total qty | total item | total items | item count | items sold | thank you | come again
        thank you for shopping | thanks for shopping | goods sold are not | not refundable | no refund | returnable | tip
        gratuity | check no | chk | order type | dine in | take out | visa | mastercard | debit card | credit card | approval
        auth code | approved | card number | aid | terminal | register | trans no | transaction no | pos | rounding
        rounding adj | rounding adjustment | rounded total | round adj | cash received | receipt no | receipt number | bill no
        slip no | gst summary | tax summary | you saved | store | mgr | manager | member | please keep
        exchange | exchanged | within days | have a nice day | welcome | wifi | hourly | pump | gallons | unleaded | sub total
        bar | gegeben | ruckgeld | zuruck | wechselgeld | bediener | kassierer | es bediente sie | kasse | bon nr | beleg nr
        ec karte | girocard | kartenzahlung | tisch | trinkgeld | kundenbeleg | zu zahlen | summe eur | bon | tse | markt
        vielen dank fur ihren einkauf | uhr | posten | ec cash | steuernr | terminal id | ta nr | offnungszeiten
        especes | rendu | monnaie | caissier | caisse | ticket n | rendu monnaie | carte bancaire | cb | pourboire | couvert
        couverts | merci de votre visite | a bientot
        contant | wisselgeld | pinnen | pin | kassier | kassa | bonnummer | u bent geholpen door | bedankt | tot ziens
        contante | contanti | resto | cassa | cassiere | operatore | scontrino n | arrivederci | pagamento contante
        bancomat | coperto | grazie
        efectivo | cambio | cajero | caja | entregado | devolucion | gracias por su compra | gracias por su visita | mesa
        camarero | propina | tarjeta
        dinheiro | troco | caixa | operador | obrigado | volte sempre | multibanco | entregue
        tunai | baki | juruwang | terima kasih | sila datang lagi | meja | jumlah item | kembali | kembalian | uang kembali
        kasir | total item | bayar | pelayan | no meja | tunai idr | belanja
    """,
    "purchase_order": """
        po number | po no | p o no | p o number | p o | purchase order no | purchase order number | po date | order date
        deliver to | ship to | delivery address | shipping address | delivery date | required by | deliver by | ship via
        requisitioner | requested by | date required | need by | vendor | supplier | buyer | ordered by | authorized by
        please supply | please deliver | delivery terms | freight terms | f o b | fob point | ship date | consignee
        acknowledge | our order | order total | total order | buyer name | please send | confirm this order | vendor no
        bestellnummer | bestell nr | bestelldatum | liefertermin | lieferdatum | lieferadresse | lieferanschrift | lieferant
        lieferantennummer | lieferanten nr | lieferbedingungen | wunschtermin | wir bestellen | bitte liefern sie
        auftragsnummer | auftragsdatum | warenempfanger | lieferung an | besteller | unsere bestellung | einkaufer
        bestellwert | anlieferung
        commande n | n commande | n de commande | numero de commande | date de commande | date de livraison
        adresse de livraison | fournisseur | livre a | livraison | acheteur | nous vous commandons | livraison souhaitee
        bestelnummer | besteldatum | leverdatum | levertijd | afleveradres | leverancier | inkoper | ordernummer | orderdatum
        gewenste leverdatum | inkoopordernummer
        ordine n | numero ordine | data ordine | data di consegna | data consegna | luogo di consegna | fornitore | consegna
        indirizzo di consegna | ordine nr
        pedido n | n pedido | numero de pedido | fecha de pedido | fecha pedido | fecha de entrega | direccion de entrega
        proveedor | entrega | lugar de entrega | orden de compra n | enviar a
        encomenda n | n da encomenda | data da encomenda | data de entrega | local de entrega | morada de entrega | fornecedor
        no pesanan | tarikh pesanan | tarikh penghantaran | alamat penghantaran | pembekal | hantar kepada
        nomor pesanan | tanggal pesanan | tanggal pengiriman | alamat pengiriman | pemasok | kirim ke | dikirim ke
    """,
    "bank_statement": """
        opening balance | closing balance | balance brought forward | brought forward | balance carried forward
        carried forward | previous balance | beginning balance | ending balance | new balance | starting balance
        statement period | statement date | statement number | statement no | account number | account no | account name
        account holder | sort code | routing number | deposits | withdrawals | total deposits | total withdrawals | money in
        money out | paid in | paid out | debits | credits | total debits | total credits | available balance | running balance
        daily balance | average balance | overdraft | interest paid | direct debit | standing order | value date | account type
        balance | debit | credit | minimum payment | credit limit | member fdic | iban | bic | transaction details | checks paid
        alter saldo | neuer saldo | anfangssaldo | endsaldo | kontostand | saldo vom | saldo | soll | haben | valuta | wert
        wertstellung | buchungstag | buchungstext | buchung | kontonummer | konto nr | kontoinhaber | blz | bankleitzahl
        auszug nr | lastschrift | dauerauftrag | uberweisung | belastungen | gutschriften | summe soll | summe haben
        alter kontostand | neuer kontostand | dispositionskredit | umsatz | sepa basislastschrift | zahlungseingang
        ancien solde | nouveau solde | solde precedent | solde final | solde | solde initial | solde crediteur
        solde debiteur | solde au | virement | prelevement | date valeur | date de valeur | n de compte | numero de compte
        titulaire | titulaire du compte | debit | credit | total des operations | code banque | libelle
        beginsaldo | eindsaldo | vorig saldo | nieuw saldo | rekeningnummer | af bij | bijschrijving | afschrijving
        rentedatum | tegenrekening | overboeking | automatische incasso | boekdatum
        saldo iniziale | saldo finale | saldo precedente | saldo contabile | data valuta | dare | avere | bonifico
        conto corrente | intestatario | addebito | accredito | entrate | uscite | movimenti | data operazione
        saldo inicial | saldo final | saldo anterior | saldo disponible | fecha valor | debe | haber | abono | cargo | cargos
        abonos | transferencia | numero de cuenta | titular | domiciliacion | cuenta corriente | retiros | depositos
        saldo contabilistico | data valor | data mov | conta n | numero de conta | debitos | creditos | saldo disponivel
        baki awal | baki akhir | baki dibawa | nombor akaun | no akaun | debit | kredit | tarikh penyata | baki penutup
        saldo awal | saldo akhir | nomor rekening | no rekening | mutasi | tanggal valuta | mutasi debet | mutasi kredit
    """,
    "other": """
        agreement | hereby | whereas | party | parties | shall | thereof | herein | hereto | confidential | witness whereof
        the undersigned | governing law | disclosing party | receiving party | effective date | applicant | omb no | form
        date of birth | social security number | employer | signature of | section | check one | instructions | contract
        contract no | spots | flight dates | flight | advertiser | valid until | this quotation | this offer | quote no
        quotation no | quote number | valid for | we are pleased | dear sir | dear | sincerely | yours sincerely | yours truly
        regards | subject | gross pay | net pay | pay period | department of the treasury | print or type | certify
        please print | under penalties | abstract | chapter | references | figure | delivery note no | packed by | received by
        vertrag | vertragspartner | hiermit | antragsteller | geburtsdatum | gultig bis | angebotsnummer | angebot nr
        sehr geehrte | mit freundlichen grussen | betreff | lieferschein nr | mahngebuhr | unterschrift | finanzamt | ausgefullt
        bruttolohn | steuerklasse | sozialversicherung | arbeitgeber | arbeitnehmer | paragraph
        contrat | parties | article | soussigne | signataire | devis n | valable jusqu au | date de naissance | demandeur
        madame | monsieur | veuillez agreer | salaire brut | employeur | bon de livraison n
        overeenkomst | partijen | geldig tot | geboortedatum | geachte | met vriendelijke groet | aanvrager | werkgever
        contratto | le parti | data di nascita | codice fiscale del | richiedente | gentile | cordiali saluti | validita offerta
        contrato | las partes | fecha de nacimiento | solicitante | estimado | atentamente | validez de la oferta | empleado
        as partes | data de nascimento | requerente | cumprimentos | validade da proposta
        perjanjian | pihak | tarikh lahir | pemohon | yang benar | tanda tangan | tanggal lahir | dengan hormat | tandatangan
    """,
}


def plain_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in small letters, without accents, digits and marks.

    Examples
    --------
    >>> plain_words("RELEVÉ N° 12 de l'opération")
    ('releve', 'n', 'de', 'l', 'operation')
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(_LETTERS.get(ch, ch) for ch in apart if not unicodedata.combining(ch))
    return tuple("".join(ch if ch.isalpha() else " " for ch in kept).split())


@cache
def title_phrases() -> Mapping[str, str]:
    """Return the kind that each title names."""
    return {phrase: kind for kind, text in _TITLES.items() for phrase in _phrases(text)}


@cache
def label_phrases() -> Mapping[str, frozenset[str]]:
    """Return the kinds that each label speaks for."""
    found: dict[str, frozenset[str]] = {}
    for kind, text in _LABELS.items():
        for phrase in _phrases(text):
            found[phrase] = found.get(phrase, frozenset()) | {kind}
    return found


def compound_kind(word: str) -> str | None:
    """Return the kind that the end of a compound names; "" for one that is none, None where no end is known."""
    return next((kind for end, kind in _TITLE_ENDS if word.endswith(end)), None)


def _phrases(text: str) -> list[str]:
    return [" ".join(phrase.split()) for line in text.splitlines() for phrase in line.split("|") if phrase.strip()]
