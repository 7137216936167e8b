"""Words of agreements: titles, headings, sentences of clauses with places to fill, and the parts of others.

Written for this project. Nothing here says from when on an agreement holds, how long, or under which law:
periods, days and states in these sentences belong to other matters.
"""

from __future__ import annotations

TITLES = (
    "Non-Disclosure Agreement", "Confidentiality Agreement", "Mutual Non-Disclosure Agreement", "Consulting Agreement",
    "Confidentiality and Non-Competition Agreement", "Services Agreement", "License Agreement", "Mutual Secrecy Agreement",
    "Lease Agreement", "Agreement", "Proprietary Information Agreement", "Supply Agreement", "Maintenance Agreement",
    "Mutual Confidentiality Agreement", "Separation Agreement", "Master Services Agreement", "Purchase Agreement",
    "Agreement of Confidentiality", "Nondisclosure and Standstill Agreement", "Bilateral Confidentiality Agreement",
)  # fmt: skip

EMPLOYEE_TITLES = (
    "Employee Non-Disclosure Agreement", "Employee Confidentiality Agreement", "Confidentiality and Inventions Agreement",
    "Non-Competition, Non-Solicitation and Confidentiality Agreement", "Employee Invention Assignment and Secrecy Agreement",
    "Agreement on Trade Secrets and Competition", "Restrictive Covenants Agreement", "Employment and Confidentiality Agreement",
    "Associate Non-Disclosure and Non-Solicitation Agreement", "Form of Employee Confidentiality Agreement",
)  # fmt: skip

HEADINGS = (
    "Definitions", "Confidential Information", "Obligations", "Exceptions", "Return of Materials", "Remedies", "Notices",
    "Assignment", "Severability", "Entire Agreement", "Non-Solicitation", "Non-Competition", "Ownership", "Payment",
    "No License", "Waiver", "Amendment", "Indemnity", "Warranties", "Termination", "Counterparts", "Survival", "Injunctive Relief",
    "Standard of Care", "Permitted Use", "Required Disclosure", "No Obligation", "Securities Laws", "Standstill", "Inventions",
    "Former Employers", "Binding Effect", "Headings", "Privilege", "Independent Development", "Expenses", "Miscellaneous",
)  # fmt: skip

NUMBERS = (
    "two (2)", "one (1)", "three (3)", "five (5)", "ten (10)", "twelve (12)", "six (6)", "eighteen (18)", "twenty-four (24)",
    "2", "3", "5", "12", "24", "two", "three", "five", "thirty (30)", "seven (7)", "one", "eighteen", "twelve", "four (4)",
    "thirty-six (36)", "36", "18", "nine (9)", "six",
)  # fmt: skip

STATES = (
    "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut", "Delaware", "Delaware", "Florida",
    "Georgia", "Hawaii", "Idaho", "Illinois", "Indiana", "Iowa", "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland",
    "Massachusetts", "Michigan", "Minnesota", "Mississippi", "Missouri", "Montana", "Nebraska", "Nevada", "New Hampshire",
    "New Jersey", "New Mexico", "New York", "New York", "North Carolina", "North Dakota", "Ohio", "Oklahoma", "Oregon",
    "Pennsylvania", "Rhode Island", "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah", "Vermont", "Virginia",
    "Washington", "West Virginia", "Wisconsin", "Wyoming", "Ontario", "England", "Israel", "Ireland", "Singapore", "Bermuda",
)  # fmt: skip

# What the secret is called from here on.
SECRETS = (
    "Confidential Information", "Confidential Information", "Proprietary Information", "Evaluation Material", "the Information",
    "Trade Secrets", "Protected Information", "Company Information", "Confidential Material", "Secret Matter",
)  # fmt: skip

