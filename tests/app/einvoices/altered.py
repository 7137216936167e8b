"""Twenty ways in which the XML of an invoice is made to say something else than its page."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

Data = dict[str, Any]


def _add(amount: str, more: str) -> str:
    return str(Decimal(amount) + Decimal(more))


def _set(term: str, new: Callable[[Any], Any]) -> Callable[[Data], None]:
    def alter(data: Data) -> None:
        data[term] = new(data[term])

    return alter


def _in_line(number: int, term: str, new: Callable[[Any], Any]) -> Callable[[Data], None]:
    def alter(data: Data) -> None:
        data["BG-25"][number][term] = new(data["BG-25"][number][term])

    return alter


def _party(term: str, key: str, new: str) -> Callable[[Data], None]:
    def alter(data: Data) -> None:
        data[term][key] = new

    return alter


def _all_totals(data: Data) -> None:
    """Make the whole invoice dearer, so that the XML keeps its own sums."""
    line = data["BG-25"][0]
    line["BT-131"] = _add(line["BT-131"], "100")
    for term in ("BT-106", "BT-109"):
        data[term] = _add(data[term], "100")
    data["BT-110"] = _add(data["BT-110"], "19")
    data["BG-23"][0] |= {"BT-116": data["BT-109"], "BT-117": data["BT-110"]}
    for term in ("BT-112", "BT-115"):
        data[term] = _add(data[term], "119")


def _last_digit(text: str) -> str:
    return text[:-1] + str((int(text[-1]) + 1) % 10)


def _drop_line(data: Data) -> None:
    data["BG-25"].pop()


def _add_line(data: Data) -> None:
    line = data["BG-25"][0] | {"BT-126": "9", "BT-153": "Consulting", "BT-129": "1", "BT-146": "7777.77"}
    data["BG-25"].append(line | {"BT-131": "7777.77"})


# By name: the change, and the path at which it has to be seen.
ALTERATIONS: dict[str, tuple[Callable[[Data], None], str]] = {
    "gross total": (_set("BT-112", lambda a: _add(a, "100")), "amount_total_gross"),
    "gross total by a cent": (_set("BT-112", lambda a: _add(a, "0.01")), "amount_total_gross"),
    "gross total is the net": (lambda data: data.update({"BT-112": data["BT-109"]}), "amount_total_gross"),
    "net total": (_set("BT-109", lambda a: _add(a, "-50")), "amount_total_net"),
    "tax": (_set("BT-110", lambda a: _add(a, "1.20")), "amount_total_tax"),
    "amount due": (_set("BT-115", lambda a: _add(a, "10")), "amount_due"),
    "amount due is the net": (lambda data: data.update({"BT-115": data["BT-109"]}), "amount_due"),
    "all totals": (_all_totals, "amount_total_gross"),
    "number": (_set("BT-1", _last_digit), "document_id"),
    "date": (_set("BT-2", lambda day: day - timedelta(days=1)), "date_issue"),
    "date is the due date": (lambda data: data.update({"BT-2": data["BT-9"]}), "date_issue"),
    "due date": (_set("BT-9", lambda day: day + timedelta(days=10)), "date_due"),
    "account": (_set("BT-84", lambda _: "GB29NWBK60161331926819"), "iban"),
    "account by a digit": (_set("BT-84", _last_digit), "iban"),
    "seller": (_party("BG-4", "name", "Somebody Else Ltd"), "vendor_name"),
    "buyer": (_party("BG-7", "name", "Nobody Known GmbH"), "customer_billing_name"),
    "quantity": (_in_line(0, "BT-129", lambda q: str(int(q) + 53)), "line_items[0].quantity"),
    "price": (_in_line(1, "BT-146", lambda p: _add(p, "0.5")), "line_items[1].unit_price_net"),
    "row amount": (_in_line(1, "BT-131", lambda a: _add(a, "12")), "line_items[1].amount_net"),
    "a row less": (_drop_line, "line_items"),
    "a row more": (_add_line, "line_items"),
}


def altered(data: Data, name: str) -> Data:
    """Return the invoice's data with one alteration."""
    changed = copy.deepcopy(data)
    ALTERATIONS[name][0](changed)
    return changed
