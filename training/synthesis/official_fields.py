"""What is asked of an official form: its boxes, filled in or not, under keys that are all written alike."""

from __future__ import annotations

import random

from training.synthesis.asking import Ask, AskRows, Facts
from training.synthesis.fields import Meaning, describe, snake_case, varied_description, varied_key
from training.synthesis.official_words import LABELS
from training.synthesis.setting import Draft
from training.synthesis.text import pseudo_word

# {role} is who pays or is paid on this form: a payer and a recipient, an employer and an employee.
_MEANINGS: dict[str, Meaning] = {
    "filer_name": describe(
        "verbatim",
        "name name name full_name taxpayer_name legal_name individual_name applicant_name owner_name name_of_taxpayer person_name",
        "Name of the person the form is about|Name of the individual|Name of the taxpayer|Name on the first line|Full name|Who fills in the form",
    ),
    "filer_business": describe(
        "verbatim",
        "business_name business_name company_name trade_name name_of_business dba_name entity_name firm_name",
        "Name of the business|Business name, if it differs|Trade name|Company or entity name",
    ),
    "filer_street": describe(
        "verbatim",
        "address address street_address street address_line permanent_street_address home_address residence_address address_line_1",
        "Street address|Number and street|Street and unit, without the city|First line of the address",
    ),
    "filer_city": describe(
        "verbatim",
        "city_state_zip city_state_zip city city_state city_and_zip permanent_city_state town_state_zip address_line_2 city_line",
        "City, state and ZIP code|City with postal code|City, state, ZIP|Town and postal code of the address",
    ),
    "filer_country": describe("verbatim", "country permanent_country country_of_residence residence_country", "Country of the address|Country"),
    "filer_mail_street": describe(
        "verbatim",
        "mailing_street_address mailing_address mail_street mailing_street postal_street",
        "Street of the mailing address|Address for mail, if another|Mailing address, without the city",
    ),
    "filer_mail_city": describe(
        "verbatim",
        "mailing_city_state mailing_city mail_city_state_zip mailing_city_state_zip",
        "City of the mailing address|City, state and postal code for mail",
    ),
    "filer_citizenship": describe(
        "verbatim", "citizenship country_of_citizenship nationality citizen_of", "Country of citizenship|Citizenship|Nationality"
    ),
    "filer_ssn": describe(
        "verbatim",
        "ssn ssn social_security_number ssn_itin taxpayer_ssn individual_tax_number",
        "Social security number|Personal tax number|Tax number of the individual",
    ),
    "filer_ein": describe(
        "verbatim",
        "ein ein employer_identification_number employer_id fein business_tin",
        "Employer identification number|Tax number of the business|Number of the employer",
    ),
    "filer_foreign_tin": describe(
        "verbatim",
        "foreign_tax_identifying_number foreign_tin ftin foreign_tax_id",
        "Tax number of another country|Foreign tax number",
    ),
    "filer_birth": describe("date", "date_of_birth birth_date dob born", "Date of birth|When the person was born"),
    "filer_phone": describe("verbatim", "phone telephone phone_number daytime_phone contact_phone", "Telephone number|Phone of the filer"),
    "filer_email": describe("verbatim", "email e_mail email_address contact_email", "E-mail address|E-mail"),
    "exempt_code": describe("verbatim", "exempt_payee_code exemption_code exempt_code payee_code", "Code of an exempt payee|Exemption code"),
    "report_code": describe("verbatim", "fatca_code reporting_code report_code account_reporting_code", "Code for exemption from reports|Reporting code"),
    "requester": describe(
        "verbatim",
        "requester_name_address requester requester_name requester_details",
        "Name and address of the requester|Who asks for the form",
    ),
    "accounts": describe(
        "verbatim",
        "account_numbers account_number account_numbers accounts account_no list_of_accounts",
        "Account number or numbers|Accounts listed|Account number",
    ),
    "reference": describe("verbatim", "reference_number reference reference_numbers ref_no", "Reference number|Reference of the file"),
    "payer_name": describe("verbatim", "{role}_name {role}_name name_of_{role} {role}", "Name of the {role}|{role}'s name|Who the {role} is"),
    "payer_address": describe("verbatim", "{role}_address address_of_{role} {role}_full_address", "Address of the {role}|{role}'s street, city and ZIP"),
    "payer_tin": describe(
        "verbatim", "{role}_tin {role}_tax_id {role}_id_number {role}_identification_number", "Tax number of the {role}|{role}'s TIN"
    ),
    "payer_phone": describe("verbatim", "{role}_phone {role}_telephone", "Telephone of the {role}|{role}'s phone number"),
    "recipient_name": describe("verbatim", "{role}_name {role}_name name_of_{role} {role}", "Name of the {role}|{role}'s name|Who the {role} is"),
    "recipient_street": describe(
        "verbatim", "{role}_street {role}_street_address {role}_address_line", "Street address of the {role}|{role}'s street"
    ),
    "recipient_city": describe(
        "verbatim", "{role}_city {role}_city_state_zip {role}_city_state", "City, state and ZIP of the {role}|{role}'s city"
    ),
    "recipient_tin": describe(
        "verbatim", "{role}_tin {role}_tax_id {role}_id_number {role}_identification_number", "Tax number of the {role}|{role}'s TIN"
    ),
    "claim_country": describe(
        "verbatim",
        "claim_country treaty_country claim_benefit_resident resident_of",
        "Country whose treaty is claimed|Country of which the owner is resident by the treaty",
    ),
    "claim_article": describe("verbatim", "article_paragraph treaty_article article", "Article of the treaty|Article and paragraph"),
    "claim_rate": describe("verbatim", "rate rate_of_withholding withholding_rate", "Rate of withholding claimed|Rate in percent"),
    "claim_income": describe("verbatim", "type_of_income income_type kind_of_income", "Type of income|Kind of income for which the rate is claimed"),
    "signer_name": describe("verbatim", "name_of_signer signer_name printed_name signer", "Printed name of the signer|Name of the person who signs"),
    "signer_capacity": describe("verbatim", "capacity_acting signer_title capacity title_of_signer", "Capacity in which the signer acts|Title of the signer"),
    "signed_date": describe("date", "date date_signed signature_date signed_on", "Date of the signature|Date signed|Date next to the signature"),
    "preparer_name": describe("verbatim", "preparer_name paid_preparer preparer", "Name of the preparer|Who prepared the form"),
    "preparer_firm": describe("verbatim", "preparer_firm firm_of_preparer preparers_firm", "Firm of the preparer|Preparer's firm"),
    "preparer_ein": describe("verbatim", "firm_ein preparer_ein firm_tax_number", "Tax number of the preparer's firm|Firm's EIN"),
    "form_code": describe("verbatim", "form_number form form_code form_id", "Number of the form|Form number|What the form is called, as a short code"),
    "tax_year": describe("verbatim", "tax_year year calendar_year for_year", "Year the form is for|Tax year"),
}  # fmt: skip

