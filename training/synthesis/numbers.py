"""How amounts are printed: separators, currency marks and signs."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Literal

from training.synthesis.template import Template
from training.synthesis.words import Run

Placement = Literal["none", "before", "before_glued", "after", "after_glued"]

# Thousands mark, decimal mark. The first two are most of the world's print.
_STYLES = ((",", "."), (".", ","), ("", "."), ("", ","), (" ", ","), ("'", "."), (" ", "."))
_LOCAL_STYLES = {
    "my": ((",", "."), ("", "."), (",", "."), ("", ".")),
    "us": ((",", "."), (",", "."), ("", ".")),
    "gb": ((",", "."), (",", "."), ("", ".")),
    "de": ((".", ","), (".", ","), ("", ","), (" ", ",")),
    "fr": ((" ", ","), (" ", ","), ("", ","), (".", ",")),
    "nl": ((".", ","), ("", ","), (".", ",")),
    "it": ((".", ","), (".", ","), ("", ",")),
    "es": ((".", ","), ("", ","), (" ", ",")),
    "id": ((",", "."), (".", ","), ("", ","), (",", "."), (".", ",")),
    "in": ((",", "."), ("", ".")),
}
_CURRENCIES = {
    "my": ("RM", "RM", "RM", "MYR", "$"),
    "us": ("$", "$", "USD", "US$"),
    "gb": ("£", "£", "GBP", "EUR"),
    "id": ("Rp", "Rp", "Rp.", "IDR"),
    "in": ("Rs", "Rs.", "INR", "\u20b9"),
}
_OTHER_CURRENCIES = ("EUR", "€", "€", "EUR", "CHF", "USD", "kr", "Rs", "Rp", "PLN", "SEK", "Fr.")
CURRENCY_CODES = {
    "RM": "MYR",
    "MYR": "MYR",
    "$": "USD",
    "US$": "USD",
    "USD": "USD",
    "£": "GBP",
    "GBP": "GBP",
    "EUR": "EUR",
    "€": "EUR",
    "CHF": "CHF",
    "Rp": "IDR",
    "Rp.": "IDR",
    "IDR": "IDR",
    "INR": "INR",
    "\u20b9": "INR",
}
# Of a country's documents, the share that prints no decimals; of others the rest.
_WHOLE_SHARES = {"id": 0.92, "in": 0.25}
_WHOLE_SHARE = 0.03
# Where hundredths are printed as whole numbers, so many of the smallest coin are one of them.
_WHOLE_SCALES = {"id": (10, 10, 50, 100)}
_PLACEMENTS: tuple[tuple[Placement, float], ...] = (
    ("none", 0.41),
    ("before", 0.64),
    ("before_glued", 0.82),
    ("after", 0.95),
    ("after_glued", 1.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyStyle:
    """The separators, the currency mark and where it stands, for a whole document.

    Where `decimals` is 0, an amount of so many "cents" is printed as `scale` times as many, without decimals.
    """

    thousands: str
    decimal: str
    currency: str
    placement: Placement
    negative: Literal["minus", "after", "brackets"]
    decimals: Literal[0, 2] = 2
    scale: int = 1


def money_style(template: Template, locale: str) -> MoneyStyle:
    """Return the template's way of printing amounts."""
    styles = _LOCAL_STYLES.get(locale, _STYLES) if template.chance("money.local", 0.85) else _STYLES
    thousands, decimal = template.choice("money.marks", styles)
    negative = template.choice("money.negative", ("minus", "minus", "minus", "after", "brackets"))
    is_whole = template.chance("money.whole", _WHOLE_SHARES.get(locale, _WHOLE_SHARE))
    return MoneyStyle(
        thousands=thousands,
        decimal=decimal,
        currency=template.choice("money.currency", _CURRENCIES.get(locale, _OTHER_CURRENCIES)),
        placement=next(place for place, share in _PLACEMENTS if template.unit("money.placement") < share),
        negative=negative,
        decimals=0 if is_whole else 2,
        scale=template.choice("money.scale", _WHOLE_SCALES.get(locale, (1,))) if is_whole else 1,
    )


def amount_text(cents: int, style: MoneyStyle, *, decimals: int | None = None) -> str:
    """Return `cents` hundredths as printed, without a currency mark; amounts have the style's decimals."""
    if decimals is None and style.decimals == 0:
        cents, decimals = cents * style.scale * 100, 0
    whole, part = divmod(abs(cents), 100)
    digits = f"{whole:,}".replace(",", style.thousands)
    text = digits if decimals == 0 else f"{digits}{style.decimal}{part:02d}{'0' * ((decimals or 2) - 2)}"
    if cents >= 0:
        return text
    return {"minus": f"-{text}", "after": f"{text}-", "brackets": f"({text})"}[style.negative]


def money_runs(cents: int, style: MoneyStyle, tag: str | None, *, bare: bool = False) -> list[Run]:
    """Return the amount with its currency mark; a mark that is a word of its own is no part of the value."""
    text = amount_text(cents, style)
    mark: Run = (style.currency, "currency")  # the first one that is printed is the answer
    if bare or style.placement == "none":
        return [(text, tag)]
    if style.placement == "before":
        return [mark, (text, tag)]
    if style.placement == "after":
        return [(text, tag), mark]
    if style.placement == "before_glued":
        return [(f"{style.currency}{text}", tag)]
    return [(f"{text}{style.currency}", tag)]


def amount_value(text: str, style: MoneyStyle) -> float | int | None:
    """Return the number that `text` prints, None if it was misread or prints more than a number.

    Examples
    --------
    >>> style = MoneyStyle(thousands=".", decimal=",", currency="EUR", placement="none", negative="minus")
    >>> [amount_value(text, style) for text in ("1.234,50", "12", "1O,00", "12.50", "(3,00)")]
    [1234.5, 12, None, None, -3.0]
    """
    plain = text.replace(style.currency, "").strip()
    is_negative = plain.startswith("-") or plain.endswith("-") or (plain[:1], plain[-1:]) == ("(", ")")
    digits = plain.strip("-()").strip()
    thousands, decimal = re.escape(style.thousands), re.escape(style.decimal)
    # Groups of three only: where a comma was misread as a point, "12.50" is not 1250.
    whole = rf"\d{{1,3}}(?:{thousands}\d{{3}})+|\d{{1,12}}" if thousands else r"\d{1,12}"
    if not re.fullmatch(rf"(?:{whole})(?:{decimal}\d{{1,4}})?", digits):
        return None
    number = digits.replace(style.thousands, "") if style.thousands else digits
    number = f"-{number}" if is_negative else number
    return float(number.replace(style.decimal, ".")) if style.decimal in number else int(number)


def price_cents(rng: random.Random) -> int:
    """Return a price of one item: mostly small, with a long tail, often round."""
    cents = int(10 ** rng.uniform(1.7, rng.choice((3.3, 3.3, 4.2, 5.6))))
    draw = rng.random()
    if draw < 0.35:
        return max(10, cents // 10 * 10)
    if draw < 0.6:
        return max(100, cents // 100 * 100) - (1 if rng.random() < 0.3 else 0)
    return max(5, cents)