# {number}, {period}, {words}, {state}, {name}, {person}, {date}, {sum}, {secret}, {giver}, {taker}, {paper} are filled in.
CLAUSES = (
    "Each party agrees to hold {secret} in strict confidence and not to disclose {words} to any third person.",
    "{secret} means all {words} furnished by {giver}, whether oral, written or electronic, and whether or not so marked.",
    "The foregoing does not apply to {words} that is or becomes public through no fault of {taker}.",
    "Upon written request, all copies of {words} shall be returned or destroyed within {number} days.",
    "Nothing in {paper} grants any right or license under any patent, copyright or trademark.",
    "Any notice under {paper} shall be in writing and deemed given {number} business days after mailing.",
    "If any provision is held invalid, the remaining provisions shall remain in full force and effect.",
    "{paper} contains the entire understanding of the parties and supersedes {words}.",
    "No waiver of any breach shall be deemed a waiver of any later breach of {words}.",
    "Neither party may assign {paper} without the prior written consent of the other party.",
    "The parties acknowledge that money damages would not be a sufficient remedy for a breach of {words}.",
    "For {period} after leaving, no person bound hereby shall solicit anyone employed by {name}.",
    "The fees set forth in Exhibit A shall be paid within {number} days after receipt of an invoice.",
    "Each party represents that it is duly organized under the laws of its state and authorized to sign.",
    "WHEREAS, the parties wish to explore {words}, and in doing so may disclose certain information;",
    "NOW, THEREFORE, in consideration of the mutual covenants herein, the parties agree as follows.",
    "{taker} shall use the same degree of care as is usual in protecting its own {words}.",
    "As of {date}, the parties were bound by an earlier agreement concerning {words}.",
    "The provisions on {words} shall survive any termination of {paper}.",
    "Either party may end its participation in {words} upon {number} days written notice to the other.",
    "{taker} shall perform {words} in a professional manner and report to {name}.",
    "All work product, including {words}, shall be the sole property of {giver}.",
    "Information disclosed orally shall be confirmed in writing within {number} days of its disclosure.",
    "{taker} may disclose {words} if required by law or by order of a court of competent jurisdiction.",
    "For purposes of this section, competing business means any {words} within {number} miles.",
    "{paper} may be signed in counterparts, each of which is an original.",
    "{name}, a company organized in {state}, shall not be liable for {words}.",
    "No failure or delay in exercising any right hereunder shall operate as a waiver thereof.",
    "The parties shall bear their own costs in connection with {words}.",
    "A breach of this paragraph that is not cured within {number} days entitles the other party to relief.",
    # Other days.
    "WHEREAS, {name} and {giver} entered into that certain letter of intent dated {date} (the \"Prior Letter\");",
    "This section replaces in full the confidentiality terms signed on {date}, which had covered {words}.",
    "{giver} filed its most recent report on {date}, and nothing in it is {secret}.",
    "The options granted on {date} shall vest in accordance with the plan as amended on {date}.",
    "As used here, the Merger Agreement is the agreement of {date} between {name} and {name}, as amended.",
    "The diligence period described in the letter of {date} ends at 5:00 p.m. on {date}.",
    "{person} has been engaged in {words} since {date} and will remain so engaged.",
    # Other periods.
    "During employment and for {period} thereafter, {taker} will not compete with {giver} in {words}.",
    "For a period of {period} following the end of discussions, {taker} shall not hire {words} of {giver}.",
    "{secret} that is a trade secret shall be kept secret for {period} after the relationship ends, or longer if {words}.",
    "Payments shall continue for {period} following separation, less withholding, provided that {words}.",
    "Unless invited in writing, {taker} shall not within {period} acquire any securities of {giver} or propose {words}.",
    "Records of {words} shall be kept for at least {period} after they are made.",
    "A claim under this paragraph is barred unless brought within {period} after {words} became known.",
    "Customer includes anyone to whom {giver} sold {words} during the {period} before separation.",
    "Warranty on {words} runs for {period} from delivery and does not extend to {words}.",
    "The duties in this section survive for {period} after {paper} has ended, as to {words} only.",
    "Severance equal to {period} of base salary will be paid in return for a release of {words}.",
    "If the restriction is breached, its length of {period} is extended by the time of the breach.",
    "Either side may ask for a report on {words} every {number} weeks during the first {period} of the project.",
    "Stock awards vest over {period}, subject to {words} and to the terms of the plan.",
    # Of employment, of boards and of deals.
    "Employment is at will and may be ended by either side at any time, with or without {words}.",
    "On the last day of work {taker} will hand over all {words}, keys, passwords, devices and files.",
    "{taker} must list on Exhibit A every invention made before joining, and if none is listed there are none.",
    "{taker} will bring no {words} of a former employer and will not use any such thing at work.",
    "Inventions conceived within {period} after separation that relate to {words} are presumed to belong to {giver}.",
    "No director, officer or stockholder of {name} shall have any personal liability for {words}.",
    "To the extent that {secret} includes materials subject to the attorney-client privilege, the parties share a common interest in {words}.",
    "{giver} reserves the right, in its sole discretion, to reject any proposal made by {taker} with regard to {words}.",
    "All contacts about {words} shall be made through {person} or such other person as {giver} may name.",
    "An injunction may be sought without the posting of any bond, and without proof of {words}.",
    "{taker} shall not contact any customer, supplier or lender of {giver} about {words} without consent.",
    "This does not keep {taker} from reporting possible violations of law to a government agency, or from receiving an award for {words}.",
    "The words including and include mean without limitation, and the singular includes {words}.",
    "Capitalized terms that are not defined here have the meaning given to them in the agreement with {name} on {words}.",
    "{person} shall act as the representative for {words} and may be replaced upon {number} days notice.",
    "The reasonable fees of counsel shall be paid to the party that prevails in any suit over {words}.",
    "Residual knowledge retained in the unaided memory of persons who had access to {words} is not restricted.",
    # Other laws and places.
    "{taker} should be aware of the restrictions that the securities laws of the United States impose on {words}.",
    "The parties intend to comply with the Securities Exchange Act of 1934, the Defend Trade Secrets Act of 2016 and {words}.",
    "Section 409A of the Internal Revenue Code of 1986 shall be taken into account in timing {words}.",
    "{name} maintains offices in {state} and in {state}, at each of which {words} may be inspected.",
    "Nothing herein limits rights under the workers' compensation statute of any state in which {words} is performed.",
    "Meetings about {words} will be held in {state} unless {person} agrees otherwise.",
    "This paragraph shall not apply to an invention that qualifies under the labor code of {state} or a like statute.",
    "{person}, a resident of {state}, has been admitted to the bar of {state} and advises on {words}.",
    "Shipments of {words} shall comply with the export laws and regulations of the United States.",
    # Sums.
    "In the event of breach {taker} shall pay {sum} as liquidated damages, which is a fair estimate of {words}.",
    "As consideration for {words}, {giver} will pay {sum} in {number} equal instalments.",
    # Long-winded ones.
    "Without the prior written consent of {giver}, and except as {words} may require, {taker} shall not disclose to any person"
    " either the fact that {secret} has been made available or that discussions concerning {words} are taking place.",
    "{taker} shall be responsible for any act of the directors, officers, employees, agents, lenders, counsel and advisors that"
    " would be a breach of {paper} if it were bound thereby, and shall at its own expense take {words} to restrain it.",
    "It is understood that neither {giver} nor any of its advisors makes any representation as to the accuracy or completeness"
    " of {words}, and that only a definitive agreement, when and if executed, will have any legal effect in that respect.",
    "Should {taker} be requested in any proceeding to disclose {secret}, {taker} shall give {giver} prompt notice so that"
    " a protective order or {words} may be sought, and shall furnish only that portion which counsel advises is required.",
    "The covenants in this section are severable and independent, and if any court finds one of them too broad in time, in"
    " territory or in {words}, that court is asked to reduce it and to enforce it as so reduced.",
)  # fmt: skip

