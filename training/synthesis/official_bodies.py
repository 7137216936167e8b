"""What official forms ask: of one person, of payer and recipient, or in lines of amounts."""

from __future__ import annotations

import random

from training.synthesis.official_boxes import (
    Box,
    Placement,
    ask_printed,
    draw_amounts,
    fill_box,
    label_lines,
    plain_lines,
    print_box,
    print_row,
    write_inline,
    write_value,
)
from training.synthesis.official_prose import write_paragraph, write_pledge, write_sentence
from training.synthesis.official_values import OfficialForm
from training.synthesis.official_words import (
    CHECK_QUESTIONS,
    CHECKS,
    NUMBER_PARTS,
    PARTS,
    SIDES,
    SIGN_PARTS,
    TITLES,
)
from training.synthesis.text import fill
from training.synthesis.words import Run, wrap


def _print_part(form: OfficialForm, title: str) -> None:
    template = form.setting.template
    text = (
        f"Part {form.count_part()}{template.choice('part.gap', ('  ', '. ', ' - '))}{title}"
        if template.chance("part", 0.8)
        else title
    )
    form.sheet.line(
        text.upper() if template.chance("part.upper", 0.25) else text,
        scale=template.choice("part.scale", (1.0, 1.1)),
    )


def _print_checks(form: OfficialForm, *, x: float = 0.0, width: float | None = None) -> None:
    """Print boxes to tick; what is ticked is a mark that readers often miss."""
    template, rng, sheet = form.setting.template, form.setting.rng, form.sheet
    own = random.Random(int(template.unit("checks") * 2**53))
    question = f"{form.count()} {own.choice(CHECK_QUESTIONS)}:"
    room = int(form.sheet.width - form.left - x if width is None else width)
    left = form.left + x
    for line in wrap(question, room):
        sheet.line(line, x=left)
    names = own.sample(CHECKS, own.randint(3, 8))
    ticked = rng.randrange(len(names) + 1)
    empty, mark = template.choice("check.marks", _CHECK_MARKS)
    at = left + 2
    for index, name in enumerate(names):
        text = f"{mark if index == ticked else empty} {name}"
        if at + len(text) > left + room and at > left + 2:
            sheet.down()
            at = left + 2
        at = sheet.put(at, text) + 2
    sheet.down()


_CHECK_MARKS = (("", ""), ("", "X"), ("☐", "☒"), ("[ ]", "[X]"), ("□", "✓"))


def _print_side(form: OfficialForm) -> None:
    """Print what stands sideways at the edge, read as one line among the others."""
    if form.left and form.setting.template.chance("side", 0.5):
        words = form.setting.template.choice("side.text", SIDES)
        form.sheet.put(0.0, words, y=form.sheet.y - 0.5, scale=0.5)


def print_certificate(form: OfficialForm) -> None:
    """Print what one person states of themselves: name, addresses, numbers, a declaration."""
    template = form.setting.template
    own = random.Random(int(template.unit("certificate") * 2**53))
    placement: Placement = template.choice("placement", _PLACEMENTS)
    foreign = own.random() < 0.4
    if own.random() < 0.35:
        _print_exclusions(form)
    if own.random() < 0.6:
        _print_part(form, own.choice(PARTS))
    _print_who(form, own, placement, foreign=foreign)
    _print_where(form, own, placement, foreign=foreign)
    extras = own.sample(_EXTRAS, own.randint(1, 4))
    for start in range(0, len(extras), 2):
        print_row(
            form, [(_counted(form, tag), 1.0) for tag in extras[start : start + 2]], placement=placement
        )
    if own.random() < 0.5:
        _print_numbers(form, own)
    else:
        print_row(
            form, [(_counted(form, tag), 1.0) for tag in ("filer_ssn", "filer_ein")], placement=placement
        )
    if foreign:
        _print_claim(form)
    form.sheet.down(0.3)
    _print_part(form, own.choice(SIGN_PARTS))
    _print_signature(form)


# Values above their labels are rare but where one signs.
_PLACEMENTS: tuple[Placement, ...] = (
    "below",
    "below",
    "below",
    "below",
    "below",
    "beside",
    "beside",
    "above",
)
_EXTRAS = ("accounts", "reference", "filer_birth", "filer_phone", "filer_email", "filer_foreign_tin")


