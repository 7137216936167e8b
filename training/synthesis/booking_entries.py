"""The particulars of a broadcast order: its number, names and flight among other days, names and codes."""

from __future__ import annotations

from training.synthesis.booking_cells import Entry
from training.synthesis.booking_days import (
    BookingDays,
    billed_texts,
    month_text,
    remark_text,
    stamped_text,
    week_texts,
)
from training.synthesis.booking_names import advertiser_name
from training.synthesis.dates import date_text
from training.synthesis.setting import Draft, Setting
from training.synthesis.text import capitalised, code, fill, person_name, phrase
from training.synthesis.words import Run

# What may name a campaign, an estimate or a market: printed beside the values that are asked for.
_STRAY = (
    "Estimate Number", "Property", "Account Executive", "Sales Office", "Sales Region", "Billing Calendar", "Billing Type",
    "Special Handling", "Agency Code", "Advertiser Code", "Product Codes", "Agency Ref", "Advertiser Ref", "Deal #",
    "Alt Order #", "Market", "Demo", "Rep", "Trade/Cash", "Revision", "Survey", "Separation",
    "Order Type", "Estimate", "Station", "Daypart", "Co-op",
)  # fmt: skip
_STRAY_VALUES = (
    "Cash",
    "Broadcast",
    "National",
    "Local",
    "EOM",
    "Weekly",
    "HH",
    "A35+",
    "30 Days",
    "Political",
    "Various",
)
_NUMBER_PATTERNS = ("######", "#######", "######-1", "#######-#", "@@#######", "####")
_NUMBER_LABELS = {
    True: ("Invoice #", "Invoice #", "Invoice No.", "Invoice Number"),
    False: ("Contract #", "Order #", "Contract / Revision", "Order No.", "Contract Number", "Order / Rev"),
}
_DATE_LABELS = {
    True: ("Invoice Date",),
    False: ("Contract Date", "Date", "Original Date", "Order Date"),
}
_FLIGHT_LABELS = (
    "Order Flight", "Flight Dates", "Contract Dates", "Flight", "Schedule Dates", "Flight Date", "Order Dates",
    "Flight Start/End", "Contract Period", "Run Dates", "Dates",
)  # fmt: skip
_FLIGHT_ENDS = (
    ("Start Date", "End Date"),
    ("Flight Start", "Flight End"),
    ("First Day", "Last Day"),
    ("Flight Start Date", "Flight End Date"),
    ("Contract Start", "Contract End"),
    ("From", "To"),
)
_MONTH_FORMS = ("{month} {yyyy}", "{month} {yyyy}", "{mon}. {yyyy}", "{mon} {yyyy}", "{mm}/{yyyy}")


# Where no entry of the head tells the flight, the rows do.
_ABSENT_SHARE = 0.07


def is_flight_absent(setting: Setting) -> bool:
    """Return whether the head says nothing of the flight."""
    return setting.template.chance("flight.absent", _ABSENT_SHARE)


