"""Pages of each kind in nine languages: a title, labels and rows as printed, no more."""

from __future__ import annotations

from dataclasses import replace

from ocr.layout_document import layout_document
from schemas.document import Document
from schemas.extraction import KindName

# By language: title, number, date, due date, customer, heads of columns, net, tax and total.
_INVOICES = {
    "en": "INVOICE|Invoice No.|Invoice date|Due date|Bill to|Description  Qty  Unit price  Amount|Subtotal|VAT 20 %|Total due",
    "de": "RECHNUNG|Rechnungsnummer|Rechnungsdatum|Fällig am|Rechnung an|Bezeichnung  Menge  Preis  Betrag|Netto|MwSt 19 %|Gesamt",
    "fr": "FACTURE|Facture n°|Date de facture|Échéance|Facturé à|Désignation  Qté  P.U.  Montant|Total HT|TVA 20 %|Total TTC",
    "nl": "FACTUUR|Factuurnummer|Factuurdatum|Vervaldatum|Factuuradres|Omschrijving  Aantal  Prijs  Bedrag|Subtotaal|BTW 21 %|Totaal",
    "it": "FATTURA|Fattura n.|Data fattura|Scadenza|Cliente|Descrizione  Qtà  Prezzo  Importo|Imponibile|IVA 22 %|Totale",
    "es": "FACTURA|Factura n.º|Fecha de factura|Vencimiento|Cliente|Descripción  Cant.  Precio  Importe|Base imponible|IVA 21 %|Total",
    "pt": "FATURA|Fatura n.º|Data da fatura|Vencimento|Cliente|Descrição  Qtd.  Preço  Valor|Subtotal|IVA 23 %|Total",
    "ms": "INVOIS|No. Invois|Tarikh Invois|Tarikh akhir|Kepada|Keterangan  Kuantiti  Harga  Jumlah|Jumlah kecil|SST 6 %|Jumlah",
    "id": "FAKTUR|No. Faktur|Tanggal Faktur|Jatuh tempo|Kepada Yth|Keterangan  Jumlah  Harga  Total|Subtotal|PPN 11 %|Total",
}
# Title, number, date, delivery date, supplier, deliver to, heads of columns, total.
_ORDERS = {
    "en": "PURCHASE ORDER|PO Number|Order date|Delivery date|Supplier|Ship to|Item  Qty  Price  Amount|Order total",
    "de": "BESTELLUNG|Bestellnummer|Bestelldatum|Liefertermin|Lieferant|Lieferadresse|Artikel  Menge  Preis  Betrag|Bestellwert",
    "fr": "BON DE COMMANDE|Commande n°|Date de commande|Date de livraison|Fournisseur|Adresse de livraison|Article  Qté  P.U.  Montant|Total",
    "nl": "INKOOPORDER|Ordernummer|Orderdatum|Leverdatum|Leverancier|Afleveradres|Artikel  Aantal  Prijs  Bedrag|Totaal",
    "it": "ORDINE DI ACQUISTO|Ordine n.|Data ordine|Data di consegna|Fornitore|Luogo di consegna|Articolo  Qtà  Prezzo  Importo|Totale",
    "es": "ORDEN DE COMPRA|Pedido n.º|Fecha de pedido|Fecha de entrega|Proveedor|Dirección de entrega|Artículo  Cant.  Precio  Importe|Total",
    "pt": "NOTA DE ENCOMENDA|Encomenda n.º|Data da encomenda|Data de entrega|Fornecedor|Local de entrega|Artigo  Qtd.  Preço  Valor|Total",
    "ms": "PESANAN BELIAN|No. Pesanan|Tarikh Pesanan|Tarikh penghantaran|Pembekal|Alamat penghantaran|Barang  Kuantiti  Harga  Jumlah|Jumlah",
    "id": "SURAT PESANAN|Nomor Pesanan|Tanggal Pesanan|Tanggal pengiriman|Pemasok|Alamat pengiriman|Barang  Jumlah  Harga  Total|Total",
}
# Title, account, period, heads of columns, balance before and after.
_STATEMENTS = {
    "en": "Account statement|Account number|Statement period|Date  Details  Amount  Balance|Opening balance|Closing balance",
    "de": "Kontoauszug|Kontonummer|Zeitraum|Datum  Buchungstext  Betrag  Saldo|Alter Saldo|Neuer Saldo",
    "fr": "Relevé de compte|N° de compte|Période|Date  Libellé  Montant  Solde|Ancien solde|Nouveau solde",
    "nl": "Rekeningafschrift|Rekeningnummer|Periode|Datum  Omschrijving  Bedrag  Saldo|Vorig saldo|Nieuw saldo",
    "it": "Estratto conto|Conto corrente|Periodo|Data  Descrizione  Importo  Saldo|Saldo iniziale|Saldo finale",
    "es": "Extracto de cuenta|Número de cuenta|Periodo|Fecha  Concepto  Importe  Saldo|Saldo anterior|Saldo final",
    "pt": "Extrato de conta|Conta n.º|Período|Data  Descrição  Valor  Saldo|Saldo anterior|Saldo final",
    "ms": "Penyata Akaun|No. Akaun|Tempoh|Tarikh  Butiran  Jumlah  Baki|Baki awal|Baki akhir",
    "id": "Rekening Koran|No. Rekening|Periode|Tanggal  Keterangan  Mutasi  Saldo|Saldo awal|Saldo akhir",
}
# Title, total, paid in cash, change, greeting.
_RECEIPTS = {
    "en": "RECEIPT|TOTAL|CASH|CHANGE|Thank you",
    "de": "KASSENBON|SUMME EUR|BAR|Rückgeld|Vielen Dank für Ihren Einkauf",
    "fr": "TICKET DE CAISSE|TOTAL|ESPECES|RENDU|Merci de votre visite",
    "nl": "KASSABON|TOTAAL|CONTANT|WISSELGELD|Tot ziens",
    "it": "SCONTRINO|TOTALE|CONTANTE|RESTO|Grazie",
    "es": "TICKET|TOTAL|EFECTIVO|CAMBIO|Gracias por su visita",
    "pt": "RECIBO|TOTAL|DINHEIRO|TROCO|Obrigado",
    "ms": "RESIT|JUMLAH|TUNAI|BAKI|Terima kasih",
    "id": "STRUK|TOTAL|TUNAI|KEMBALI|Terima kasih",
}
# Offers and delivery notes look as invoices do.
_OTHERS = {
    "en": "QUOTATION|Quotation No.|Date|Valid until|Customer|Description  Qty  Unit price  Amount|Subtotal|VAT 20 %|Total",
    "de": "ANGEBOT|Angebotsnummer|Datum|Gültig bis|Kunde|Bezeichnung  Menge  Preis  Betrag|Netto|MwSt 19 %|Gesamt",
    "fr": "DEVIS|Devis n°|Date|Valable jusqu'au|Client|Désignation  Qté  P.U.  Montant|Total HT|TVA 20 %|Total TTC",
    "nl": "OFFERTE|Offertenummer|Datum|Geldig tot|Klant|Omschrijving  Aantal  Prijs  Bedrag|Subtotaal|BTW 21 %|Totaal",
    "it": "PREVENTIVO|Preventivo n.|Data|Validità offerta|Cliente|Descrizione  Qtà  Prezzo  Importo|Imponibile|IVA 22 %|Totale",
    "es": "PRESUPUESTO|Presupuesto n.º|Fecha|Validez de la oferta|Cliente|Descripción  Cant.  Precio  Importe|Base|IVA 21 %|Total",
    "pt": "ORÇAMENTO|Orçamento n.º|Data|Validade da proposta|Cliente|Descrição  Qtd.  Preço  Valor|Subtotal|IVA 23 %|Total",
    "ms": "SEBUT HARGA|No. Sebut Harga|Tarikh|Sah sehingga|Pelanggan|Keterangan  Kuantiti  Harga  Jumlah|Jumlah kecil|SST 6 %|Jumlah",
    "id": "PENAWARAN|No. Penawaran|Tanggal|Berlaku sampai|Pelanggan|Keterangan  Jumlah  Harga  Total|Subtotal|PPN 11 %|Total",
}
LANGUAGES = tuple(_INVOICES)


