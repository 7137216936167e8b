"""Batches by URIs: parts that are whole or do not count, and each file once after any crash."""

# pyarrow is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pyarrow.parquet as pq
import pytest
from fsspec import config as fsspec_config

from app.batch.extractor import DocumentOutcome, FileOutcome
from app.batch.manifest import Recipe
from app.batch.parts import PartsFolder
from app.batch.reading import FileReader, ReadHead
from app.batch.remote import RemoteFile, find_remote, open_place, read_remote
from app.batch.remote_run import RemoteBatch
from app.batch.run import FileDone
from app.extraction.pipeline import PipelineResult
from app.files import Fingerprint
from ocr.limits import ReadLimits
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.errors import ConfigurationError, DocumentTooLargeError, InputError
from schemas.registry import get_schema
from tests.app.batch.fakes import FakePipeline, extractor, good, recipe, say_text
from tests.app.two_documents import SCHEMA
from tests.object_store import object_store
from tests.ocr.files import pdf, text_at

EMPTY = Document(sha256="0" * 64, media_type="application/pdf", pages=())


@pytest.fixture(params=["file", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the URI of an empty place."""
    if request.param == "file":
        yield str(tmp_path / "place")
    elif request.param == "s3":
        with object_store("scans") as endpoint:
            client = {"endpoint_url": endpoint, "key": "any", "secret": "any"}
            monkeypatch.setitem(cast("Any", fsspec_config).conf, "s3", client)
            yield "s3://scans/place"
    else:
        files, path = open_place("memory://place")
        yield "memory://place"
        if cast("Any", files).exists(path):
            cast("Any", files).rm(path, recursive=True)


def write(place: str, *, folder: str = "in", **texts: str) -> None:
    for name, text in texts.items():
        files, path = open_place(f"{place}/{folder}/{name}.pdf")
        cast("Any", files).makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        files.pipe_file(path, text.encode())


class Extracting:
    """Extracts in this process as the cluster does, and may die after some files."""

    def __init__(self, *, dies_after: int | None = None) -> None:
        self.done: list[str] = []
        self._dies_after = dies_after

    def __call__(self, files: Iterable[RemoteFile]) -> Generator[tuple[RemoteFile, FileOutcome]]:
        for file in files:
            data = read_remote(file.uri, 1000)
            found = Fingerprint(sha256=sha256(data).hexdigest(), n_bytes=len(data))
            if found.sha256 == file.known_sha256:
                yield file, FileOutcome(documents=(), fingerprint=found)
                continue
            if len(self.done) == self._dies_after:
                raise KeyboardInterrupt
            self.done.append(file.name)
            (found_part,) = say_text(data)
            assert isinstance(found_part, PipelineResult)
            documents = (DocumentOutcome(extraction=found_part.extraction),)
            yield file, FileOutcome(documents=documents, fingerprint=found)


def run(
    place: str,
    extracting: Extracting,
    *,
    made: Recipe | None = None,
    again: bool = False,
    part_files: int = 2,
    source: str = "in",
) -> list[FileDone]:
    used = made or recipe()
    folder = PartsFolder(f"{place}/out", (SCHEMA,), schema_sha256=used.schema_sha256)
    done: list[FileDone] = []
    try:
        files = find_remote([f"{place}/{source}"])
        RemoteBatch(folder=folder, recipe=used, on_done=done.append, again=again, part_files=part_files).run(
            files, extracting
        )
    finally:
        folder.close()
    return done


def rows(place: str, table: str) -> list[dict[str, Any]]:
    files, path = open_place(f"{place}/out/{table}")
    parts = sorted(files.find(path))
    return [row for part in parts for row in pq.read_table(io.BytesIO(files.cat_file(part))).to_pylist()]


def values(place: str) -> dict[str, str]:
    """Return the values by file, of which each has to be there once in every table and the manifest."""
    found = rows(place, "results")
    records = [json.loads(row["record"]) for row in rows(place, "records")]
    files, path = open_place(f"{place}/out/manifest")
    lines = [json.loads(line) for part in files.find(path) for line in files.cat_file(part).splitlines()]
    names = Counter(row["file"] for row in found)
    assert set(names.values()) <= {1}
    assert sorted(names) == sorted(record["file"] for record in records) == sorted(e["file"] for e in lines)
    assert {row["file"]: row["name"] for row in found} == {
        record["file"]: record["extraction"]["output"]["value"]["name"] for record in records
    }
    return {row["file"]: row["name"] for row in found}


def test_what_is_done_is_skipped_and_what_changed_is_done_in_its_place(place: str) -> None:
    write(place, a="one", b="two", c="three")
    first = Extracting()
    assert [each.was_done for each in run(place, first)] == [False] * 3
    write(place, b="other", d="four")
    second = Extracting()
    done = run(place, second)
    assert second.done == ["b.pdf", "d.pdf"]
    assert Counter(each.was_done for each in done) == {True: 2, False: 2}
    assert values(place) == {"a.pdf": "one", "b.pdf": "other", "c.pdf": "three", "d.pdf": "four"}
    again = Extracting()
    run(place, again, again=True)
    assert again.done == ["a.pdf", "b.pdf", "c.pdf", "d.pdf"]
    assert len(values(place)) == 4
    other = Extracting()
    run(place, other, made=recipe(seed=7))
    assert len(other.done) == 4
    assert len(values(place)) == 4


def test_files_of_two_places_with_one_name_both_keep_their_results(place: str) -> None:
    write(place, a="one")
    write(place, folder="later", a="other")
    write(place, folder="moved", a="one")
    extracting = Extracting()
    run(place, extracting)
    assert [each.was_done for each in run(place, extracting, source="later")] == [False]
    assert values(place) == {"a.pdf": "one", "a.pdf.2": "other"}
    for source in ("in", "later", "moved"):
        assert [each.was_done for each in run(place, extracting, source=source)] == [True]
    assert len(extracting.done) == 2


@pytest.mark.parametrize("n_done", [0, 1, 3])
def test_a_run_that_is_stopped_keeps_what_came(place: str, n_done: int) -> None:
    write(place, **{f"f{n}": str(n) for n in range(5)})
    with pytest.raises(KeyboardInterrupt):
        run(place, Extracting(dies_after=n_done))
    left = Extracting()
    run(place, left)
    assert len(left.done) == 5 - n_done
    assert len(values(place)) == 5


@pytest.mark.parametrize("n_written", range(9))
def test_a_crash_between_any_two_writes_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_written: int
) -> None:
    """A part is four files; files that are done anew are taken out of the part that they were in."""
    place = str(tmp_path)
    write(place, a="one", b="two", c="three")
    run(place, Extracting())
    write(place, a="new", c="newer")
    left = n_written
    put = PartsFolder._put  # pyright: ignore[reportPrivateUsage]

    def crash(self: PartsFolder, path: str, data: bytes) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        put(self, path, data)

    with monkeypatch.context() as patched:
        patched.setattr(PartsFolder, "_put", crash)
        try:
            run(place, Extracting())
        except KeyboardInterrupt:
            assert left == 0
    run(place, Extracting())
    assert values(place) == {"a.pdf": "new", "b.pdf": "two", "c.pdf": "newer"}


def test_one_batch_at_a_time_writes_to_a_folder_and_only_results_of_one_schema(tmp_path: Path) -> None:
    place = str(tmp_path)
    write(place, a="one")
    run(place, Extracting())
    folder = PartsFolder(f"{place}/out", (SCHEMA,), schema_sha256=recipe().schema_sha256)
    with pytest.raises(ConfigurationError, match="another process writes"):
        PartsFolder(f"{place}/out", (SCHEMA,), schema_sha256=recipe().schema_sha256)
    folder.close()
    with pytest.raises(ConfigurationError, match="another schema"):
        PartsFolder(f"{place}/out", (get_schema("receipt"),), schema_sha256="1" * 64)


def test_files_are_found_by_folder_pattern_and_name(place: str) -> None:
    write(place, a="one", b="two")
    files, path = open_place(f"{place}/in/notes.txt")
    files.pipe_file(path, b"no document")
    left: list[str] = []
    found = find_remote([f"{place}/in"], on_left_out=lambda name, _: left.append(name))
    assert ([file.name for file in found], left) == (["a.pdf", "b.pdf"], ["notes.txt"])
    named = find_remote([f"{place}/in/*.pdf", f"{place}/in/notes.txt"])
    assert [file.name for file in named] == ["a.pdf", "b.pdf", "notes.txt"]
    assert read_remote(named[0].uri, 3) == b"one"
    with pytest.raises(DocumentTooLargeError):
        read_remote(named[0].uri, 2)
    with pytest.raises(InputError, match=r"cannot read absent\.pdf"):
        read_remote(f"{place}/in/absent.pdf", 10)
    with pytest.raises(ConfigurationError, match="no document"):
        find_remote([f"{place}/nothing/*.pdf"])
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        find_remote(["nothing-like-it://a/b"])


def test_a_reader_says_what_is_known_too_large_or_no_document(tmp_path: Path) -> None:
    page = tmp_path / "a.pdf"
    page.write_bytes(pdf(text_at(72, 700, "Invoice 4711")))
    reader = FileReader(read_options=ReadOptions(n_workers=1))
    head, document = reader.read(RemoteFile(uri=str(page), name="a.pdf"))
    assert document is not None
    assert document.pages[0].text == "Invoice 4711"
    assert head.fingerprint is not None
    known, nothing = reader.read(
        RemoteFile(uri=str(page), name="a.pdf", known_sha256=head.fingerprint.sha256)
    )
    assert (known.is_known, nothing) == (True, None)
    small = FileReader(read_options=ReadOptions(limits=ReadLimits(max_bytes=10)))
    large, nothing = small.read(RemoteFile(uri=str(page), name="a.pdf"))
    assert large.error is not None
    assert (large.error.code, nothing) == ("document_too_large", None)


def test_what_is_read_elsewhere_is_extracted_as_if_it_were_read_here() -> None:
    class Reads(FakePipeline):
        def extract_read(self, _document: Document, *_: object, **__: object) -> tuple[Any, ...]:
            return (good(1, name="x"), good(2, name="y"))

    head = ReadHead(fingerprint=Fingerprint(sha256="a" * 64, n_bytes=1), seconds=2.0)
    outcome = extractor(Reads(say_text)).extract_read(head, EMPTY)
    assert outcome.fingerprint == head.fingerprint
    assert outcome.seconds >= 2.0
    assert len(outcome.documents) == 2
