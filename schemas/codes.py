"""Kinds of codes that a field may hold: names of forms, whose checks `decoding.codes` knows."""

from __future__ import annotations

import re

FORMAT_KEYWORD = "x-rasg-format"

# iban      ISO 13616             bic     ISO 9362
# eu_vat    VAT numbers of the EU, with their country's letters
# gtin      GS1's article numbers of 8, 12, 13 or 14 digits (EAN, UPC)
# currency  ISO 4217's codes, and marks that print a currency ("€")
# time      times of day         phone   telephone numbers      email  mail addresses
# tax_id    tax numbers of any country; `tax_id:de` those of one, with its check
CODE_FORMATS = ("iban", "bic", "eu_vat", "gtin", "currency", "tax_id", "time", "phone", "email")
# Of which python-stdnum knows the tax number of businesses (its `vat` modules, version 2.2).
TAX_COUNTRIES = frozenset(
    "ad al ar at au az be bg br by ca ch cl cn co cr cy cz de dk do dz ec ee eg es eu fi fo fr gb gh gn gr "
    "gt hr hu id ie il in is it jp ke kr lt lu lv ma mc me mk mt mx mz nl no nz pe pl pt py ro rs ru se sg "
    "si sk sm sn sv th tn tr tw uy ve vn".split()
)
# ISO 3166-1, and XK as banks use it.
COUNTRIES = frozenset(
    (
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
        "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
        "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
        "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
        "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
        "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
        "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
        "UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
    ).split()
)
_TAX_ID_OF = re.compile(r"tax_id:([a-z]{2})")


def is_code_format(name: object) -> bool:
    """Return whether `name` is a form that a field may demand.

    Examples
    --------
    >>> [is_code_format(name) for name in ("iban", "tax_id:br", "tax_id:zz", "IBAN", None)]
    [True, True, False, False, False]
    """
    return isinstance(name, str) and (name in CODE_FORMATS or tax_country(name) in TAX_COUNTRIES)


def tax_country(name: str) -> str | None:
    """Return the country of a form such as `tax_id:de`, in lower case; None for all other forms."""
    found = _TAX_ID_OF.fullmatch(name)
    return found[1] if found else None
