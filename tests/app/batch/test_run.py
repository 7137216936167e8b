"""A batch gives each document a result of its own, does nothing twice, and says what it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.batch.find import BatchFile, find_files
from app.batch.manifest import read_manifest
from app.files import read_file
from app.outputs.csv_tables import scalar_csv
from app.outputs.records import FileResult
from app.outputs.writing import Format
from schemas.errors import ConfigurationError, EmptyDocumentError, FileChangedError, RasgError
from tests.app.batch.fakes import FakePipeline, Part, bad, good, recipe, run_batch, say_text
from tests.app.two_documents import SCHEMA


def run(folder: Path, files: dict[str, tuple[Part, ...]], *, explain: bool = False) -> list[FileResult]:
    for name in files:
        (folder / name).write_text(name)
    found = find_files(folder / name for name in files)
    pipeline = FakePipeline(lambda data: files[data.decode()])
    done = run_batch(found, folder / "out", pipeline, explain=explain)
    return [result for file in done for result in file.results]


def test_a_single_document_keeps_the_files_name(tmp_path: Path) -> None:
    (one, another) = run(tmp_path, {"a.pdf": (good(),), "b.pdf": (bad(1),)})
    assert (one.file, another.file) == ("a.pdf", "b.pdf")
    assert another.error is not None
    assert another.error.message == "no word was read"


def test_a_document_that_fails_has_a_record_beside_the_others(tmp_path: Path) -> None:
    results = run(tmp_path, {"a.pdf": (good(1), bad(2), bad(3, 4, 5))})
    assert [result.file for result in results] == ["a.pdf#1", "a.pdf#2", "a.pdf#3"]
    assert [result.outcome for result in results] == ["succeeded", "failed", "failed"]
    errors = [result.error for result in results]
    assert errors[0] is None
    assert [error and error.message for error in errors[1:]] == [
        "the document on page 2: no word was read",
        "the document on pages 3 to 5: no word was read",
    ]
    assert [error and (error.code, error.hint) for error in errors[1:]] == [("empty_document", "look")] * 2
    rows = scalar_csv(results, SCHEMA).splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["a.pdf#1", "succeeded"],
        ["a.pdf#2", "failed: empty_document"],
        ["a.pdf#3", "failed: empty_document"],
    ]


def test_no_two_results_have_the_same_name(tmp_path: Path) -> None:
    two = (good(1), good(2))
    results = run(tmp_path, {"a.pdf": two, "a.pdf#1": two, "a.pdf#2.2": (good(),), "a.pdf#2": (good(),)})
    names = [result.file for result in results]
    assert len(set(names)) == len(names) == 6
    assert {"a.pdf#2", "a.pdf#2.2", "a.pdf#1#1", "a.pdf#1#2"} < set(names)


def test_an_answer_is_kept_where_its_page_cannot_be_made(tmp_path: Path) -> None:
    results = run(tmp_path, {"a.pdf": (good(1), bad(2))}, explain=True)  # the fake documents have other bytes
    assert [result.extraction is not None for result in results] == [True, False]


@pytest.mark.parametrize(
    ("error", "stops"), [(ConfigurationError("wrong"), True), (EmptyDocumentError("nothing"), False)]
)
def test_only_a_wrong_setting_stops_a_batch(tmp_path: Path, error: RasgError, *, stops: bool) -> None:
    (tmp_path / "a.pdf").write_text("a.pdf")

    def fail(_: bytes) -> tuple[Part, ...]:
        raise error

    if stops:
        with pytest.raises(ConfigurationError):
            run_batch(tmp_path, tmp_path / "out", FakePipeline(fail))
    else:
        (done,) = run_batch(find_files([tmp_path / "a.pdf"]), tmp_path / "out", FakePipeline(fail))
        (result,) = done.results
        assert (result.file, result.extraction) == ("a.pdf", None)


def names_in(out: Path) -> list[str]:
    return [json.loads(line)["file"] for line in (out / "results.jsonl").read_text().splitlines()]


def write_files(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.pdf").write_text(text)
    return folder


def test_what_is_done_is_not_done_again_unless_it_is_asked_for(tmp_path: Path) -> None:
    files, out = write_files(tmp_path / "in", a="1", b="2"), tmp_path / "out"
    pipeline = FakePipeline(say_text)
    run_batch(files, out, pipeline)
    done = run_batch(files, out, pipeline)
    assert [(d.file.name, d.was_done) for d in done] == [("a.pdf", True), ("b.pdf", True)]
    assert pipeline.n_calls == 2
    run_batch(files, out, pipeline, again=True)
    assert pipeline.n_calls == 4
    assert sorted(names_in(out)) == ["a.pdf", "b.pdf"]


def test_other_bytes_or_another_recipe_are_done_again(tmp_path: Path) -> None:
    files, out = write_files(tmp_path / "in", a="1", b="2"), tmp_path / "out"
    pipeline = FakePipeline(say_text)
    run_batch(files, out, pipeline)
    (files / "a.pdf").write_text("3")
    run_batch(files, out, pipeline)
    assert pipeline.n_calls == 3
    lines = (out / "results.jsonl").read_text().splitlines()
    values = [json.loads(line)["extraction"]["output"] for line in lines]
    assert sorted(value["value"]["name"] for value in values) == ["2", "3"]
    run_batch(files, out, pipeline, made=recipe(n_candidates=1))
    assert pipeline.n_calls == 5
    assert len(names_in(out)) == 2


def test_a_file_that_failed_is_tried_again(tmp_path: Path) -> None:
    files, out = write_files(tmp_path / "in", a="1"), tmp_path / "out"
    run_batch(files, out, FakePipeline(lambda _: (bad(1),)))
    (done,) = run_batch(files, out, FakePipeline(say_text))
    assert (done.outcome, done.was_done) == ("succeeded", False)
    assert names_in(out) == ["a.pdf"]
    assert [entry.outcome for entry in read_manifest(out / "manifest.jsonl")] == ["failed", "succeeded"]


def test_files_of_the_same_bytes_share_a_result_and_both_are_named(tmp_path: Path) -> None:
    files, out = write_files(tmp_path / "in", a="1", b="1", c="2"), tmp_path / "out"
    pipeline = FakePipeline(say_text)
    done = run_batch(files, out, pipeline)
    assert pipeline.n_calls == 2
    assert [(d.file.name, d.same_as) for d in done] == [("a.pdf", None), ("b.pdf", "a.pdf"), ("c.pdf", None)]
    assert names_in(out) == ["a.pdf", "b.pdf", "c.pdf"]
    (files / "a.pdf").rename(files / "moved.pdf")
    run_batch(files, out, pipeline)
    assert pipeline.n_calls == 2


def test_files_of_the_same_bytes_share_what_failed_too(tmp_path: Path) -> None:
    files, out = write_files(tmp_path / "in", a="1", b="1"), tmp_path / "out"
    done = run_batch(files, out, FakePipeline(lambda _: (bad(1),)))
    assert [d.outcome for d in done] == ["failed", "failed"]


def test_the_manifest_says_which_bytes_made_how_with_which_outcome(tmp_path: Path) -> None:
    files, out = write_files(tmp_path / "in", a="abc"), tmp_path / "out"
    run_batch(files, out, FakePipeline(lambda _: (good(1), good(2, status="needs_review"))))
    (entry,) = read_manifest(out / "manifest.jsonl")
    # SHA-256 of "abc", the first example of FIPS 180-4.
    assert entry.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (entry.file, entry.n_bytes, entry.outcome) == ("a.pdf", 3, "needs_review")
    assert [document.name for document in entry.documents] == ["a.pdf#1", "a.pdf#2"]
    assert entry.key == recipe().key
    assert entry.recipe.schema_name == SCHEMA.name


def test_documents_that_are_no_more_leave_no_file(tmp_path: Path) -> None:
    files, out = write_files(tmp_path / "in", a="1"), tmp_path / "out"
    formats = (Format.JSON, Format.VALUE)
    run_batch(files, out, FakePipeline(lambda _: (good(1), good(2))), formats=formats)
    assert (out / "a.pdf#2.value.json").is_file()
    run_batch(files, out, FakePipeline(say_text), formats=formats, again=True)
    assert {path.name for path in out.glob("*.json")} == {"a.pdf.json", "a.pdf.value.json"}


def test_another_format_needs_no_model(tmp_path: Path) -> None:
    files, out = write_files(tmp_path / "in", a="1"), tmp_path / "out"
    pipeline = FakePipeline(say_text)
    run_batch(files, out, pipeline)
    run_batch(files, out, pipeline, formats=(Format.VALUE, Format.CSV))
    assert pipeline.n_calls == 1
    assert json.loads((out / "a.pdf.value.json").read_text()) == {"name": "1"}
    assert (out / "results.csv").read_text().startswith("file,status,name")


def test_tables_hold_earlier_files_of_the_recipe_and_none_of_another(tmp_path: Path) -> None:
    out, pipeline = tmp_path / "out", FakePipeline(say_text)
    run_batch(write_files(tmp_path / "jan", a="1"), out, pipeline)
    run_batch(write_files(tmp_path / "other", x="9"), out, pipeline, made=recipe(seed=1))
    run_batch(write_files(tmp_path / "feb", b="2"), out, pipeline, formats=(Format.CSV,))
    rows = (out / "results.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["a.pdf", "b.pdf"]
    assert sorted(names_in(out)) == ["a.pdf", "b.pdf", "x.pdf"]


def values_in(out: Path) -> dict[str, str]:
    lines = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    return {line["file"]: line["extraction"]["output"]["value"]["name"] for line in lines}


def test_files_of_two_folders_with_one_name_both_keep_their_results(tmp_path: Path) -> None:
    out, pipeline = tmp_path / "out", FakePipeline(say_text)
    monday, tuesday = write_files(tmp_path / "mon", scan1="m"), write_files(tmp_path / "tue", scan1="t")
    run_batch(monday, out, pipeline, formats=(Format.JSON,))
    (done,) = run_batch(tuesday, out, pipeline, formats=(Format.JSON, Format.CSV))
    assert (done.file.name, done.replaces) == ("scan1.pdf.2", False)
    assert values_in(out) == {"scan1.pdf": "m", "scan1.pdf.2": "t"}
    assert {path.name for path in out.glob("*.json")} == {"scan1.pdf.json", "scan1.pdf.2.json"}
    assert len((out / "results.csv").read_text().splitlines()) == 3
    for folder, name in ((tuesday, "scan1.pdf.2"), (monday, "scan1.pdf")):
        (done,) = run_batch(folder, out, pipeline)
        assert (done.file.name, done.was_done) == (name, True)
    assert pipeline.n_calls == 2


def test_a_folder_that_was_moved_is_done_and_one_that_is_named_otherwise_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, pipeline = tmp_path / "out", FakePipeline(say_text)
    files = write_files(tmp_path / "in", a="1")
    run_batch(files, out, pipeline)
    moved = files.rename(tmp_path / "archive")
    assert [(d.file.name, d.was_done) for d in run_batch(moved, out, pipeline)] == [("a.pdf", True)]
    monkeypatch.chdir(tmp_path)
    (moved / "a.pdf").write_text("2")
    run_batch(write_files(tmp_path / "in", a="1"), out, pipeline)  # known by what is in it
    (done,) = run_batch(Path("archive"), out, pipeline)
    assert done.file.name == "a.pdf.2"
    assert values_in(out) == {"a.pdf": "1", "a.pdf.2": "2"}


def test_a_file_with_other_bytes_than_before_says_so(tmp_path: Path) -> None:
    out, pipeline = tmp_path / "out", FakePipeline(say_text)
    files = write_files(tmp_path / "in", a="1", b="2")
    assert not any(done.replaces for done in run_batch(files, out, pipeline))
    (files / "a.pdf").write_text("3")
    assert [done.replaces for done in run_batch(files, out, pipeline)] == [True, False]
    assert values_in(out) == {"a.pdf": "3", "b.pdf": "2"}


def test_documents_of_an_earlier_batch_keep_their_names(tmp_path: Path) -> None:
    out, two = tmp_path / "out", FakePipeline(lambda _: (good(1), good(2)))
    run_batch(write_files(tmp_path / "one", a="1"), out, two)
    files = tmp_path / "two"
    files.mkdir()
    (files / "a.pdf#1").write_bytes(b"%PDF-1.7 2")
    (done,) = run_batch(files, out, FakePipeline(say_text))
    assert done.file.name == "a.pdf#1.2"
    run_batch(write_files(tmp_path / "three", a="3"), out, two)
    assert sorted(names_in(out)) == ["a.pdf#1", "a.pdf#1.2", "a.pdf#2", "a.pdf.2#1", "a.pdf.2#2"]


def test_a_file_that_vanished_has_its_record(tmp_path: Path) -> None:
    gone = BatchFile(path=tmp_path / "gone.pdf", name="gone.pdf")
    (done,) = run_batch([gone], tmp_path / "out", FakePipeline(say_text))
    assert done.results[0].error is not None
    assert done.results[0].error.code == "invalid_input"
    (entry,) = read_manifest(tmp_path / "out" / "manifest.jsonl")
    assert (entry.sha256, entry.outcome) == (None, "failed")


def test_a_file_that_is_written_to_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = tmp_path / "a.pdf"
    growing.write_text("1")
    states = iter([(1, 1), (1, 2), (1, 2), (1, 3)])  # size and time, before and after: two tries

    def state(_file: object) -> tuple[int, int]:
        return next(states)

    monkeypatch.setattr("app.files._state", state)
    with pytest.raises(FileChangedError):
        read_file(growing, 10)


def test_the_manifest_names_the_bytes_that_were_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, out = write_files(tmp_path / "in", a="1", b="1"), tmp_path / "out"
    read = read_file

    def write_then_read(path: Path, max_bytes: int) -> bytes:
        if path.name == "a.pdf":
            path.write_text("changed")
        return read(path, max_bytes)

    monkeypatch.setattr("app.batch.extractor.read_file", write_then_read)
    done = run_batch(files, out, FakePipeline(say_text))
    assert [(d.file.name, d.same_as) for d in done] == [("a.pdf", None), ("b.pdf", None)]
    by_name = {entry.file: entry.n_bytes for entry in read_manifest(out / "manifest.jsonl")}
    assert by_name == {"a.pdf": len("changed"), "b.pdf": 1}
