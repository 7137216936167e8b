"""Documents as they were read, kept for the next run: sixteen runs of an ablation read each file once.

Files are named by the document's bytes and how they are read. They are pickles, this program's own: a folder
of readings from elsewhere must never be used.
"""

from __future__ import annotations

import hashlib
import pickle
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from ocr.reader import ReadOptions, read_document
from schemas.document import Document

# Of the pickled classes: one more field, one more.
_FORMAT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document, and the seconds that reading it took when it was read."""

    document: Document
    seconds: float


def read_kept(data: bytes, options: ReadOptions, folder: Path) -> Reading:
    """Return the document of some bytes, from `folder` if it was read before; errors are not kept.

    Pages have their small images whether or not they are needed: runs with and without retrieval share
    readings.
    """
    key = hashlib.sha256(data + repr(_how(options)).encode()).hexdigest()
    kept = folder / f"{key}.pickle"
    if kept.is_file():
        found: Reading = pickle.loads(kept.read_bytes())
        return found
    started = time.perf_counter()
    document = read_document(data, options=replace(options, thumbnails=True))
    reading = Reading(document=document, seconds=time.perf_counter() - started)
    folder.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{threading.get_ident()}.part")  # two files of a suite may be the same
    part.write_bytes(pickle.dumps(reading))
    part.replace(kept)  # a run that is stopped leaves no half file under the name
    return reading


def _how(options: ReadOptions) -> tuple[object, ...]:
    """Return what makes a difference to the document: how it is read, and the shape of what is kept."""
    return (_FORMAT, options.engine, options.languages, options.einvoice)
