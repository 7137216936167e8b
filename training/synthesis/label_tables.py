"""The words that announce a field, by language: a field a line, its labels apart by bars."""

from __future__ import annotations

EN = """
document_id: Invoice No | Invoice No. | Receipt No | Bill No | Doc No. | Document No | Inv No | INVOICE # | Receipt # | Invoice Number | Inv. | Trans No | Slip No. | Order # | CHECK NO | Check # | Trn | Ref No | RCPT# | Chk
date_issue: Date | Date | Invoice Date | Bill Date | DATE/TIME | Dated | Date of Issue | Trans Date | Bill DT | Inv Date | Printed On | Doc Date | Sales Date | BizDate | Entry Time | Inv DT
document_time: Time | TIME
date_due: Due Date | Due | Payment due | Pay by | Due on
date_delivery: Delivery Date | Ship Date | Deliver by | Required by
date_order: Order Date | Ordered | PO Date
order_id: Order No. | PO Number | Purchase Order | P.O. No | Your Order | Order Number | Customer PO | Your Ref
vendor_order_id: Quote No. | Quotation | Our Offer | Our Ref | Offer No
customer_id: Customer No. | Customer ID | Client No | Account No | Cust. No. | Member
customer_tax_id: VAT No. customer | Your VAT No. | Customer VAT ID | Buyer Tax ID
vendor_tax_id: GST ID | GST No | GST Reg No | GST ID No | VAT No. | VAT Reg. No | Tax ID | GST Reg. No. | SST No | EIN | VAT
vendor_phone: Tel | TEL | Tel No | Phone | Tel. | Ph | Telephone | TEL/FAX | H/P | Contact | Call | Mobile | Mobile /WhatsApp | T | Hotline
vendor_fax: Fax | FAX | Fax No
vendor_email: Email | E-mail | Mail
vendor_website: Web | Website | Visit
cashier: Cashier | Served by | Server | Salesperson | Staff | Operator | Clerk | Sales Person | Cashier #
table_number: Table | Table No | TBL
contact_person: Contact | Salesperson | Account Manager | Attention | Your contact | Buyer Name
payment_terms: Terms | Payment Terms | Terms of payment
payment_reference: Payment Reference | Reference | Please quote
amount_total_net: Subtotal | Sub Total | SUB-TOTAL | Total Excl. GST | Total Sales (Excluding GST) | Net Total | Net Amount | Amount before tax | Total (Excluding GST) | TAXABLE AMT | Total excl. VAT | Sub Total (RM)
amount_total_tax: GST 6% | Tax | Total GST | VAT | GST | Sales Tax | Total Tax | TOTAL GST 6% | GST @6% | Add GST | VAT 20% | SST 6% | Tax Amount
amount_total_gross: TOTAL | TOTAL | TOTAL | Total | Grand Total | Total Amount | TOTAL RM | Net Total | Total Sales (Inclusive of GST) | Total Incl. GST | Total (RM) | Total Due | TOTAL AMT | Amount Due | Total Payable | Nett Total | Total Amount Due | TOTAL INCL GST | BALANCE DUE | Total Sales | Final Total | Total Inclusive GST | Invoice Total | Amt Due | Total Incl. GST @6% | Total RM Incl. of GST | Total After Adj Incl GST | Total Amt Incl. GST | Total Amt Payable | Total Inc. GST 6% | Takeout Total (Incl GST) | Total Sales Inclusive GST @6%
amount_total_rounded: Rounded Total | Total Rounded | ROUNDED TOTAL (RM) | Total After Rounding | Net Total Rounded | TOTAL | Grand Total | Total Amt Rounded | Total After Adj Incl GST | Total Incl. GST | Net Total | Total Payable | Total Sales (Inclusive of GST)
amount_due: Amount Due | Balance Due | Please pay | Outstanding
amount_paid: Cash | CASH | Cash Tendered | Paid | Cash Received | VISA | Visa Card | Payment | Tendered | Master Card | Credit Card | Amount Paid | Debit Card
change_amount: Change | CHANGE | Change Due | Balance | Change RM
discount_amount: Discount | Disc | Total Discount | DISCOUNT | Less Discount
rounding_amount: Rounding | Rounding Adj | Rounding Adjustment | ROUND ADJ | Round Off
service_charge: Service Charge | Service Charge 10% | SVC CHG | Svc Charge
tip_amount: Tip | Gratuity | TIPS | Tip Amount
item_count: Total Qty | Total Item(s) | Item Count | No. of Items | TOTAL QUANTITY | Items | Qty(s) | TOT QTY | # Items Sold
tax_rate: Tax rate | GST rate
shipping_amount: Shipping | Freight | Delivery | Postage & packing
lines_total: Sum of lines | Lines total | Goods total
currency: Currency | Invoice currency
iban: IBAN | IBAN No.
bic: BIC | SWIFT | SWIFT/BIC | BIC/SWIFT
bank_name: Bank | Bank Name
bank_num: Sort Code | Routing No. | Bank Code
account_num: Account No. | Account Number | A/C No | Acc. No.
account_holder: Account Name | Account Holder | Account of
period: Statement Period | Period | Billing Period | Flight Dates
opening_balance: Opening Balance | Balance brought forward | Previous Balance | Beginning Balance
closing_balance: Closing Balance | Balance carried forward | New Balance | Ending Balance
total_debits: Total Withdrawals | Total Debits | Money out
total_credits: Total Deposits | Total Credits | Money in
statement_no: Statement No. | Statement | Statement Number
order_no: Purchase Order No. | PO No. | Order Number | P.O. # | Order No.
seller: Seller | Vendor | Supplier | From | Sold by
buyer: Bill To | Buyer | Customer | Invoice To | Sold To | To | Billed to
ship_to: Ship To | Deliver To | Delivery Address | Shipping Address | Consignee
invoice: INVOICE | Invoice | Tax Invoice | COMMERCIAL INVOICE | Invoice / Receipt
order: PURCHASE ORDER | Purchase Order | ORDER | Order confirmation
statement: ACCOUNT STATEMENT | Bank Statement | Statement of Account | Transactions
col.position: # | No | Pos | Line | Item
col.code: Code | Item Code | SKU | Article | Item No. | Part No. | ITEM
col.description: Description | Item | Product | Details | DESC | Particulars | Item Description | DESCRIPTION | Service
col.quantity: Qty | QTY | Quantity | Units | Qty.
col.units_of_measure: Unit | UOM
col.unit_price: Price | Unit Price | U/Price | Rate | U.PRICE | S/Price | U/P | RSP | Price/Unit
col.amount: Amount | Total | AMT | Amount (RM) | Line Total | Amt(RM) | Price | Net Amount | AMOUNT
col.tax_rate: Tax % | VAT | GST % | Tax
col.discount: Disc. | Discount | Disc % | Rebate
col.date: Date | Trans Date | Booking date
col.date_value: Value date | Value | Val. date
col.balance: Balance | Running balance | Bal
"""
DE = """
document_id: Rechnungsnr. | Rechnungsnummer | Beleg-Nr. | Bon-Nr. | Rechnung Nr. | Belegnr | Bon
date_issue: Datum | Rechnungsdatum | Belegdatum | Ausstellungsdatum
document_time: Uhrzeit | Zeit
date_due: Fällig am | Zahlbar bis | Fälligkeit | Fälligkeitsdatum
date_delivery: Lieferdatum | Leistungsdatum | Liefertermin
date_order: Bestelldatum | Auftragsdatum
order_id: Bestellnummer | Bestell-Nr. | Auftragsnummer | Ihre Bestellung
vendor_order_id: Angebot Nr. | Angebotsnummer
customer_id: Kundennummer | Kunden-Nr. | Kd.-Nr. | Kundennr.
customer_tax_id: Ihre USt-IdNr. | USt-IdNr. Kunde
vendor_tax_id: USt-IdNr. | USt-ID | Steuernummer | Steuer-Nr. | UID Nr. | USt.-Id.-Nr.
vendor_phone: Tel. | Telefon | Tel | Fon
vendor_fax: Fax | Telefax
vendor_email: E-Mail | Mail
vendor_website: Internet | Web
cashier: Bediener | Kassierer | Es bediente Sie | Kasse
table_number: Tisch | Tisch Nr.
contact_person: Ansprechpartner | Sachbearbeiter | Bearbeiter
payment_terms: Zahlungsbedingungen | Zahlbar | Zahlungsziel
payment_reference: Verwendungszweck | Zahlungsreferenz
amount_total_net: Nettobetrag | Zwischensumme | Summe netto | Netto | Gesamt netto | Rechnungsbetrag netto
amount_total_tax: MwSt. 19% | USt. 19 % | MwSt | zzgl. 19% MwSt. | Umsatzsteuer | enth. MwSt. | 19% USt
amount_total_gross: Summe | SUMME | Gesamtbetrag | Rechnungsbetrag | Endbetrag | Total | Brutto | Gesamt | Zu zahlen | Gesamtsumme brutto
amount_total_rounded: Summe | Zu zahlen | Gesamtbetrag
amount_due: Zahlbetrag | Noch zu zahlen | Offener Betrag
amount_paid: Bar | Gegeben | EC-Karte | Kartenzahlung | BAR | girocard | Bereits gezahlt
change_amount: Rückgeld | Zurück | Wechselgeld
discount_amount: Rabatt | Nachlass | Skonto
rounding_amount: Rundung
service_charge: Bedienung | Servicegebühr
tip_amount: Trinkgeld
item_count: Anzahl Artikel | Artikel | Posten
tax_rate: Steuersatz | MwSt.-Satz
shipping_amount: Versandkosten | Fracht | Porto
lines_total: Summe der Positionen | Positionssumme
currency: Währung | Rechnungswährung
bank_name: Bank | Kreditinstitut | Bankverbindung
bank_num: BLZ | Bankleitzahl
account_num: Kontonummer | Konto-Nr. | Kto-Nr.
account_holder: Kontoinhaber
period: Zeitraum | Abrechnungszeitraum | Leistungszeitraum
opening_balance: Alter Saldo | Anfangssaldo | Saldo vom
closing_balance: Neuer Saldo | Endsaldo | Kontostand
total_debits: Summe Soll | Belastungen
total_credits: Summe Haben | Gutschriften
statement_no: Auszug Nr. | Auszug | Kontoauszug Nr.
order_no: Bestellung Nr. | Bestellnummer | Auftrag
seller: Verkäufer | Lieferant | Absender
buyer: Käufer | Rechnungsempfänger | Kunde | Rechnung an | Leistungsempfänger
ship_to: Lieferadresse | Warenempfänger | Lieferung an
invoice: RECHNUNG | Rechnung | Handelsrechnung
order: BESTELLUNG | Bestellung | Auftragsbestätigung
statement: KONTOAUSZUG | Kontoauszug | Umsätze
col.position: Pos. | Pos | Nr.
col.code: Art.-Nr. | Artikel-Nr. | Artikelnummer
col.description: Bezeichnung | Artikel | Beschreibung | Leistung | Buchungstext
col.quantity: Menge | Anzahl
col.units_of_measure: Einheit | ME
col.unit_price: Einzelpreis | E-Preis | Nettopreis | Preis
col.amount: Gesamt | Betrag | Gesamtpreis | Positionsbetrag | EUR
col.tax_rate: MwSt. | USt. | St.
col.discount: Rabatt | Rab. | Nachlass
col.date: Datum | Buchungstag | Buchung
col.date_value: Valuta | Wert | Wertstellung
col.balance: Saldo | Kontostand
"""
FR = """
document_id: Facture n° | N° facture | Numéro | Ticket n° | N° de facture | Facture
date_issue: Date | Date de facture | Date d'émission | Le
document_time: Heure
date_due: Échéance | Date d'échéance | A payer avant le
date_delivery: Date de livraison | Livraison
date_order: Date de commande
order_id: N° commande | Commande | Votre commande | Bon de commande
customer_id: N° client | Code client | Client n°
customer_tax_id: N° TVA client | TVA client
vendor_tax_id: TVA | N° TVA | TVA Intracom. | N° TVA intracommunautaire
vendor_phone: Tél. | Tél | Téléphone | Tel
vendor_email: E-mail | Courriel
cashier: Caissier | Vendeur | Servi par
table_number: Table
payment_terms: Conditions de paiement | Règlement
amount_total_net: Total HT | Sous-total | Montant HT | Net HT
amount_total_tax: TVA 20% | Total TVA | TVA | Montant TVA | Total taxes
amount_total_gross: TOTAL TTC | Total TTC | TOTAL | Net à payer | Montant TTC | Total à payer
amount_total_rounded: Net à payer | TOTAL
amount_due: Solde à payer | Reste à payer
amount_paid: Espèces | CB | Carte bancaire | Payé | Acompte
change_amount: Rendu | Monnaie
discount_amount: Remise | Rabais
tip_amount: Pourboire
item_count: Nb articles | Articles
shipping_amount: Frais de port | Port
currency: Devise
bank_name: Banque
account_num: N° de compte | Compte
account_holder: Titulaire
period: Période
opening_balance: Ancien solde | Solde précédent
closing_balance: Nouveau solde | Solde final
statement_no: Relevé n°
order_no: Commande n° | Bon de commande n°
seller: Vendeur | Fournisseur | Émetteur
buyer: Client | Facturé à | Acheteur | Adresse de facturation
ship_to: Adresse de livraison | Livré à
invoice: FACTURE | Facture
order: BON DE COMMANDE | Commande
statement: RELEVÉ DE COMPTE | Relevé
col.code: Réf. | Référence
col.description: Désignation | Description | Article | Libellé
col.quantity: Qté | Quantité
col.unit_price: P.U. | Prix unitaire | PU HT | Prix
col.amount: Montant | Total | Prix HT | Montant HT
col.tax_rate: TVA | Taux
col.date: Date
col.date_value: Valeur | Date valeur
col.balance: Solde
"""
NL = """
document_id: Factuurnummer | Factuurnr. | Bonnummer | Bon nr
date_issue: Datum | Factuurdatum
document_time: Tijd
date_due: Vervaldatum | Te betalen voor
order_id: Ordernummer | Bestelnummer | Uw order
date_order: Orderdatum | Besteldatum
customer_id: Klantnummer | Klantnr. | Debiteurnr.
vendor_tax_id: BTW nr. | BTW-nummer | BTW
vendor_phone: Tel | Telefoon
cashier: Kassier | U bent geholpen door
amount_total_net: Subtotaal | Totaal excl. BTW | Exclusief BTW
amount_total_tax: BTW 21% | BTW | BTW bedrag
amount_total_gross: Totaal | TOTAAL | Te betalen | Totaal incl. BTW | Factuur totaal
amount_paid: Contant | PIN | Betaald | Pinnen
change_amount: Terug | Wisselgeld
discount_amount: Korting
shipping_amount: Verzendkosten
seller: Leverancier
buyer: Factuuradres | Klant
ship_to: Afleveradres
invoice: FACTUUR | Factuur
order: BESTELLING | Inkooporder
col.code: Artikelnr. | Artikel
col.description: Omschrijving | Artikel
col.quantity: Aantal | Hoeveelheid
col.unit_price: Prijs | Prijs per stuk | Stukprijs
col.amount: Bedrag | Totaal
col.tax_rate: BTW
col.balance: Saldo
"""
IT = """
document_id: Fattura n. | Numero | Documento n. | Scontrino n.
date_issue: Data | Del | Data fattura
document_time: Ora
date_due: Scadenza | Data scadenza
order_id: Ordine n. | Vs. ordine
customer_id: Codice cliente | Cliente n.
vendor_tax_id: P.IVA | Partita IVA | P. IVA
vendor_phone: Tel. | Telefono
cashier: Cassiere | Operatore
amount_total_net: Imponibile | Subtotale | Totale imponibile
amount_total_tax: IVA 22% | IVA | Totale IVA | di cui IVA
amount_total_gross: TOTALE | Totale | Totale fattura | TOTALE EURO | Totale complessivo
amount_paid: Contanti | Pagamento contante | Bancomat | Carta
change_amount: Resto
discount_amount: Sconto
seller: Fornitore | Cedente
buyer: Cliente | Spett.le | Destinatario
invoice: FATTURA | Fattura
order: ORDINE | Ordine di acquisto
col.code: Codice | Cod.
col.description: Descrizione | Articolo
col.quantity: Q.tà | Quantità
col.unit_price: Prezzo | Prezzo unitario
col.amount: Importo | Totale
col.tax_rate: IVA
col.balance: Saldo
"""
ES = """
document_id: Factura n.º | Nº factura | Número | Ticket | Factura
date_issue: Fecha | Fecha factura | Fecha de emisión
document_time: Hora
date_due: Vencimiento | Fecha de vencimiento
order_id: Pedido | Nº pedido | Su pedido
customer_id: Cliente nº | Código cliente
vendor_tax_id: NIF | CIF | N.I.F.
vendor_phone: Tel. | Teléfono | Tfno
cashier: Le atendió | Cajero
amount_total_net: Base imponible | Subtotal | Base
amount_total_tax: IVA 21% | IVA | Cuota IVA
amount_total_gross: TOTAL | Total | Total a pagar | Importe total | Total factura
amount_paid: Efectivo | Entregado | Tarjeta
change_amount: Cambio | Devolución
discount_amount: Descuento | Dto.
seller: Proveedor | Emisor
buyer: Cliente | Facturar a
ship_to: Enviar a | Dirección de entrega
invoice: FACTURA | Factura
order: PEDIDO | Orden de compra
col.code: Código | Ref.
col.description: Descripción | Concepto | Artículo
col.quantity: Cant. | Cantidad | Uds.
col.unit_price: Precio | P. unit.
col.amount: Importe | Total
col.tax_rate: IVA
col.balance: Saldo
"""
MS = """
document_id: No. Resit | No Invois | No. Bil | No. Dokumen
date_issue: Tarikh | TARIKH
document_time: Masa
date_due: Tarikh Akhir
vendor_tax_id: No. GST | No. Cukai | ID GST
vendor_phone: Tel | No. Tel | Telefon
cashier: Juruwang | Dilayan oleh
table_number: Meja
amount_total_net: Jumlah Kecil | Subjumlah
amount_total_tax: Cukai | GST 6% | Cukai 6%
amount_total_gross: JUMLAH | Jumlah | Jumlah Besar | JUMLAH RM | Jumlah Bayaran
amount_total_rounded: JUMLAH | Jumlah Bersih | Jumlah Digenap
amount_paid: Tunai | TUNAI | Bayaran
change_amount: Baki | BAKI
discount_amount: Diskaun
rounding_amount: Pelarasan | Penggenapan
item_count: Jumlah Item | Bil. Item
buyer: Kepada | Pelanggan
invoice: INVOIS | INVOIS CUKAI
order: PESANAN BELIAN
col.code: Kod
col.description: Butiran | Barang | Perkara
col.quantity: Kuantiti | Ktt
col.unit_price: Harga | Harga Seunit
col.amount: Jumlah | Amaun
"""

