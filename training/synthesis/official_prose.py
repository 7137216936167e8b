"""Prose of official forms: headings and sentences that talk about names, addresses and numbers and give none."""

from __future__ import annotations

import random

from training.synthesis.text import capitalised, person_name, phrase

HEADINGS = (
    "General Notes", "General Instructions", "Who Must File", "Purpose of This Form", "What Is New", "Definitions", "Identity Theft",
    "Penalties", "How To Get a Number", "Line by Line Notes", "Privacy Notice", "When To File", "Where To Send It", "Your Name",
    "Business Name", "Address Lines", "Account Numbers", "Foreign Persons", "Backup Withholding", "Revenue Office (RO)",
    "Taxpayer Number (TIN)", "Change of Address", "Exempt Payees", "Amended Forms", "Signature and Date", "Specific Instructions",
    "Joint Accounts", "Payer's Duties", "Recipient's Copy", "Failure To Furnish a Number", "Estimated Burden", "Need Help?",
)  # fmt: skip

_SENTENCES = (
    "Enter your name exactly as the {office} has it on record.",
    "Those who took another surname and have not told the {office} give the old one beside the new one.",
    "A sole owner enters the individual name on line {n} and may give the trade name on line {m}.",
    "Partnerships and corporations enter their own name, never that of a partner.",
    "Your address is where the {party} will mail the statement of payments.",
    "If this address differs from the one that the {party} has on file, write NEW at the top.",
    "Give the number and street; the city, state and postal code belong on the next line.",
    "The taxpayer number is nine digits long and must match the name on line {n}.",
    "If you have no number, apply for one at once and write applied for in its place.",
    "A foreign person gives the number issued by the country of residence.",
    "The account number is needed only if the {party} holds several accounts for you.",
    "Do not send this form to the {office}; hand it to the {party} who asks for it.",
    "Sign and date the form; one that is not signed counts as not received.",
    "The date is the day on which you sign, not the day on which the payment was made.",
    "You may be fined ${money} for each failure to give a correct number unless it has a reasonable cause.",
    "Whoever makes a false statement that lessens withholding owes a penalty of ${money}.",
    "Payments below ${money} in a calendar year need not be shown in box {n}.",
    "Amounts in box {n} are reported on schedule {letter} of your return.",
    "Box {m} shows what was withheld from you; claim it as a credit.",
    "The {party} must file a copy with the {office} by the last day of {month}.",
    "On line {n} stands the owner and not an entity that the law looks through.",
    "If the account is held by two persons, list both and circle the one whose number you give.",
    "Estates use the name and number of the decedent's legal representative only where {words} applies.",
    "The code in this column tells the {party} why you are exempt from reports.",
    "Leave the line empty if none of the codes applies to you.",
    "To protect your account, the first five digits may be masked on your copy.",
    "Someone may use your name, number or other facts about you without leave to obtain {words}.",
    "If you get a letter about {words}, answer to the name and telephone number printed on it.",
    "The {office} does not begin contact with taxpayers by e-mail or ask for passwords.",
    "Keep this copy for your records for {n} years after it was due.",
    "Once your status changes, hand the {party} a fresh form no later than {days} days after.",
    "Instructions and the latest news about this form are found at {site}.",
    "For this purpose a person is resident if {words} for more than {days} days.",
    "The law asks you to give this information to persons who must file reports with the {office}.",
    "The time needed to fill in this form is about {days} minutes, though it varies with {words}.",
    "For example, if {name} sells a house, line {n} shows the name of the buyer.",
    "A trust that {words} is treated as having {n} owners.",
    "Items {n} through {m} do not apply to transfers of real property.",
    "Routine uses include giving it to cities, states and courts to carry out their laws.",
    "See part {m} before you enter the name of the signer or the capacity in which that person acts.",
    "Withholding at {n} percent begins once the {party} learns that the number is wrong.",
    "Nominees file one form for each of the other owners and show themselves as {party}.",
    "Mark the box at the top if this form corrects one already sent.",
    "Enter whole dollars; amounts of {days} cents or more are rounded up.",
    "Under the rules for {words}, a post office box is no permanent residence.",
    "A country is written out in English and without abbreviation.",
    "The phone number helps the {office} to reach you during the day.",
    "Paid preparers give their name, their firm and the firm's number.",
)  # fmt: skip

