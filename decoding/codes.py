"""Codes with a form of their own, and mostly a check: IBANs, BICs, tax and article numbers, currencies.

Times, telephone numbers and mail addresses have a form alone (`decoding.contact_forms`).

Forms and checks are python-stdnum's where it has them. A form says which texts may be such a code; a check
says that one of the form was misread, or is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

from stdnum import bic as stdnum_bic
from stdnum import ean as stdnum_ean
from stdnum import get_cc_module, numdb
from stdnum.ch import vat as stdnum_swiss_vat
from stdnum.eu import vat as stdnum_eu_vat
from stdnum.exceptions import InvalidFormat, InvalidLength, ValidationError
from stdnum.gb import vat as stdnum_british_vat
from stdnum.iso7064 import mod_97_10
from stdnum.no import mva as stdnum_norwegian_vat

from decoding.contact_forms import MOST_WORDS, compact_email, compact_phone, compact_time, whole_phones
from schemas.codes import COUNTRIES, tax_country
from schemas.values.currency import currency_code, is_currency_mark

# The generated modules of the library are not typed.
_MOD_97: Any = mod_97_10

# "DE89 3704 0044 0532 0130 00" is six words, the longest of 34 characters nine.
MAX_WORDS = 9
MAX_CHARACTERS = 100  # mail addresses are longer than codes
_MOST_WORDS = {"iban": MAX_WORDS, "bic": 4, "currency": 1, "gtin": 4, **MOST_WORDS}
_USUAL_WORDS = 6  # "CHE-123.456.789 MWST", "GB 123 4567 89", "51 824 753 556"

# ISO 13616: two letters, two check digits, up to 30 characters.
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z]{4}([A-Z]{2})[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_BIC_GROUPS = re.compile(r"\w{8}(?:\w{3})?|\w{8} \w{3}|\w{4} \w{2} \w{2}(?: \w{3})?")
# In groups only as EAN-13 and UPC are printed below their bars: other figures stand side by side as well.
_GTIN = re.compile(r"\d{8}|\d{12,14}|\d \d{6} \d{6}|\d \d{5} \d{5} \d", re.ASCII)
_IBAN_SEPARATORS = re.compile(r"[ \u00a0\u202f-]")
# Tax numbers of countries without a module are figures with few letters, in one word or in groups.
_TAX_WORD = re.compile(r"(?=(?:[^\d]*\d){5})[A-Z]{0,6}[-./]?[A-Z0-9](?:[A-Z0-9]|[-./](?=[A-Z0-9])){4,25}")
_DIGIT_GROUP = re.compile(r"\d{2,4}")
_LEAST_TAX_DIGITS, _MOST_TAX_DIGITS = 9, 15
_DATE = re.compile(r"\d{1,2}([-./])\d{1,2}\1(?:\d\d){1,2}|\d{4}([-./])\d{1,2}\2\d{1,2}")
_STRIPPED = "()[]{}<>.,;:'\"*"
_WITHOUT_CHECK: Mapping[str, Callable[[str], str | None]] = {
    "time": compact_time,
    "phone": compact_phone,
    "email": compact_email,
}


def has_form(text: str, code_format: str) -> bool:
    """Return whether `text` looks like a code of the form; its check is another matter.

    Examples
    --------
    >>> [has_form(text, "iban") for text in ("DE89 3704 0044 0532 0130 01", "DE89 3704", "IBAN")]
    [True, False, False]
    """
    return compact(text, code_format) is not None


@lru_cache(maxsize=8_192)
def compact(text: str, code_format: str) -> str | None:
    """Return the code without the signs that part its groups, None if `text` has not the form.

    Of currencies the ISO 4217 code, or the mark itself where it stands for several.

    Examples
    --------
    >>> compact("DE89 3704 0044 0532 0130 00", "iban"), compact("\u20ac", "currency"), compact("Total", "bic")
    ('DE89370400440532013000', 'EUR', None)
    """
    if len(text) > MAX_CHARACTERS or not text.isprintable():
        return None
    if code_format in _WITHOUT_CHECK:
        return _WITHOUT_CHECK[code_format](text)
    if code_format == "iban":
        plain = _IBAN_SEPARATORS.sub("", text)
        return plain if _IBAN.fullmatch(plain) and plain[:2] in COUNTRIES else None
    if code_format == "bic":
        return _compact_bic(text)
    if code_format == "currency":
        return (currency_code(text) or text) if is_currency_mark(text) else None
    if code_format == "gtin":
        return _of_module(stdnum_ean, text) if _GTIN.fullmatch(text) else None
    country = tax_country(code_format)
    if country is not None:
        return _of_module(_tax_module(country), text)
    if code_format == "eu_vat":
        return _of_eu(text)
    return _compact_tax_id(text)


def check_holds(text: str, code_format: str) -> bool | None:
    """Return whether the check digits of a code fit it; None where the form has none, or is not known.

    Examples
    --------
    >>> [check_holds(text, "iban") for text in ("DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 01")]
    [True, False]
    """
    plain = compact(text, code_format)
    if plain is None or code_format in ("bic", "currency", *_WITHOUT_CHECK):
        return None
    if code_format == "iban":
        known = _iban_length(plain)
        return known in (None, len(plain)) and bool(_MOD_97.is_valid(plain[4:] + plain[:4]))
    country = tax_country(code_format)
    module = stdnum_ean if code_format == "gtin" else _tax_module(country) if country else _module_of(text)
    return None if module is None else _is_valid(module, text)


def code_spans(words: Sequence[str], spans: Sequence[Sequence[str]], code_format: str) -> Iterator[str]:
    """Yield the texts of the form in a run of words, each from its first group to its last.

    Parameters
    ----------
    words
        The run.
    spans
        For each word of the run the texts that begin in it, from the shortest to the longest.
    """
    for at, texts in enumerate(spans):
        found = [plain for text in texts if (plain := _bare(text, code_format)) is not None]
        if code_format == "iban":
            found = _whole_ibans(found)
        elif code_format == "tax_id" and found:
            is_tail = at > 0 and _DIGIT_GROUP.fullmatch(words[at - 1]) and _DIGIT_GROUP.fullmatch(words[at])
            found = [] if is_tail else [max(found, key=len)]
        elif code_format == "phone":
            found = list(whole_phones(words, at, found))
        elif code_format == "time" and found:
            found = [max(found, key=len)]
        yield from found


def most_words(code_format: str) -> int:
    """Return how many words a code of the form has at most."""
    return _MOST_WORDS.get(code_format, _USUAL_WORDS)


def _bare(text: str, code_format: str) -> str | None:
    """Return the text, or what is left of it without the signs around, if it has the form."""
    bare = (text, text.rstrip(_STRIPPED), text.strip(_STRIPPED))
    return next((plain for plain in bare if has_form(plain, code_format)), None)


def _whole_ibans(texts: Sequence[str]) -> list[str]:
    """Return those as long as their country's are; if none is, the longest whose groups all hold a digit."""
    if not texts:
        return []
    exact = [text for text in texts if len(_IBAN_SEPARATORS.sub("", text)) == _iban_length(text)]
    numeric = [text for text in texts if all(any(map(str.isdigit, group)) for group in text.split())]
    return exact or numeric[-1:]