def _counted(form: OfficialForm, tag: str) -> Box:
    return fill_box(form, tag, number=form.count() if form.setting.template.chance("counted", 0.8) else "")


def _print_who(form: OfficialForm, own: random.Random, placement: Placement, *, foreign: bool) -> None:
    """Print the boxes of names, and what kind of person it is."""
    names = [(_counted(form, "filer_name"), 2.0)]
    if foreign:
        names.append((_counted(form, "filer_citizenship"), 1.0))
    print_row(form, names, placement=placement)
    if own.random() < 0.7:
        print_row(form, [(_counted(form, "filer_business"), 1.0)], placement=placement)
    if own.random() < 0.6:
        _print_side(form)
        if own.random() < 0.6:
            _print_checks_beside(form)
        else:
            _print_checks(form)


def _print_where(form: OfficialForm, own: random.Random, placement: Placement, *, foreign: bool) -> None:
    """Print the boxes of one or two addresses."""
    street = [(_counted(form, "filer_street"), 2.0)]
    if not foreign and own.random() < 0.5:
        street.append((fill_box(form, "requester"), 1.2))
    print_row(form, street, placement=placement)
    _print_city(form, "filer_city", country=foreign, placement=placement)
    if foreign or own.random() < 0.35:
        print_row(form, [(_counted(form, "filer_mail_street"), 1.0)], placement=placement)
        _print_city(form, "filer_mail_city", country=False, placement=placement)


def _print_city(form: OfficialForm, tag: str, *, country: bool, placement: Placement) -> None:
    # The line of the city often has no number: it goes on with the address above.
    number = form.count() if form.setting.template.chance("city.counted", 0.4) else ""
    row = [(fill_box(form, tag, number=number), 2.0)]
    if country:
        row.append((fill_box(form, "filer_country", hints=False), 1.0))
    print_row(form, row, placement=placement)


def _print_exclusions(form: OfficialForm) -> None:
    """Print who must not use the form, with the number of another one behind dots."""
    sheet, rng = form.sheet, form.setting.rng
    sheet.line([("This form is not for you in these cases:", None)])
    for _ in range(rng.randint(2, 5)):
        text = (
            write_sentence(rng, party=form.roles[0], office=form.agency[1])
            .rstrip(".")[: int(sheet.width * 0.6)]
            .rsplit(" ", 1)[0]
        )
        x = sheet.put(0.0, f"• {text}")
        dots = int((sheet.width - 12 - x) / 3)
        sheet.put(x, " ".join("." for _ in range(max(dots, 0))), scale=1.0) if rng.random() < 0.6 else None
        sheet.put(sheet.width - 8, fill(rng, rng.choice(("@-#", "####", "@-#@@@"))))
        sheet.down()


def _print_checks_beside(form: OfficialForm) -> None:
    """Print boxes to tick with two codes at their right."""
    sheet = form.sheet
    top, split = sheet.y, (sheet.width - form.left) * 0.68
    _print_checks(form, width=split - 2)
    bottom = sheet.y
    sheet.y = top
    for tag in ("exempt_code", "report_code"):
        box = fill_box(form, tag, number=form.count() if tag == "exempt_code" else "")
        sheet.y = print_box(form, box, form.left + split, sheet.y, sheet.width - form.left - split, "beside")
    sheet.y = max(sheet.y, bottom) + 0.3


def _print_numbers(form: OfficialForm, own: random.Random) -> None:
    """Print the numbers of the taxpayer at the right of the prose that says which one to give."""
    sheet, rng = form.sheet, form.setting.rng
    _print_part(form, own.choice(NUMBER_PARTS))
    top, split = sheet.y, sheet.width * 0.64
    text = write_paragraph(rng, rng.randint(2, 5), party=form.roles[0], office=form.agency[1])
    left = sheet.block(0.0, top, plain_lines(wrap(text, int(split - 3))))
    sheet.y = top
    for index, tag in enumerate(("filer_ssn", "filer_ein")):
        if index:
            sheet.put(split + 4, "or", y=sheet.y)
            sheet.y += 1.0
        sheet.y = print_box(
            form, fill_box(form, tag, hints=False), split, sheet.y, sheet.width - split, "below"
        )
    sheet.y = max(left, sheet.y)


