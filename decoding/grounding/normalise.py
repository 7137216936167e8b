"""Values in normal form beside their print: Decimal and ISO date texts, and warnings where in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import JsonValue

from decoding.codes import compact
from schemas.extraction import ExtractionWarning, WarningCode
from schemas.spec import FieldSpec, Path, json_path
from schemas.values import UNDECIDED, NumberStyle, ParsedAmount


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalised:
    """The normal form, None where there is none or more than one, with the currency and doubts."""

    text: str | None = None
    currency: str | None = None
    is_amount: bool = False
    warnings: tuple[ExtractionWarning, ...] = ()


def normalise(
    value: JsonValue, spec: FieldSpec, *, style: NumberStyle, path: Path, marked_texts: Sequence[str] = ()
) -> Normalised:
    """Return amounts and numbers as Decimal text, dates in ISO form, codes without what parts their groups.

    Other values have no normal form, and a text that has not the form of the field's code has none.

    An amount or date with two readings that the document does not decide has no normal form and a
    warning, which names no reading: neither is more right than the other.

    Parameters
    ----------
    style
        How the document writes.
    marked_texts
        The print that the value cites, with the currency mark that stands at it: what an amount that
        leaves the mark out means is read there.
    """
    kind = spec.kind
    if kind in ("number", "integer") and isinstance(value, int | float) and not isinstance(value, bool):
        return Normalised(text=format(Decimal(str(value)), "f"))
    if not isinstance(value, str):
        return Normalised()
    if kind == "amount":
        return _amount(_read_as_marked(value, marked_texts, style), path)
    if kind == "date":
        return _date(value, style, path)
    if spec.code_format is not None:
        return Normalised(text=compact(value, spec.code_format))
    return Normalised(text=value) if kind == "iso_date" else Normalised()


def _read_as_marked(value: str, marked_texts: Sequence[str], style: NumberStyle) -> ParsedAmount | None:
    parsed = style.read_amount(value)
    if parsed is None or parsed.currency_mark is not None:
        return parsed
    possible = set(UNDECIDED.amount_readings(value))
    marked = (style.read_amount(text) for text in marked_texts)
    same = (other for other in marked if other is not None and not possible.isdisjoint(other.readings))
    return next((other for other in same if other.currency_mark is not None), parsed)


def _amount(parsed: ParsedAmount | None, path: Path) -> Normalised:
    if parsed is None:
        return Normalised(warnings=_doubt("unparsed_amount", "the text is not one amount", path))
    if parsed.ambiguous:
        doubt = _doubt(
            "ambiguous_amount",
            "a separator may group thousands or start decimals, or a letter stand for millions",
            path,
        )
        return Normalised(currency=parsed.currency, is_amount=True, warnings=doubt)
    return Normalised(
        text=format(parsed.value, "f"), currency=parsed.currency, is_amount=not parsed.is_percent
    )


def _date(value: str, style: NumberStyle, path: Path) -> Normalised:
    parsed = style.read_date(value)
    if parsed is None:
        return Normalised(warnings=_doubt("unparsed_date", "the text is not one date", path))
    if parsed.ambiguous:
        return Normalised(warnings=_doubt("ambiguous_date", "day and month may be swapped", path))
    return Normalised(text=parsed.value.isoformat())


def _doubt(code: WarningCode, message: str, path: Path) -> tuple[ExtractionWarning, ...]:
    return (ExtractionWarning(code=code, message=message, path=json_path(path)),)
