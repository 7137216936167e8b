"""Makes the list of words that OCR knows: `ocr/words.txt.gz`.

    pip install --target FOLDER --no-deps pyspellchecker==0.9.1
    python -m scripts.make_words FOLDER

The 35,000 most frequent words of four letters and more in each of seven languages, as pyspellchecker (MIT)
counts them, and the words of labels on business papers that made-up documents are printed with.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from training.synthesis import label_tables

_TARGET = Path("ocr/words.txt.gz")
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
_N_WORDS = 35_000  # of a language
_WORD = re.compile(r"[^\W\d_]{4,}")
_HEAD = """\
# Words of everyday language in English, German, French, Spanish, Italian, Dutch and Portuguese, from the
# dictionaries of pyspellchecker 0.9.1, Copyright (c) 2018 Tyler Barrus, under the MIT licence
# (https://opensource.org/license/mit), and words of labels on business papers. Made by scripts/make_words.py.
"""


def main() -> None:
    """Write the list from the folder that is named."""
    parser = argparse.ArgumentParser(description="Make the list of words that OCR knows.")
    parser.add_argument("folder", type=Path, help="where pyspellchecker is installed")
    resources = parser.parse_args().folder / "spellchecker/resources"
    words = {word for name in _LANGUAGES for word in _everyday(resources / f"{name}.json.gz")}
    words.update(_of_labels())
    text = _HEAD + "".join(f"{word}\n" for word in sorted(words))
    _TARGET.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _everyday(path: Path) -> Iterable[str]:
    counts: Counter[str] = Counter()
    for word, count in json.loads(gzip.decompress(path.read_bytes())).items():
        if _WORD.fullmatch(word):
            counts[word.lower()] += count
    return (word for word, _ in counts.most_common(_N_WORDS))


def _of_labels() -> Iterator[str]:
    tables = (text for name, text in vars(label_tables).items() if name.isupper() and isinstance(text, str))
    for line in "\n".join(tables).splitlines():
        yield from _WORD.findall(line.partition(":")[2].lower())


if __name__ == "__main__":
    main()