ID = """
document_id: No. Struk | No. Nota | No. Bon | No | No. Transaksi | Faktur No.
date_issue: Tanggal | Tgl | TGL | Tgl. Struk
document_time: Jam | Waktu | Pukul
date_due: Jatuh Tempo
vendor_tax_id: NPWP
vendor_phone: Telp | Tlp | Telp. | No. Telp
cashier: Kasir | KASIR | Pelayan
table_number: Meja | No. Meja
amount_total_net: Sub Total | Subtotal | SUBTOTAL | Sub-Total | Jumlah
amount_total_tax: Pajak | PB1 | PPN | Pajak 10% | Tax 10% | PPN 10% | PB1 10% | Pajak Resto
amount_total_gross: TOTAL | Total | Grand Total | Total Bayar | Jumlah | Total Belanja | Harga Jual
amount_total_rounded: Total Pembulatan | TOTAL | Total Bayar
amount_paid: Tunai | TUNAI | Bayar | Cash | Debit | Kartu Kredit | Pembayaran
change_amount: Kembali | KEMBALI | Kembalian | Uang Kembali
discount_amount: Diskon | Disc | Potongan | Hemat
rounding_amount: Pembulatan
service_charge: Service Charge | Layanan | Biaya Layanan | Service 5%
item_count: Total Item | Jumlah Item | Total Qty
buyer: Kepada | Pelanggan
invoice: NOTA | STRUK | FAKTUR
col.code: Kode
col.description: Barang | Nama Barang | Menu
col.quantity: Qty | Jml | Banyaknya
col.unit_price: Harga | @Harga | Harga Satuan
col.amount: Jumlah | Total | Subtotal
"""