def make_page(kind: KindName, language: str) -> Document:
    """Return a page of the kind; of those that are none, an offer."""
    text = make_text(kind, language)
    return to_document(text, width_pt=220.0, height_pt=500.0) if kind == "receipt" else to_document(text)


def make_text(kind: KindName, language: str) -> str:
    """Return what the page says, laid out with spaces."""
    if kind == "receipt":
        return _receipt(*_RECEIPTS[language].split("|"))
    if kind == "purchase_order":
        return _order(*_ORDERS[language].split("|"))
    if kind == "bank_statement":
        return _statement(*_STATEMENTS[language].split("|"))
    return _bill(*(_INVOICES if kind == "invoice" else _OTHERS)[language].split("|"))


def to_document(text: str, *, width_pt: float = 595.0, height_pt: float = 842.0) -> Document:
    """Return the text as a document of pages of one size."""
    document = layout_document(text, sha256="0" * 64)
    pages = tuple(replace(page, width_pt=width_pt, height_pt=height_pt) for page in document.pages)
    return replace(document, pages=pages)


def _bill(
    title: str, no: str, day: str, due: str, to: str, heads: str, net: str, tax: str, total: str
) -> str:
    return "\n".join(
        (
            f"NORDWIND PAPER LTD{title:>50}",
            f"Harbour 4, 28217 Bremen              {no}   RE-20417",
            f"                                     {day}   03.02.2026",
            f"{to}: Moll & Sons                    {due}   05.03.2026",
            heads.replace("  ", "          "),
            "Kopira A4                 10          4,20         42,00",
            "Envelo C5                  5          6,00         30,00",
            f"                               {net}           72,00",
            f"                               {tax}           13,68",
            f"                               {total}         85,68",
            "IBAN DE89 3704 0044 0532 0130 00",
        )
    )


