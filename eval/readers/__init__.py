"""Published data sets, as they come, to gold records.

Each reader takes the folder that a data set unpacks to and yields a record a document, in the order of names.
What cannot be read is an `EvaluationError` that names the file: no document is left out in silence.

    python -m eval.readers cord path/to/CORD/train > gold.jsonl
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from eval.datasets import GoldRecord, read_gold
from eval.readers.docile import read_docile
from eval.readers.einvoice import read_einvoices
from eval.readers.forms import read_funsd, read_invoice2data
from eval.readers.receipts import read_cord, read_sroie, read_wildreceipt

Reader = Callable[[Path], Iterator[GoldRecord]]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "jsonl": read_gold,
        "sroie": read_sroie,
        "wildreceipt": read_wildreceipt,
        "cord": read_cord,
        "funsd": read_funsd,
        "docile": read_docile,
        "einvoice": read_einvoices,
        "invoice2data": read_invoice2data,
    }
)
