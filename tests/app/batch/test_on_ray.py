"""A Ray cluster of this machine: actors that die are replaced, and a killed batch has each file once."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from app.batch.extractor import FileExtractor, FileOutcome
from app.batch.reading import FileReader
from app.batch.remote import RemoteFile, find_remote
from app.extraction.options import ExtractionOptions
from app.extraction.pipeline import Pipeline, PipelineResult
from benchmarks.batch import write_files
from benchmarks.batch_ray import check_once, kill_on_ray
from ocr.reader import ReadOptions
from schemas.document import Document
from schemas.errors import ConfigurationError
from tests.app.batch.fakes import good
from tests.app.two_documents import SCHEMA
from tests.ocr.files import pdf, text_at

pytestmark = [
    pytest.mark.slow,
    # Ray's own: a socket and a file of a node that it started are left to its exit.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True, scope="module")
def ray() -> ModuleType:
    """Return Ray, which takes seconds to load: not when tests are only collected."""
    return pytest.importorskip("ray", reason="the extra `ray` is not installed")


class Obedient:
    """Does what a page says: dies always, dies the first time, stops the batch, or answers with its text."""

    read_options = ReadOptions(n_workers=1)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self) -> None:
        return None

    def extract_read(self, document: Document, *_: object, **__: object) -> tuple[PipelineResult, ...]:
        text = document.pages[0].text
        tried = self._folder / f"tried.{text.replace(' ', '.')}"
        if text == "die always" or (text == "die once" and not tried.exists()):
            tried.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if text == "stop":
            raise ConfigurationError("nothing would work", hint="mend it")
        return (good(1, name=text),)


def build_reader() -> FileReader:
    return FileReader(read_options=ReadOptions(n_workers=1))


def build_extractor(folder: Path) -> FileExtractor:
    return FileExtractor(
        pipeline=cast("Pipeline", Obedient(folder)), schema=SCHEMA, options=ExtractionOptions()
    )


def build_nothing() -> FileExtractor:
    raise ConfigurationError("there is no model", hint="fetch it")


def write(folder: Path, *texts: str) -> tuple[RemoteFile, ...]:
    for index, text in enumerate(texts):
        (folder / f"{index}.pdf").write_bytes(pdf(text_at(72, 700, text)))
    (folder / f"{len(texts)}.pdf").write_bytes(b"no document")
    return find_remote([str(folder)])


def extract(files: tuple[RemoteFile, ...], folder: Path) -> dict[str, FileOutcome]:
    from app.batch.on_ray import Cluster, extract_on_ray

    build = partial(build_extractor, folder)
    return {f.name: outcome for f, outcome in extract_on_ray(files, build_reader, build, Cluster())}


def test_an_actor_that_dies_is_replaced_and_a_file_that_kills_each_has_a_record(
    tmp_path: Path, ray: ModuleType
) -> None:
    done = extract(write(tmp_path, "x", "die once", "die always", "y"), tmp_path)
    found = {n: (o.documents[0].extraction, o.documents[0].error) for n, o in done.items()}
    values = {n: extraction.output.value["name"] for n, (extraction, _) in found.items() if extraction}
    assert values == {"0.pdf": "x", "1.pdf": "die once", "3.pdf": "y"}
    codes = {n: error.code for n, (_, error) in found.items() if error}
    assert codes == {"2.pdf": "worker_died", "4.pdf": "unsupported_media_type"}
    assert not ray.is_initialized()


def test_a_wrong_setting_in_an_actor_stops_the_batch(tmp_path: Path) -> None:
    from app.batch.on_ray import Cluster, extract_on_ray

    files = write(tmp_path, "stop")
    with pytest.raises(ConfigurationError, match="nothing would work") as caught:
        extract(files, tmp_path)
    assert caught.value.hint == "mend it"
    with pytest.raises(ConfigurationError, match="there is no model"):
        list(extract_on_ray(files, build_reader, build_nothing, Cluster()))


def test_a_batch_that_is_killed_in_the_middle_has_every_file_once(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "files", 16)
    done_at, wrong = kill_on_ray(folder, tmp_path / "out", n_kills=2)
    assert wrong == check_once(folder, tmp_path / "out") == []
    assert 0 < done_at[0] < 16
