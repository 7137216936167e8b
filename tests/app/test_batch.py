"""A batch gives each document a result of its own, under a name that no other has."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from app.batch import Batch, find_files, has_failed
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import FailedPart, Pipeline, PipelineResult
from app.outputs import FileResult, scalar_csv
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.errors import ConfigurationError, EmptyDocumentError, RasgError
from schemas.extraction import Extraction, Output, Usage
from tests.app.two_documents import SCHEMA
from tests.ocr.files import encoded

Part = PipelineResult | FailedPart


class _Pipeline:
    """Finds in a file as many documents as a test says."""

    read_options = ReadOptions()

    def __init__(self, find: Callable[[bytes], tuple[Part, ...]]) -> None:
        self._find = find

    def extract_all(self, data: bytes, *_: object, **__: object) -> tuple[Part, ...]:
        return self._find(data)


def ignore(_file: str, _stage: str) -> None:
    return None


def good(*page_numbers: int) -> PipelineResult:
    extraction = Extraction(
        document_sha256="0" * 64,
        page_numbers=page_numbers,
        schema_name="named",
        status="succeeded",
        output=Output(value={"name": f"{page_numbers}"}, metadata={}),
        usage=Usage(n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1),
        engine="embedded",
        model="tiny",
    )
    return PipelineResult(
        extraction=extraction, document=Document(sha256="0" * 64, media_type="application/pdf", pages=())
    )


def bad(*page_numbers: int) -> FailedPart:
    return FailedPart(page_numbers=page_numbers, error=EmptyDocumentError("no word was read", hint="look"))


def run(folder: Path, files: dict[str, tuple[Part, ...]], *, explain: bool = False) -> list[FileResult]:
    for name in files:
        (folder / name).write_text(name)
    pipeline = _Pipeline(lambda data: files[data.decode()])
    batch = Batch(
        pipeline=cast("Pipeline", pipeline),
        schema=SCHEMA,
        options=ExtractionOptions(),
        explain_folder=folder if explain else None,
    )
    found = find_files(folder / name for name in files)
    return [result for results in batch.run(found, on_stage=ignore) for result in results]


def test_a_single_document_keeps_the_files_name(tmp_path: Path) -> None:
    (one, another) = run(tmp_path, {"a.pdf": (good(),), "b.pdf": (bad(1),)})
    assert (one.file, another.file) == ("a.pdf", "b.pdf")
    assert another.error is not None
    assert another.error.message == "no word was read"


def test_a_document_that_fails_has_a_record_beside_the_others(tmp_path: Path) -> None:
    results = run(tmp_path, {"a.pdf": (good(1), bad(2), bad(3, 4, 5))})
    assert [result.file for result in results] == ["a.pdf#1", "a.pdf#2", "a.pdf#3"]
    assert has_failed(results)
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

    pipeline = cast("Pipeline", _Pipeline(fail))
    batch = Batch(pipeline=pipeline, schema=SCHEMA, options=ExtractionOptions())
    results = batch.run(find_files([tmp_path / "a.pdf"]), on_stage=ignore)
    if stops:
        with pytest.raises(ConfigurationError):
            next(results)
    else:
        (result,) = next(results)
        assert (result.file, result.extraction) == ("a.pdf", None)


def jpeg() -> bytes:
    return encoded(Image.new("L", (8, 8), 255), "JPEG")


def test_a_folders_documents_are_known_by_name_or_bytes_and_the_rest_is_named(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    files = {
        "BILL.PDF": b"%PDF-1.7",
        "deep/bill": b"%PDF-1.7",
        "photo.jfif": jpeg(),
        "scan.dat": jpeg(),
        "empty.heic": b"",
        "wrong.png": b"no picture",
        "bill.xml": b"<?xml version='1.0'?>",
        "empty.txt": b"",
        "letter.docx": b"PK\x03\x04",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "gone.pdf").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.pdf")
    left_out: dict[str, str] = {}
    found = find_files([tmp_path], on_left_out=left_out.__setitem__)
    assert [file.name for file in found] == [
        *("BILL.PDF", "deep/bill", "empty.heic", "photo.jfif", "scan.dat", "wrong.png")
    ]
    assert left_out == {
        "bill.xml": "the file is an HTML or XML document, which cannot be read",
        "circle": "a link to a folder",
        "empty.txt": "the file has no bytes",
        "gone.pdf": "no regular file",
        "letter.docx": "the file is a ZIP archive or office document, which cannot be read",
        "pipe.pdf": "no regular file",
    }


def test_a_folder_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    # Permissions do not stop an administrator, so the system's answer is given here.
    monkeypatch.setattr(os, "scandir", refuse)
    left_out: dict[str, str] = {}
    assert [file.name for file in find_files([tmp_path], on_left_out=left_out.__setitem__)] == ["a.pdf"]
    assert left_out == {"closed": "cannot be opened: Permission denied"}


def test_what_is_left_out_is_logged_if_nobody_asks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(ConfigurationError, match="no document"):
        find_files([tmp_path])
    assert "left out: notes.txt: the file is of an unknown type" in caplog.text
