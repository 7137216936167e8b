"""Words of official forms: agencies, titles, labels of boxes with their hints, and names of amounts."""

from __future__ import annotations

AGENCIES = (
    ("Ministry of Revenue", "Office of Public Returns"), ("Department of Finance", "Revenue Collection Bureau"),
    ("State Tax Commission", "Division of Registrations"), ("Federal Contributions Office", "Withholding Unit"),
    ("Department of Labor and Industry", "Benefits Branch"), ("Board of Equalization", "Records Section"),
    ("Department of Commerce", "Bureau of Licences"), ("National Insurance Fund", "Claims Office"),
    ("Office of the Comptroller", "Taxpayer Accounts"), ("Department of Public Welfare", "Eligibility Office"),
)  # fmt: skip

TITLES = (
    "Statement of Identity for Persons Who Receive Payments", "Declaration of Residence for Reduced Withholding",
    "Application for a Registration Number", "Certificate of Tax Status", "Notice of Change of Address or Ownership",
    "Request for a Number and Declaration of Its Holder", "Report of Sundry Payments", "Annual Statement of Earnings",
    "Claim for Refund of Tax Withheld", "Return of Small Employers", "Certificate of Exemption for Buyers",
    "Statement of Interest and Other Proceeds", "Declaration of Foreign Ownership", "Authorization of a Representative",
    "Application for Extension of Time", "Report of Transfers and Distributions", "Statement for Benefit Holders",
)  # fmt: skip

# Who pays and who is paid: the label's word for each, as it is also written in keys.
ROLES = (
    ("payer", "recipient"), ("payer", "recipient"), ("payer", "recipient"), ("employer", "employee"), ("lender", "borrower"),
    ("filer", "participant"), ("trustee", "beneficiary"), ("seller", "buyer"), ("issuer", "holder"), ("insurer", "insured"),
)  # fmt: skip

# What boxes say, by the tag of the value; {role} is the word for the party.
LABELS: dict[str, str] = {
    "filer_name": "Name of the person making this statement|Full legal name|Name|Your name|Name of individual or entity|Name of taxpayer"
    "|Name of owner|Last name, first name and middle initial|Name as it stands on your return|Applicant's name|Legal name",
    "filer_business": "Business name, if it is not the name above|Trade name|Name of business or disregarded owner|Company name"
    "|Name under which business is done|Firm name, if different from line 1|Doing business as",
    "filer_street": "Address|Street address|Home address|Permanent residence|Number and street|Residence address|Business address",
    "filer_city": "City, state and ZIP|City or town, province and postal code|Town, state, and ZIP code|City or post office, state, ZIP"
    "|City or town",
    "filer_country": "Country|Country of residence|Country (no abbreviation)",
    "filer_mail_street": "Mailing address|Address for mail|Address to which letters are sent|Postal address, if not the one above",
    "filer_mail_city": "City or town of the mailing address, with postal code|City, state and ZIP (mailing)|Post town and postal code",
    "filer_citizenship": "Country of citizenship|Citizen of|Nationality|Country of which you are a citizen",
    "filer_ssn": "Social security number|Your social security no.|Individual tax number|SSN|Taxpayer number of individual",
    "filer_ein": "Employer identification number|Employer number|EIN|Tax number of the business|Federal employer no.",
    "filer_foreign_tin": "Foreign tax number|Tax number in country of residence|Tax identification number abroad",
    "filer_birth": "Date of birth|Birth date|Born on",
    "filer_phone": "Daytime phone|Telephone number|Phone no. (area code first)|Telephone",
    "filer_email": "Email address|E-mail|Email",
    "exempt_code": "Exempt payee class|Code of exemption|Exemption code, if any",
    "report_code": "Exemption from foreign account reports|Reporting code, if any|Code for account reporting",
    "requester": "Name and address of the one who asks for this form|Requester|Who asks for it, with address",
    "accounts": "Account numbers to which this applies|Account number(s)|Your accounts here|List of accounts",
    "reference": "Reference number(s)|File reference|Your reference|Reference no.",
    "payer_name": "{role}'s name|Name of {role}|{role} name",
    "payer_address": "{role}'s address|Address of {role}, with city and ZIP|{role} street, city, state, ZIP",
    "payer_tin": "{role}'s TIN|{role}'s tax number|{role} identification no.|{role}'s federal number",
    "payer_phone": "{role}'s telephone number|{role} phone",
    "recipient_name": "{role}'s name|Name of {role}|{role} name, first and last",
    "recipient_street": "Street address|{role}'s street address|Number, street and unit",
    "recipient_city": "City or town, state, country and postal code|City, state, and ZIP of {role}|Town, state and ZIP",
    "recipient_tin": "{role}'s TIN|{role}'s tax number|{role} identification no.|{role}'s social security number",
    "signer_name": "Name of signer, printed|Print name of the person who signs|Signer's name in print|Type or print name",
    "signer_capacity": "Capacity in which you sign|Title of signer|Acting as|Signer's title, if not the owner",
    "signed_date": "Date|Date signed|Date of signature",
    "preparer_name": "Preparer's name|Paid preparer (print)|Name of preparer",
    "preparer_firm": "Firm's name|Firm, if preparer is employed|Preparer's firm",
    "preparer_ein": "Firm's EIN|Firm's tax number|Employer no. of firm",
}  # fmt: skip

