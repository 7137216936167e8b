"""What the pages say can be done: files exist, make targets exist, the command line takes the options."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.bench.suite import read_suite
from app.settings import known_variables
from tests.paths import ROOT

PAGES = (
    "README.md",
    "docs/access.md",
    "docs/adapters.md",
    "docs/batch.md",
    "docs/einvoices.md",
    "docs/adr/0012-durable-jobs.md",
    "docs/api.md",
    "docs/finetuning.md",
    "docs/benchmarks.md",
    "docs/clients.md",
    "docs/grounding.md",
    "docs/kinds.md",
    "docs/operations.md",
    "docs/retrieval.md",
    "docs/schemas.md",
    "docs/settings.md",
    "docs/splitting.md",
    "docs/index.md",
    "docs/scale.md",
    "docs/start.md",
    "docs/transcript.md",
    "docs/tutorial_erp.md",
    "docs/tutorial_scoring.md",
    "docs/webhooks.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docker/README.md",
)
# Every command on these is tried for its options.
COMMAND_PAGES = (
    "README.md",
    "docs/access.md",
    "docs/adapters.md",
    "docs/batch.md",
    "docs/benchmarks.md",
    "docs/einvoices.md",
    "docs/splitting.md",
    "docs/index.md",
    "docs/scale.md",
    "docs/start.md",
    "docs/tutorial_erp.md",
    "docs/tutorial_scoring.md",
)
_COMMAND = re.compile(r"^\s*(?:\.venv/bin/)?(rasg(?:-train|-eval)?) (.+)$", re.MULTILINE)


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


def code_blocks(page: str) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL))


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))


@lru_cache
def help_text(program: str, words: tuple[str, ...]) -> str:
    module = {"rasg": "app.cli", "rasg-eval": "eval.cli", "rasg-train": "training.cli"}[program]
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
    done = runner.invoke(import_module(module).app, [*words, "--help"])
    assert done.exit_code == 0, done.output
    return done.stdout


def subcommand(program: str, words: list[str]) -> tuple[str, ...]:
    """Return the words that name the command: `schema list`, or the first one; `rasg-eval` is one itself."""
    if program == "rasg-eval":
        return ()
    groups = {"adapters", "bench", "einvoice", "examples", "keys", "models", "schema"}
    return tuple(words[:2]) if words[0] in groups else (words[0],)


def test_every_setting_is_in_its_table() -> None:
    named = re.findall(r"^\| `(RASG_\w+)` \|", text_of("docs/settings.md"), re.MULTILINE)
    assert sorted(named) == sorted(known_variables())


def test_the_suite_that_the_page_shows_can_be_read(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", text_of("docs/benchmarks.md"), re.MULTILINE | re.DOTALL)
    path = tmp_path / "suite.yaml"
    path.write_text(shown)
    suite = read_suite(path)
    assert suite.options.reasoning == "off"
    assert set(suite.schemas()) == {"receipts", "invoices"}


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_that_a_page_names_exists(page: str) -> None:
    named = re.findall(r"(?:^|`)(?:RASG_\w+=\w+ )?make ([a-z-]+)", text_of(page), re.MULTILINE)
    assert set(named) <= make_targets()


def test_every_module_that_a_make_target_runs_exists() -> None:
    modules = re.findall(r"python -m ([a-z_.]+)", text_of("Makefile"))
    missing = [m for m in modules if not (ROOT / m.replace(".", "/")).with_suffix(".py").exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_links_to_exists(page: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", text_of(page))
    folder = (ROOT / page).parent
    # The reference is made of the code when the site is built, which refuses links that lead nowhere.
    on_disk = [target for target in targets if not target.startswith("reference/")]
    assert [target for target in on_disk if not (folder / target).exists()] == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_every_path_that_a_page_names_exists(page: str) -> None:
    paths = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_.]+)?)`", text_of(page))
    made_by_running = ("out/", "runs/")
    missing = [p for p in paths if not p.startswith(made_by_running) and not (ROOT / p).exists()]
    assert missing == []


@pytest.mark.parametrize(
    ("program", "words"),
    _COMMAND.findall("".join(code_blocks(page) for page in COMMAND_PAGES)),
)
def test_every_command_of_the_pages_is_taken_by_the_command_line(program: str, words: str) -> None:
    parts = words.split("  ")[0].split()
    shown = help_text(program, subcommand(program, parts))
    options = [part for part in parts if part.startswith("--") and part != "--help"]
    assert [option for option in options if option not in shown] == []
