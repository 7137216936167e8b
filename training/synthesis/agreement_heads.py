"""How agreements begin: the exhibit's stamp, the title or letterhead, and who agrees from when on."""

from __future__ import annotations

from training.synthesis.clauses import EMPLOYEE_TITLES, TITLES
from training.synthesis.dates import date_text, random_day
from training.synthesis.deals import Deal, own_day, party_runs, party_tag, sentence
from training.synthesis.governing import filled, period, short_day, state_name
from training.synthesis.parties import address_lines
from training.synthesis.text import capitalised, letters, person_name, phone, phrase
from training.synthesis.words import Run


def print_opening(deal: Deal) -> None:
    """Print the beginning of a contract, a letter or an employee's agreement."""
    template = deal.setting.template
    titles = EMPLOYEE_TITLES if deal.form == "employee" and template.chance("own.title", 0.8) else TITLES
    title = template.choice("title", titles)
    if template.chance("stamped", 0.45):
        _print_stamp(deal, title)
    if deal.form == "letter":
        _print_letter(deal)
        return
    sheet = deal.draft.sheet
    sheet.line(
        title if template.chance("title.case", 0.3) else title.upper(),
        align=template.choice("title.align", ("center", "center", "left")),
        scale=template.choice("title.scale", (1.0, 1.3)),
    )
    sheet.down()
    if template.chance("table", 0.1):
        _print_key_terms(deal)
    elif deal.form == "employee" and template.chance("first.person", 0.6):
        _print_promise(deal)
    elif template.chance("own.lines", 0.15):
        _print_names_on_lines(deal, title)
    else:
        _print_sentence(deal, title)
    sheet.down(0.8)
    if template.chance("recitals", 0.5):
        for letter in "ABC"[: deal.rng.randint(1, 3)]:
            sheet.flow(
                [(template.choice("recital", ("WHEREAS,", f"{letter}.", "")), None), (sentence(deal), None)]
            )


def _print_stamp(deal: Deal, title: str) -> None:
    """Print what a register puts above a filed copy: its number, its file, at times the day of filing."""
    sheet, rng = deal.draft.sheet, deal.rng
    number = f"{rng.choice((10, 10, 99, 4, 2))}.{rng.randint(1, 60)}"
    file = f"{rng.choice(('dex', 'ex', 'exhibit', letters(rng, 1, 3)))}{rng.randint(2, 99999)}.{rng.choice(('htm', 'txt'))}"
    sheet.line(f"EX-{number} {rng.randint(2, 20)} {file} {title.upper() if rng.random() < 0.7 else ''}")
    day = random_day(rng)
    filed = date_text(day, deal.setting.dates)
    lines = (
        f"Exhibit {number}", f"EXHIBIT {number}", f"Filed: {filed}", f"8-K {number} {filed}", "EXECUTION COPY", f"Page 1 of {rng.randint(2, 20)}",
        f"Source: 10-Q, {short_day(rng, day)}", f"Received {filed} by {capitalised(phrase(rng, 1, 2))}", f"Rev. {short_day(rng, day)}",
    )  # fmt: skip
    for line in rng.sample(lines, rng.choice((0, 1, 1, 2))):
        sheet.line(line, align=rng.choice(("left", "right", "center")))
    sheet.down(0.5)


def _day_runs(deal: Deal, *, sentence_goes_on: bool = True) -> list[Run]:
    """Return words that lead to the agreement's day, and the day; nothing or a blank where it is not said."""
    template, rng = deal.setting.template, deal.rng
    if deal.dated == "blank":
        return [
            (
                rng.choice(
                    (
                        "as of the ____ day of ____________, 20__",
                        "as of ____________ , 20__",
                        "on [DATE]",
                        "this ___ day of",
                    )
                ),
                None,
            )
        ]
    if deal.dated != "opening":
        return [
            ("on the date set forth below" if deal.dated == "signed" and rng.random() < 0.5 else "", None)
        ]
    text = own_day(deal)
    if " day of " in text:
        lead = template.choice(
            "lead.day", ("this", "as of this", "as of the", "on this", "effective as of the", "on the")
        )
    else:
        lead = template.choice(
            "lead", ("as of", "as of", "on", "effective as of", "effective", "dated as of")
        )
    comma = "," if sentence_goes_on and template.chance("day.comma.after", 0.6) else ""
    runs: list[Run] = [(lead, None), (f"{text}{comma}", deal.draft.first("effective_date"))]
    if template.chance("day.defined", 0.35):
        runs.append(('(the "Effective Date")', None))
    return runs


