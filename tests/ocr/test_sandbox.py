"""Children that parse: limited, killable, and never believed blindly."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.errors import status_of
from ocr.limits import ReadLimits
from ocr.parser import Parser
from ocr.sandbox import Child, ChildLimits, ChildPool, Reply, SharedFile, checked
from ocr.sandboxed import run_in_child
from ocr.zygote_process import remove_folder, running_zygote
from schemas.errors import (
    DocumentTooLargeError,
    InputError,
    OcrError,
    OcrTimeoutError,
    ParserCrashedError,
    RasgError,
    SandboxLostError,
    UnreadableDocumentError,
)
from tests.ocr.files import flate_bomb, nested_forms_bomb, pdf, text_at
from tests.speed import slowdown

SIZES = ChildLimits(memory_bytes=1_750_000_000, file_bytes=128_000_000)
PAGE = text_at(72, 700, "Invoice 4711")


def children_left() -> list[str]:
    """Return the folders of this process's children: other programs have theirs beside them."""
    return sorted(path.name for path in running_zygote().folder.glob("rasg-child-*"))


def n_open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def wait_until_no_more_than(n: int) -> int:
    deadline = time.monotonic() + 10
    while len(children_left()) > n and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(children_left())


def zygote_ids() -> list[int]:
    """Return the ids of our processes that children are forked from."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(status[1]) == os.getpid() and b"ocr.zygote" in command:
                found.append(int(entry.name))
    return found


def test_a_parser_reads_pages_one_by_one() -> None:
    with Parser(pdf(PAGE, ""), "application/pdf", limits=ReadLimits()) as parser:
        assert parser.n_pages == 2
        assert [w.text for w in parser.scan(0).words] == ["Invoice", "4711"]
        assert parser.scan(1).words == ()
        rendered = parser.render(0, dpi=72)
        with rendered.file:
            assert (rendered.height_px, rendered.width_px) == (792, 612)


def test_a_refusal_of_the_child_is_raised_here_with_its_type() -> None:
    with pytest.raises(UnreadableDocumentError, match="damaged"):
        Parser(b"%PDF-1.7 nothing", "application/pdf", limits=ReadLimits())


@pytest.mark.slow
def test_an_endless_document_is_ended_by_its_processor_time() -> None:
    started = time.monotonic()
    limits = ReadLimits(cpu_seconds_per_page=1)
    with (
        Parser(nested_forms_bomb(), "application/pdf", limits=limits) as parser,
        pytest.raises((OcrTimeoutError, ParserCrashedError)),
    ):
        parser.scan(0)
    assert time.monotonic() - started < 20 * slowdown()


def test_a_document_that_inflates_beyond_its_limit_does_not_take_our_memory() -> None:
    with (
        Parser(flate_bomb(), "application/pdf", limits=ReadLimits(memory_bytes=400_000_000)) as parser,
        pytest.raises((ParserCrashedError, DocumentTooLargeError)),
    ):
        parser.scan(0)


def test_nothing_is_left_behind() -> None:
    before = len(children_left())
    with Parser(pdf(PAGE), "application/pdf", limits=ReadLimits()) as parser:
        parser.scan(0)
        n_open = n_open_files()
    assert n_open_files() < n_open
    assert wait_until_no_more_than(before) <= before


def test_children_do_not_see_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASG_SECRET", "hunter2")
    Child(kind="parser", limits=SIZES).close()
    environments = [Path(f"/proc/{pid}/environ").read_bytes() for pid in zygote_ids()]
    assert environments
    assert not any(b"RASG_" in environment for environment in environments)


def test_an_unknown_task_is_an_error_and_the_child_lives_on() -> None:
    with Child(kind="recogniser", limits=SIZES) as child, SharedFile() as output:
        with pytest.raises(OcrError, match="nonsense failed: KeyError"):
            child.run("nonsense", {}, cpu_s=1, output=output)
        assert child.is_alive


def test_more_memory_than_allowed_is_too_large_a_document() -> None:
    limits = ChildLimits(memory_bytes=400_000_000, file_bytes=128_000_000)
    args = {"height_px": 20_000, "width_px": 20_000, "dpi": None, "engine": "auto", "languages": ["eng"]}
    with Child(kind="recogniser", limits=limits) as child, SharedFile() as output, SharedFile() as pixels:
        os.ftruncate(pixels.fd, 1_200_000_000)
        with pytest.raises((DocumentTooLargeError, ParserCrashedError)):
            child.run("recognise", args, cpu_s=10, output=output, source=pixels)
        assert not child.is_alive


def test_an_answer_of_the_wrong_type_is_not_believed() -> None:
    with pytest.raises(ParserCrashedError):
        checked(TypeAdapter(tuple[int, ...]), b'["a"]')


def test_shared_bytes_are_read_back() -> None:
    with SharedFile(b"abc" * 1000) as shared:
        assert shared.read(5) == b"abcab"
        assert len(shared.read(10_000)) == 3000


def test_a_pool_hands_out_the_same_child_until_it_has_served_enough() -> None:
    pool = ChildPool(kind="parser", max_idle=1, max_uses=2)
    with pool.borrow(SIZES) as first:
        pass
    with pool.borrow(SIZES) as second:
        pass
    with pool.borrow(SIZES) as third:
        pass
    pool.close()
    assert second is first
    assert third is not first
    assert not first.is_alive
    assert not third.is_alive


def test_a_pool_does_not_keep_a_dead_child() -> None:
    pool = ChildPool(kind="parser", max_idle=1, max_uses=9)
    with pool.borrow(SIZES) as first:
        first.close()
    with pool.borrow(SIZES) as second:
        pass
    pool.close()
    assert second is not first


def shout(data: bytes, *, times: int = 1) -> str:
    return data.decode().upper() * times


def spin(_data: bytes) -> None:
    while True:
        pass


def swallow(_data: bytes) -> int:
    return len(b"x" * 3_000_000_000)


def refuse(_data: bytes) -> None:
    raise InputError("not this")


def die(_data: bytes) -> None:
    os.kill(os.getpid(), 9)


TEXT = TypeAdapter(str)


def test_any_function_of_bytes_runs_in_a_child() -> None:
    assert run_in_child(shout, b"ab", TEXT, limits=ReadLimits(), times=2) == "ABAB"


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (spin, OcrTimeoutError),
        (swallow, DocumentTooLargeError),
        (refuse, InputError),
        (die, ParserCrashedError),
        (bytes, UnreadableDocumentError),  # gives bytes, which JSON cannot say
        (int, ParserCrashedError),  # gives a number, not the text that was asked for
    ],
)
def test_what_a_function_does_in_its_child_ends_in_a_typed_error(
    function: Callable[..., object], error: type[RasgError]
) -> None:
    with pytest.raises(error):
        run_in_child(function, b"12", TEXT, limits=ReadLimits(), cpu_s=1)


def kill_readers() -> None:
    for zygote in zygote_ids():
        os.kill(zygote, signal.SIGKILL)
    # On a busy machine what is killed may go on for a moment, and its children answer once more.
    ends = time.monotonic() + 10
    while zygote_ids() and time.monotonic() < ends:
        time.sleep(0.01)


def test_readers_that_are_killed_between_pages_are_started_again_and_leave_nothing() -> None:
    with Parser(pdf(PAGE, PAGE), "application/pdf", limits=ReadLimits()) as parser:
        before = running_zygote().folder
        parser.scan(0)
        kill_readers()
        assert [w.text for w in parser.scan(1).words] == ["Invoice", "4711"]
    assert not before.exists()
    assert running_zygote().folder.is_dir()


def test_readers_that_are_killed_at_work_are_not_blamed_on_the_document() -> None:
    with Child(kind="parser", limits=SIZES) as child, SharedFile() as output, SharedFile(b"") as source:
        threading.Timer(0.5, kill_readers).start()
        called: dict[str, Any] = {"module": spin.__module__, "name": spin.__qualname__, "kwargs": {}}
        with pytest.raises(SandboxLostError) as caught:
            child.run("call", called, cpu_s=20, output=output, source=source)
    assert caught.value.retryable
    assert status_of(caught.value) == 503


def test_work_whose_readers_are_killed_twice_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    run, n_runs = Child.run, 0

    def run_and_kill(self: Child, *args: Any, **kwargs: Any) -> Reply:  # noqa: ANN401
        nonlocal n_runs
        n_runs += 1
        threading.Timer(0.2, kill_readers).start()
        return run(self, *args, **kwargs)

    monkeypatch.setattr(Child, "run", run_and_kill)
    with pytest.raises(SandboxLostError):
        run_in_child(spin, b"", TEXT, limits=ReadLimits())
    assert n_runs == 2


def test_a_folder_in_which_a_dying_child_still_writes_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, remove = tmp_path / "children", shutil.rmtree
    folder.mkdir()
    calls = iter(range(10))

    def write_meanwhile(path: Path, *, ignore_errors: bool) -> None:
        remove(path, ignore_errors=ignore_errors)
        if next(calls) < 2:
            path.mkdir()

    monkeypatch.setattr("ocr.zygote_process.shutil.rmtree", write_meanwhile)
    remove_folder(folder)
    assert not folder.exists()
