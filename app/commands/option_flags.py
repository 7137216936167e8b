"""The options of an extraction as flags of a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ParamSpec

import typer
from pydantic import JsonValue
from pydantic.fields import FieldInfo

from app.extraction.options import ExtractionOptions, parse_share

P = ParamSpec("P")

# What a command takes for what it was told of the options; its place in the signature is for the flags.
PARAMETER = "said"
# Names from before there was one model of options.
_ALIASES: Mapping[str, tuple[str, ...]] = {"n_candidates": ("--n-candidates", "--candidates")}
# How the text of a flag is read, where it is not as the type says; click tells of a ValueError.
_PARSERS: Mapping[str, Callable[[str], object]] = {"max_error": parse_share}
# What the help says that such a flag takes.
_TAKES: Mapping[str, str] = {"max_error": "<share>"}


def take_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command with flags for the fields of `ExtractionOptions` in the place of its parameter `said`.

    The command is told, by name, what was said on the command line, and nothing of what was not.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != PARAMETER]
    flags = [_flag(name, field) for name, field in ExtractionOptions.model_fields.items()]

    def wrapped(**given: Any) -> None:  # noqa: ANN401 - of every type that a flag has
        said: dict[str, JsonValue] = {flag.name: given.pop(flag.name) for flag in flags}
        command(**given, **{PARAMETER: {name: value for name, value in said.items() if value is not None}})

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own, *flags)]
    wrapped.__signature__ = inspect.Signature(parameters)
    wrapped.__annotations__ = {p.name: p.annotation for p in parameters}
    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    return wrapped


def _flag(name: str, field: FieldInfo) -> inspect.Parameter:
    low, high, above = _bound(field, "ge"), _bound(field, "le"), _bound(field, "lt")
    option = typer.Option(
        *_ALIASES.get(name, ()),
        help=field.description,
        min=low,
        max=high if above is None else above - 1,
        parser=_PARSERS.get(name),
        metavar=_TAKES.get(name),
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        annotation=Annotated[field.annotation | None, option],
        default=None,
    )


def _bound(field: FieldInfo, name: str) -> int | None:
    return next((getattr(rule, name) for rule in field.metadata if hasattr(rule, name)), None)