# Of these and of invented words the matters are put together that clauses speak of.
ADJECTIVES = (
    "technical", "financial", "commercial", "written", "internal", "proposed", "customary", "existing", "future", "strategic",
    "related", "unpublished", "competitive", "reasonable", "material", "non-public", "personal", "operational", "regulatory",
    "annual", "relevant", "certain", "applicable", "underlying", "joint", "preliminary", "particular", "affiliated",
)  # fmt: skip
MATTERS = (
    "data", "plans", "negotiations", "products", "processes", "formulas", "designs", "know-how", "software", "research", "forecasts",
    "contracts", "suppliers", "customers", "pricing", "methods", "reports", "drawings", "inventions", "strategies", "studies",
    "the transaction", "the merger", "the project", "the business", "specifications", "records", "documents", "samples", "equipment",
    "services", "marketing", "personnel files", "test results", "source code", "patents", "trade names", "improvements", "analyses",
    "budgets", "proposals", "inquiries", "royalties", "tax returns", "leases", "inventory", "due diligence", "financing sources",
    "board materials", "manufacturing", "distribution", "compensation", "benefits", "shares", "assets", "litigation", "permits",
)  # fmt: skip

# The parts that an obligation is put together from: who, may or must, what is done, to what, in which case.
MODALS = ("shall", "shall not", "will", "will not", "agrees to", "agrees not to", "may", "may not", "must", "undertakes to")  # fmt: skip
VERBS = (
    "disclose", "use", "copy", "reproduce", "retain", "return", "destroy", "protect", "review", "summarise", "transfer",
    "deliver", "mark", "reverse engineer", "discuss", "safeguard", "publish", "exploit", "assign", "store", "report",
)  # fmt: skip
OBJECTS = (
    "{secret}", "any part of {secret}", "{words}", "notes, analyses and {words} prepared from {secret}", "the terms of {paper}",
    "customer lists, {words} and price lists", "samples, drawings and {words}", "the business plans of {name}",
    "any invention or {words}", "the names of employees of {name}",
)  # fmt: skip
CASES = (
    "except to its Representatives who need to know it", "without the written consent of {person}", "for the sole purpose of {words}",
    "in whole or in part", "whether directly or through others", "to the extent that {words} so requires",
    "within {number} business days after demand", "at the expense of {giver}", "unless {words} is already public",
    "provided that {person} is told at once", "in the manner described in Schedule B", "as long as {words} continues",
    "other than in the ordinary course of {words}",
)  # fmt: skip
