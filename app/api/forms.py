"""Forms are taken at their word: a field that a route does not know is not ignored, nor is one sent twice."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches

from fastapi import Depends, File, Request
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

# What is told of a form with many wrong fields, and of a name that is a document.
_MAX_ISSUES, _MAX_NAME_CHARS = 20, 64


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
    await _check(request, repeatable="file")


async def _check(request: Request, *, repeatable: str | None) -> None:
    sent = Counter(name for name, _ in (await request.form()).multi_items())
    known = _fields_of(request.scope["route"])
    issues = [(name, _unknown(name, known)) for name in sent if name not in known]
    issues += [
        (name, f"sent {n} times, and wanted once")
        for name, n in sent.items()
        if name in known and n > 1 and name != repeatable
    ]
    if issues:
        raise RequestValidationError(
            [
                {"type": "value_error", "loc": ("body", name[:_MAX_NAME_CHARS]), "msg": message}
                for name, message in issues[:_MAX_ISSUES]
            ]
        )


def _fields_of(route: APIRoute) -> frozenset[str]:
    return frozenset(field.alias for field in get_flat_dependant(route.dependant).body_params)


def _unknown(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name[:_MAX_NAME_CHARS], known, n=1)
    return f"there is no such field; did you mean {near[0]}?" if near else "there is no such field"


# A field that may be sent as text or as a file (`curl -F answer=@corrected.json`); both come as bytes.
TextOrFile = File

CHECKED_FORM = Depends(check_form)
CHECKED_FORM_OF_FILES = Depends(check_form_of_files)
