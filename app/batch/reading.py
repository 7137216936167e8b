"""Files that one process reads and another extracts: their bytes, and their pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from app.batch.remote import RemoteFile, read_remote
from app.errors import ErrorRecord, error_record, is_configuration
from app.files import Fingerprint
from ocr.reader import ReadOptions, read_document
from schemas.document import Document
from schemas.errors import RasgError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHead:
    """What is known of a file when it has been read, without its pages.

    Attributes
    ----------
    fingerprint
        Of its bytes; None if there are none.
    is_known
        Whether it has the bytes that are done already: its pages are not read.
    error
        Why there are no pages.
    """

    fingerprint: Fingerprint | None = None
    is_known: bool = False
    error: ErrorRecord | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReader:
    """Reads files by their URIs; built in the process that reads."""

    read_options: ReadOptions

    def read(self, file: RemoteFile) -> tuple[ReadHead, Document | None]:
        """Return what is known of a file, and its pages; whatever is wrong with it is a record.

        Raises
        ------
        ConfigurationError
            If no other file would fare better.
        """
        started = time.monotonic()
        fingerprint: Fingerprint | None = None
        try:
            data = read_remote(file.uri, self.read_options.limits.max_bytes)
            fingerprint = Fingerprint.of(data)
            if fingerprint.sha256 == file.known_sha256:
                return ReadHead(fingerprint=fingerprint, is_known=True), None
            document = read_document(data, options=self.read_options)
        except Exception as error:  # noqa: BLE001 - a batch goes on; the record and the log name what happened
            record = record_of(error)
            seconds = time.monotonic() - started
            return ReadHead(fingerprint=fingerprint, error=record, seconds=seconds), None
        return ReadHead(fingerprint=fingerprint, seconds=time.monotonic() - started), document


def record_of(error: Exception) -> ErrorRecord:
    """Return the record of what went wrong with one file; what is wrong with all of them is raised."""
    if isinstance(error, RasgError) and is_configuration(error):
        raise error
    return error_record(error)


BuildReader = Callable[[], FileReader]
