"""The invoice that an e-invoice carries in its PDF as XML; taken out in a child process, never parsed here.

Reading a document never looks at it: what the page shows is one thing, what the file says of itself another.
It is for annotation, where the sender's own figures are the gold.
"""

from __future__ import annotations

from io import BytesIO

from ocr.limits import ReadLimits
from ocr.sandbox import Child, ChildLimits, SharedFile, retry_if_lost
from schemas.errors import ParserCrashedError, UnreadableDocumentError

# What ZUGFeRD 1 and 2, Factur-X and XRechnung call it; the newest first.
_NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml", "zugferd_invoice.xml", "cii.xml", "ubl.xml")
_MAX_ATTACHMENTS = 64
MAX_XML_BYTES = 10_000_000


def einvoice_xml(data: bytes, *, limits: ReadLimits, password: str | None = None) -> bytes | None:
    """Return the XML of an e-invoice that a PDF carries; None if it carries none.

    Parameters
    ----------
    data
        A PDF, of any origin.

    Raises
    ------
    PasswordRequiredError, UnreadableDocumentError
        If it cannot be opened.
    OcrError
        If the child dies or takes too long.
    """
    sizes = ChildLimits(memory_bytes=limits.memory_bytes, file_bytes=limits.max_result_bytes)

    def take_out() -> bytes | None:
        with (
            Child(kind="parser", limits=sizes) as child,
            SharedFile(data) as source,
            SharedFile() as output,
        ):
            args = {"password": password}
            cpu_s = limits.open_cpu_seconds
            reply = child.run("einvoice_xml", args, cpu_s=cpu_s, output=output, source=source)
            if not 0 <= reply.size <= MAX_XML_BYTES:
                raise ParserCrashedError(f"the parser reports an attachment of {reply.size} bytes")
            return output.read(reply.size) if reply.meta.get("found") is True else None

    return retry_if_lost(take_out)


def embedded_xml(data: bytes, *, password: str | None) -> bytes | None:
    """Return the embedded file that is an e-invoice's by its name; runs only in the child."""
    import pikepdf

    try:
        with pikepdf.open(BytesIO(data), password=password or "", suppress_warnings=True) as pdf:
            names = list(pdf.attachments)[:_MAX_ATTACHMENTS]
            by_name = {name.rpartition("/")[2].lower(): name for name in names}
            wanted = next((by_name[name] for name in _NAMES if name in by_name), None)
            if wanted is None:
                return None
            content = pdf.attachments[wanted].get_file().read_bytes()
    except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, OSError, KeyError) as error:
        raise UnreadableDocumentError("the PDF's attachments cannot be read") from error
    return content if len(content) <= MAX_XML_BYTES else None
