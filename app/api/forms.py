"""Forms are taken at their word: a field that a route does not know is not ignored, nor is one sent twice."""

from __future__ import annotations

from collections import Counter

from fastapi import Depends, File, Request
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from app.api.queries import MAX_ISSUES, MAX_NAME_CHARS, unknown_name

# The one field that must be a file.
_FILE = "file"


async def check_form(request: Request) -> None:
    """Refuse a form whose fields are not those of its route, each at most once.

    A misspelt option would silently do nothing, and of two files only one would be answered.

    Raises
    ------
    RequestValidationError
        Naming each such field; never a value.
    """
    await _check(request, repeatable=None)


async def check_form_of_files(request: Request) -> None:
    """Refuse a form as `check_form` does, where `file` may be sent many times."""
    await _check(request, repeatable=_FILE)


async def _check(request: Request, *, repeatable: str | None) -> None:
    items = (await request.form()).multi_items()
    sent = Counter(name for name, _ in items)
    known = _fields_of(request.scope["route"])
    issues = [(name, unknown_name(name, known, what="field")) for name in sent if name not in known]
    # Forms tell a file from text by its name alone.
    texts = {name for name, value in items if isinstance(value, str)} & known
    issues += [(name, "came as text: send it as a file, with a file name") for name in texts & {_FILE}]
    issues += [
        (name, f"sent {n} times, and wanted once")
        for name, n in sent.items()
        if name in known and n > 1 and name != repeatable
    ]
    if issues:
        raise RequestValidationError(
            [
                {"type": "value_error", "loc": ("body", name[:MAX_NAME_CHARS]), "msg": message}
                for name, message in issues[:MAX_ISSUES]
            ]
        )


def _fields_of(route: APIRoute) -> frozenset[str]:
    return frozenset(field.alias for field in get_flat_dependant(route.dependant).body_params)


# A field that may be sent as text or as a file (`curl -F answer=@corrected.json`); both come as bytes.
TextOrFile = File

CHECKED_FORM = Depends(check_form)
CHECKED_FORM_OF_FILES = Depends(check_form_of_files)