# Most sentences are put together, so that no model learns them by heart.
_SUBJECTS = (
    "The {party}", "Each {party}", "The {office}", "Any person named on line {n}", "The holder of the account", "An owner of more than {days} percent",
    "A spouse who signs", "The estate", "A branch in another state", "Whoever acts for a minor", "A tenant in common",
    "The agent", "A business that was sold", "A member of the crew", "The successor", "An employee on leave", "A nominee",
)  # fmt: skip
_ACTIONS = (
    "enters", "keeps", "must not report", "reports", "shows", "is asked for", "need not repeat", "may withhold", "verifies",
    "sends back", "gives", "corrects", "leaves out", "adds", "copies from the last form", "attaches proof of", "certifies",
)  # fmt: skip
_OBJECTS = (
    "the legal name", "the trade name", "the number of the account", "the taxpayer number", "the street and the unit", "the postal code",
    "the amount in box {n}", "the total of lines {n} and {m}", "the country of residence", "the date of the change", "the name of the spouse",
    "the code for {words}", "the tax withheld", "the telephone number", "the address of the estate", "the rate of {n} percent",
    "the value of {words}", "the signature", "the date of birth", "rents and royalties", "more than ${money}", "the name of the firm",
)  # fmt: skip
_CONDITIONS = (
    "", "", "if {words}", "unless the {office} has said otherwise", "within {days} days of the change", "on a separate sheet",
    "before the end of {month}", "as it stands in the register", "when the account is opened", "only once a year",
    "even where {words}", "in the spaces provided", "for each of the {n} years before", "under section {days}({letter})",
    "although it may be empty", "for every copy but the first", "whichever is later", "to the {party}", "in capital letters",
)  # fmt: skip

_PLEDGES = (
    "I state under penalty of perjury that the number on this form is mine, that what I have stated is true and complete, and that",
    "I have read this form, I may sign for the owner named above, and as far as I know",
    "By signing I confirm that line 1 names me or someone for whom I act, and that",
)  # fmt: skip
_MONTHS = ("January", "February", "March", "April", "June")


def write_sentence(rng: random.Random, *, party: str, office: str) -> str:
    """Return a sentence of instructions; numbers, names and sums in it are nobody's answer."""
    text = rng.choice(_SENTENCES) if rng.random() < 0.4 else _composed(rng)
    first = rng.randint(1, 9)
    return text.format(
        party=party,
        office=office,
        n=first,
        m=first + rng.randint(1, 9),
        money=rng.choice((10, 50, 100, 400, 500, 600)),
        letter=rng.choice("ABCDE"),
        days=rng.choice((5, 10, 15, 30, 50, 60, 90, 183)),
        month=rng.choice(_MONTHS),
        words=phrase(rng, 2, 5),
        name=capitalised(person_name(rng)) if rng.random() < 0.5 else "a taxpayer",
        site=f"www.{phrase(rng, 1, 1)}.gov",
    )


def _composed(rng: random.Random) -> str:
    text = f"{rng.choice(_SUBJECTS)} {rng.choice(_ACTIONS)} {rng.choice(_OBJECTS)}"
    if rng.random() < 0.3:
        text += f" and {rng.choice(_OBJECTS)}"
    return f"{text} {rng.choice(_CONDITIONS)}".strip() + "."


def write_paragraph(rng: random.Random, n_sentences: int, *, party: str, office: str) -> str:
    """Return sentences of instructions, at times with a heading of their own that runs in."""
    text = " ".join(write_sentence(rng, party=party, office=office) for _ in range(n_sentences))
    draw = rng.random()
    if draw < 0.2:
        return f"{rng.choice(HEADINGS)}. {text}"
    return f"Note: {text}" if draw < 0.26 else text


def write_pledge(rng: random.Random, *, party: str, office: str) -> str:
    """Return what the signer declares."""
    rest = write_sentence(rng, party=party, office=office)
    return f"{rng.choice(_PLEDGES)} {phrase(rng, 4, 14)}. {rest}"
