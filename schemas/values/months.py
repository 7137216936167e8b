"""Names of months and weekdays in a dozen languages, lower case and without accents."""

from __future__ import annotations

# English, German, French, Spanish, Italian, Dutch, Malay, Portuguese, Polish, Danish, Norwegian, Swedish:
# full names and abbreviations. No spelling names two months, so the languages need no telling apart.
_MONTH_NAMES: tuple[str, ...] = (
    "jan january januar janvier janv enero ene gennaio gen januari janeiro jaenner janner stycznia",
    "feb february februar fevrier fevr fev febrero febbraio februari fevereiro feber lutego",
    "mar march marz maerz mrz mars marzo maart mrt mac marco mrch marts marca",
    "apr april avril avr abril abr aprile kwietnia",
    "may mai mayo maggio mag mei maio maj maja",
    "jun june juni juin junio giugno giu junho czerwca",
    "jul july juli juillet juil julio luglio lug julai julho lipca",
    "aug august aout aou agosto ago augustus augusti ogos ogo sierpnia",
    "sep sept september septembre septiembre setiembre settembre set setembro wrzesnia",
    "oct october oktober okt octobre octubre ottobre ott outubro out pazdziernika",
    "nov november novembre noviembre novembro listopada",
    "dec december dezember dez decembre diciembre dic dicembre disember dis desember dezembro grudnia",
)
_WEEKDAY_NAMES = (
    "mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday "
    "mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
    "lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche "
    "mie jue vie sab dom lunes martes miercoles jueves viernes sabado domingo "
    "gio lunedi martedi mercoledi giovedi venerdi sabato domenica "
    "ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag "
    "isnin selasa rabu khamis jumaat sabtu ahad "
    "seg ter qua qui sex segunda terca quarta quinta sexta feira"
)

MONTHS: dict[str, int] = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}
WEEKDAYS: frozenset[str] = frozenset(_WEEKDAY_NAMES.split())