def _print_sentence(deal: Deal, title: str) -> None:
    """Print the sentence that names the parties one after another."""
    template = deal.setting.template
    runs: list[Run] = [
        (template.choice("begins", ("This", "THIS")), None),
        (title.upper() if template.chance("title.upper", 0.4) else title, None),
        (template.choice("defined", ('(this "Agreement")', '(the "Agreement")', '("Agreement")', "")), None),
        (template.choice("made", ("is made and entered into", "is entered into", "is made", "is executed", "has been concluded")), None),
        *_day_runs(deal),
        (template.choice("between", ("by and between", "between", "by and among", "among")), None),
    ]  # fmt: skip
    for index, party in enumerate(deal.parties):
        runs += [("and", None)] * (index > 0) + party_runs(deal, party)
    closing = template.choice(
        "closing", ("", "(together, the Parties).", "and their affiliates.", ", each a Party.")
    )
    deal.draft.sheet.flow([*runs, (closing, None)])


def _print_names_on_lines(deal: Deal, title: str) -> None:
    """Print each party on lines of its own, with AND between them."""
    sheet, template = deal.draft.sheet, deal.setting.template
    sheet.flow([(f"{title} made", None), *_day_runs(deal, sentence_goes_on=False)])
    sheet.line(
        template.choice("lines.between", ("BETWEEN", "B E T W E E N:", "between", "PARTIES")), align="center"
    )
    for index, party in enumerate(deal.parties):
        if index:
            sheet.line("AND", align="center")
        sheet.line([(party.name, party_tag(deal, party))], align="center")
        if template.chance("lines.address", 0.6):
            for line in address_lines(deal.rng, deal.setting.locale, upper=False, width=40):
                sheet.line(line, align="center")
        sheet.line(f"({party.role})", align="center")


_TOLD = (
    "By joining the staff of {v} (the \u201cCompany\u201d) you come to know matters that are secret, and you agree as follows:",
    "Your employment by {v} (the Company) depends on your agreement to what follows.",
    "In return for your position with {v} and for the pay that goes with it, you agree to these terms:",
)  # fmt: skip
_PROMISED = (
    "In consideration of my employment by {v} (the Company), and of the pay that I receive, I agree as follows:",
    "The undersigned, being employed or about to be employed by {v}, promises the following:",
    "So that {v} and its group may take me on, or keep me, I undertake the following.",
)  # fmt: skip


def _print_promise(deal: Deal) -> None:
    """Print what an employee says in the first person, or is told; who it is stands at the end or here."""
    template = deal.setting.template
    company, employee = deal.parties
    frames = _TOLD if deal.callings()[1] == "you" else _PROMISED
    runs = filled(template.choice("promise", frames), company.name, party_tag(deal, company))
    if template.chance("employee.named", 0.35):
        runs += [("The employee is", None), (f"{employee.name}.", party_tag(deal, employee))]
    if deal.dated in ("opening", "blank"):
        runs += [(f"{deal.paper[:1].upper()}{deal.paper[1:]} is made", None), *_day_runs(deal)]
    deal.draft.sheet.flow(runs)


def _print_key_terms(deal: Deal) -> None:
    """Print a table of what is agreed beside its names; what stands here is not said again below."""
    sheet, rng, draft = deal.draft.sheet, deal.rng, deal.draft
    rows: list[tuple[str, list[Run]]] = [
        (party.role, [(party.name, party_tag(deal, party))]) for party in deal.parties
    ]
    others: list[tuple[str, list[Run]]] = [
        (rng.choice(("Notice Period", "Cure Period")), [(f"{rng.choice((5, 10, 30, 60))} days", None)]),
        (rng.choice(("Non-Solicit Period", "Warranty", "Vesting")), [(period(rng), None)]),
        (
            rng.choice(("Prior Agreement", "Date of Prior Letter")),
            [(date_text(random_day(rng), deal.setting.dates), None)],
        ),
        ("Purpose", [(phrase(rng, 3, 9), None)]),
        ("Contact", [(capitalised(person_name(rng)), None)]),
    ]
    if deal.dated in ("opening", "clause"):
        others.append(("Effective Date", [(own_day(deal), draft.first("effective_date"))]))
        deal.says.discard("effective_date")
    if "term" in deal.says:
        others.append(
            (rng.choice(("Term", "Duration", "Term of Agreement")), [(period(rng), draft.first("term"))])
        )
        deal.says.discard("term")
    if "jurisdiction" in deal.says:
        law: list[Run] = [("State of", None)] if rng.random() < 0.5 else []
        others.append(("Governing Law", [*law, (state_name(rng), draft.first("jurisdiction"))]))
        deal.says.discard("jurisdiction")
    rng.shuffle(others)
    for label, runs in (*rows, *others):
        sheet.put(0.0, label)
        sheet.flow(runs, x=26.0)