_LETTER_WORDS = frozenset("ssn ein tin ftin itin id fatca zip dba fein dob".split())


def meaning_of(tag: str, role: str = "") -> Meaning:
    """Return what is asked by `tag`, said with the form's word for the party."""
    meaning = _MEANINGS[tag]
    keys = tuple(key.format(role=role) for key in meaning.keys)
    texts = tuple(text.format(role=role) for text in meaning.descriptions)
    return Meaning(meaning.kind, keys, tuple(text[:1].upper() + text[1:] for text in texts))


def amount_meaning(name: str, number: str) -> Meaning:
    """Return what is asked by an amount box that is called `name`."""
    snake = snake_case(name)
    keys = (snake, snake, snake, snake, f"{snake}_amount", f"box_{number}_{snake}")
    return Meaning(
        "amount", keys, (name, f"Box {number}: {name}", f"Amount of {name.lower()}", f"{name} (box {number})")
    )


def box_asks(rng: random.Random, draft: Draft, facts: Facts, *, difficulty: float) -> list[Ask | AskRows]:
    """Return questions about the boxes of the form, empty ones as readily as filled ones."""
    present = [tag for tag in draft.boxes if facts.get(tag) is not None]
    usable = [
        tag for tag in draft.boxes if tag in present or (tag not in facts and rng.random() < _EMPTY_SHARE)
    ]
    usable = usable or [next(iter(draft.boxes))]
    # People ask for a few values or, as often, for all that such a form holds.
    low, high = (1, 3) if difficulty < 0.2 else rng.choice(((1, 4), (3, 8), (6, 14), (12, 24)))
    chosen = set(rng.sample(usable, min(len(usable), rng.randint(low, high))))
    # A question that the page answers in no part is for pages without values.
    if present and chosen.isdisjoint(present):
        chosen.add(rng.choice(present))
    style = rng.choice(_STYLES)
    described = rng.choice((0.0, 0.0, 0.5, 1.0))
    asks = [_box_ask(rng, tag, draft.boxes[tag], style, described) for tag in usable if tag in chosen]
    if draft.boxes.keys() >= {"payer_name", "recipient_name"} and rng.random() < _RECORDS_SHARE:
        return _in_records(asks, style)
    return [*asks]


# Of the boxes that hold nothing, how many are asked about like those that do.
_EMPTY_SHARE = 0.6
_RECORDS_SHARE = 0.08
_STYLES = ("snake", "snake", "snake", "pascal", "pascal", "pascal", "camel", "title", "varied", "varied")


def _box_ask(rng: random.Random, tag: str, meaning: Meaning, style: str, described: float) -> Ask:
    if rng.random() < 0.03:
        key = rng.choice((f"field_{rng.randint(1, 30)}", pseudo_word(rng)))
        return Ask(key=key, tag=tag, kind=meaning.kind, description=varied_description(rng, meaning))
    snake = rng.choice(meaning.keys)
    key = varied_key(rng, snake) if style == "varied" else write_key(snake, style)
    description = varied_description(rng, meaning) if rng.random() < described else ""
    return Ask(key=key[:48], tag=tag, kind=meaning.kind, description=description)


def write_key(snake: str, style: str) -> str:
    """Return a key in a way of writing identifiers; abbreviations stay capitals.

    Examples
    --------
    >>> [write_key("payer_tin", style) for style in ("snake", "pascal", "camel", "title")]
    ['payer_tin', 'PayerTIN', 'payerTIN', 'Payer TIN']
    """
    if style == "snake":
        return snake
    parts = [part.upper() if part in _LETTER_WORDS else part.capitalize() for part in snake.split("_")]
    if style == "title":
        return " ".join(parts)
    if style == "camel":
        parts[0] = parts[0].lower()
    return "".join(parts)


def _in_records(asks: list[Ask], style: str) -> list[Ask | AskRows]:
    """Return the asks with those of each party in a record."""
    found: list[Ask | AskRows] = []
    for party in ("payer", "recipient"):
        parts = {ask.key: ask for ask in asks if ask.tag.startswith(f"{party}_")}
        if parts:
            key = write_key(f"{party}_details", style)
            found.append(AskRows(key=key, description="", columns=tuple(parts.values()), shape="record"))
    return [*found, *(ask for ask in asks if not ask.tag.startswith(("payer_", "recipient_")))]


def label_of(tag: str, options_at: float, role: str = "") -> str:
    """Return one of the labels of a box, chosen by `options_at` in [0, 1)."""
    options = LABELS[tag].split("|")
    return options[int(options_at * len(options))].format(role=role)
