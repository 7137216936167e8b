"""Label words of business documents in nine languages, by the field they announce."""

from __future__ import annotations

from training.synthesis import label_tables


def _parsed(text: str) -> dict[str, tuple[str, ...]]:
    entries = (line.split(": ", 1) for line in text.strip().splitlines())
    return {name: tuple(label.strip() for label in labels.split(" | ")) for name, labels in entries}


_LABELS = {
    language: _parsed(text)
    for language, text in (
        ("en", label_tables.EN),
        ("de", label_tables.DE),
        ("fr", label_tables.FR),
        ("nl", label_tables.NL),
        ("it", label_tables.IT),
        ("es", label_tables.ES),
        ("ms", label_tables.MS),
        ("id", label_tables.ID),
        ("pt", label_tables.PT),
    )
}

LANGUAGES = tuple(_LABELS)


def labels(name: str, language: str) -> tuple[str, ...]:
    """Return the words that announce `name` in `language`, in English where that has none."""
    return own_labels(name, language) or _LABELS["en"][name]


def own_labels(name: str, language: str) -> tuple[str, ...]:
    """Return the words that announce `name` in `language` itself, none if it has none."""
    return _LABELS.get(language, _LABELS["en"]).get(name, ())


def names() -> frozenset[str]:
    """Return everything that some label announces."""
    return frozenset(name for table in _LABELS.values() for name in table)