def _print_letter(deal: Deal) -> None:
    """Print letterhead, day, addressee and greeting, and what the letter is about."""
    sheet, template, rng = deal.draft.sheet, deal.setting.template, deal.rng
    sender, receiver = deal.parties
    align = template.choice("letter.align", ("left", "center", "right"))
    sheet.line([(sender.name, party_tag(deal, sender))], align="left" if align == "left" else "center")
    for line in address_lines(rng, deal.setting.locale, upper=False, width=50):
        sheet.line(line, align="left" if align == "left" else "center")
    if template.chance("letter.phone", 0.3):
        sheet.line(f"Tel {phone(rng)}")
    sheet.down()
    if deal.dated == "opening":
        sheet.line([(own_day(deal), deal.draft.first("effective_date"))], align=align)
    elif deal.dated == "blank":
        sheet.line(rng.choice(("[Date]", "____________, 20__", "[ ]")), align=align)
    else:
        sheet.line(deal.filled("{date}"), align=align)
    if template.chance("letter.marked", 0.3):
        sheet.line(rng.choice(("CONFIDENTIAL", "BY HAND", "Personal and Confidential", "VIA E-MAIL")))
    sheet.down()
    attention = capitalised(person_name(rng))
    if not receiver.is_person and template.chance("attention.first", 0.3):
        sheet.line(attention)
    sheet.line([(receiver.name, party_tag(deal, receiver))])
    for line in address_lines(rng, deal.setting.locale, upper=False, width=50):
        sheet.line(line)
    if not receiver.is_person and template.chance("attention", 0.4):
        sheet.line(
            f"Attention: {attention}, {rng.choice(('President', 'General Counsel', 'Chief Financial Officer'))}"
        )
    sheet.down()
    if template.chance("subject", 0.35):
        sheet.line(f"Re: {template.choice('subject.text', TITLES)}")
    dear = receiver.name.split()[-1] if receiver.is_person else attention.split()[-1]
    sheet.line(
        rng.choice(
            (
                f"Dear {rng.choice(('Mr.', 'Ms.'))} {dear}:",
                "Ladies and Gentlemen:",
                "Dear Sirs:",
                f"Dear {dear},",
            )
        )
    )
    sheet.down(0.6)
    sheet.flow([(_letter_begins(deal), None), (sentence(deal), None)])
    sheet.down(0.6)


def _letter_begins(deal: Deal) -> str:
    """Return a letter's first sentence; where its own day does not count, it says so."""
    rng = deal.rng
    if deal.dated == "opening":
        return deal.filled(rng.choice((
            "This letter, effective as of the date set forth above, confirms what we have agreed about {words}.",
            "In connection with {words}, you have asked for {secret} and agree, as of the date of this letter, to the following.",
            "We write about {words}, and ask you to treat {secret} as follows.",
            "You have expressed interest in {words}. By this letter agreement, dated as of the date above, we set out its terms.",
        )))  # fmt: skip
    if deal.dated == "clause":
        return deal.filled(
            "This letter is about {words}. It takes effect not today but on the day that a paragraph below names."
        )
    if deal.dated in ("silent", "signed"):
        return deal.filled(rng.choice((
            "This letter shall become effective when you have countersigned it, and sets out our agreement on {words}.",
            "Once executed by both of us, and only then, this letter binds each of us in respect of {words}.",
            "We write about {words}. Our agreement will take effect upon the closing of that transaction.",
        )))  # fmt: skip
    return deal.filled(
        "We write about {words} and set out below the terms on which {secret} will be given to you."
    )