def booking_entries(setting: Setting, draft: Draft, days: BookingDays, *, is_invoice: bool) -> list[Entry]:
    """Return numbers, names and dates, in the template's order, among strays that may be blank."""
    template, rng = setting.template, setting.rng
    names = [
        name for name in _STRAY if template.chance(f"stray.{name}", 0.35 * (0.4 + 0.6 * setting.difficulty))
    ]
    asked = _asked(setting, draft, days, is_invoice=is_invoice)
    labels = {entry.label for entry in asked}
    others = [Entry(label=name, runs=_stray(setting)) for name in names]
    others += [entry for entry in _dated(setting, days) if entry.label.split(" / ")[0] not in labels]
    entries = asked + others
    entries.sort(key=lambda entry: template.unit(f"meta.order.{_place_name(entry)}"))
    if template.chance("meta.first", 0.5):  # most print the names and numbers first
        entries.sort(key=lambda entry: entry not in asked and template.chance("stray.late", 0.7))
    if rng.random() < 0.97:
        return entries
    n_kept = max(4, len(entries) // 2)  # a head may lack anything but its flight, which rows would hint at
    return [entry for i, entry in enumerate(entries) if i < n_kept or _place_name(entry) == "flight"]


def _place_name(entry: Entry) -> str:
    """Return what an entry's place is drawn by: its label, but first and last day stay together."""
    return "flight" if any(tag in ("flight_start", "flight_end") for _, tag in entry.runs) else entry.label


def _asked(setting: Setting, draft: Draft, days: BookingDays, *, is_invoice: bool) -> list[Entry]:
    """Return the particulars that are values."""
    return [
        *_numbers(setting, draft, is_invoice=is_invoice),
        *_names(setting, draft),
        *_flight(setting, draft, days),
        *_issued(setting, draft, days, is_invoice=is_invoice),
    ]


def _numbers(setting: Setting, draft: Draft, *, is_invoice: bool) -> list[Entry]:
    """Return the document's number, an invoice's with that of its order."""
    template, rng = setting.template, setting.rng
    number = fill(rng, template.choice("number", _NUMBER_PATTERNS))
    runs: list[Run] = [(number, draft.first("document_id"))]
    if template.chance("revised", 0.2):
        runs.append((template.choice("revision", ("/", "/ 1", "(Rev 0)", "Rev 2")), None))
    found = [Entry(label=template.choice("number.label", _NUMBER_LABELS[is_invoice]), runs=runs)]
    if is_invoice and template.chance("show.order", 0.7):
        order = number.split("-")[0] if rng.random() < 0.5 else fill(rng, "#######")
        label = template.choice("order.label", ("Order #", "Order No.", "Order Number"))
        found.append(Entry(label=label, runs=[(order, draft.first("order_id"))]))
    return found


def _names(setting: Setting, draft: Draft) -> list[Entry]:
    """Return whose advertising it is, and often of what, which may be the same name in other words."""
    template, rng = setting.template, setting.rng
    label = template.choice("advertiser.label", ("Advertiser", "Advertiser", "Advertiser", "Advertiser Name"))
    advertiser = advertiser_name(setting)
    found = [Entry(label=label, runs=[(advertiser, draft.first("advertiser_name"))])]
    if template.chance("show.product", 0.7):
        words = advertiser.split()
        alike = " ".join(words[: rng.randint(1, len(words))])
        product = alike if template.chance("product.alike", 0.25) else capitalised(phrase(rng, 1, 4))
        label = template.choice("product.label", ("Product", "Product Desc", "Order Brand"))
        found.append(Entry(label=label, runs=[(product, draft.first("product_name"))]))
    return found


def _issued(setting: Setting, draft: Draft, days: BookingDays, *, is_invoice: bool) -> list[Entry]:
    template = setting.template
    if not template.chance("show.date", 0.8):
        return []
    label = template.choice("date.label", _DATE_LABELS[is_invoice])
    day = days.last.later(setting.rng.randint(0, 9)) if is_invoice else days.entered
    return [Entry(label=label, runs=[(date_text(day, setting.dates), draft.first("date_issue"))])]


def _flight(setting: Setting, draft: Draft, days: BookingDays) -> list[Entry]:
    """Return first and last day, in one entry or two; sometimes beside the longer period that is billed."""
    template = setting.template
    joint: Run = (template.choice("range", ("-", "-", "-", "to", "through", "–", "thru", "/")), None)
    if is_flight_absent(setting):  # then only the rows tell
        return []
    first: Run = (date_text(days.first, setting.dates), draft.first("flight_start"))
    last: Run = (date_text(days.last, setting.dates), draft.first("flight_end"))
    is_split = template.chance("flight.split", 0.3)
    if is_split:
        starts, ends = template.choice("flight.labels", _FLIGHT_ENDS)
        found = [Entry(label=starts, runs=[first]), Entry(label=ends, runs=[last])]
    else:
        found = [Entry(label=template.choice("flight.label", _FLIGHT_LABELS), runs=[first, joint, last])]
    if template.chance("show.period", 0.5):
        start, end = billed_texts(setting.rng, days, setting.dates)
        label = template.choice("period.label", ("Invoice Period", "Billing Period", "Period", "Bill Plan"))
        # "start_date" would mean the flight where that is what "Start Date" is printed before.
        tags = (None, None) if is_split else (draft.first("period_start"), draft.first("period_end"))
        found.append(Entry(label=label, runs=[(start, tags[0]), joint, (end, tags[1])]))
    return found


def _dated(setting: Setting, days: BookingDays) -> list[Entry]:
    """Return days, months and periods that are not the flight: none of them is a value."""
    template, rng, style = setting.template, setting.rng, setting.dates
    entered, changed = (date_text(day, style) for day in (days.entered, days.changed))
    month = month_text(days.first, style, template.choice("month.form", _MONTH_FORMS))
    others: dict[str, str] = {
        "Print Date": date_text(days.printed, style),
        "Date Entered": entered,
        "Last Modified": changed if rng.random() < 0.7 else "",
        "Original Date / Revision": f"{entered} / {changed}",
        "Gen. Date": stamped_text(rng, days.printed, style, ""),
        "Changes as of": stamped_text(rng, days.changed, style, "at"),
        template.choice("month.label", ("Invoice Month", "Broadcast Month", "Month")): month,
        "Hiatus": " - ".join(week_texts(rng, days, style)) if rng.random() < 0.5 else "",
        "Comments": remark_text(rng, days) if rng.random() < 0.8 else "",
    }
    likely = 0.28 * (0.4 + 0.6 * setting.difficulty)
    return [
        Entry(label=label, runs=[(text, None)])
        for label, text in others.items()
        if template.chance(f"dated.{label}", likely)
    ]


def _stray(setting: Setting) -> list[Run]:
    rng = setting.rng
    draw = rng.random()
    if draw < 0.3:
        return []
    if draw < 0.5:
        return [(capitalised(person_name(rng)), None)]
    if draw < 0.7:
        return [(code(rng), None)]
    return [(rng.choice(_STRAY_VALUES) if draw < 0.85 else capitalised(phrase(rng, 1, 3)), None)]