def _print_claim(form: OfficialForm) -> None:
    """Print a sentence with blanks that are filled in."""
    _print_part(form, "Claim under a Treaty")
    form.sheet.flow(
        [
            (f"{form.count()} The owner declares to be a resident of", None),
            *write_inline(form, "claim_country"),
            ("as its treaty with this country defines it.", None),
        ]
    )
    form.sheet.flow(
        [
            (f"{form.count()} Under article", None),
            *write_inline(form, "claim_article"),
            ("of that treaty the owner claims", None),
            *write_inline(form, "claim_rate"),
            ("% of withholding on income of this kind:", None),
            *write_inline(form, "claim_income"),
        ]
    )


def _print_signature(form: OfficialForm) -> None:
    """Print the declaration, and the lines for signature, date and name of the signer."""
    sheet, template, rng = form.sheet, form.setting.template, form.setting.rng
    for number in range(1, rng.randint(2, 5)):
        pledge = write_pledge(rng, party=form.roles[0], office=form.agency[1])
        sheet.flow([(pledge if number == 1 else f"{number}. {pledge}", None)])
    sheet.down(0.3)
    signature = Box(
        template.choice(
            "signature",
            ("Signature of owner", "Sign here", "Signature", "Signature of the person named above"),
        ),
        [],
    )
    style: Placement = template.choice("sign.placement", ("beside", "below", "above"))
    print_row(form, [(signature, 2.0), (fill_box(form, "signed_date"), 1.0)], placement=style)
    if template.chance("signer", 0.5):
        print_row(
            form,
            [(fill_box(form, "signer_name"), 2.0), (fill_box(form, "signer_capacity"), 1.5)],
            placement=style,
        )


def print_payments(form: OfficialForm) -> None:
    """Print who paid whom at the left, amounts in two or three columns beside them."""
    sheet, template = form.sheet, form.setting.template
    if template.chance("void", 0.35):
        mark = template.choice("check.marks", _CHECK_MARKS)[0]
        sheet.line(f"{mark} VOID {mark} CORRECTED", x=sheet.width * 0.3)
    top, split = sheet.y, sheet.width * template.choice("payments.split", (0.4, 0.45, 0.5))
    _print_parties(form, split - 1)
    bottom = sheet.y
    n_columns = 2 if form.titled_beside else template.choice("amount.columns", (2, 2, 3))
    has_notes = form.titled_beside or (n_columns == 2 and template.chance("notes", 0.6))
    notes_width = 20.0 if has_notes else 0.0
    step = (sheet.width - split - notes_width) / n_columns
    boxes = draw_amounts(form, template.integer("amount.n", 4, 8 + int(10 * form.setting.difficulty)))
    y = top
    for start in range(0, len(boxes), n_columns):
        row = boxes[start : start + n_columns]
        depth = max(len(label_lines(box, step)) for box in row) if template.chance("level", 0.7) else 0
        ends = [
            print_box(form, box, split + index * step, y, step, "below", depth=depth)
            for index, box in enumerate(row)
        ]
        y = max(ends) + template.choice("amount.gap", (0.0, 0.3, 0.5))
    if has_notes:
        y = max(y, _print_notes(form, top + 0.5, int(notes_width - 2)))
    sheet.y = max(bottom, y) + 0.3


def _print_notes(form: OfficialForm, y: float, width: int) -> float:
    """Print at the right edge whose copy it is, and what other forms say in their head; return the line below."""
    template, rng = form.setting.template, form.setting.rng
    lines: list[list[Run]] = []
    if form.titled_beside:
        lines += plain_lines([f"OMB No. {fill(random.Random(form.code), '####-####')}"])
        lines.append([(str(rng.randint(2008, 2025)), ask_printed(form, "tax_year"))])
        lines.append([("Form", None), (form.code, ask_printed(form, "form_code"))])
        lines += plain_lines(wrap(template.choice("title", TITLES), width))
    text = write_paragraph(rng, 2, party=form.roles[0], office=form.agency[1])
    lines += plain_lines(
        (f"Copy {rng.choice('ABC12')}", f"For {form.role_of('recipient_')}", *wrap(text, width))
    )
    return form.sheet.block(form.sheet.width - width - 1, y, lines)