def _order(title: str, no: str, day: str, delivery: str, vendor: str, to: str, heads: str, total: str) -> str:
    return "\n".join(
        (
            f"TISCHLEREI MOLL{title:>50}",
            f"{no}   4500-118206          {day}   03.02.2026",
            f"{delivery}   17.02.2026",
            f"{vendor}                     {to}",
            "Nordwind Paper Ltd           Am Wall 9",
            "Harbour 4                    28195 Bremen",
            heads.replace("  ", "          "),
            "Kopira A4                 10          4,20         42,00",
            "Envelo C5                  5          6,00         30,00",
            f"                               {total}         72,00",
        )
    )


def _statement(title: str, account: str, period: str, heads: str, before: str, after: str) -> str:
    return "\n".join(
        (
            f"HARBOUR BANK{title:>60}",
            f"{account}   1090001004            {period}   01.02.2026 - 28.02.2026",
            heads.replace("  ", "          "),
            f"01.02.2026    {before}                             1.204,10",
            "03.02.2026    Moll & Sons             -42,00        1.162,10",
            "09.02.2026    Stadt 4417              -16,30        1.145,80",
            "17.02.2026    Nordwind 2026          +230,00        1.375,80",
            "24.02.2026    Karte 0711              -75,80        1.300,00",
            f"28.02.2026    {after}                             1.300,00",
        )
    )


def _receipt(title: str, total: str, cash: str, change: str, thanks: str) -> str:
    return "\n".join(
        (
            "   GREENGATE MARKET",
            "   14 Orchard Lane",
            f"      {title}",
            "17.02.2026    18:42",
            "KOFI 500G         4,99",
            "PAN 1KG           2,49",
            "2 x 0,89          1,78",
            f"{total}         9,26",
            f"{cash}         10,00",
            f"{change}         0,74",
            f"  {thanks}",
        )
    )
