"""Where each term of an invoice stands in CII (Factur-X, ZUGFeRD, XRechnung) and in UBL 2.1.

Steps are local names, as namespaces differ between versions; `*` is any element and `@name` an attribute. The
first path that has a text is taken. Terms are those of EN 16931-1 that the comments name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Paths = Mapping[str, tuple[str, ...]]

# ZUGFeRD 1.0, of 2014, has longer names for the same elements.
ZUGFERD_1_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "HeaderExchangedDocument": "ExchangedDocument",
        "SpecifiedExchangedDocumentContext": "ExchangedDocumentContext",
        "ApplicableSupplyChainTradeAgreement": "ApplicableHeaderTradeAgreement",
        "ApplicableSupplyChainTradeDelivery": "ApplicableHeaderTradeDelivery",
        "ApplicableSupplyChainTradeSettlement": "ApplicableHeaderTradeSettlement",
        "SpecifiedSupplyChainTradeAgreement": "SpecifiedLineTradeAgreement",
        "SpecifiedSupplyChainTradeDelivery": "SpecifiedLineTradeDelivery",
        "SpecifiedSupplyChainTradeSettlement": "SpecifiedLineTradeSettlement",
        "SpecifiedTradeSettlementMonetarySummation": "SpecifiedTradeSettlementHeaderMonetarySummation",
        "ApplicablePercent": "RateApplicablePercent",
    }
)
_AGREEMENT = "*/ApplicableHeaderTradeAgreement"
_SETTLEMENT = "*/ApplicableHeaderTradeSettlement"
_SUMS = f"{_SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"
_TERMS = f"{_SETTLEMENT}/SpecifiedTradePaymentTerms"
_ORDER = f"{_AGREEMENT}/BuyerOrderReferencedDocument"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxPaths:
    """The paths of one syntax.

    Attributes
    ----------
    fields, columns
        Of the terms of the invoice, below its root, and of a line.
    rows
        The elements of lines.
    addresses, address_parts
        The elements of addresses by term, and their parts in the order in which they are printed.
    tax_ids
        By party the elements that each hold one registration; `tax_id` and `tax_scheme` are within one.
    taxes, tax
        The elements of the VAT breakdown, and the terms within one.
    accounts, account
        The elements that each hold one way to pay, and the terms within one.
    extras, is_charge, extra
        The allowances and charges of a line, what in one says that it is a charge, and its amount.
    """

    fields: Paths
    columns: Paths
    rows: tuple[str, ...]
    addresses: Mapping[str, str]
    address_parts: tuple[str, ...]
    tax_ids: Mapping[str, str]
    tax_id: str
    tax_scheme: str
    taxes: str
    tax: Paths
    accounts: str
    account: Paths
    extras: str
    is_charge: str
    extra: str


CII = SyntaxPaths(
    fields={
        "guideline": ("*/GuidelineSpecifiedDocumentContextParameter/ID",),  # BT-24
        "document_id": ("ExchangedDocument/ID",),  # BT-1
        "type_code": ("ExchangedDocument/TypeCode",),  # BT-3
        "date_issue": (  # BT-2; without the inner element before ZUGFeRD 1's release
            "ExchangedDocument/IssueDateTime/DateTimeString",
            "ExchangedDocument/IssueDateTime",
        ),
        "vendor_name": (f"{_AGREEMENT}/SellerTradeParty/Name",),  # BT-27
        "vendor_country": (f"{_AGREEMENT}/SellerTradeParty/PostalTradeAddress/CountryID",),  # BT-40
        "customer_billing_name": (f"{_AGREEMENT}/BuyerTradeParty/Name",),  # BT-44
        "customer_country": (f"{_AGREEMENT}/BuyerTradeParty/PostalTradeAddress/CountryID",),  # BT-55
        "customer_id": (  # BT-46
            f"{_AGREEMENT}/BuyerTradeParty/ID",
            f"{_AGREEMENT}/BuyerTradeParty/GlobalID",
        ),
        "order_id": (f"{_ORDER}/IssuerAssignedID", f"{_ORDER}/ID"),  # BT-13
        "currency_code_amount_due": (f"{_SETTLEMENT}/InvoiceCurrencyCode",),  # BT-5
        "payment_reference": (f"{_SETTLEMENT}/PaymentReference",),  # BT-83
        "date_due": (  # BT-9
            f"{_TERMS}/DueDateDateTime/DateTimeString",
            f"{_TERMS}/DueDateDateTime",
        ),
        "payment_terms": (f"{_TERMS}/Description",),  # BT-20
        "amount_total_lines": (f"{_SUMS}/LineTotalAmount",),  # BT-106
        "amount_allowances": (f"{_SUMS}/AllowanceTotalAmount",),  # BT-107
        "amount_charges": (f"{_SUMS}/ChargeTotalAmount",),  # BT-108
        "amount_total_net": (f"{_SUMS}/TaxBasisTotalAmount",),  # BT-109
        "amount_total_tax": (f"{_SUMS}/TaxTotalAmount",),  # BT-110, and BT-111 in another currency
        "amount_total_gross": (f"{_SUMS}/GrandTotalAmount",),  # BT-112
        "amount_paid": (f"{_SUMS}/TotalPrepaidAmount",),  # BT-113
        "amount_rounding": (f"{_SUMS}/RoundingAmount",),  # BT-114
        "amount_due": (f"{_SUMS}/DuePayableAmount",),  # BT-115
    },
    columns={
        "position": ("AssociatedDocumentLineDocument/LineID",),  # BT-126
        "code": ("SpecifiedTradeProduct/SellerAssignedID",),  # BT-155
        "description": ("SpecifiedTradeProduct/Name",),  # BT-153
        "quantity": ("SpecifiedLineTradeDelivery/BilledQuantity",),  # BT-129
        "units_of_measure": ("SpecifiedLineTradeDelivery/BilledQuantity/@unitCode",),  # BT-130
        "unit_price_net": ("SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount",),  # BT-146
        "price_base": ("SpecifiedLineTradeAgreement/NetPriceProductTradePrice/BasisQuantity",),  # BT-149
        "tax_category": ("SpecifiedLineTradeSettlement/ApplicableTradeTax/CategoryCode",),  # BT-151
        "tax_rate": ("SpecifiedLineTradeSettlement/ApplicableTradeTax/RateApplicablePercent",),  # BT-152
        "amount_net": ("SpecifiedLineTradeSettlement/*/LineTotalAmount",),  # BT-131
    },
    rows=("*/IncludedSupplyChainTradeLineItem",),
    addresses={
        "vendor_address": f"{_AGREEMENT}/SellerTradeParty/PostalTradeAddress",  # BG-5
        "customer_billing_address": f"{_AGREEMENT}/BuyerTradeParty/PostalTradeAddress",  # BG-8
        "customer_delivery_address": "*/*/ShipToTradeParty/PostalTradeAddress",  # BG-15
    },
    address_parts=("LineOne", "LineTwo", "LineThree", "PostcodeCode", "CityName"),
    tax_ids={
        "vendor": f"{_AGREEMENT}/SellerTradeParty/SpecifiedTaxRegistration",  # BT-31, BT-32
        "customer": f"{_AGREEMENT}/BuyerTradeParty/SpecifiedTaxRegistration",  # BT-48
    },
    tax_id="ID",
    tax_scheme="ID/@schemeID",
    taxes=f"{_SETTLEMENT}/ApplicableTradeTax",
    tax={
        "category": ("CategoryCode",),
        "rate": ("RateApplicablePercent",),
        "basis": ("BasisAmount",),
        "amount": ("CalculatedAmount",),
    },
    accounts=f"{_SETTLEMENT}/*",
    account={
        "iban": (  # BT-84
            "PayeePartyCreditorFinancialAccount/IBANID",
            "PayeePartyCreditorFinancialAccount/ProprietaryID",
        ),
        "bic": ("PayeeSpecifiedCreditorFinancialInstitution/BICID",),  # BT-86
        "means": ("TypeCode",),  # BT-81
    },
    extras="SpecifiedLineTradeSettlement/SpecifiedTradeAllowanceCharge",  # BG-27, BG-28
    is_charge="ChargeIndicator/Indicator",
    extra="ActualAmount",
)
_SELLER, _BUYER = "AccountingSupplierParty/Party", "AccountingCustomerParty/Party"
UBL = SyntaxPaths(
    fields={
        "guideline": ("CustomizationID",),
        "document_id": ("ID",),
        "type_code": ("InvoiceTypeCode", "CreditNoteTypeCode"),
        "date_issue": ("IssueDate",),
        "date_due": ("DueDate", "PaymentMeans/PaymentDueDate"),
        "currency_code_amount_due": ("DocumentCurrencyCode",),
        "order_id": ("OrderReference/ID",),
        "vendor_name": (f"{_SELLER}/PartyLegalEntity/RegistrationName", f"{_SELLER}/PartyName/Name"),
        "vendor_country": (f"{_SELLER}/PostalAddress/Country/IdentificationCode",),
        "customer_billing_name": (f"{_BUYER}/PartyLegalEntity/RegistrationName", f"{_BUYER}/PartyName/Name"),
        "customer_country": (f"{_BUYER}/PostalAddress/Country/IdentificationCode",),
        "customer_id": (f"{_BUYER}/PartyIdentification/ID",),
        "payment_reference": ("PaymentMeans/PaymentID",),
        "payment_terms": ("PaymentTerms/Note",),
        "amount_total_lines": ("LegalMonetaryTotal/LineExtensionAmount",),
        "amount_allowances": ("LegalMonetaryTotal/AllowanceTotalAmount",),
        "amount_charges": ("LegalMonetaryTotal/ChargeTotalAmount",),
        "amount_total_net": ("LegalMonetaryTotal/TaxExclusiveAmount",),
        "amount_total_tax": ("TaxTotal/TaxAmount",),
        "amount_total_gross": ("LegalMonetaryTotal/TaxInclusiveAmount",),
        "amount_paid": ("LegalMonetaryTotal/PrepaidAmount",),
        "amount_rounding": ("LegalMonetaryTotal/PayableRoundingAmount",),
        "amount_due": ("LegalMonetaryTotal/PayableAmount",),
    },
    columns={
        "position": ("ID",),
        "code": ("Item/SellersItemIdentification/ID",),
        "description": ("Item/Name",),
        "quantity": ("InvoicedQuantity", "CreditedQuantity"),
        "units_of_measure": ("InvoicedQuantity/@unitCode", "CreditedQuantity/@unitCode"),
        "unit_price_net": ("Price/PriceAmount",),
        "price_base": ("Price/BaseQuantity",),
        "tax_category": ("Item/ClassifiedTaxCategory/ID",),
        "tax_rate": ("Item/ClassifiedTaxCategory/Percent",),
        "amount_net": ("LineExtensionAmount",),
    },
    rows=("InvoiceLine", "CreditNoteLine"),
    addresses={
        "vendor_address": f"{_SELLER}/PostalAddress",
        "customer_billing_address": f"{_BUYER}/PostalAddress",
        "customer_delivery_address": "Delivery/DeliveryLocation/Address",
    },
    address_parts=("StreetName", "AdditionalStreetName", "AddressLine/Line", "PostalZone", "CityName"),
    tax_ids={"vendor": f"{_SELLER}/PartyTaxScheme", "customer": f"{_BUYER}/PartyTaxScheme"},
    tax_id="CompanyID",
    tax_scheme="TaxScheme/ID",
    taxes="TaxTotal/TaxSubtotal",
    tax={
        "category": ("TaxCategory/ID",),
        "rate": ("TaxCategory/Percent",),
        "basis": ("TaxableAmount",),
        "amount": ("TaxAmount",),
    },
    accounts="PaymentMeans",
    account={
        "iban": ("PayeeFinancialAccount/ID",),
        "bic": ("PayeeFinancialAccount/FinancialInstitutionBranch/ID",),
        "means": ("PaymentMeansCode",),
    },
    extras="AllowanceCharge",
    is_charge="ChargeIndicator",
    extra="Amount",
)
# UNTDID 4461: money that the seller draws by itself, and nobody has to send.
DIRECT_DEBITS = frozenset({"49", "59"})
# What marks a VAT number among a party's registrations, in CII and UBL.
VAT_SCHEMES = frozenset({"VA", "VAT"})
