"""An extraction as the XML of an e-invoice, checked against the syntax's own XML schema."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from app.einvoices.build import MissingTerm, build_invoice
from app.einvoices.given import GIVEN_TERMS, check_given
from app.einvoices.terms import invoice_terms
from schemas.errors import IncompleteInvoiceError, InputError
from schemas.extraction import Extraction

# Stands where the library wants a name that is not known, and is taken out again.
_NO_NAME = "rasg:no-name"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
OutputSyntax = Literal["ubl", "cii"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenEInvoice:
    """The XML in UTF-8, and what was reckoned, concluded or left out, for people."""

    xml: bytes
    notes: tuple[str, ...]


def write_einvoice(
    extraction: Extraction, syntax: OutputSyntax, *, given: Mapping[str, str] | None = None
) -> WrittenEInvoice:
    """Return an extraction as an e-invoice of EN 16931: UBL 2.1, or CII as Factur-X has it.

    Parameters
    ----------
    given
        Terms that the extraction does not have, by number ("BT-40": "DE"); one of `GIVEN_TERMS`.

    Raises
    ------
    IncompleteInvoiceError
        If a mandatory term is missing, or the amounts do not add up: nothing is made up.
    InputError
        If `given` has an unknown term, or one that is not what its number means, or a value is none that the
        syntax allows.
    """
    built = build_invoice(invoice_terms(extraction), check_given(given or {}))
    if built.missing:
        raise _refuse(built.missing)
    facturx: Any = import_module("facturx")  # has no types; it and lxml are needed here alone
    data = copy.deepcopy(dict(built.data))
    if "BG-13" in data:
        data["BG-13"]["name"] = _NO_NAME
    flavor = "ubl-2.1" if syntax == "ubl" else "factur-x"
    try:
        # Its check of the schematron asks a server, and passes everything where none answers: it is off.
        raw = facturx.generate_xml(
            data, flavor=flavor, level="en16931", check_xsd=False, check_schematron=None
        )
        xml = _tidied(bytes(raw))
        facturx.xml_check_xsd(xml)
    except Exception as error:  # the library raises plain exceptions
        raise InputError("a value is none that the e-invoice's XML schema allows") from error
    return WrittenEInvoice(xml=xml, notes=built.notes)


def _refuse(missing: tuple[MissingTerm, ...]) -> IncompleteInvoiceError:
    givable = sorted({term.term for term in missing if term.term in GIVEN_TERMS})
    return IncompleteInvoiceError(
        f"the extraction is no whole invoice of EN 16931: {len(missing)} things are missing",
        issues=tuple((term.term, term.message) for term in missing),
        hint=f"what the document does not say can be given: {', '.join(givable)}" if givable else None,
    )


def _tidied(xml: bytes) -> bytes:
    """Return the XML without what the library puts in and nobody has said: placeholders, and marks of nil."""
    etree: Any = import_module("lxml.etree")
    root: Any = etree.fromstring(xml)
    element: Any
    parent: Any
    for element in list(root.iter()):
        element.attrib.pop(_NIL, None)
        if element.text == _NO_NAME:
            while (parent := element.getparent()) is not None and len(parent) == 1:
                element = parent
            if parent is not None:
                parent.remove(element)
    etree.cleanup_namespaces(root)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