# What some labels add in brackets or as a sentence of their own.
HINTS: dict[str, str] = {
    "name": "(see the notes for line {n})|(print or type)|(as on your tax card)|(surname first)|An entry is required; do not leave empty."
    "|If there are two owners, give both and circle the first.|Do not abbreviate.",
    "address": "(number, street, apartment or suite)|(street, unit, or rural route). No box at a post office.|See the notes."
    "|(if other than above)|(including apt. no.)|Do not give the address of an agent.",
    "number": "(see instructions)|(optional)|(if required)|(if any)|Do not enter a number that was withdrawn.|(nine digits)",
    "date": "(month, day, year)|(see instructions)|(required)",
}  # fmt: skip

CHECK_QUESTIONS = (
    "Check the box that describes the owner on line 1. Mark one only", "Type of applicant (mark one)",
    "Kind of entity for tax purposes; mark only one of these", "Reason for filing", "Status of the holder (tick what applies)",
    "Mark this box if the account is held abroad", "Filing status",
)  # fmt: skip
CHECKS = (
    "Sole owner", "Individual or one-member company", "Corporation", "Close corporation", "Partnership", "Estate or trust",
    "Limited company", "Cooperative", "Government unit", "Other (see notes)", "New", "Corrected", "Void", "Single", "Married",
    "Widowed", "Nonprofit body", "Amended", "Final", "Second notice", "Account reporting needed", "Nonresident", "Minor", "Agent",
)  # fmt: skip

AMOUNTS = (
    "Rents", "Royalties", "Other income", "Interest income", "Ordinary dividends", "Prizes and awards", "Income tax withheld",
    "Medical payments", "Insurance proceeds from crops", "Payments to attorneys", "Sales of fish", "Boat proceeds",
    "Deferred compensation", "State tax withheld", "State income", "Local wages", "Local income tax", "Wages, tips and bonuses",
    "Pension distributions", "Taxable amount", "Capital gain", "Employee contributions", "Early withdrawal penalty",
    "Foreign tax paid", "Investment expenses", "Mortgage interest", "Outstanding principal", "Refund of overpaid interest",
    "Points paid on purchase", "Property tax", "Scholarships or grants", "Tuition billed", "Adjustments for a prior year",
    "Unemployment benefits", "Cash paid for notes", "Gross proceeds", "Cost or other basis", "Severance payments",
    "Social security wages", "Medicare tax", "Allocated tips", "Dependent care benefits", "Union dues", "Moving expenses",
    "Exempt interest", "Bond premium", "Market discount", "Rebates", "Total deposits", "Balance due", "Overpayment",
    "Payments in place of dividends", "Farm subsidies", "Debt discharged", "Fair market value", "Life insurance premiums",
)  # fmt: skip
AMOUNT_ENDS = (
    "for the year",
    "reported to you",
    "not listed elsewhere",
    "paid in cash",
    "before deductions",
    "from all sources",
)
AMOUNT_NOUNS = (
    "credit",
    "proceeds",
    "contributions",
    "payments",
    "adjustment",
    "deduction",
    "tax",
    "fees",
    "allowance",
    "income",
)

CAPACITIES = (
    "Owner", "Spouse", "Agent", "Trustee", "Treasurer", "Attorney", "Parent", "Managing partner", "President", "Guardian",
)  # fmt: skip
PARTS = (
    "Identification", "Identification of the Holder", "General Information", "About You", "Owner", "Applicant", "Particulars",
)  # fmt: skip
NUMBER_PARTS = ("Tax Number", "Identification Number of the Taxpayer", "Your Number", "Taxpayer Number")
SIGN_PARTS = ("Declaration", "Signature", "Certification", "Sign Here", "Statement of the Signer")
SIDES = ("Please print.", "Type or print. See the notes.", "Attach slip here.", "Print clearly in ink.")
CLAIMS = (
    "Business profits",
    "Interest",
    "Trading",
    "Royalties",
    "Pension",
    "Services, dividends",
    "Scholarship",
    "Film rights",
)
COUNTRIES = (
    "Canada", "Ireland", "Norway", "Singapore", "Japan", "Brazil", "Kenya", "India", "Mexico", "Poland", "Chile", "New Zealand",
    "South Africa", "Denmark", "Portugal", "Peru", "Turkey", "Iceland", "Switzerland", "Philippines", "Vietnam", "Ghana",
)  # fmt: skip

GIVE = (
    "Hand this to the {role}. Do not mail it to us.",
    "Copy B For your files",
    "Attach to your return.",
    "For office use only",
)
