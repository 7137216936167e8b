"""What can be asked: keys that people give to a field, and how they describe it.

Tags are the keys of the shipped schemas (DocILE's names where it has one). Each has many synonyms, so
that a model learns to read the schema instead of knowing one by heart.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from schemas.spec import FieldKind


@dataclass(frozen=True, slots=True)
class Meaning:
    """A semantic field: its kind, the keys it goes by, and paraphrases of what it is."""

    kind: FieldKind
    keys: tuple[str, ...]
    descriptions: tuple[str, ...]


def describe(kind: FieldKind, keys: str, descriptions: str) -> Meaning:
    """Return the meaning of a field from keys parted by spaces and descriptions parted by bars."""
    return Meaning(kind, tuple(keys.split()), tuple(descriptions.split("|")))


_V: FieldKind = "verbatim"
_A: FieldKind = "amount"
_D: FieldKind = "date"

FIELDS: dict[str, Meaning] = {
    "vendor_name": describe(
        _V,
        "company vendor_name company store_name merchant seller seller_name supplier supplier_name store shop shop_name issuer"
        " vendor merchant_name company_name partner_name verkaeufer lieferant fournisseur vendeur name_of_shop business_name",
        "Name of the seller|Shop or company name|Company that sells|Name of the shop|Who issued the document|Merchant"
        "|Name of the company that issued this|Seller's name as printed|Business name",
    ),
    "vendor_address": describe(
        _V,
        "address address vendor_address company_address store_address seller_address shop_address merchant_address"
        " supplier_address store_addr location anschrift adresse adresse_vendeur sender_address",
        "Address of the seller|Address of the shop|Full address of the vendor|Where the shop is|Postal address of the seller"
        "|Street, postal code and city of the company|Address, all lines",
    ),
    "vendor_phone": describe(
        _V,
        "vendor_phone tel phone telephone phone_number store_tel contact_number telefon telephone_number vendor_tel",
        "Phone number of the shop|Telephone of the seller|Phone number|Seller's telephone",
    ),
    "vendor_fax": describe(_V, "fax fax_number vendor_fax telefax", "Fax number of the seller|Fax"),
    "vendor_email": describe(_V, "vendor_email email e_mail seller_email contact_email", "E-mail address of the seller|E-mail"),
    "vendor_website": describe(_V, "website url web vendor_website homepage", "Web address of the seller|Website"),
    "vendor_tax_id": describe(
        _V,
        "vendor_tax_id gst_id gst_no vat_id seller_vat_id tax_id vat vat_number ust_id tva_intracom partita_iva gst_number"
        " seller_tax_id btw_nummer nif vendor_vat_number",
        "VAT or tax number of the vendor|Tax identification number of the seller|GST number of the shop|VAT id|Seller's tax number",
    ),
    "vendor_registration_id": describe(
        _V,
        "vendor_registration_id registration_number company_reg_no reg_no company_number roc_no partner_coc hrb",
        "Company registration number|Registration number of the seller|Number in the commercial register",
    ),
    "document_id": describe(
        _V,
        "document_id invoice_number invoice_no document_number receipt_no receipt_number bill_no doc_no number"
        " rechnungsnummer belegnummer numero_facture invoice_id factuurnummer contract_num bon_nr",
        "Number of the document|Invoice number|Receipt number|Document number|Identifier of this document|Its number",
    ),
    "date_issue": describe(
        _D,
        "date date date_issue invoice_date document_date issue_date receipt_date purchase_date transaction_date datum date_facture"
        " rechnungsdatum belegdatum bill_date date_of_issue factuurdatum fecha data_emissione",
        "Date of the receipt|Date of the document|Invoice date|Date of purchase|Date of issue|When it was issued|Issue date",
    ),
    "document_time": describe(_V, "time document_time purchase_time uhrzeit heure receipt_time", "Time of purchase|Time of day|Time"),
    "date_due": describe(
        _D,
        "date_due due_date payment_due faellig_am faelligkeit echeance date_echeance vervaldatum pay_by invoice_due_date",
        "Date by which to pay|Due date|Payment due date|Pay until",
    ),
    "date_delivery": describe(_D, "date_delivery delivery_date lieferdatum ship_date date_livraison", "Delivery date|Date wanted for delivery"),
    "date_order": describe(_D, "date_order order_date bestelldatum orderdatum date_commande", "Date of the order|Order date"),
    "period_start": describe(_D, "period_start from_date start_date von", "First day covered|Start of the period"),
    "period_end": describe(_D, "period_end to_date end_date bis", "Last day covered|End of the period"),
    "order_id": describe(
        _V,
        "order_id po_number purchase_order order_no bestellnummer ordernummer customer_order_id numero_commande your_order",
        "Purchase order number|Order number|Number of the customer's order",
    ),
    "vendor_order_id": describe(_V, "vendor_order_id quote_no quotation offer_no angebotsnummer devis", "Vendor's offer or order number|Offer number"),
    "customer_id": describe(
        _V,
        "customer_id customer_number client_no account_no kundennummer klantnummer customer_no numero_client member_no",
        "Customer number at the vendor|Customer number|Client number",
    ),
    "customer_tax_id": describe(_V, "customer_tax_id buyer_vat_id customer_vat buyer_tax_id", "VAT or tax number of the customer|Buyer's VAT number"),
    "customer_billing_name": describe(
        _V,
        "customer_billing_name customer_name buyer buyer_name customer bill_to client kunde acheteur billed_to recipient agency",
        "Company or person billed|Name of the customer|Who has to pay|Buyer|Name of the buyer",
    ),
    "advertiser_name": describe(
        _V,
        "advertiser advertiser advertiser_name advertiser_client sponsor",
        "Name of the advertiser|Whose advertising it is|Advertiser|Who is advertised",
    ),
    "product_name": describe(_V, "product product_name product_desc advertised_product", "What is advertised|Product|Name of the product"),
    "flight_start": describe(
        _D,
        "flight_from flight_from flight_start flight_start_date flight_begin first_day order_start",
        "First day|First day of the flight|Start of the flight|First day on which it is aired",
    ),
    "flight_end": describe(
        _D,
        "flight_to flight_to flight_end flight_end_date last_day order_end",
        "Last day|Last day of the flight|End of the flight|Last day on which it is aired",
    ),
    "gross_amount": describe(
        _A,
        "gross_amount gross_amount gross_total total_gross gross amount_gross",
        "Gross total|Gross amount|Total before the agency's commission|Gross",
    ),
    "net_due": describe(
        _A,
        "net_due net_amount_due net_total amount_due net_after_commission",
        "Net amount due|Net of commission|What is due after the agency's commission",
    ),
    "party_first": describe(
        _V,
        "party party party first_party party_1 party_a party_name name_of_party contracting_party one_party",
        "Name of a party|Name of a party|Name of the first party|First party of the agreement|Who makes the agreement|A party"
        "|Name of one of the parties, not of who signs for it|Company or person that is bound|Who agrees",
    ),
    "party_second": describe(
        _V,
        "party_2 second_party counterparty other_party party_b second_party_name the_other_side",
        "Name of the other party|Name of the second party|Second party of the agreement|With whom it is agreed|The counterparty",
    ),
    "jurisdiction": describe(
        _V,
        "jurisdiction jurisdiction governing_law law_of governing_state applicable_law choice_of_law law state_of_law legal_venue",
        "State whose law governs|State whose law governs|State or country whose law applies|Governing law|Jurisdiction"
        "|Law that governs the agreement|Under which state's law it is read|State or country of the governing law",
    ),
    "effective_date": describe(
        _D,
        "effective_date effective_date effective_date date_effective effective_as_of effective_from start_date commencement_date"
        " in_force_from takes_effect",
        "Date the agreement takes effect|Date the agreement takes effect|When the agreement begins|Effective date|Date from which it"
        " holds|Day on which it comes into force|As of which date it is made|Starting date of the agreement",
    ),
    "term": describe(
        _V,
        "term term term duration term_length period_of_validity contract_term agreement_term length how_long validity",
        "How long it lasts|How long it lasts|Term of the agreement|For how long it binds|Duration|Length of the agreement"
        "|Period for which the agreement is in force|Time after which the obligations end",
    ),
    "customer_billing_address": describe(
        _V,
        "customer_billing_address billing_address buyer_address customer_address bill_to_address rechnungsadresse",
        "Address billed|Address of the customer|Billing address|Address for the invoice",
    ),
    "customer_delivery_name": describe(_V, "customer_delivery_name ship_to delivery_name consignee", "Who receives the goods|Name at the delivery address"),
    "customer_delivery_address": describe(
        _V,
        "customer_delivery_address delivery_address ship_to_address shipping_address lieferadresse adresse_livraison",
        "Address delivered to|Delivery address|Where the goods go|Address to deliver to",
    ),
    "contact_person": describe(_V, "contact_person contact salesperson sales_rep ansprechpartner buyer_contact", "Contact person|Salesperson|Person to ask"),
    "cashier": describe(_V, "cashier served_by server staff bediener caissier operator", "Cashier|Who served|Name of the cashier"),
    "table_number": describe(_V, "table table_no table_number tisch", "Table number|Table"),
    "payment_terms": describe(_V, "payment_terms terms zahlungsbedingungen conditions_paiement", "Payment conditions|Terms of payment"),
    "payment_reference": describe(_V, "payment_reference verwendungszweck pay_ref communication", "Reference to quote when paying|Payment reference"),
    "iban": describe(_V, "iban account_iban bank_iban", "IBAN to pay to|IBAN|IBAN of the account"),
    "bic": describe(_V, "bic swift bic_swift", "BIC or SWIFT to pay to|BIC|BIC or SWIFT of the bank"),
    "bank_name": describe(_V, "bank_name bank bankname banque", "Name of the bank|Bank"),
    "bank_num": describe(_V, "bank_num sort_code blz routing_number", "Sort code or routing number|Bank code"),
    "account_num": describe(_V, "account_num account_number kontonummer account compte", "Account number|Number of the account"),
    "account_holder": describe(_V, "account_holder kontoinhaber holder titulaire account_name", "Who owns the account|Account holder"),
    "currency": describe(_V, "currency currency_code waehrung currency_code_amount_due devise", "Currency code or sign|Currency|Currency as printed"),
    "amount_total_net": describe(
        _A,
        "amount_total_net total_net subtotal net_total sub_total net_amount amount_untaxed nettobetrag total_ht zwischensumme"
        " total_untaxed subtotal_amount total_excl_tax",
        "Total before tax|Subtotal|Net total|Sum without tax|Subtotal before tax|Total excluding tax",
    ),
    "amount_total_tax": describe(
        _A,
        "amount_total_tax tax_amount tax gst_amount vat_amount tax_total mwst steuer montant_tva total_tax btw iva gst total_gst",
        "Total tax|Tax amount|Amount of tax|VAT amount|GST",
    ),
    "amount_total_gross": describe(
        _A,
        "total total total_gross amount_total_gross grand_total total_amount amount_total amount gross_amount gesamtbetrag"
        " total_ttc summe endbetrag brutto total_to_pay total_incl_tax totaal totale importe_total sum_total",
        "Total amount to pay|Grand total with tax|Total|Final total|Total to pay, with tax|Total amount|Gross total|What was paid"
        "|Total amount, rounded|Sum to pay including tax",
    ),
    "amount_due": describe(_A, "amount_due due_payable balance_due to_pay zahlbetrag solde_a_payer open_amount", "Amount still to pay|Balance due|Open amount"),
    "amount_paid": describe(_A, "amount_paid paid cash_received tendered gegeben paid_amount cash payment", "Amount the customer handed over|Amount already paid|Cash received|Amount paid"),
    "change_amount": describe(_A, "change change_amount rueckgeld change_due rendu monnaie", "Change given back|Change"),
    "discount_amount": describe(_A, "discount discount_amount rabatt remise total_discount", "Total discount|Discount"),
    "rounding_amount": describe(_A, "rounding rounding_amount rounding_adjustment", "Rounding adjustment|Rounding"),
    "service_charge": describe(_A, "service_charge service service_fee", "Service charge"),
    "tip_amount": describe(_A, "tip tips tip_amount gratuity trinkgeld pourboire", "Tip or gratuity|Tip"),
    "tax_rate": describe(_A, "tax_rate vat_rate gst_rate mwst_satz taux_tva taxpercent", "Tax rate in percent|Rate of tax"),
    "item_count": describe(_A, "item_count num_items total_qty number_of_items anzahl_artikel", "Number of items|Total quantity"),
    "shipping_amount": describe(_A, "shipping shipping_amount freight versand frais_de_port", "Shipping costs|Freight"),
    "lines_total": describe(_A, "lines_total line_total sum_of_lines positionssumme", "Sum of the lines|Total of all lines"),
    "opening_balance": describe(_A, "opening_balance balance_start anfangssaldo alter_saldo previous_balance", "Balance at the start|Previous balance"),
    "closing_balance": describe(_A, "closing_balance balance_end endsaldo neuer_saldo new_balance ending_balance", "Balance at the end|New balance"),
    "total_debits": describe(_A, "total_debits withdrawals total_withdrawals", "Sum of money out|Total withdrawals"),
    "total_credits": describe(_A, "total_credits deposits total_deposits", "Sum of money in|Total deposits"),
    "document_type": describe("enum", "document_type doc_type type kind", "Demands money, or gives it back|Kind of document"),
    "payment_method": describe("enum", "payment_method paid_by zahlungsart mode_paiement", "How it was paid|Means of payment"),
    "title": describe(_V, "title form_title document_title heading", "Title of the form|Title|Heading of the document"),
}  # fmt: skip

COLUMNS: dict[str, Meaning] = {
    "position": describe(_V, "position pos line_no item_no nr", "Line number|Position"),
    "code": describe(_V, "code sku item_code article_no artikelnummer barcode product_code", "Article number or SKU|Article number or barcode|Code of the item"),
    "description": describe(
        _V,
        "description description item name product item_name article bezeichnung artikel designation desc text omschrijving",
        "Item bought|Goods or service billed|What was bought|Name of the item|Description|Goods or service ordered",
    ),
    "quantity": describe(_A, "quantity quantity qty menge anzahl quantite count aantal", "How many|Quantity|How many units"),
    "units_of_measure": describe(_V, "units_of_measure unit uom einheit unite", "Unit of the quantity|Unit of measure"),
    "unit_price": describe(_A, "unit_price price unit_price_net unit_price_gross einzelpreis rate prix_unitaire u_price prijs", "Price of one unit|Price of one|Unit price|Price of one unit before tax"),
    "amount": describe(_A, "amount amount line_total total amount_net amount_gross betrag price_total montant bedrag sum", "Price of the line|Line total|Amount|Line total before tax|Amount booked"),
    "tax_rate": describe(_A, "tax_rate vat_rate tax vat_percent mwst", "Tax rate in percent|Tax rate"),
    "discount": describe(_A, "discount discount_percent rabatt remise disc", "Discount of the line in percent|Discount"),
    "date": describe(_D, "date booking_date datum transaction_date", "Booking date|Date|Delivery date of the line"),
    "date_value": describe(_D, "date_value value_date valuta wertstellung", "Value date"),
    "direction": describe("enum", "direction debit_credit sign", "Money out or in"),
    "balance": describe(_A, "balance saldo running_balance solde", "Balance after the booking|Balance"),
}  # fmt: skip

# The values of fields that are chosen from a list.
CHOICES: dict[str, tuple[str, ...]] = {
    "document_type": ("invoice", "credit_note"),
    "payment_method": ("cash", "card", "other"),
    "direction": ("debit", "credit"),
}

ROW_KEYS = (
    "line_items",
    "items",
    "line_items",
    "rows",
    "lines",
    "products",
    "positionen",
    "articles",
    "entries",
    "lineItems",
)
ROW_DESCRIPTIONS = (
    "",
    "",
    "Items bought",
    "Billed lines",
    "Rows of the table",
    "All lines",
    "Line items",
    "Bookings",
)
_DESCRIBING = (
    "{}",
    "{}",
    "{}",
    "{}, as printed",
    "The {}",
    "{} on the document",
    "{}; null if absent",
    "Please copy: {}",
    "{}.",
)


def varied_key(rng: random.Random, key: str) -> str:
    """Return `key` as it is, or in another way of writing identifiers."""
    draw = rng.random()
    if draw < 0.8:
        return key
    parts = key.split("_")
    if draw < 0.88:
        return parts[0] + "".join(part.capitalize() for part in parts[1:])
    if draw < 0.91:
        return "".join(part.capitalize() for part in parts)
    if draw < 0.94:
        return key.upper()
    return " ".join(part.capitalize() for part in parts) if draw < 0.97 else "-".join(parts)


def varied_description(rng: random.Random, meaning: Meaning) -> str:
    """Return one of the paraphrases, sometimes wrapped in a few more words."""
    text = rng.choice(meaning.descriptions)
    frame = rng.choice(_DESCRIBING)
    return frame.format(text[:1].lower() + text[1:] if frame.startswith("The") else text)


def snake_case(label: str) -> str:
    """Return `label` as a lower-case identifier; "f" stands for a label without letters or digits.

    Examples
    --------
    >>> snake_case("Invoice No. :")
    'invoice_no'
    """
    return re.sub(r"[\W_]+", "_", label.lower()).strip("_") or "f"
