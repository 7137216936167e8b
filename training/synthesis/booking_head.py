"""The head of a broadcast order: who airs, who pays, and many particulars in columns, half of them blank."""

from __future__ import annotations

from training.synthesis.booking_cells import draw_entries
from training.synthesis.booking_days import BookingDays, stamped_text
from training.synthesis.booking_entries import booking_entries
from training.synthesis.parties import make_party
from training.synthesis.setting import Draft, Setting
from training.synthesis.text import fill
from training.synthesis.words import Run, runs_length

_TITLES = {
    True: ("INVOICE", "Invoice", "INVOICE", "Broadcast Invoice", "DUPLICATE INVOICE", "PRE-BILL INVOICE"),
    False: (
        "CONTRACT",
        "Contract",
        "ORDER",
        "Order Confirmation",
        "Broadcast Order",
        "Proposal",
        "AGREEMENT",
    ),
}


def draw_booking_head(setting: Setting, draft: Draft, days: BookingDays, *, is_invoice: bool) -> None:
    """Print sender, receiver and particulars side by side, or the particulars below."""
    sheet, template = draft.sheet, setting.template
    _draw_title(setting, draft, days, is_invoice=is_invoice)
    entries = booking_entries(setting, draft, days, is_invoice=is_invoice)
    n_columns = template.choice("meta.columns", (1, 2, 2, 3, 3, 4))
    share = template.choice("party.share", (0.3, 0.38, 0.0))
    top = sheet.y + 0.5
    parties = _parties(setting, draft)
    below = sheet.block(0.0, top, parties)
    if share:
        longest = max(runs_length(line) for line in parties)
        sheet.y = top
        left = max(sheet.width * share, longest + 3.0)
        sheet.y = max(below, draw_entries(setting, sheet, entries, left=left, n_columns=n_columns)) + 1.0
        return
    sheet.y = below + 0.5
    sheet.y = draw_entries(setting, sheet, entries, left=0.0, n_columns=max(2, n_columns)) + 1.0


def _draw_title(setting: Setting, draft: Draft, days: BookingDays, *, is_invoice: bool) -> None:
    """Print the title, often below the day of printing or the page's number."""
    sheet, template, rng = draft.sheet, setting.template, setting.rng
    stamp = "Print Date " + stamped_text(rng, days.printed, setting.dates, "")
    parts = [stamp] if template.chance("stamp", 0.25) else []
    if template.chance("page", 0.5):
        parts.append(f"Page 1 of {rng.randint(1, 4)}")
    if parts:
        sheet.line("   ".join(parts), align="right")
    sheet.line(
        template.choice("title", _TITLES[is_invoice]),
        align=template.choice("title.align", ("left", "center", "right")),
        scale=template.choice("title.scale", (1.0, 1.4, 2.0)),
    )


def _parties(setting: Setting, draft: Draft) -> list[list[Run]]:
    """Return the station, which is to be paid, and the agency, which pays, as lines."""
    template, rng = setting.template, setting.rng
    station = make_party(setting.vendor_rng, setting.locale, upper=setting.upper, width=34)
    call_sign = fill(setting.vendor_rng, template.choice("call.sign", ("K@@@", "W@@@", "W@@@-TV", "K@@@-DT")))
    agency = make_party(rng, setting.locale, upper=setting.upper, width=34)
    name = (call_sign,) if template.chance("station.sign", 0.5) else station.name
    lines: list[list[Run]] = []
    if template.chance("station.label", 0.6):
        remit = template.choice("remit", ("Remit Address:", "Send Payment To:", "Remit To:", "Station:"))
        lines.append([(remit, None)])
    lines += _tagged(name, draft.first("vendor_name"))
    lines += _tagged(station.address, draft.first("vendor_address"))
    if template.chance("station.phone", 0.6):
        lines.append([("Main:", None), (station.phone, draft.first("vendor_phone"))])
    bill = template.choice("bill", ("Billing Address:", "Bill To:", "Agency:", "And:", "Billed to:"))
    lines.append([])
    lines.append([(bill, None)])
    lines += _tagged(agency.name, draft.first("customer_billing_name"))
    if template.chance("attention", 0.5):
        lines.append([("Attention:", None), (agency.person, None)])
    lines += _tagged(agency.address, draft.first("customer_billing_address"))
    return lines


def _tagged(lines: tuple[str, ...], tag: str | None) -> list[list[Run]]:
    return [[(line, tag)] for line in lines]
