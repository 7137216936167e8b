"""Units of measure as they are printed, to the codes of UN/ECE Recommendation 20."""

from __future__ import annotations

import re
from collections.abc import Mapping

from schemas.values.dates import fold

_PRINTED: Mapping[str, str] = {
    "C62": "c62 stk stck st stuck stuecke pcs pc pce piece pieces ea each unit units unite unites u x item "
    "items pz pezzi uds ud unidad unidades stuks",
    "HUR": "hur h hr hrs hour hours std stunde stunden heure heures uur ora ore hora horas",
    "DAY": "day days tag tage jour jours dag dagen giorni dias d",
    "MON": "mon month months monat monate mois maand maanden mese mesi mes meses",
    "WEE": "wee week weeks woche wochen semaine semaines",
    "ANN": "ann year years jahr jahre an ans jaar",
    "MIN": "min minute minutes minuten",
    "KGM": "kgm kg kilo kilogramm kilogram",
    "GRM": "grm g gramm gram",
    "TNE": "tne t to tonne tonnen tonnes",
    "MTR": "mtr m meter metre metres metri lfm",
    "KMT": "kmt km kilometer kilometre",
    "MTK": "mtk m2 qm",
    "MTQ": "mtq m3 cbm",
    "LTR": "ltr l liter litre litres liters litri",
    "KWH": "kwh",
    "LS": "ls pauschal pausch psch forfait lump",
    "XPK": "xpk pack packs packung pkg paket",
    "XBX": "xbx box boxes karton kartons ktn carton cartons",
    "SET": "set sets satz",
}
_CODES: Mapping[str, str] = {name: code for code, names in _PRINTED.items() for name in names.split()}
_RECOMMENDATION_20 = re.compile(r"[A-Z0-9]{2,3}")
# A quantity that is printed without a unit counts things.
ONE = "C62"


def unit_code(printed: str) -> str | None:
    """Return the code of a unit as printed, or of what is written as a code; None of what is unknown.

    Examples
    --------
    >>> unit_code("Stück"), unit_code("Std."), unit_code("HUR"), unit_code("wheelbarrows")
    ('C62', 'HUR', 'HUR', None)
    """
    name = fold(re.sub(r"[\s.()]", "", printed.replace("²", "2").replace("³", "3")))
    if name in _CODES:
        return _CODES[name]
    return printed.strip() if _RECOMMENDATION_20.fullmatch(printed.strip()) else None
