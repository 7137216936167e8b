"""What documents and callers say is shown on a terminal, and does nothing there."""

from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path

import pytest
from rich.table import Table
from typer.testing import CliRunner

from app.cli import app, main
from app.commands.extract_run import print_result
from app.errors import ErrorRecord
from app.log import TextFormatter
from app.outputs.records import FileResult
from app.outputs.writing import Format
from app.terminal import echo, open_console
from schemas.text import one_line, visible
from tests.paths import ROOT

# Clears the screen, sets the title, turns what follows around, is no line end, hides.
ODD = "a\x1b[2J\x1b]0;t\x07b\u202ec\u2028d\u200be\x9bf"
SHOWN = r"a\u001b[2J\u001b]0;t\u0007b\u202ec\u2028d\u200be\u009bf"
SEEN_BY_NOBODY = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def test_control_and_direction_become_escapes_and_letters_stay() -> None:
    assert visible(ODD) == SHOWN
    assert visible("Zürich 1\u202f234 \u05e9\u05dc\u05d5\u05dd 👩\u200d🔧\n\tx") == (
        "Zürich 1\u202f234 \u05e9\u05dc\u05d5\u05dd 👩\u200d🔧\n\tx"
    )
    assert visible("\U000e0041\ud800") == r"\udb40\udc41\ud800"
    assert one_line("a\r\nb") == r"a\u000d\u000ab"


def test_json_that_is_shown_holds_the_same_values() -> None:
    assert json.loads(visible(json.dumps({ODD: ODD}, ensure_ascii=False))) == {ODD: ODD}


def test_tables_and_lines_show_escapes_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("[red]name", title=ODD)
    table.add_row(f"{ODD} [/bold] :smile:")
    open_console().print(table)
    open_console().print(ODD, "[red]x", soft_wrap=True)
    echo(ODD)
    shown = capsys.readouterr().out
    assert SEEN_BY_NOBODY.search(shown) is None
    assert "[/bold]" in shown
    assert "[red]x" in shown
    assert shown.count(SHOWN[:8]) == 4  # rich drops a bell by itself


@pytest.fixture
def odd_schema(tmp_path: Path) -> Path:
    """Return a schema whose every text is odd."""
    path = tmp_path / "schema.json"
    described = {"type": "string", "description": ODD, ODD[:4]: ODD, "format": ODD}
    path.write_text(
        json.dumps({"type": "object", "title": ODD, "description": ODD, "properties": {ODD: described}})
    )
    return path


@pytest.mark.parametrize("command", ["lint", "show", "extract", "ground"])
def test_nothing_of_a_schema_reaches_the_terminal_raw(
    command: str, odd_schema: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    invoice = str(ROOT / "samples" / "invoice.pdf")
    arguments = {
        "lint": ["schema", "lint", str(odd_schema)],
        "show": ["schema", "show", str(odd_schema)],
        "extract": ["extract", invoice, "--schema", str(odd_schema)],
        "ground": ["ground", invoice, str(odd_schema), "--schema", str(odd_schema)],
    }[command]
    monkeypatch.setattr("sys.argv", ["rasg", *arguments])
    with pytest.raises(SystemExit):
        main()
    out, err = capfd.readouterr()
    assert out + err
    assert SEEN_BY_NOBODY.search(out + err) is None


def test_file_names_and_results_are_shown_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / f"bill{ODD}.pdf"
    odd.write_bytes(b"no document")
    done = CliRunner().invoke(app, ["extract", str(odd), "--out", str(tmp_path / "out")])
    assert done.exit_code != 0
    assert SEEN_BY_NOBODY.search(done.output) is None
    failed = FileResult(file=odd.name, error=ErrorRecord(code="x", message=ODD))
    print_result(failed, (Format.JSONL,))
    line = capsys.readouterr().out
    assert SEEN_BY_NOBODY.search(line) is None
    assert json.loads(line)["file"] == odd.name


def test_a_log_line_is_one_line_and_shows_what_it_holds() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("tests.odd")
    logger.addHandler(handler)
    logger.warning("file %s", f"{ODD}\nERROR forged")
    logger.removeHandler(handler)
    assert stream.getvalue() == f"WARNING file {SHOWN}\\u000aERROR forged\n"


def test_commands_print_by_the_helpers_alone() -> None:
    """A command that prints by itself would print what a document says as it is."""
    for path in (ROOT / "app").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if path.name != "terminal.py":
            assert not re.search(r"\btyper\.s?echo\(|(?<![.\w])print\(|(?<!open_c)\bConsole\(", text), path
