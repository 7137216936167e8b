"""Words of agreements: titles, headings, and sentences of clauses with places for numbers, states and names."""

from __future__ import annotations

TITLES = (
    "Non-Disclosure Agreement", "Confidentiality Agreement", "Mutual Non-Disclosure Agreement", "Consulting Agreement",
    "Confidentiality and Non-Competition Agreement", "Employment Agreement", "Services Agreement", "License Agreement",
    "Lease Agreement", "Agreement", "Proprietary Information Agreement", "Supply Agreement", "Maintenance Agreement",
    "Mutual Confidentiality Agreement", "Separation Agreement", "Master Services Agreement", "Purchase Agreement",
)  # fmt: skip

HEADINGS = (
    "Definitions", "Confidential Information", "Obligations", "Exceptions", "Return of Materials", "Remedies", "Notices",
    "Assignment", "Severability", "Entire Agreement", "Non-Solicitation", "Non-Competition", "Ownership", "Payment",
    "No License", "Waiver", "Amendment", "Indemnity", "Warranties", "Termination", "Counterparts", "Survival", "Injunctive Relief",
)  # fmt: skip

NUMBERS = (
    "two (2)", "one (1)", "three (3)", "five (5)", "ten (10)", "twelve (12)", "six (6)", "eighteen (18)", "twenty-four (24)",
    "2", "3", "5", "12", "24", "two", "three", "five", "thirty (30)", "seven (7)",
)  # fmt: skip

STATES = (
    "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut", "Delaware", "Delaware", "Florida",
    "Georgia", "Hawaii", "Idaho", "Illinois", "Indiana", "Iowa", "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland",
    "Massachusetts", "Michigan", "Minnesota", "Mississippi", "Missouri", "Montana", "Nebraska", "Nevada", "New Hampshire",
    "New Jersey", "New Mexico", "New York", "New York", "North Carolina", "North Dakota", "Ohio", "Oklahoma", "Oregon",
    "Pennsylvania", "Rhode Island", "South Carolina", "South Dakota", "Tennessee", "Texas", "Utah", "Vermont", "Virginia",
    "Washington", "West Virginia", "Wisconsin", "Wyoming", "Ontario", "England", "Israel", "Ireland", "Singapore", "Bermuda",
)  # fmt: skip

# Written for this project. {number}, {words}, {state}, {name} and {date} are filled in.
CLAUSES = (
    "Each party agrees to hold the information in strict confidence and not to disclose {words} to any third person.",
    "Confidential Information means all {words} furnished by either party, whether oral, written or electronic.",
    "The foregoing does not apply to {words} that is or becomes public through no fault of the Recipient.",
    "Upon written request, all copies of {words} shall be returned or destroyed within {number} days.",
    "Nothing in this Agreement grants any right or license under any patent, copyright or trademark.",
    "Any notice under this Agreement shall be in writing and deemed given {number} business days after mailing.",
    "If any provision is held invalid, the remaining provisions shall remain in full force and effect.",
    "This Agreement contains the entire understanding of the parties and supersedes {words}.",
    "No waiver of any breach shall be deemed a waiver of any later breach of {words}.",
    "Neither party may assign this Agreement without the prior written consent of the other party.",
    "The parties acknowledge that money damages would not be a sufficient remedy for a breach of {words}.",
    "Employee shall not, for {number} months after leaving, solicit any person employed by {name}.",
    "The Company shall pay the fees set forth in Exhibit A within {number} days after receipt of an invoice.",
    "Each party represents that it is duly organized under the laws of its state and authorized to sign.",
    "WHEREAS, the parties wish to explore {words}, and in doing so may disclose certain information;",
    "NOW, THEREFORE, in consideration of the mutual covenants herein, the parties agree as follows.",
    "The Recipient shall use the same degree of care that it uses to protect its own {words}.",
    "As of {date}, the parties were bound by an earlier agreement concerning {words}.",
    "The provisions on {words} shall survive any termination of this Agreement.",
    "Either party may terminate this Agreement upon {number} days written notice to the other.",
    "The Contractor shall perform {words} in a professional manner and report to {name}.",
    "All work product, including {words}, shall be the sole property of the Company.",
    "Information disclosed orally shall be confirmed in writing within {number} days of its disclosure.",
    "The Recipient may disclose {words} if required by law or by order of a court of competent authority.",
    "For purposes of this section, competing business means any {words} within {number} miles.",
    "This Agreement may be signed in counterparts, each of which is an original.",
    "{name}, a company organized in {state}, shall not be liable for {words}.",
    "No failure or delay in exercising any right hereunder shall operate as a waiver thereof.",
    "The parties shall bear their own costs in connection with {words}.",
    "A breach of this paragraph that is not cured within {number} days entitles the other party to relief.",
)