PT = """
document_id: Fatura n.º | Nº fatura | Número | Fatura | Recibo n.º | Documento n.º
date_issue: Data | Data da fatura | Data de emissão
document_time: Hora
date_due: Vencimento | Data de vencimento | Pagar até
date_delivery: Data de entrega
date_order: Data da encomenda
order_id: Encomenda n.º | Nº encomenda | Vossa encomenda
customer_id: Cliente n.º | Código do cliente
vendor_tax_id: NIF | NIPC | Contribuinte n.º
vendor_phone: Tel. | Telefone
cashier: Operador | Atendido por
payment_terms: Condições de pagamento
payment_reference: Referência
amount_total_net: Subtotal | Total ilíquido | Total s/ IVA | Incidência
amount_total_tax: IVA 23% | IVA | Total IVA
amount_total_gross: TOTAL | Total | Total a pagar | Total c/ IVA | Valor total
amount_due: Valor a pagar | Em dívida
amount_paid: Numerário | Multibanco | Entregue | Pago
change_amount: Troco
discount_amount: Desconto
shipping_amount: Portes | Transporte
seller: Fornecedor | Emitente
buyer: Cliente | Faturar a | Exmo. Sr.
ship_to: Local de entrega
invoice: FATURA | Fatura
order: ENCOMENDA | Nota de encomenda
col.position: Item | Linha
col.code: Código | Ref.
col.description: Descrição | Designação | Artigo
col.quantity: Qtd. | Quantidade | Qt.
col.units_of_measure: Un. | Unidade
col.unit_price: Preço unit. | Preço | P. unitário
col.amount: Valor | Total | Montante
col.tax_rate: IVA | Taxa
col.discount: Desc. | Desconto
col.date: Data
col.balance: Saldo
"""
