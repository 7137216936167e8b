"""The reference pages of the docs site, made of what the programs say of themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import rasg

_PROGRAMS = {"rasg": "app.cli", "rasg-eval": "eval.cli", "rasg-train": "training.cli"}
_METHODS = ("get", "post", "put", "patch", "delete")


def commands_page() -> str:
    """Return the page of all commands with their arguments and options, as `--help` has them."""
    from importlib import import_module

    import typer.main

    lines = ["# Commands", "", "What `--help` says of each, in one place."]
    for program, module in _PROGRAMS.items():
        command = typer.main.get_command(import_module(module).app)
        lines += _command_lines(command, program)
    return "\n".join(lines) + "\n"


def _command_lines(command: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - click's classes, by their duck
    yield from ("", f"## `{name}`", "", _plain(command.help or ""))
    shown = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    if shown:
        yield from ("", "| argument or option | what |", "|---|---|")
        yield from (_parameter_line(parameter) for parameter in shown)
    for sub_name, sub in sorted(getattr(command, "commands", {}).items()):
        yield from _command_lines(sub, f"{name} {sub_name}")


def _parameter_line(parameter: Any) -> str:  # noqa: ANN401
    is_option = parameter.param_type_name == "option"
    named = ", ".join(f"`{word}`" for word in (*parameter.opts, *parameter.secondary_opts))
    name = named if is_option else f"`{parameter.name.upper().rstrip('_')}`"
    default = parameter.default
    is_said = is_option and default not in (None, False, True, (), []) and not callable(default)
    value = getattr(default, "value", default)
    help_text = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|")
    return f"| {name} | {help_text}{f' Default: `{value}`.' if is_said else ''} |"


def http_page() -> str:
    """Return the page of all operations of the HTTP API, as its OpenAPI document has them."""
    from app.api.service import create_app
    from app.settings import Settings

    document: dict[str, Any] = create_app(Settings(model="house")).openapi()
    lines = ["# HTTP API", "", "The service says the same as `/openapi.json`."]
    for path, operations in sorted(document["paths"].items()):
        for method in _METHODS:
            if method in operations:
                lines += _operation_lines(f"{method.upper()} {path}", operations[method], document)
    return "\n".join(lines) + "\n"


def _operation_lines(title: str, operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    yield from (
        "",
        f"## `{title}`",
        "",
        _plain(operation.get("description") or operation.get("summary") or ""),
    )
    fields = [
        _field_line(p["name"], p["in"], p.get("schema", {}), p) for p in operation.get("parameters", ())
    ]
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(body.get("schema", {}), document)
        kind = "form" if "form" in media else "body"
        fields += [_field_line(name, kind, s, s) for name, s in schema.get("properties", {}).items()]
    if fields:
        yield from ("", "| field | in | what |", "|---|---|---|", *fields)
    codes = ", ".join(
        f"`{code}` {_one_line(r.get('description', ''))}" for code, r in operation["responses"].items()
    )
    yield from ("", f"Answers: {codes}")


def _field_line(name: str, place: str, schema: dict[str, Any], said: dict[str, Any]) -> str:
    text = _one_line(said.get("description", "")).replace("|", "\\|")
    default = f" Default: `{schema['default']}`." if schema.get("default") not in (None, "") else ""
    return f"| `{name}` | {place} | {text}{default} |"


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def python_page() -> str:
    """Return the page of what `import rasg` offers, from its docstrings."""
    lines = ["# Python", "", "```python", "import rasg", "```", "", _plain(_first_lines(rasg.__doc__ or ""))]
    for name in rasg.__all__:
        lines += _name_lines(f"rasg.{name}", getattr(rasg, name))
    return "\n".join(lines) + "\n"


def _name_lines(name: str, value: object) -> Iterator[str]:
    yield from ("", f"## `{name}`", "")
    if inspect.isfunction(value):
        yield from _code(_signature(name, value))
    yield from _code(inspect.getdoc(value) or "")
    if inspect.ismodule(value):
        yield from ("", ", ".join(f"`{name}.{inner}`" for inner in getattr(value, "__all__", ())))
    if inspect.isclass(value):
        for inner, method in vars(value).items():
            if inspect.isfunction(method) and not inner.startswith("_"):
                yield from ("", f"### `{name}.{inner}`", "", *_code(_signature(inner, method)))
                yield from _code(inspect.getdoc(method) or "")


def _signature(name: str, value: Any) -> str:  # noqa: ANN401
    return f"{name}{inspect.signature(value)}"


def _code(text: str) -> tuple[str, ...]:
    return ("```text", text, "```", "") if text else ()


def _first_lines(text: str) -> str:
    """Return a module's docstring without its examples."""
    return "\n".join(line for line in inspect.cleandoc(text).splitlines() if not line.startswith("    "))


def _plain(text: str) -> str:
    return inspect.cleandoc(text).replace("<", "&lt;")


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")
