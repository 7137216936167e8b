"""What works on this machine: each part is looked at or used once, and nothing is changed."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from app.errors import error_record
from app.models.choice import choose_model
from app.models.folder import check_weights
from app.settings import ReadSettings, Settings
from app.wiring import build_pipeline, build_read_options, default_options
from ocr.probe import EngineState, draw_page, probe_engines
from ocr.reader import read_document
from schemas.errors import RasgError
from schemas.registry import get_schema
from schemas.walk import values_by_path

# "note" is worth knowing and stops nothing; "broken" is what a document needs.
State = Literal["ok", "note", "broken"]
_DISTRIBUTION = "rasg"
_PAGE = (
    "Acme Supplies Ltd",
    "12 Mill Lane, Leeds LS1 4AB",
    "INVOICE",
    "Invoice No. RB-1042",
    "Invoice Date 14.10.2026",
    "Net total 50.00 EUR",
    "VAT 15 % 7.50 EUR",
    "Total 57.50 EUR",
)
_PAGE_WORDS = frozenset(word for line in _PAGE for word in line.split())
_SHOWN_VALUES = ("document_id", "date_issue", "amount_total_gross")
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?[^;]*(?:;.*\bextra == ['\"]([a-z0-9-]+)['\"])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at: what it is, how it is, and what to do where it is not well."""

    subject: str
    state: State
    detail: str
    hint: str | None = None


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings as they come, the slow ones last.

    Nothing is written or fetched; a vLLM server, if the settings name one, is asked.
    """
    yield _program()
    yield from _extras()
    yield from examine_ocr(settings.read)
    yield from examine_model(settings)
    yield examine_store(settings)
    yield from _tried("reading", lambda: _reading(settings.read))
    yield from _tried("extraction", lambda: _extraction(settings))


def is_broken(findings: tuple[Finding, ...]) -> bool:
    """Return whether a document could not be extracted as the settings say."""
    return any(finding.state == "broken" for finding in findings)


def _tried(subject: str, job: Callable[[], Finding]) -> Iterator[Finding]:
    """Yield what a job finds, or that it failed and why."""
    try:
        yield job()
    except RasgError as error:
        yield Finding(subject=subject, state="broken", detail=f"{error} [{error.code}]", hint=error.hint)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this machine is what is asked
        record = error_record(error)
        yield Finding(subject=subject, state="broken", detail=f"{type(error).__name__}: {record.message}")


def _program() -> Finding:
    place = Path(__file__).resolve().parent.parent
    kind = "installed" if place.name == "_src" else "a checkout"
    text = f"{version(_DISTRIBUTION)} on Python {platform.python_version()}, {kind} in {place}"
    is_linux = sys.platform == "linux"
    hint = None if is_linux else "the limits of the children that read files are Linux's"
    return Finding(subject="rasg", state="ok" if is_linux else "broken", detail=text, hint=hint)


def _extras() -> Iterator[Finding]:
    """Yield which extras are installed whole, and what the others lack."""
    wanted: dict[str, list[str]] = {}
    for line in requires(_DISTRIBUTION) or ():
        match = _REQUIREMENT.match(line)
        if match is not None and match[1] != _DISTRIBUTION:
            wanted.setdefault(match[2] or "", []).append(match[1])
    for extra, names in wanted.items():
        missing = [name for name in names if not _is_installed(name)]
        subject = f"extra {extra}" if extra else "libraries"
        if not missing:
            yield Finding(subject=subject, state="ok", detail=f"{len(names)} of {len(names)} are here")
        else:
            lacking: State = "note" if extra else "broken"
            yield Finding(subject=subject, state=lacking, detail=f"not here: {', '.join(missing)}")


def _is_installed(distribution: str) -> bool:
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def examine_ocr(settings: ReadSettings) -> Iterator[Finding]:
    """Yield how each OCR engine read a page; broken is what is chosen, or all of them."""
    states = probe_engines(settings.languages)
    none_works = not any(state.is_working for state in states)
    for state in states:
        if state.is_working:
            yield Finding(subject=f"OCR {state.name}", state="ok", detail=_say_languages(state, settings))
        else:
            how: State = "broken" if none_works or settings.ocr == state.name else "note"
            detail = f"{state.why_not}; the others read instead" if how == "note" else f"{state.why_not}"
            yield Finding(subject=f"OCR {state.name}", state=how, detail=detail, hint=state.hint)


def _say_languages(state: EngineState, settings: ReadSettings) -> str:
    if not state.languages:
        return "reads; Latin scripts"
    return f"reads {'+'.join(settings.languages)}; installed are {', '.join(state.languages)}"


def examine_model(settings: Settings) -> Iterator[Finding]:
    """Yield what is chosen, and whether its weights and its adapter are what they should be."""
    if settings.engine == "vllm":
        yield Finding(subject="model", state="ok", detail=f"of the server at {settings.vllm.base_url}")
        return
    yield from _tried("model", lambda: _weights(settings))


def _weights(settings: Settings) -> Finding:
    chosen = choose_model(settings)
    chosen.check()
    adapter = chosen.own_adapter
    having = "without an adapter" if adapter is None else f"with {adapter.name}"
    text = f"{chosen.name} in {chosen.folder}, weights {check_weights(chosen.folder)[:12]}…, {having}"
    return Finding(subject="model", state="ok", detail=text)


def examine_store(settings: Settings) -> Finding:
    """Return whether examples and answers can be kept: by rights alone, as nothing is to be written."""
    if settings.store.url is not None:
        return Finding(subject="store", state="note", detail="a database elsewhere; it was not asked")
    folder = settings.store.folder
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        text = f"{folder} cannot be written: {nearest} is in the way"
        return Finding(subject="store", state="broken", detail=text, hint="RASG_STORE__FOLDER names another")
    made = "" if folder.exists() else ", made when it is first needed"
    return Finding(subject="store", state="ok", detail=f"{folder}{made}")


def _reading(settings: ReadSettings) -> Finding:
    started = time.perf_counter()
    document = read_document(draw_page(_PAGE), options=build_read_options(settings))
    seconds = time.perf_counter() - started
    words = document.pages[0].words
    n_right = len(_PAGE_WORDS & {word.text for word in words})
    sources = ", ".join(sorted({word.source for word in words}))
    text = (
        f"a page of ours by {sources or 'no engine'}: {n_right} of {len(_PAGE_WORDS)} words, {seconds:.1f} s"
    )
    doubts = "; ".join(warning.message for warning in document.warnings)
    if n_right < len(_PAGE_WORDS) / 2:
        return Finding(subject="reading", state="broken", detail=text, hint=doubts or None)
    return Finding(subject="reading", state="note" if doubts else "ok", detail=text, hint=doubts or None)


def _extraction(settings: Settings) -> Finding:
    started = time.perf_counter()
    read_options = build_read_options(settings.read)
    pipeline = build_pipeline(settings, read_options=read_options, keep_packed=False)
    options = default_options(settings).model_copy(update={"n_examples": 0})
    extraction = pipeline.extract(draw_page(_PAGE), get_schema("invoice"), options=options).extraction
    seconds = time.perf_counter() - started
    values = values_by_path(dict(extraction.output.value))
    shown = ", ".join(f"{name} {values.get(name)!r}" for name in _SHOWN_VALUES)
    text = f"{extraction.engine}, {extraction.model}: {shown}; {seconds:.1f} s with loading"
    return Finding(subject="extraction", state="ok", detail=text)
