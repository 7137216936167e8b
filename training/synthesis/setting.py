"""What a document is drawn with: its template, its sources of chance, its language and styles."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from training.synthesis.dates import DateStyle, date_style
from training.synthesis.fields import Meaning
from training.synthesis.lexicon import labels
from training.synthesis.numbers import MoneyStyle, money_style
from training.synthesis.template import Template
from training.synthesis.text import capitalised
from training.synthesis.words import Run, Sheet

_LANGUAGES = {
    "my": ("en", "en", "en", "en", "ms"),
    "us": ("en",),
    "gb": ("en",),
    "de": ("de", "de", "de", "en"),
    "fr": ("fr", "fr", "en"),
    "nl": ("nl", "nl", "en"),
    "it": ("it", "it", "en"),
    "es": ("es", "es", "en"),
    "id": ("id", "id", "en"),
    "in": ("en",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything that a page is drawn with.

    `vendor_rng` draws who issues the document, `rng` what it says; `difficulty` in [0, 1] scales length.
    """

    template: Template
    rng: random.Random
    vendor_rng: random.Random
    difficulty: float
    locale: str
    language: str
    upper: bool
    money: MoneyStyle
    dates: DateStyle

    def case(self, text: str) -> str:
        """Return `text` in the capitals of this document."""
        return text.upper() if self.upper else capitalised(text) if text.islower() else text

    def label(self, name: str) -> str:
        """Return the template's word for the field `name`."""
        label = self.template.choice(f"label.{name}", labels(name, self.language))
        return label.upper() if self.upper else label

    def maybe(self, name: str, probability: float) -> bool:
        """Return whether the template prints `name`; easier documents print less."""
        return self.template.chance(f"show.{name}", probability * (0.35 + 0.65 * self.difficulty))


@dataclass(slots=True, kw_only=True)
class Draft:
    """A page being drawn.

    `columns` are the columns that every one of the `n_rows` rows prints; `enums` holds values that are
    chosen from a list instead of copied; `form` holds (tag, label, kind) of labels that are keys; `boxes`
    are what an official form has room for, by tag, filled in or not.
    """

    kind: str
    sheet: Sheet
    setting: Setting
    n_rows: int = 0
    columns: tuple[str, ...] = ()
    enums: dict[str, str] = field(default_factory=lambda: {})
    form: tuple[FormLabel, ...] = ()
    boxes: dict[str, Meaning] = field(default_factory=lambda: {})
    used: set[str] = field(default_factory=lambda: set())

    def first(self, tag: str) -> str | None:
        """Return `tag` the first time, None after that: a value printed twice is found where it first stands."""
        if tag in self.used:
            return None
        self.used.add(tag)
        return tag


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLabel:
    """A printed label of a form, the tags of its value and of itself, and what kind of value it announces."""

    tag: str
    label_tag: str
    label: str
    kind: str


def make_setting(
    template: Template,
    rng: random.Random,
    vendor_rng: random.Random,
    *,
    difficulty: float,
    locales: tuple[str, ...],
    upper_share: float,
) -> Setting:
    """Return the setting of a template; equal templates give equal styles."""
    locale = template.choice("locale", locales)
    language = template.choice("language", _LANGUAGES[locale])
    return Setting(
        template=template,
        rng=rng,
        vendor_rng=vendor_rng,
        difficulty=difficulty,
        locale=locale,
        language=language,
        upper=template.chance("upper", upper_share),
        money=money_style(template, locale),
        dates=date_style(template, locale, language),
    )


_SEPARATORS = (": ", ": ", ": ", " : ", " : ", " ", ":", " :", ". ", " - ")


def labelled(setting: Setting, name: str, value: list[Run], *, label: str | None = None) -> list[Run]:
    """Return label and value as runs, joined in the way that the template joins this field.

    Without a space the first word of the value is glued to the mark, as printers and OCR do; the
    value then is the whole word.
    """
    text = setting.label(name) if label is None else label
    mark = setting.template.choice(f"separator.{name}", _SEPARATORS)
    common = setting.template.choice("separator", _SEPARATORS[:6])
    mark = common if setting.template.chance(f"common.{name}", 0.8) else mark
    if text.endswith((":", "#", ".")) and mark.strip() in {":", ".", "-"}:
        mark = " "
    if mark.endswith(" ") or not value:
        return [(f"{text}{mark}", None), *value]
    (first, tag), rest = value[0], value[1:]
    head, _, tail = first.partition(" ")
    prefix = text.rsplit(" ", 1)
    before: list[Run] = [(prefix[0], None)] if len(prefix) == 2 and mark == ":" else []
    glued = f"{mark.strip()}{head}" if mark == " :" else f"{prefix[-1]}{mark}{head}"
    if mark == " :":
        before = [(text, None)]
    return [*before, (glued, tag), *([(tail, tag)] if tail else []), *rest]
