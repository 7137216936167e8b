"""The head of a broadcast order: who airs, who pays, and many particulars in columns, half of them blank."""

from __future__ import annotations

from dataclasses import dataclass

from training.synthesis.dates import Day, date_text, random_day
from training.synthesis.parties import make_party
from training.synthesis.setting import Draft, Setting
from training.synthesis.text import capitalised, code, company_name, fill, person_name, phrase
from training.synthesis.words import Run, Sheet, runs_length

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
# What may name a campaign, an estimate or a market: printed beside the values that are asked for.
_STRAY = (
    "Estimate Number", "Property", "Account Executive", "Sales Office", "Sales Region", "Billing Calendar", "Billing Type",
    "Special Handling", "Agency Code", "Advertiser Code", "Product Codes", "Agency Ref", "Advertiser Ref", "Deal #",
    "Alt Order #", "Market", "Demo", "Rep", "Trade/Cash", "Revision", "Print Date", "Survey", "Separation",
    "Invoice Month", "Order Type", "Estimate", "Station", "Daypart", "Co-op",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A particular: what is printed before a value, and the value."""

    label: str
    runs: list[Run]


def draw_booking_head(setting: Setting, draft: Draft, *, is_invoice: bool) -> None:
    """Print sender, receiver and particulars side by side."""
    sheet, template, rng = draft.sheet, setting.template, setting.rng
    title = template.choice("title", _TITLES[is_invoice])
    align = template.choice("title.align", ("left", "center", "right"))
    scale = template.choice("title.scale", (1.0, 1.4, 2.0))
    if template.chance("page", 0.5):
        sheet.line(f"Page 1 of {rng.randint(1, 4)}", align="right")
    sheet.line(title, align=align, scale=scale)
    particulars = _particulars(setting, draft, is_invoice=is_invoice)
    n_columns = template.choice("meta.columns", (1, 2, 2, 3))
    room = sheet.width * template.choice("party.share", (0.3, 0.38, 0.0))
    top = sheet.y + 0.5
    parties = _parties(setting, draft)
    if room:
        left_end = sheet.block(0.0, top, parties)
        sheet.y = max(left_end, _columns(setting, sheet, particulars, room, top, n_columns)) + 1.0
        return
    sheet.y = sheet.block(0.0, top, parties) + 0.5
    sheet.y = _columns(setting, sheet, particulars, 0.0, sheet.y, max(2, n_columns)) + 1.0


def _columns(
    setting: Setting, sheet: Sheet, entries: list[_Entry], left: float, top: float, n_columns: int
) -> float:
    """Print the particulars in columns from (left, top) on; return the line below the longest."""
    template = setting.template
    widest = max((len(entry.label) + runs_length(entry.runs) + 5 for entry in entries), default=1)
    n_columns = max(1, min(n_columns, int((sheet.width - left) / widest)))
    step = (sheet.width - left) / n_columns
    per_column = -(-len(entries) // n_columns)
    mark = template.choice("meta.mark", ("", "", ":"))
    below = template.chance("meta.below", 0.15)
    end = top
    for index in range(n_columns):
        part = entries[index * per_column : (index + 1) * per_column]
        x, y = left + index * step, top
        column = max((len(entry.label) for entry in part), default=0) + 2 + len(mark)
        aligned = template.chance(f"meta.aligned.{index}", 0.75)
        for entry in part:
            after = sheet.put(x, f"{entry.label}{mark}", y=y)
            if below:
                y += 1.0
            sheet.runs(x if below else x + column if aligned else after, entry.runs, y=y)
            y += 1.0 if not template.chance("meta.gap", 0.15) else 1.5
        end = max(end, y)
    return end


def _particulars(setting: Setting, draft: Draft, *, is_invoice: bool) -> list[_Entry]:
    """Return numbers, names and dates, in the template's order, among strays that may be blank."""
    template, rng = setting.template, setting.rng
    asked = _asked(setting, draft, is_invoice=is_invoice)
    names = [
        name for name in _STRAY if template.chance(f"stray.{name}", 0.35 * (0.4 + 0.6 * setting.difficulty))
    ]
    strays = [_Entry(label=name, runs=_stray(setting)) for name in names]
    entries = asked + strays
    entries.sort(key=lambda entry: template.unit(f"meta.order.{entry.label}"))
    if template.chance("meta.first", 0.5):  # most print the names and numbers first
        entries.sort(key=lambda entry: entry not in asked and template.chance("stray.late", 0.7))
    return entries if rng.random() < 0.97 else entries[: max(4, len(entries) // 2)]


def _asked(setting: Setting, draft: Draft, *, is_invoice: bool) -> list[_Entry]:
    """Return the particulars that are values."""
    rng = setting.rng
    day = random_day(rng)
    end = day.later(rng.choice((0, 1, 4, 6, 6, 13, 27)))
    return [
        *_numbers(setting, draft, is_invoice=is_invoice),
        *_names(setting, draft),
        *_flight(setting, draft, day, end),
        *_issued(setting, draft, end if is_invoice else day, is_invoice=is_invoice),
    ]


def _numbers(setting: Setting, draft: Draft, *, is_invoice: bool) -> list[_Entry]:
    """Return the document's number, an invoice's with that of its order."""
    template, rng = setting.template, setting.rng
    number = fill(rng, template.choice("number", _NUMBER_PATTERNS))
    runs: list[Run] = [(number, draft.first("document_id"))]
    if template.chance("revised", 0.2):
        runs.append((template.choice("revision", ("/", "/ 1", "(Rev 0)", "Rev 2")), None))
    found = [_Entry(label=template.choice("number.label", _NUMBER_LABELS[is_invoice]), runs=runs)]
    if is_invoice and template.chance("show.order", 0.7):
        order = number.split("-")[0] if rng.random() < 0.5 else fill(rng, "#######")
        label = template.choice("order.label", ("Order #", "Order No.", "Order Number"))
        found.append(_Entry(label=label, runs=[(order, draft.first("order_id"))]))
    return found


def _names(setting: Setting, draft: Draft) -> list[_Entry]:
    """Return whose advertising it is, and often of what."""
    template = setting.template
    label = template.choice("advertiser.label", ("Advertiser", "Advertiser", "Advertiser Name"))
    found = [_Entry(label=label, runs=[(_advertiser(setting), draft.first("advertiser_name"))])]
    if template.chance("show.product", 0.7):
        product = capitalised(phrase(setting.rng, 1, 4))
        label = template.choice("product.label", ("Product", "Product Desc", "Order Brand"))
        found.append(_Entry(label=label, runs=[(product, draft.first("product_name"))]))
    return found


def _issued(setting: Setting, draft: Draft, day: Day, *, is_invoice: bool) -> list[_Entry]:
    template = setting.template
    if not template.chance("show.date", 0.8):
        return []
    label = template.choice("date.label", _DATE_LABELS[is_invoice])
    text = date_text(day.later(setting.rng.randint(0, 9)), setting.dates)
    return [_Entry(label=label, runs=[(text, draft.first("date_issue"))])]


def _flight(setting: Setting, draft: Draft, day: Day, end: Day) -> list[_Entry]:
    """Return first and last day, in one entry or two; sometimes beside the longer period that is billed."""
    template, rng = setting.template, setting.rng
    first: Run = (date_text(day, setting.dates), draft.first("flight_start"))
    last: Run = (date_text(end, setting.dates), draft.first("flight_end"))
    joint: Run = (template.choice("range", ("-", "-", "to", "through", "–")), None)
    if template.chance("flight.split", 0.3):
        starts, ends = template.choice(
            "flight.labels",
            (("Start Date", "End Date"), ("Flight Start", "Flight End"), ("First Day", "Last Day")),
        )
        return [_Entry(label=starts, runs=[first]), _Entry(label=ends, runs=[last])]
    label = template.choice(
        "flight.label",
        ("Order Flight", "Flight Dates", "Contract Dates", "Flight", "Schedule Dates", "Flight Date"),
    )
    found = [_Entry(label=label, runs=[first, joint, last])]
    if template.chance("show.period", 0.5):
        other = [
            date_text(day.later(-rng.randint(0, 20)), setting.dates),
            date_text(end.later(rng.randint(0, 9)), setting.dates),
        ]
        found.append(_Entry(label=template.choice("period.label", ("Invoice Period", "Billing Period")),
                            runs=[(other[0], draft.first("period_start")), joint, (other[1], draft.first("period_end"))]))  # fmt: skip
    return found


def _advertiser(setting: Setting) -> str:
    """Return whose advertising it is: a person's campaign, a committee, a company; in the spelling of traffic systems."""
    rng = setting.rng
    draw = rng.random()
    person = capitalised(person_name(rng))
    if draw < 0.3:
        text = f"{person} {rng.choice(('for Congress', 'for Senate', 'for Mayor', 'for President', '2020', 'for Judge'))}"
    elif draw < 0.45:
        party = rng.choice(("D", "R", "I", "Rep", "Dem"))
        office = rng.choice(("PRES", "US", "Senate", "Gov", "Cong", "Mayor"))
        joint = rng.choice(("/", "/", " / ", "-"))
        text = joint.join(
            (rng.choice(("POL", "POLI", "Pol")), person, party, office, fill(rng, "@@"))[: rng.randint(2, 5)]
        )
    elif draw < 0.6:
        text = capitalised(
            f"{rng.choice(('friends of', 'citizens for', 'committee for', 'americans for'))} {phrase(rng, 1, 3)}"
        )
    else:
        text = capitalised(company_name(rng))
    if rng.random() < 0.12:
        text += f" ({fill(rng, rng.choice(('####', '#####', '@@ @@##')))})"
    return text.upper() if setting.upper or rng.random() < 0.15 else text


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
