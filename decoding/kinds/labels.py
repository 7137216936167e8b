"""The labels by which kinds of documents are told apart, in nine languages; as `titles` writes phrases."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from decoding.kinds.titles import list_phrases

# What stands in front of values, at the head of columns or in the small print of a kind, anywhere on a page.
_LABELS: Mapping[str, str] = {
    "invoice": """
        invoice no | invoice number | invoice nr | inv no | inv | invoice date | inv date | date of invoice
        invoice id
        invoice total | total invoice | invoice amount | bill to | billed to | invoice to | sold to | due date
        payment due
        payment terms | terms of payment | amount due | balance due | remit to | please remit | remittance
        pay by
        please pay | net days | this invoice | our invoice | vat reg no | late payment
        remit payment to | terms
        date due | billing period | billing date | bill date | current charges | previous bill
        total current charges
        meter no | meter reading | kwh | service address | amount enclosed | customer no | customer number
        unit price
        rechnungsnummer | rechnungsnr | rechnung nr | rechnungsdatum | rechnungsbetrag | rechnungsempfanger
        fallig am
        zahlbar bis | falligkeit | falligkeitsdatum | zahlungsziel | zahlungsbedingungen | leistungsdatum
        leistungszeitraum
        skonto | rechnung an | zahlbar | zahlungsbedingung | re nr | rechnungsnr | leistungsempfanger
        rechnungssumme
        zahlerstand | abschlag | verbrauch | abrechnungszeitraum | kundennummer | kunden nr | einzelpreis
        uberweisen sie | ohne abzug | zzgl mwst
        facture n | n facture | n de facture | numero de facture | date de facture | date d echeance
        echeance | facture a
        conditions de paiement | conditions de reglement | net a payer | penalites de retard | total ht
        facture no
        releve de compteur | periode de facturation | n client | prix unitaire
        mode de reglement | date facture
        factuurnummer | factuurnr | factuurdatum | vervaldatum | factuuradres | te betalen voor
        betalingstermijn
        betalingsconditie | factuur totaal | betaaltermijn
        fattura n | numero fattura | data fattura | scadenza | data scadenza | totale fattura
        modalita di pagamento
        condizioni di pagamento | fattura nr | imponibile | spett le
        factura n | factura no | numero de factura | n factura | fecha de factura | fecha factura
        vencimiento
        fecha de vencimiento | forma de pago | total factura | base imponible | condiciones de pago
        facturar a
        fatura n | fatura no | n da fatura | data da fatura | data de vencimento | vencimento
        condicoes de pagamento
        total da fatura | data de emissao | no invois | tarikh invois | bil kepada | no faktur
        tanggal faktur | jatuh tempo
        nomor faktur | nomor invoice | kepada yth | cislo faktury | datum splatnosti | numer faktury
        termin platnosci
        termin zaplaty | fakturadatum | forfallodatum | forfallsdato
    """,
    "receipt": """
        cash | change | change due | subtotal | sales tax | master card | auth no | cardholder | savings
        coupon | tbl | tax detail
        retain for your records | items | ticket | trans | tender | payment type | acct | invoice type
        items count | cash tendered | tendered | cashier | served by | server | table | table no | guests
        guest count | covers | total qty | total item | total items | item count | items sold | thank you
        come again
        thank you for shopping | thanks for shopping | goods sold are not | not refundable | no refund
        returnable | tip
        gratuity | check no | chk | order type | dine in | take out | visa | mastercard | debit card
        credit card | approval
        auth code | approved | card number | aid | terminal | register | trans no | transaction no | pos
        rounding
        rounding adj | rounding adjustment | rounded total | round adj | cash received | receipt no
        receipt number | bill no
        slip no | gst summary | tax summary | you saved | store | mgr | manager | member | please keep
        exchange | exchanged | within days | have a nice day | welcome | wifi | hourly | pump | gallons
        unleaded | sub total
        bar | gegeben | ruckgeld | zuruck | wechselgeld | bediener | kassierer | es bediente sie | kasse
        bon nr | beleg nr
        ec karte | girocard | kartenzahlung | tisch | trinkgeld | kundenbeleg | zu zahlen | summe eur | bon
        tse | markt
        vielen dank fur ihren | uhr | posten | ec cash | steuernr | terminal id | ta nr
        offnungszeiten
        especes | rendu | monnaie | caissier | caisse | ticket n | rendu monnaie | carte bancaire | cb
        pourboire | couvert
        couverts | merci de votre visite | a bientot
        contant | wisselgeld | pinnen | pin | kassier | kassa | bonnummer | u bent geholpen door | bedankt
        tot ziens
        contante | contanti | resto | cassa | cassiere | operatore | scontrino n | arrivederci
        pagamento contante
        bancomat | coperto | grazie
        efectivo | cambio | cajero | caja | entregado | devolucion | gracias por su compra
        gracias por su visita | mesa
        camarero | propina | tarjeta
        dinheiro | troco | caixa | operador | obrigado | volte sempre | multibanco | entregue
        tunai | baki | juruwang | terima kasih | sila datang lagi | meja | jumlah item | kembali | kembalian
        uang kembali
        kasir | total item | bayar | pelayan | no meja | tunai idr | belanja
    """,
    "purchase_order": """
        po number | po no | p o no | p o number | purchase order no | purchase order number | po date
        order date
        deliver to | ship to | delivery address | shipping address | delivery date | required by | deliver by
        ship via
        requisitioner | requested by | date required | need by | vendor | supplier | buyer | ordered by
        authorized by
        please supply | please deliver | delivery terms | freight terms | f o b | fob point | ship date
        consignee
        acknowledge | our order | order total | total order | buyer name | please send | confirm this order
        vendor no
        bestellnummer | bestell nr | bestelldatum | liefertermin | lieferdatum | lieferadresse
        lieferanschrift | lieferant
        lieferantennummer | lieferanten nr | lieferbedingungen | wunschtermin | wir bestellen
        bitte liefern sie
        auftragsnummer | auftragsdatum | warenempfanger | lieferung an | besteller | unsere bestellung
        einkaufer
        bestellwert | anlieferung
        commande n | n commande | n de commande | numero de commande | date de commande | date de livraison
        adresse de livraison | fournisseur | livre a | livraison | acheteur | nous vous commandons
        livraison souhaitee
        bestelnummer | besteldatum | leverdatum | levertijd | afleveradres | leverancier | inkoper
        ordernummer | orderdatum
        gewenste leverdatum | inkoopordernummer
        ordine n | numero ordine | data ordine | data di consegna | data consegna | luogo di consegna
        fornitore | consegna
        indirizzo di consegna | ordine nr
        pedido n | n pedido | numero de pedido | fecha de pedido | fecha pedido | fecha de entrega
        direccion de entrega
        proveedor | entrega | lugar de entrega | orden de compra n | enviar a
        encomenda n | n da encomenda | data da encomenda | data de entrega | local de entrega
        morada de entrega | fornecedor
        no pesanan | tarikh pesanan | tarikh penghantaran | alamat penghantaran | pembekal | hantar kepada
        nomor pesanan | tanggal pesanan | tanggal pengiriman | alamat pengiriman | pemasok | kirim ke
        dikirim ke
    """,
    "bank_statement": """
        opening balance | closing balance | balance brought forward | brought forward
        balance carried forward
        carried forward | previous balance | beginning balance | ending balance | new balance
        starting balance
        statement period | statement date | statement number | statement no | account number | account no
        account name
        account holder | sort code | routing number | deposits | withdrawals | total deposits
        total withdrawals | money in
        money out | paid in | paid out | debits | credits | total debits | total credits | available balance
        running balance
        daily balance | average balance | overdraft | interest paid | direct debit | standing order
        value date | account type
        balance | debit | credit | minimum payment | credit limit | member fdic | iban | bic
        transaction details | checks paid
        alter saldo | neuer saldo | anfangssaldo | endsaldo | kontostand | saldo vom | saldo | soll | haben
        valuta | wert
        wertstellung | buchungstag | buchungstext | buchung | kontonummer | konto nr | kontoinhaber | blz
        bankleitzahl
        auszug nr | lastschrift | dauerauftrag | uberweisung | belastungen | gutschriften | summe soll
        summe haben
        alter kontostand | neuer kontostand | dispositionskredit | umsatz | sepa basislastschrift
        zahlungseingang
        ancien solde | nouveau solde | solde precedent | solde final | solde | solde initial | solde crediteur
        solde debiteur | solde au | virement | prelevement | date valeur | date de valeur | n de compte
        numero de compte
        titulaire | titulaire du compte | debit | credit | total des operations | code banque | libelle
        beginsaldo | eindsaldo | vorig saldo | nieuw saldo | rekeningnummer | af bij | bijschrijving
        afschrijving
        rentedatum | tegenrekening | overboeking | automatische incasso | boekdatum
        saldo iniziale | saldo finale | saldo precedente | saldo contabile | data valuta | dare | avere
        bonifico
        conto corrente | intestatario | addebito | accredito | entrate | uscite | movimenti | data operazione
        saldo inicial | saldo final | saldo anterior | saldo disponible | fecha valor | debe | haber | abono
        cargo | cargos
        abonos | transferencia | numero de cuenta | titular | domiciliacion | cuenta corriente | retiros
        depositos
        saldo contabilistico | data valor | data mov | conta n | numero de conta | debitos | creditos
        saldo disponivel
        baki awal | baki akhir | baki dibawa | nombor akaun | no akaun | debit | kredit | tarikh penyata
        baki penutup
        saldo awal | saldo akhir | nomor rekening | no rekening | mutasi | tanggal valuta | mutasi debet
        mutasi kredit
    """,
    "other": """
        agreement | hereby | whereas | party | parties | shall | thereof | herein | hereto | confidential
        witness whereof
        the undersigned | governing law | disclosing party | receiving party | effective date | applicant
        omb no | form
        date of birth | social security number | employer | signature of | section | check one | instructions
        contract
        contract no | spots | flight dates | flight | advertiser | valid until | this quotation | this offer
        quote no
        quotation no | quote number | valid for | we are pleased | dear sir | dear | sincerely
        yours sincerely | yours truly
        regards | subject | gross pay | net pay | pay period | department of the treasury | print or type
        certify
        please print | under penalties | abstract | chapter | references | figure | delivery note no
        packed by | received by
        vertrag | vertragspartner | hiermit | antragsteller | geburtsdatum | gultig bis | angebotsnummer
        angebot nr
        sehr geehrte | mit freundlichen grussen | betreff | lieferschein nr | mahngebuhr | unterschrift
        finanzamt | ausgefullt
        bruttolohn | steuerklasse | sozialversicherung | arbeitgeber | arbeitnehmer | paragraph
        contrat | parties | article | soussigne | signataire | devis n | valable jusqu au | date de naissance
        demandeur
        madame | monsieur | veuillez agreer | salaire brut | employeur | bon de livraison n
        overeenkomst | partijen | geldig tot | geboortedatum | geachte | met vriendelijke groet | aanvrager
        werkgever
        contratto | le parti | data di nascita | codice fiscale del | richiedente | gentile | cordiali saluti
        validita offerta
        contrato | las partes | fecha de nacimiento | solicitante | estimado | atentamente
        validez de la oferta | empleado
        as partes | data de nascimento | requerente | cumprimentos | validade da proposta
        perjanjian | pihak | tarikh lahir | pemohon | yang benar | tanda tangan | tanggal lahir
        dengan hormat | tandatangan
    """,
}


@cache
def label_phrases() -> Mapping[str, frozenset[str]]:
    """Return the kinds that each label speaks for."""
    found: dict[str, frozenset[str]] = {}
    for kind, text in _LABELS.items():
        for phrase in list_phrases(text):
            found[phrase] = found.get(phrase, frozenset()) | {kind}
    return found
