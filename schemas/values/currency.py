"""Currencies: printed marks to ISO 4217 codes, failing closed where a mark names several currencies."""

from __future__ import annotations

from typing import Literal

GroupSign = Literal[".", ","]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# ISO 4217 list one (national currencies in use), without funds codes and metals.
ISO_4217: frozenset[str] = _words(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW "
    "KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD "
    "NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD "
    "SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES "
    "VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
# ISO 4217 minor unit 0: such amounts have no decimals, so a separator before three digits groups them.
NO_MINOR_UNIT: frozenset[str] = _words("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF")
# ISO 4217 minor unit 3, without the Iraqi dinar, whose fils are not printed any more.
THREE_DECIMALS: frozenset[str] = _words("BHD JOD KWD LYD OMR TND")
# The sign that groups thousands at home (CLDR). Not here: where both signs are printed (Canada, Tunisia and
# Libya), where it is a space or an apostrophe, and where cash registers print decimals after a point all
# the same (Romania).
_GROUPED_BY_COMMA = _words(
    "AED AUD BDT BHD CNY DOP EGP GBP GHS GTQ HKD ILS INR JMD JOD JPY KES KRW KWD LKR MXN MYR NGN NPR NZD "
    "OMR PEN PHP PKR QAR SAR SGD THB TTD TWD TZS UGX USD VUV"
)
_GROUPED_BY_POINT = _words("ARS BRL CLP COP DKK IDR ISK RSD TRY UYU VND")
GROUP_SIGNS: dict[str, GroupSign] = {
    **dict.fromkeys(_GROUPED_BY_COMMA, ","),
    **dict.fromkeys(_GROUPED_BY_POINT, "."),
}

# Codes that are recognised in any case; the others only in capitals, because "all", "top", "try", "mop",
# "cup" and "pen" are words.
_ANY_CASE: frozenset[str] = _words(
    "AED AUD BRL CHF CZK DKK EUR GBP HKD HUF IDR INR JPY MXN MYR NOK NZD PLN RON SEK SGD THB USD ZAR"
)
# Codes that are English words in capitals, or usual beginnings of a document's number: a page that prints
# one alone does not say its currency by it.
_ALSO_WORDS: frozenset[str] = _words("ALL BOB COP CUP GEL MAD MOP PEN SOS TOP TRY")
# As printed, in lower case and without points (`_key`).
_MARKS: dict[str, str] = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "£gb": "GBP", "£e": "EGP", "e£": "EGP",
    "us$": "USD", "$us": "USD", "usd$": "USD", "a$": "AUD", "au$": "AUD", "$au": "AUD", "c$": "CAD",
    "ca$": "CAD", "$ca": "CAD", "cdn$": "CAD", "s$": "SGD", "sg$": "SGD", "$sg": "SGD", "hk$": "HKD",
    "$hk": "HKD", "nz$": "NZD", "$nz": "NZD", "nt$": "TWD", "r$": "BRL", "br$": "BRL", "mx$": "MXN",
    "$mx": "MXN", "rd$": "DOP", "j$": "JMD", "tt$": "TTD", "ec$": "XCD", "rm": "MYR", "rp": "IDR",
    "₹": "INR", "₨": "INR", "৳": "BDT", "tk": "BDT", "taka": "BDT", "nrs": "NPR", "lkrs": "LKR",
    "₽": "RUB", "руб": "RUB", "р": "RUB", "₴": "UAH", "грн": "UAH", "₸": "KZT", "₾": "GEL",  # noqa: RUF001
    "₩": "KRW", "원": "KRW", "฿": "THB", "₫": "VND", "đ": "VND", "vnđ": "VND", "₺": "TRY", "₪": "ILS",
    "nis": "ILS", "₱": "PHP", "php": "PHP", "₦": "NGN", "₵": "GHS", "gh₵": "GHS", "₡": "CRC", "₲": "PYG",
    "₭": "LAK", "៛": "KHR", "₮": "MNT", "₼": "AZN", "֏": "AMD", "s/": "PEN", "b/": "PAB",
    "ksh": "KES", "kshs": "KES", "kes": "KES", "ush": "UGX", "ushs": "UGX", "tsh": "TZS", "tshs": "TZS",
    "zł": "PLN", "kč": "CZK", "ft": "HUF", "sfr": "CHF", "лв": "BGN", "lei": "RON", "дин": "RSD",
    "din": "RSD", "ден": "MKD", "dhs": "AED", "rmb": "CNY", "円": "JPY", "元": "CNY", "jp¥": "JPY",
    "cn¥": "CNY", "rmb¥": "CNY", "$u": "UYU", "u$": "UYU", "gs": "PYG",
    "nkr": "NOK", "dkr": "DKK", "skr": "SEK", "ikr": "ISK", "fcfa": "XOF",
    "دك": "KWD", "دب": "BHD", "رع": "OMR", "دت": "TND", "دأ": "JOD", "دل": "LYD", "دإ": "AED",
    "n$": "NAD", "b$": "BND", "fj$": "FJD", "t$": "TOP", "ws$": "WST", "bds$": "BBD", "bz$": "BZD",
    "g$": "GYD",
    "can$": "CAD", "ar$": "ARS", "u$s": "USD", "gh¢": "GHS", "บาท": "THB", "тг": "KZT", "тенге": "KZT",
    "сом": "KGS", "сўм": "UZS", "сум": "UZS", "ლარი": "GEL", "դր": "AMD", "ریال": "IRR", "قر": "QAR",
    "شيكل": "ILS", 'ש"ח': "ILS", "ש״ח": "ILS", "שח": "ILS", "රු": "LKR", "ரூ": "INR", "টাকা": "BDT",
    "ກີບ": "LAK", "евро": "EUR", "євро": "EUR", "ευρώ": "EUR", "ευρω": "EUR", "\u20c1": "SAR",
    "人民币": "CNY", "人民幣": "CNY", "新台幣": "TWD", "新臺幣": "TWD", "台幣": "TWD", "台币": "TWD",
    "港幣": "HKD",
    "港币": "HKD", "港元": "HKD", "美元": "USD", "美金": "USD", "日元": "JPY", "日圓": "JPY",
    "欧元": "EUR", "歐元": "EUR",
    "英镑": "GBP", "英鎊": "GBP",
    "رس": "SAR", "رق": "QAR", "جم": "EGP", "دم": "MAD", "دج": "DZD",
}  # fmt: skip
_DOLLARS = _words("AUD HKD MXN NZD SGD TTD TWD USD JMD")
_ANY_DOLLAR = _DOLLARS | _words("ARS BBD BMD BND BSD BZD CAD CLP COP FJD GYD KYD LRD NAD SBD SRD UYU XCD")
_YENS = _words("CNY JPY")
# Marks of more than one currency: recognised as marks, without a code. With the currencies that a number may
# be in, where that helps to read it: the dollar sign of the pesos that group by points is not counted, as
# their amounts have no three decimals either.
_SHARED_MARKS: dict[str, frozenset[str]] = {
    "$": _DOLLARS,
    "¥": _YENS,
    "\uffe5": _YENS,
    "rs": _words("INR LKR NPR PKR"),
    "kr": _words("DKK ISK NOK SEK"),
    "रु": _words("INR NPR"),
    "रू": _words("INR NPR"),
    "圓": _words("HKD JPY TWD"),
    "圆": _words("CNY JPY"),
    "cfa": _words("XAF XOF"),
    **dict.fromkeys(
        ("fr", "r", "dh", "sh", "shs", "درهم", "ريال", "جنيه", "دينار", "\ufdfc"), frozenset[str]()
    ),
}
# Letters that stand for much else ("SR1.5" is a form): marks only of a number that looks like money.
_LETTER_MARKS: dict[str, str] = {
    "N": "NGN", "SR": "SAR", "QR": "QAR", "KD": "KWD", "BD": "BHD", "JD": "JOD", "RO": "OMR", "DT": "TND",
    "TL": "TRY", "P": "PHP", "Q": "GTQ", "L": "HNL", "MN": "MXN", "mn": "MXN", "zl": "PLN", "Kc": "CZK",
    "KM": "BAM", "Kz": "AOA", "ZK": "ZMW", "MK": "MWK", "MT": "MZN", "MTn": "MZN", "Le": "SLE", "Ar": "MGA",
    "FRw": "RWF", "Frw": "RWF", "FBu": "BIF", "FC": "CDF", "LE": "EGP", "LL": "LBP", "LD": "LYD", "ID": "IQD",
    "DA": "DZD", "Nu": "BTN", "Rf": "MVR", "Ks": "MMK", "Lek": "ALL", "Lekë": "ALL", "Lps": "HNL",
    "Gdes": "HTG", "VT": "VUV", "Vt": "VUV", "Re": "INR", "won": "KRW", "yen": "JPY", "Baht": "THB",
    "baht": "THB", "Bht": "THB", "man": "AZN", "CDN": "CAD", "NT": "TWD", "eura": "EUR", "euroa": "EUR",
    "eurot": "EUR", "eiro": "EUR", "evro": "EUR", "euró": "EUR",
}  # fmt: skip
# Marks of more than one currency, beside money only: bolivares and bolivianos, birr and roubles, kwachas and
# kinas; and of currencies that are no more.
_SHARED_LETTER_MARKS = _words("Bs BsS BsF Br K kn DM FF öS Lit Pta Ptas fl hfl Esc IR£")
_SIGNS = "$€£¥₹₩₫₺₦₱"


