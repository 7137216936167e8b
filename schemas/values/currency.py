"""Currencies: printed marks to ISO 4217 codes, failing closed where a mark names several currencies."""

from __future__ import annotations


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
# Codes that are recognised in any case; the others only in capitals, because "all", "top", "try", "mop",
# "cup" and "pen" are words.
_ANY_CASE: frozenset[str] = _words(
    "AED AUD BRL CHF CZK DKK EUR GBP HKD HUF IDR INR JPY MXN MYR NOK NZD PLN RON SEK SGD THB USD ZAR"
)
_MARKS: dict[str, str] = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "£gb": "GBP", "£e": "EGP", "us$": "USD",
    "$us": "USD", "usd$": "USD", "a$": "AUD", "au$": "AUD", "$au": "AUD", "c$": "CAD", "ca$": "CAD",
    "$ca": "CAD", "cdn$": "CAD", "s$": "SGD", "sg$": "SGD", "$sg": "SGD", "hk$": "HKD", "nz$": "NZD",
    "nt$": "TWD", "r$": "BRL", "br$": "BRL", "mx$": "MXN", "rm": "MYR", "rp": "IDR", "₹": "INR", "₽": "RUB",
    "руб": "RUB", "₩": "KRW", "฿": "THB", "₫": "VND", "₺": "TRY", "₴": "UAH", "₪": "ILS",  # noqa: RUF001
    "₱": "PHP", "₦": "NGN", "₸": "KZT", "₾": "GEL", "zł": "PLN", "kč": "CZK", "ft": "HUF", "sfr": "CHF",
    "лв": "BGN", "lei": "RON", "dhs": "AED", "円": "JPY", "元": "CNY", "jp¥": "JPY", "cn¥": "CNY",
    "nkr": "NOK", "dkr": "DKK",
}  # fmt: skip
# Marks of more than one currency: recognised as marks, without a code.
_SHARED_MARKS: frozenset[str] = frozenset(("$", "¥", "\uffe5", "rs", "kr", "fr", "r", "dh"))


def is_currency_mark(mark: str) -> bool:
    """Return whether `mark` (without digits) prints a currency, one that is known alone or not."""
    key = _key(mark)
    return key in _MARKS or key in _SHARED_MARKS or currency_code(mark) is not None


def currency_code(mark: str) -> str | None:
    """Return the ISO 4217 code that `mark` stands for, or None if there is none or more than one.

    Examples
    --------
    >>> currency_code("RM"), currency_code("eur"), currency_code("$")
    ('MYR', 'EUR', None)
    """
    key = _key(mark)
    if key in _MARKS:
        return _MARKS[key]
    code = key.upper()
    if code in _ANY_CASE or (code in ISO_4217 and mark.strip(" .:") == code):
        return code
    return None


def _key(mark: str) -> str:
    return mark.strip(" .:").lower()
