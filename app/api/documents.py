"""The document of a request: a file in its form, or what stands at a URL."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated

from fastapi import Depends, File, Form, UploadFile
from fastapi.exceptions import RequestValidationError

from app.api.deps import State
from app.outbound.addresses import MAX_URL_CHARS
from schemas.service_errors import AddressRefusedError

_URL_HELP = "Where the document is, in the place of a file; only if the service opens URLs."


async def document_of(
    state: State,
    file: Annotated[UploadFile | None, File()] = None,
    url: Annotated[str | None, Form(max_length=MAX_URL_CHARS, description=_URL_HELP)] = None,
) -> UploadFile:
    """Return the request's document.

    Raises
    ------
    RequestValidationError
        If there is no document, or two.
    AddressRefusedError, FetchFailedError, DocumentTooLargeError
        If the URL may not be opened, or gives none.
    """
    if (file is None) == (url is None):
        told = "is missing" if file is None else "a file and a URL, and one of them is wanted"
        raise RequestValidationError([{"type": "value_error", "loc": ("body", "file"), "msg": told}])
    if file is not None:
        return file
    if not state.takes_urls:
        raise AddressRefusedError(
            "this service opens no URLs", hint="send the file, or set RASG_OUTBOUND__URL_INPUT"
        )
    return UploadFile(BytesIO(await state.opener.fetch(str(url))))


RequestDocument = Annotated[UploadFile, Depends(document_of)]