def is_currency_mark(mark: str) -> bool:
    """Return whether `mark` (without digits) prints a currency, one that is known alone or not."""
    return _key(mark) in _SHARED_MARKS or currency_code(mark) is not None


def currency_code(mark: str) -> str | None:
    """Return the ISO 4217 code that `mark` stands for, or None if there is none or more than one.

    Examples
    --------
    >>> currency_code("RM"), currency_code("eur"), currency_code("AUD$"), currency_code("$")
    ('MYR', 'EUR', 'AUD', None)
    """
    key = _key(mark)
    if key in _MARKS:
        return _MARKS[key]
    code = key.upper()
    if code in _ANY_CASE or (code in ISO_4217 and mark.strip(" .:") == code):
        return code
    return _code_beside_sign(mark.strip(" .:"))


def letter_mark_code(mark: str) -> str | None:
    """Return the code of letters that are a currency's mark beside money only ("KD", "SR"), else None."""
    return _LETTER_MARKS.get(mark.replace(".", "").strip(" :"))


def is_letter_mark(mark: str) -> bool:
    """Return whether letters are a currency's mark beside figures that look like money."""
    return letter_mark_code(mark) is not None or mark.replace(".", "").strip(" :") in _SHARED_LETTER_MARKS


def may_stand_for(mark: str, code: str) -> bool:
    """Return whether `mark` may print the currency `code` where a document says that it is in that one.

    Examples
    --------
    >>> may_stand_for("$", "CLP"), may_stand_for("$", "EUR"), may_stand_for("Rs", "INR")
    (True, False, True)
    """
    return code in possible_currencies(mark) or (_key(mark) == "$" and code in _ANY_DOLLAR)


def possible_currencies(mark: str) -> frozenset[str]:
    """Return the currencies that `mark` may stand for, none if they are unknown or too many to help.

    Examples
    --------
    >>> sorted(possible_currencies("¥")), sorted(possible_currencies("zł")), sorted(possible_currencies("kg"))
    (['CNY', 'JPY'], ['PLN'], [])
    """
    code = currency_code(mark) or letter_mark_code(mark)
    return _SHARED_MARKS.get(_key(mark), frozenset()) if code is None else frozenset((code,))


def says_currency(word: str) -> str | None:
    """Return the currency that a word alone says a page is in, or None: "ALL" and "TOP" are words as well."""
    code = currency_code(word)
    return None if code is None or code in _ALSO_WORDS else code


def _key(mark: str) -> str:
    return mark.strip(" .:").lower().replace(".", "")


def _code_beside_sign(mark: str) -> str | None:
    """Return the code of "AUD$" and "€EUR", if the sign may stand for it."""
    for sign in _SIGNS:
        code = mark.removeprefix(sign).removesuffix(sign)
        if len(mark) == len(code) + 1 and code in ISO_4217:
            return (
                code if code in possible_currencies(sign) or (sign == "$" and code in _ANY_DOLLAR) else None
            )
    return None
