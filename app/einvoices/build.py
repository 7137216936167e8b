"""The terms of an invoice as EN 16931 has them, and which of those that it demands are not there.

Nothing is made up. What the standard itself defines by other terms is reckoned (the sum of the lines, the VAT
breakdown), and what follows from one that is there is concluded; both are named in `notes`. All else that is
mandatory has to be in the extraction or given by the caller, by its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.einvoices.given import GIVEN_TERMS, VAT_COUNTRIES, compact, is_vat_number
from app.einvoices.terms import UNCLEAR, InvoiceTerms
from app.einvoices.units import ONE
from schemas.values import currency_code

_CENT = Decimal("0.01")
_TYPES: Mapping[str, str] = {"invoice": "380", "credit_note": "381"}  # UNTDID 1001
_CREDIT_TRANSFER, _NOT_DEFINED = "30", "1"  # UNTDID 4461
# Categories of VAT that are without tax, and say why (BT-120 or BT-121).
_NEED_REASON = frozenset({"E", "AE", "K", "G", "O"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Adjustment:
    """The terms of what a whole invoice is cheaper or dearer by; `sign` is that of its amount in the net."""

    group: str
    amount: str
    category: str
    rate: str
    reason: str
    total: str
    sign: int


_ALLOWANCE = _Adjustment(
    group="BG-20", amount="BT-92", category="BT-95", rate="BT-96", reason="BT-97", total="BT-107", sign=-1
)
_CHARGE = _Adjustment(
    group="BG-21", amount="BT-99", category="BT-102", rate="BT-103", reason="BT-104", total="BT-108", sign=1
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingTerm:
    """A term that EN 16931 demands and that is not there: its number, and what would give it."""

    term: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInvoice:
    """An invoice as EN 16931 has it, keyed by terms; complete if nothing is missing.

    Attributes
    ----------
    notes
        What was reckoned or concluded, and what of the extraction is left out, for people.
    """

    data: Mapping[str, Any]
    missing: tuple[MissingTerm, ...] = ()
    notes: tuple[str, ...] = ()


def build_invoice(terms: InvoiceTerms, given: Mapping[str, str]) -> BuiltInvoice:
    """Return an invoice of the terms of an extraction, and those that a caller gives by their numbers."""
    builder = _Builder(terms=terms, given=given)
    builder.add_head()
    builder.add_parties()
    builder.add_payment()
    builder.add_lines()
    builder.add_adjustment(_ALLOWANCE)
    builder.add_adjustment(_CHARGE)
    builder.add_totals()
    return BuiltInvoice(
        data=builder.data, missing=tuple(builder.missing.values()), notes=tuple(builder.notes)
    )


@dataclass(slots=True, kw_only=True)
class _Builder:
    terms: InvoiceTerms
    given: Mapping[str, str]
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    missing: dict[str, MissingTerm] = field(default_factory=dict[str, MissingTerm])
    notes: list[str] = field(default_factory=list[str])
    # What is to be taxed beside the lines, by category and rate.
    adjusted: list[tuple[str, str, Decimal]] = field(default_factory=list[tuple[str, str, Decimal]])

    def add_head(self) -> None:
        """Add number, dates, type and currency."""
        self._need("BT-1", self._said("document_id"), "the invoice's number (document_id)")
        self._need("BT-2", self._said("date_issue"), "its date (date_issue)")
        kind = self._said("document_type")
        self._need("BT-3", self.given.get("BT-3") or _TYPES.get(kind or ""), "what it is (document_type)")
        currency = self.given.get("BT-5") or self._currency()
        self._need("BT-5", currency, "an ISO 4217 code (currency_code_amount_due)")
        for number, value in (
            ("BT-9", self.given.get("BT-9") or self._said("date_due")),
            ("BT-10", self.given.get("BT-10")),
            ("BT-13", self._said("order_id")),
            ("BT-20", self.given.get("BT-20") or self._said("payment_terms")),
        ):
            self._put(number, value)

    def _currency(self) -> str | None:
        printed = self._said("currency_code_amount_due")
        return (currency_code(printed) if printed else None) or self.terms.currency

    def add_parties(self) -> None:
        """Add seller, buyer and the place of delivery."""
        seller: dict[str, Any] = {"name": self._said("vendor_name")}
        number = self.given.get("BT-31") or self._said("vendor_vat_id") or self._said("vendor_tax_id")
        is_vat = number is not None and is_vat_number(number)
        if is_vat and number is not None:
            seller["vat_identifier"] = compact(number)
        tax = self.given.get("BT-32") or (None if is_vat else number)
        if tax:
            seller["tax_identifier"] = tax
        if "BT-30" in self.given:
            seller["legal_identifier"] = self.given["BT-30"]
        seller |= self._address("vendor_address", "BT-40", seller.get("vat_identifier"))
        self.data["BG-4"] = seller
        self._check("BT-27", seller["name"], "the seller's name (vendor_name)")
        if not {"vat_identifier", "legal_identifier"} & seller.keys():
            self._miss("BT-31", "the seller's VAT number (vendor_tax_id), or its registration (BT-30)")
        buyer: dict[str, Any] = {"name": self._said("customer_billing_name")}
        vat = self.given.get("BT-48") or self._said("customer_vat_id") or self._said("customer_tax_id")
        if vat and is_vat_number(vat):
            buyer["vat_identifier"] = compact(vat)
        elif vat:
            self.notes.append("customer_tax_id is left out: it is no VAT number (BT-48)")
        if self._said("customer_id"):
            buyer["identifiers"] = {None: self._said("customer_id")}
        buyer |= self._address("customer_billing_address", "BT-55", buyer.get("vat_identifier"))
        self.data["BG-7"] = buyer
        self._check("BT-44", buyer["name"], "the buyer's name (customer_billing_name)")
        self._add_delivery()

    def _address(self, term: str, country_term: str, vat: str | None) -> dict[str, str]:
        """Return an address in one line, as it was read; its country is given, or that of the VAT number."""
        address = {} if self._said(term) is None else {"addr_l1": str(self._said(term))}
        country = self.given.get(country_term)
        if country is None and vat is not None:
            country = VAT_COUNTRIES.get(vat[:2], vat[:2])
            self.notes.append(f"{country_term} is {country}, concluded from the VAT number")
        self._check(country_term, country, f"a country code ({GIVEN_TERMS[country_term]})")
        return address if country is None else {**address, "country_code": country}

    def _add_delivery(self) -> None:
        address = self._said("customer_delivery_address")
        if address is None:
            return
        country = self.given.get("BT-80")
        if country is None:
            self.notes.append("customer_delivery_address is left out: its country (BT-80) is not known")
            return
        self.data["BG-13"] = {"addr_l1": address, "country_code": country}

    def add_payment(self) -> None:
        """Add where to pay to and what to quote."""
        iban, reference = self._said("iban"), self._said("payment_reference")
        means = self.given.get("BT-81")
        if means is None and (iban or reference):
            means = _CREDIT_TRANSFER if iban else _NOT_DEFINED
            why = "there is an account to pay to" if iban else "how to pay is not said"
            self.notes.append(f"BT-81 is {means}: {why}")
        self._put("BT-81", means)
        self._put("BT-83", reference)
        self._put("BT-84", None if iban is None else compact(iban))
        if iban is not None:
            self._put("BT-86", self._said("bic"))
        elif self._said("bic"):
            self.notes.append("bic is left out: there is no account (BT-84)")

    def add_lines(self) -> None:
        """Add the invoice lines."""
        if not self.terms.rows:
            self._miss("BG-25", "invoice lines (line_items)")
        self.data["BG-25"] = [self._line(n, row) for n, row in enumerate(self.terms.rows, start=1)]

    def _line(self, number: int, row: Mapping[str, str]) -> dict[str, Any]:
        where = f"in line {number}"
        unit = row.get("units_of_measure")
        code = unit or self.given.get("BT-130") or (None if f"units_of_measure{UNCLEAR}" in row else ONE)
        rate = row.get("tax_rate") or self.given.get("BT-152")
        category = self.given.get("BT-151") if rate is None or Decimal(rate) == 0 else "S"
        amount = self._money(row.get("amount_net"), f"BT-131 {where}")
        line: dict[str, Any] = {
            "BT-126": row.get("position") or str(number),
            "BT-129": row.get("quantity"),
            "BT-130": code,
            "BT-131": None if amount is None else _text(amount),
            "BT-146": row.get("unit_price_net"),
            "BT-151": category,
            "BT-152": None if category == "O" else rate,
            "BT-153": row.get("description"),
            "BT-155": row.get("code"),
        }
        for term, name in (
            ("BT-129", "a quantity (quantity)"),
            ("BT-130", "a known unit (units_of_measure)"),
            ("BT-131", "an amount without tax (amount_net)"),
            ("BT-146", "a price without tax (unit_price_net)"),
            ("BT-151", "a VAT category: the rate does not tell it"),
            ("BT-153", "what is billed (description)"),
        ):
            if line[term] is None:
                self._miss(term, f"{name} {where}", key=f"{term} {number}")
        if line["BT-152"] is None and category != "O":
            self._miss("BT-152", f"a VAT rate (tax_rate) {where}", key=f"BT-152 {number}")
        return {term: value for term, value in line.items() if value is not None}

    def add_adjustment(self, of: _Adjustment) -> None:
        """Add an allowance or a charge on the whole invoice, if given; taxed as the lines if they agree."""
        said = self.given.get(of.amount)
        if said is None:
            return
        amount = Decimal(said).quantize(_CENT)
        kinds = {(line.get("BT-151"), line.get("BT-152")) for line in self.data["BG-25"]}
        lines = kinds.pop() if len(kinds) == 1 else (None, None)
        category = self.given.get(of.category) or lines[0]
        rate = self.given.get(of.rate) or (lines[1] if category == lines[0] else None)
        reason = self.given.get(of.reason)
        self._check(of.category, category, f"the {GIVEN_TERMS[of.category]}")
        self._check(of.reason, reason, f"the {GIVEN_TERMS[of.reason]}")
        if category != "O":
            self._check(of.rate, rate, f"the {GIVEN_TERMS[of.rate]}")
        self.data[of.total] = _text(amount)
        self.data[of.group] = [
            {"amount": _text(amount), "reason": reason, "vat_category_code": category}
            | ({} if rate is None or category == "O" else {"vat_rate": rate})
        ]
        self.adjusted.append((category or "", rate or "0", of.sign * amount))

    def add_totals(self) -> None:
        """Add the totals and the VAT breakdown, and hold them against each other."""
        net = self._total("BT-109", "amount_total_net")
        tax = self._money(self._said("amount_total_tax"), "BT-110")
        gross = self._total("BT-112", "amount_total_gross")
        if tax is None and net is not None and gross is not None:
            tax = gross - net
            self.notes.append("BT-110 is reckoned: BT-112 less BT-109")
        paid = self._money(self._said("amount_paid"), "BT-113")
        due = self._money(self._said("amount_due"), "BT-115")
        if due is None and gross is not None:
            due = gross - (paid or Decimal(0))
            self.notes.append("BT-115 is reckoned: BT-112 less BT-113")
        amounts = [Decimal(line["BT-131"]) for line in self.data["BG-25"] if "BT-131" in line]
        lines = sum(amounts, Decimal(0))
        taxed = lines + sum((amount for _, _, amount in self.adjusted), Decimal(0))
        for term, amount in (
            *(("BT-106", lines), ("BT-109", net), ("BT-110", tax)),
            *(("BT-112", gross), ("BT-113", paid), ("BT-115", due)),
        ):
            if amount is not None:
                self.data[term] = _text(amount)
        if net is not None and amounts and taxed != net:
            what = "allowances (BT-92) or charges (BT-99)"
            self._miss("BG-20", f"{what}: the lines with those given come to {taxed}, the net total is {net}")
        self._add_breakdown(tax)
        self._compare(net=net, tax=tax, gross=gross, paid=paid, due=due)

    def _compare(
        self,
        *,
        net: Decimal | None,
        tax: Decimal | None,
        gross: Decimal | None,
        paid: Decimal | None,
        due: Decimal | None,
    ) -> None:
        """Hold the totals against each other."""
        if net is not None and tax is not None and gross is not None and net + tax != gross:
            self._miss("BT-112", f"a total that is net and tax: {net} + {tax} is not {gross}")
        if gross is not None and due is not None and gross - (paid or 0) != due:
            self._miss("BT-114", f"a rounding: {gross} less {paid or 0} is not {due}")
        if due is not None and due > 0 and not {"BT-9", "BT-20"} & self.data.keys():
            self._miss("BT-9", "a due date (date_due), or terms of payment (payment_terms)")

    def _add_breakdown(self, tax: Decimal | None) -> None:
        """Add the VAT by category and rate of the lines (BG-23)."""
        bases: dict[tuple[str, str], Decimal] = {}
        for line in self.data["BG-25"]:
            if "BT-131" in line and "BT-151" in line:
                key = line["BT-151"], format(Decimal(line.get("BT-152", "0")).normalize(), "f")
                bases[key] = bases.get(key, Decimal(0)) + Decimal(line["BT-131"])
        for category, rate, amount in self.adjusted:
            key = category, format(Decimal(rate).normalize(), "f")
            bases[key] = bases.get(key, Decimal(0)) + amount
        shares = [
            {
                "BT-116": _text(basis),
                "BT-117": _text((basis * Decimal(rate) / 100).quantize(_CENT, ROUND_HALF_UP)),
                "BT-118": category,
                **({} if category == "O" else {"BT-119": rate}),
                **self._reason(category),
            }
            for (category, rate), basis in bases.items()
        ]
        reckoned = sum((Decimal(share["BT-117"]) for share in shares), Decimal(0))
        if tax is not None and len(shares) == 1 and abs(reckoned - tax) <= _CENT:
            shares[0]["BT-117"] = _text(tax)  # rounded by line
        elif tax is not None and shares and reckoned != tax:
            self._miss("BG-23", f"a VAT breakdown: that of the lines comes to {reckoned}, the tax is {tax}")
        self.data["BG-23"] = shares

    def _reason(self, category: str) -> dict[str, str]:
        said = {
            t: self.given[t] for t in ("BT-120", "BT-121") if t in self.given and category in _NEED_REASON
        }
        if category in _NEED_REASON and not said:
            self._miss("BT-120", f"why there is no VAT (category {category})")
        return said

    def _said(self, term: str) -> str | None:
        return self.terms.fields.get(term)

    def _total(self, number: str, term: str) -> Decimal | None:
        amount = self._money(self._said(term), number)
        self._check(number, amount, f"a total ({term})", term=term)
        return amount

    def _money(self, text: str | None, number: str) -> Decimal | None:
        """Return an amount of money; one with parts of a cent has no place in the standard."""
        if text is None:
            return None
        amount = Decimal(text)
        if amount != amount.quantize(_CENT):
            self._miss(number.split()[0], f"{number} in whole cents: it is {text}", key=number)
            return None
        return amount.quantize(_CENT)

    def _put(self, number: str, value: str | None) -> None:
        if value is not None:
            self.data[number] = value

    def _need(self, number: str, value: str | None, what: str) -> None:
        self._put(number, value)
        self._check(number, value, what)

    def _check(self, number: str, value: object, what: str, *, term: str | None = None) -> None:
        if value is None:
            self._miss(number, what if term not in self.terms.unclear else f"{what}: it can be read two ways")

    def _miss(self, term: str, message: str, *, key: str | None = None) -> None:
        self.missing.setdefault(key or term, MissingTerm(term=term, message=message))


def _text(amount: Decimal) -> str:
    return format(amount + 0, "f")  # nought has no sign
