"""The words that head columns, in the languages of the date table and some of their neighbours'."""

# ruff: noqa: RUF001
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

ColumnKind = Literal[
    "position",
    "code",
    "description",
    "quantity",
    "unit",
    "unit_price",
    "discount",
    "tax_rate",
    "tax_code",
    "tax_amount",
    "tax_base",
    "amount",
    "date",
    "debit",
    "credit",
    "balance",
]
# Folded phrases by kind. A phrase under two kinds is ambiguous: the table's other headings decide.
PHRASES: Mapping[ColumnKind, str] = MappingProxyType(
    {
        "position": "pos | position | no | nr | n | line | line no | lfd | lfd nr | s no | sl no | "
        "sr no | item "
        "no | ligne | regel | bil | num | nro | riga | linha | item | rad | poz | lp | שורה",
        "code": "code | item code | item no | item number | item id | sku | article | article no | article "
        "number | article code | art | art nr | art no | art nr kunde | art nr lief | artnr | artikel "
        "| artikel nr | artikelnr | artikelnummer | part no | part number | part | product code | "
        "product no | product id | material | ref | reference | codigo | cod | codice | ean | gtin | "
        "upc | isbn | model | stock code | plu | hsn | hsn sac | kod | catalog no | catalogue no | "
        "mfg upc no | waybill | awb | bol | pro no | beleg | belegnr | varenr | varenummer | "
        "tuotenumero | kod towaru | voucher | doc no | מק ט | קוד פריט",
        "quantity": "qty | quantity | quan | count | units | qnty | qty shipped | qty ordered | "
        "shipped | hours | "
        "hrs | menge | ordered | delivered | qty delivered | bestellt | geliefert | anzahl | anz | "
        "stueck | stuck | quantite | qte | nombre | cantidad | cant | unidades | quantita | qta | "
        "aantal | hoeveelheid | kuantiti | qtd | quantidade | qtde | spots | nights | 数量 | 數量 | "
        "pieces | pcs | pieces no | colli | antal | antall | maara | ilosc | mnozstvi | sq ft | sqft "
        "| sqm | flache | usage | verbrauch | consumption | consommation | consumo | duration hours | "
        "stunden | std | כמות",
        "unit": "unit | uom | unit of measure | einheit | me | unite | unidad | unita | eenheid "
        "| unidade | "
        "um | per | units of measure | eh | einh | 単位 | 单位 | u | ud | uds | enhet | enhed | yksikko | "
        "j m | jm | jednostka | mj | יחידה",
        "unit_price": "unit price | price | rate | unit cost | cost | list price | price each | each | "
        "u price | s "
        "price | u p | price unit | net price | einzelpreis | e preis | ep | preis | nettopreis | "
        "bruttopreis | vk preis | stuckpreis | prix unitaire | prix | pu | pu ht | p u | precio | "
        "precio unitario | p unit | prezzo | prezzo unitario | prijs | prijs per stuk | stukprijs | "
        "harga | harga seunit | preco | preco unitario | price of one unit | price per unit | 単価 | 单价 "
        "| 單價 | a pris | styckpris | enhetspris | enhedspris | cena | cena jedn | cena netto | cena "
        "jednostkowa | jedn cena | hinta | a hinta | einzel | stk preis | מחיר | מחיר יחידה | מחיר "
        "ליחידה",
        "discount": "discount | disc | rabatt | rab | nachlass | remise | descuento | dto | sconto | "
        "korting | "
        "diskaun | desconto | rebate | rem | nachl | rabat | alennus | sleva | הנחה",
        "tax_rate": "vat | tax | satz | gst | mwst | ust | st | steuer | steuersatz | mwst satz | "
        "tva | iva | btw "
        "| sst | vat rate | tax rate | cukai | imposto | tax rate in percent | moms | mva | alv | "
        "stawka vat | dph | vers st | verss t | versst | vers steuer | versicherungsteuer | "
        "versicherungssteuer | ipt | מע מ",
        "tax_code": "vat code | tax code | code tva | code tax | tva code | mwst code | mwst kz | "
        "ust kz | st kz "
        "| stkz | steuercode | steuerschlussel | steuerkennzeichen | iva code | cod iva | btw code",
        "tax_amount": "tax amount | vat amount | gst amount | steuerbetrag | mwst betrag | ust betrag "
        "| montant tva "
        "| importe iva | importo iva | btw bedrag | total tva | sst amount | amount of tax",
        "tax_base": "basisbetrag | basis | base | tax base | taxable | taxable amount | vat base | "
        "base tva | "
        "base ht | base imponible | imponibile | grondslag | bemessungsgrundlage | warenwert",
        "amount": "amount | total | line total | amt | total price | price | ext price | extended "
        "| extended "
        "price | extension | net amount | net price | gross amount | sum | betrag | gesamt | "
        "gesamtpreis | positionsbetrag | summe | entgelt | nettowert | nettobetrag | bruttobetrag | "
        "wert | zeilenbetrag | preis | gp | g preis | ges preis | montant | montant ht | montant ttc "
        "| total ht | total ttc | importe | importo | totale | bedrag | totaal | prijs | jumlah | "
        "amaun | valor | valor total | subtotal | sub total | netto | brutto | charge | charges | "
        "price of the row | line amount | eur | usd | gbp | rm | myr | chf | net value | line value | "
        "total value | umsatz | umsatze | 金額 | 金额 | net | gross | netto betrag | rent | monthly rent "
        "| miete | kaltmiete | loyer | premium | praemie | pramie | premie | premio | beitrag | "
        "belopp | belop | beløb | summa | wartosc | wartosc netto | kwota | castka | celkem | betrag "
        "netto | betrag brutto | montant net | freight charge | fee | fees | honorar | סה כ | סכום",
        "description": "description | desc | descript | item description | item | items | product | "
        "products | "
        "product description | product name | details | particulars | service | services | goods | "
        "name | item name | bezeichnung | artikel | beschreibung | leistung | artikelbezeichnung | "
        "produkt | text | buchungstext | verwendungszweck | designation | libelle | article | "
        "descripcion | concepto | producto | articulo | descrizione | prodotto | articolo | "
        "omschrijving | dienst | keterangan | perihal | butiran | descricao | produto | transaction | "
        "transactions | activity | memo | booking text | band | vorgang | erlauterung | erlauterungen "
        "| narrative | narration | causale | detalle | movimiento | title | 品名 | 商品名 | 品目 "
        "| 内容 | 摘要 "
        "| "
        "名称 | 项目 | 項目 | charge | charges | task | work | tenant | kurztext | langtext | sparte | "
        "versicherungsart | preisbestandteil | benamning | beskrivning | beskrivelse | betegnelse | "
        "kuvaus | nazwa | nazwa towaru | opis | nazev | popis | coverage | activity description | "
        "work performed | naam | תיאור | תאור | פריט | שם פריט | פירוט",
        "date": "date | datum | buchungstag | buchung | fecha | data | tarikh | trans date | "
        "transaction date "
        "| booking date | run date | start date | air date | value date | valuta | wertstellung | day "
        "of booking | wert | valeur | val | bu tag | butag | f valor | 日付 | 日期 | f oper | f operacion "
        "| f operac | fecha operacion | fecha valor | data operazione | data contabile | data valuta "
        "| data mov | due date | faellig | fallig | falligkeit | echeance | scadenza | vencimiento | "
        "date operation | date valeur | datum der buchung | date posted | posted | dato | paivays | "
        "תאריך",
        "debit": "debit | debits | soll | withdrawal | withdrawals | money out | paid out | debet "
        "| belastung "
        "| debito | debe | af | lastschrift | lastschriften | belastungen | ausgang | ausgange | "
        "ausgaben | subtractions | retrait | retraits | cargos | dare | addebiti | uscite | debit "
        "amount | betrag soll | umsatz soll | soll eur | montant debit | uttag | חובה",
        "credit": "credit | credits | haben | deposit | deposits | money in | paid in | gutschrift "
        "| credito | "
        "haber | bij | gutschriften | eingang | eingange | einnahmen | additions | versement | "
        "versements | abonos | avere | accrediti | entrate | credit amount | betrag haben | umsatz "
        "haben | haben eur | montant credit | insattning | זכות",
        "balance": "balance | running balance | saldo | kontostand | solde | bal | baki | 残高 | 余额 | "
        "running "
        "total | יתרה",
    }
)