@lru_cache(maxsize=256)
def _length_in(country: str) -> int | None:
    database: Any = numdb.get("iban")
    known = database.info(country)[0][1].get("bban")
    return None if known is None else 4 + sum(int(count) for count in re.findall(r"(\d+)!", known))


def _iban_length(iban: str) -> int | None:
    return _length_in(iban[:2])


def _compact_bic(text: str) -> str | None:
    plain = text.replace(" ", "")
    found = _BIC.fullmatch(plain)
    if found is None or found[1] not in COUNTRIES or _BIC_GROUPS.fullmatch(text) is None:
        return None
    return str(stdnum_bic.compact(text))


def _of_eu(text: str) -> str | None:
    country = text[:2].lower()
    known = country in stdnum_eu_vat.MEMBER_STATES or country == "el"
    return _of_module(stdnum_eu_vat, text) if known and text[:2].isupper() else None


def _compact_tax_id(text: str) -> str | None:
    module = _module_of(text)
    plain = _of_module(module, text)
    if plain is not None:
        letters = re.match(r"[A-Z]*", text)
        prefix = letters[0] if letters else ""
        return plain if plain.startswith(prefix) else prefix + plain
    groups = text.split()
    are_groups = len(groups) > 1 and all(map(_DIGIT_GROUP.fullmatch, groups))
    if are_groups and _LEAST_TAX_DIGITS <= sum(map(len, groups)) <= _MOST_TAX_DIGITS:
        return "".join(groups)
    is_other = _DATE.fullmatch(text) or has_form(text, "iban")
    return text if _TAX_WORD.fullmatch(text) and not is_other else None


def _module_of(text: str) -> ModuleType | None:
    """Return what knows a tax number that begins with its country's letters, None if nothing does."""
    if text.startswith("GB"):
        return stdnum_british_vat
    if text.startswith("CHE"):
        return stdnum_swiss_vat
    if text.startswith("NO") and text.endswith("MVA"):
        return stdnum_norwegian_vat
    return stdnum_eu_vat if _of_eu(text) is not None else None


@lru_cache(maxsize=128)
def _tax_module(country: str) -> ModuleType | None:
    found: Any = get_cc_module(country, "vat")
    return found


def _of_module(module: ModuleType | None, text: str) -> str | None:
    """Return a number in the compact form of its module, None if it has not the form."""
    untyped: Any = module
    if module is None or not any(map(str.isdigit, text)) or text != text.strip():
        return None
    try:
        untyped.validate(text)
    except (InvalidFormat, InvalidLength):
        return None
    except ValidationError:
        pass  # of the form, and wrong: what the check is for
    return str(untyped.compact(text))


def _is_valid(module: ModuleType, text: str) -> bool:
    untyped: Any = module
    return bool(untyped.is_valid(text))