def _print_parties(form: OfficialForm, width: float) -> None:
    """Print the boxes of payer and recipient one below the other."""
    sheet, template = form.sheet, form.setting.template
    placement: Placement = template.choice("party.placement", ("below", "below", "below", "beside"))
    payer = form.roles[0].upper() if template.chance("role.upper", 0.5) else form.roles[0].capitalize()

    def row(*tags: str) -> None:
        print_row(
            form, [(fill_box(form, tag), 1.0) for tag in tags], placement=placement, width=width - form.left
        )

    if template.chance("payer.whole", 0.6):
        label = f"{payer}'s {template.choice('payer.label', ('name, street, city, state, ZIP and telephone', 'name and full address', 'name, address, and phone no.'))}"
        print_row(form, [(Box(label, _payer_lines(form)), 1.0)], width=width - form.left)
    else:
        row("payer_name")
        row("payer_address")
    first = template.chance("recipient.first", 0.15)
    if not first:
        row("payer_tin", "recipient_tin")
    row("recipient_name")
    row("recipient_street")
    row("recipient_city")
    if first:
        row("recipient_tin", "payer_tin")
    if template.chance("payments.account", 0.8):
        row("accounts")
    if template.chance("payments.checks", 0.5):
        _print_checks(form, width=width - form.left)
    sheet.down(0.2)


def _payer_lines(form: OfficialForm) -> list[list[Run]]:
    """Return name, address and telephone of the payer; without the name nobody could tell the lines apart."""
    name = write_value(form, "payer_name")
    blank_share = form.blank_share
    form.blank_share = blank_share if name else 1.0
    lines = [*name, *write_value(form, "payer_address"), *write_value(form, "payer_phone")]
    form.blank_share = blank_share
    return lines


def print_return(form: OfficialForm) -> None:
    """Print names in boxes, numbered lines with amounts at the right edge, and who signs."""
    template, sheet, rng = form.setting.template, form.sheet, form.setting.rng
    placement: Placement = template.choice("placement", _PLACEMENTS)
    print_row(
        form,
        [
            (fill_box(form, "filer_name"), 2.0),
            (fill_box(form, template.choice("return.tin", ("filer_ssn", "filer_ein"))), 1.0),
        ],
        placement=placement,
    )
    print_row(
        form,
        [(fill_box(form, "filer_street"), 2.0), (fill_box(form, "filer_phone"), 1.0)],
        placement=placement,
    )
    print_row(form, [(fill_box(form, "filer_city"), 1.0)], placement=placement)
    if template.chance("return.checks", 0.6):
        _print_checks(form)
    _print_part(
        form, template.choice("return.part", ("Income", "Tax and Payments", "Figures", "Computation"))
    )
    leader = template.chance("leader", 0.6)
    for box in draw_amounts(form, template.integer("amount.n", 4, 6 + int(10 * form.setting.difficulty))):
        number = box.label.split(" ", 1)[0]
        x = sheet.put(0.0, box.label)
        if template.chance(f"line.hint.{number}", 0.3):
            x = sheet.put(x, f"(add lines {rng.randint(1, 4)} and {rng.randint(5, 9)})")
        edge = sheet.width - 18
        if leader:
            sheet.put(x + 1, " ".join("." for _ in range(int((edge - x - 2) / 2))))
        if template.chance("number.again", 0.6):
            sheet.put(edge, number)
        for line in box.lines:
            sheet.runs(sheet.width, line, align="right")
        sheet.down()
    sheet.down(0.3)
    _print_part(form, template.choice("sign.part", SIGN_PARTS))
    _print_signature(form)
    if template.chance("preparer", 0.5):
        print_row(
            form,
            [
                (fill_box(form, "preparer_name"), 1.0),
                (fill_box(form, "preparer_firm"), 1.2),
                (fill_box(form, "preparer_ein"), 0.8),
            ],
            placement=placement,
        )
