"""How agreements end: the sentence before the signatures, and who signs, where and when."""

from __future__ import annotations

from training.synthesis.deals import Contractor, Deal, party_tag, signing_days
from training.synthesis.text import capitalised, person_name
from training.synthesis.words import Run

_TITLES = ("President", "Chief Executive Officer", "Director", "Manager", "General Counsel", "Vice President, Human Resources", "Secretary")  # fmt: skip
_AS_OF_ABOVE = (
    "IN WITNESS WHEREOF, the parties have executed this Agreement as of the date first above written.",
    "The parties have signed below as of the day and year first set forth above.",
    "Signed for each party by a person so authorized, as of the date first written above.",
)
_AS_SIGNED = (
    "IN WITNESS WHEREOF, the parties have executed this Agreement on the dates below, the last of which is its effective date.",
    "This document takes effect on the date on which the last of us signs it, as written below.",
    "Effective as of the date of the last signature below.",
)
_UNDATED = (
    "IN WITNESS WHEREOF, the parties have caused this Agreement to be executed by their authorized representatives.",
    "I have read and understood the foregoing and have received a copy.",
    "AGREED:",
    "By signing below, each party agrees to be bound.",
)


def print_closing(deal: Deal) -> None:
    """Print the lines to sign on; in a last window they are where the parties stand."""
    sheet, template = deal.draft.sheet, deal.setting.template
    sheet.down(0.6)
    if deal.form == "letter":
        _print_letter_end(deal)
        return
    frames = (
        _AS_SIGNED
        if deal.dated == "signed"
        else _AS_OF_ABOVE
        if deal.dated in ("opening", "blank")
        else _UNDATED
    )
    sheet.flow([(template.choice("witness", frames), None)])
    sheet.down(0.6)
    days = _days(deal, len(deal.parties))
    beside = len(deal.parties) == 2 and template.chance("signed.beside", 0.4)
    bottom = sheet.y
    for index, (party, day) in enumerate(zip(deal.parties, days, strict=True)):
        block = _signature(deal, party, day)
        bottom = sheet.block(index * sheet.width / 2 if beside else 0.0, sheet.y, block)
        sheet.y = sheet.y if beside else bottom + 0.5
    sheet.y = bottom


def _days(deal: Deal, n: int) -> list[list[Run]]:
    """Return the day beside each signature, if any: the last one counts where the agreement says so."""
    template, rng = deal.setting.template, deal.rng
    if deal.dated == "signed":
        tagged: list[tuple[str, str | None]] = [(text, None) for text in signing_days(deal, n)]
        tagged[-1] = (tagged[-1][0], deal.draft.first("effective_date"))
        rng.shuffle(tagged)  # who signs first is not always who stands first
        signed: list[list[Run]] = [[("Date:", None), run] for run in tagged]
        return signed
    if not _shows_other_days(deal) or not template.chance("signed.dated", 0.45):
        blank: list[Run] = [("Date: ______________", None)] if template.chance("signed.blank", 0.3) else []
        return [blank] * n
    if deal.dated == "blank":
        unfilled: list[Run] = [("Dated: ____________", None)]
        return [unfilled] * n
    label = rng.choice(("Date:", "Dated:", "Date"))
    return [[(label, None), (text, None)] for text in signing_days(deal, n)]


def _shows_other_days(deal: Deal) -> bool:
    """Return whether a day beside a signature is known not to be the agreement's own, which stands elsewhere."""
    return deal.dated in ("opening", "blank") or "effective_date" in deal.draft.used


def _signature(deal: Deal, party: Contractor, day: list[Run]) -> list[list[Run]]:
    """Return the lines on which a party signs; a company's signer is no party."""
    template, rng = deal.setting.template, deal.rng
    named: Run = (party.name, party_tag(deal, party))
    dated = [day] if day else []
    if party.is_person:
        signed = template.choice(
            "signed.person", ("______________________", f"/s/ {party.name}", "Signature:")
        )
        printed: list[Run] = [("Print Name:", None), named] if template.chance("printed", 0.4) else [named]
        called: list[list[Run]] = [[(f"{party.role}:", None)]] if template.chance("called", 0.4) else []
        return [*called, [(signed, None)], printed, *dated]
    signer = capitalised(person_name(rng))
    signed = template.choice(
        "signed.by",
        ("By: ______________", f"By: /s/ {signer}", f"/s/ {signer}", "Signature:", f"BY: /s/ {signer}"),
    )
    labels = template.choice(
        "signer.labels", (("Name: ", "Title: "), ("Name: ", "Title: "), ("", ""), ("", "Its: "))
    )
    texts = (signed, f"{labels[0]}{signer}", f"{labels[1]}{rng.choice(_TITLES)}")
    below: list[list[Run]] = [[(text, None)] for text in texts]
    return [[named], *below, *dated]


def _print_letter_end(deal: Deal) -> None:
    """Print the greeting, the sender's signature, and the receiver's consent below it."""
    sheet, template, rng = deal.draft.sheet, deal.setting.template, deal.rng
    sender, receiver = deal.parties
    asks = (
        "Please sign and return a copy of this letter.",
        "If this is agreeable to you, please sign below and return one copy to us.",
    )
    sheet.flow([(template.choice("letter.asks", asks), None)])
    sheet.down(0.6)
    if deal.dated == "signed":
        sheet.flow([("This letter takes effect on the date of your signature below.", None)])
    sheet.line(rng.choice(("Very truly yours,", "Sincerely,", "Yours truly,", "Very truly yours,")))
    sheet.y = sheet.block(0.0, sheet.y, _signature(deal, sender, []))
    sheet.down()
    consents = {
        "opening": (
            "Accepted and agreed as of the date first written above:",
            "Seen and agreed as of the date hereof:",
        ),
    }.get(deal.dated, ("Accepted and agreed:", "AGREED TO AND ACCEPTED BY:", "Acknowledged and agreed:"))
    sheet.line(rng.choice(consents))
    day: list[Run] = []
    if deal.dated == "signed":
        day = [("Date:", None), (signing_days(deal, 1)[0], deal.draft.first("effective_date"))]
    elif deal.dated != "blank" and _shows_other_days(deal) and template.chance("signed.dated", 0.4):
        day = [("Date:", None), (signing_days(deal, 1)[0], None)]
    sheet.y = sheet.block(0.0, sheet.y, _signature(deal, receiver, day))
