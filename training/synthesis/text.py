"""An open vocabulary: names, places, goods and codes that no list holds.

A model trained on a closed word list learns the list; one that never sees a word twice has to learn
to copy. Real words are only a garnish.
"""

from __future__ import annotations

import random
from itertools import product

from training.synthesis import vocabulary

_ONSETS = (
    "b br c ch cl d dr f fl g gr h j k kh kl l m n ng ny p ph pl pr qu r s sch sh sl st t th tr v w x y z"
).split()
_VOWELS = "a e i o u aa ai au ee ei eu ia ie oo ou ua ue y ä ö ü é è".split()
_CODAS = (*(("",) * 8), *"n m ng r l s t k h rd nd rt st ck x p".split())
# Accented vowels are rare, as in print: they stand in one syllable of sixty.
_SYLLABLES = tuple(
    onset + vowel + coda
    for index, (onset, vowel, coda) in enumerate(product(_ONSETS, _VOWELS, _CODAS))
    if vowel.isascii() or index % 11 == 0
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_UPPER = _LETTERS.upper()
_DIGITS = "0123456789"
_WORD_SIZES = (1, 1, 2, 2, 2, 2, 2, 3, 3)
# Most syllables of print are plain: one consonant, one vowel, maybe a closing consonant.
_PLAIN = tuple(
    onset + vowel + coda
    for onset, vowel, coda in product(
        "bcdfghjklmnprstvwyz", "aeiou", ("", "", "", "n", "r", "l", "s", "m", "t", "k")
    )
) + tuple(vowel + coda for vowel, coda in product("aeiou", "nrlstmd"))
_CODE_CHARACTERS = "####@@-/"
_ODD_MARKS = ("'", "-", ".", "/", "&", "+", "%", "(", "*", "#", "!", '"', ":")


def pseudo_word(rng: random.Random) -> str:
    """Return a pronounceable lower-case word of one to four random syllables."""
    pool = _PLAIN if rng.random() < 0.8 else _SYLLABLES
    return "".join(rng.choices(pool, k=rng.choice(_WORD_SIZES)))[:13]


def letters(rng: random.Random, low: int, high: int) -> str:
    """Return `low` to `high` random lower-case letters."""
    return "".join(rng.choices(_LETTERS, k=rng.randint(low, high)))


def word(rng: random.Random) -> str:
    """Return a lower-case word: mostly invented, sometimes real, sometimes bare letters."""
    draw = rng.random()
    if draw < 0.68:
        return pseudo_word(rng)
    if draw < 0.9:
        return rng.choice(vocabulary.COMMON_WORDS)
    return letters(rng, 1, 8)


def phrase(rng: random.Random, low: int, high: int) -> str:
    """Return `low` to `high` lower-case words."""
    return " ".join(word(rng) for _ in range(rng.randint(low, high)))


def fill(rng: random.Random, pattern: str) -> str:
    """Return `pattern` with each `#` replaced by a digit and each `@` by an upper-case letter."""
    pick = rng.random
    return "".join(
        _DIGITS[int(pick() * 10)] if ch == "#" else _UPPER[int(pick() * 26)] if ch == "@" else ch
        for ch in pattern
    )


def code(rng: random.Random) -> str:
    """Return one printed word that names something: an article, a booking, a contract."""
    draw = rng.random()
    if draw < 0.55:
        return fill(rng, rng.choice(vocabulary.CODE_PATTERNS))
    if draw < 0.75:
        return fill(rng, "#" * rng.randint(2, 14))
    body = "".join(rng.choices(_CODE_CHARACTERS, k=rng.randint(2, 10)))
    return fill(rng, f"{rng.choice('@#')}{body.strip('-/')}{rng.choice('@#')}")


def cased(rng: random.Random, text: str, *, upper_share: float = 0.3) -> str:
    """Return `text` in capitals, with initial capitals, as it is, or oddly mixed."""
    draw = rng.random()
    if draw < upper_share:
        return text.upper()
    if draw < upper_share + 0.5 * (1 - upper_share):
        return capitalised(text)
    if draw < 0.97:
        return text[:1].upper() + text[1:]
    return "".join(ch.upper() if rng.random() < 0.5 else ch for ch in text)


def capitalised(text: str) -> str:
    """Return `text` with the first letter of each word in upper case."""
    return " ".join(part[:1].upper() + part[1:] for part in text.split(" "))


def item_text(rng: random.Random, *, longest: int = 6) -> str:
    """Return what a line of goods or services says: words, sizes, codes and odd punctuation."""
    parts = [word(rng) for _ in range(rng.randint(1, max(1, longest - 2)))]
    if rng.random() < 0.3:
        parts.insert(rng.randint(0, len(parts)), fill(rng, rng.choice(vocabulary.SIZE_PATTERNS)))
    if rng.random() < 0.12:
        parts.append(code(rng))
    if rng.random() < 0.15:
        index = rng.randrange(len(parts))
        parts[index] = _odd(rng, parts[index])
    return " ".join(parts)


def _odd(rng: random.Random, text: str) -> str:
    mark = rng.choice(_ODD_MARKS)
    where = rng.randint(0, len(text))
    closing = ")" if mark == "(" else '"' if mark == '"' else ""
    return f"{text[:where]}{mark}{text[where:]}{closing}"


def person_name(rng: random.Random) -> str:
    """Return a person's name: two or three invented words, sometimes initials."""
    parts = [pseudo_word(rng) for _ in range(rng.choice((2, 2, 3)))]
    if rng.random() < 0.15:
        parts[rng.randrange(len(parts))] = rng.choice(_LETTERS) + rng.choice(("", "."))
    return " ".join(parts)


def company_name(rng: random.Random, *, plain: bool = False, legal: bool = False) -> str:
    """Return a company's name in lower case.

    `plain` leaves out words that say what it is, `legal` always ends in a legal form.
    """
    parts = _company_stem(rng)
    if plain:
        return " ".join(parts)
    draw = max(rng.random(), 0.5 if legal else 0.0)
    if draw < 0.75:
        where = 0 if rng.random() < 0.15 else len(parts)
        parts.insert(where, rng.choice(vocabulary.TRADES))
    if draw > 0.95 or rng.random() < 0.12:
        parts.append(
            f"({word(rng)})" if rng.random() < 0.6 else rng.choice(("(m)", "(asia)", "& co", "& sons"))
        )
    if draw > 0.45:
        parts.append(rng.choice(vocabulary.LEGAL_FORMS))
    return " ".join(parts)


def _company_stem(rng: random.Random) -> list[str]:
    draw = rng.random()
    if draw < 0.08:
        return [fill(rng, rng.choice(("@@@", "@.@.@.", "@&@", "@@", "@@@#", "##", "@-@@@@"))).lower()]
    parts = [word(rng) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
    if draw > 0.5 and rng.random() < 0.3:
        parts.insert(0, parts[0])  # "ONE ONE THREE SEAFOOD": the copy must not begin at the second
    if draw < 0.16:
        parts.insert(rng.randint(0, len(parts)), rng.choice(("&", "and", "+", "by", "of", "the", "'n", "-")))
    if draw > 0.94:
        parts.append(fill(rng, rng.choice(("#", "##", "###", "@", "@.", "no.#"))))
    elif draw > 0.89:
        parts.insert(0, fill(rng, rng.choice(("#", "##", "###", "#-##", "@ @", "mr"))))
    elif draw > 0.87:
        parts[-1] += f"@{word(rng)}" if rng.random() < 0.5 else f" @ {word(rng)}"
    return [part for index, part in enumerate(parts) if index or any(ch.isalnum() for ch in part)] or ["q"]


def email(rng: random.Random) -> str:
    """Return an e-mail address."""
    user = rng.choice(("info", "sales", "office", "kontakt", pseudo_word(rng), pseudo_word(rng)))
    return f"{user}@{pseudo_word(rng)}.{rng.choice(vocabulary.DOMAINS)}"


def website(rng: random.Random) -> str:
    """Return a web address."""
    return f"{rng.choice(('www.', 'www.', 'http://', ''))}{pseudo_word(rng)}.{rng.choice(vocabulary.DOMAINS)}"


def phone(rng: random.Random) -> str:
    """Return a phone number of one to four words."""
    return fill(rng, rng.choice(vocabulary.PHONE_PATTERNS))
