"""What is named becomes documents under names of their own, and the rest is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from app.batch.find import find_files
from schemas.errors import ConfigurationError
from tests.ocr.files import encoded


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


def test_patterns_find_files_and_what_stands_in_folders(tmp_path: Path) -> None:
    for name in ("a.pdf", "jan/b.pdf", "jan/deep/c.pdf", "feb/d.pdf", "feb/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"%PDF-1.7")

    def names(*patterns: str) -> list[str]:
        return [file.name for file in find_files([str(tmp_path / pattern) for pattern in patterns])]

    assert names("*.pdf") == ["a.pdf"]
    assert names("**/*.pdf") == ["a.pdf", "feb/d.pdf", "jan/b.pdf", "jan/deep/c.pdf"]
    assert names("jan/**") == ["b.pdf", "deep/c.pdf"]
    assert names("[jf]??") == ["feb/d.pdf", "feb/notes.txt", "jan/b.pdf", "jan/deep/c.pdf"]


def test_a_pattern_like_nothing_is_told_and_links_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(tmp_path)  # each leads to both: endless ways
    left_out: dict[str, str] = {}
    found = find_files(
        [str(tmp_path / "**" / "*.pdf"), str(tmp_path / "*.tiff")], on_left_out=left_out.__setitem__
    )
    assert [file.name for file in found] == ["a.pdf"]
    assert left_out == {str(tmp_path / "*.tiff"): "nothing is like this"}
    with pytest.raises(ConfigurationError, match="no pattern"):
        find_files([str(tmp_path / "a**b")])


def test_a_file_with_signs_of_patterns_in_its_name_is_that_file(tmp_path: Path) -> None:
    odd = tmp_path / "scan[1]*.pdf"
    odd.write_bytes(b"%PDF-1.7")
    assert [file.path for file in find_files([odd])] == [odd]


def test_what_is_named_twice_is_read_once(tmp_path: Path) -> None:
    one = tmp_path / "a.pdf"
    one.write_bytes(b"%PDF-1.7")
    found = find_files([one, str(tmp_path), one, str(tmp_path / "*.pdf")])
    assert [file.name for file in found] == ["a.pdf"]


def test_long_names_are_cut_and_stay_apart(tmp_path: Path) -> None:
    for end in ("a", "b"):
        (tmp_path / f"{'ü' * 120}{end}.pdf").write_bytes(b"%PDF-1.7")  # 245 bytes: no suffix would fit
    names = [file.name for file in find_files([tmp_path])]
    assert len(set(names)) == 2
    assert all(len(name.encode()) <= 200 for name in names)


def test_standard_input_is_a_document(tmp_path: Path) -> None:
    spooled = tmp_path / "spooled"
    spooled.write_bytes(b"%PDF-1.7")
    (found,) = find_files(["-"], stdin=spooled)
    assert (found.path, found.name) == (spooled, "stdin")


def test_a_name_of_results_is_no_folder_and_no_other_files_results(tmp_path: Path) -> None:
    for name in ("a.pdf", "a.pdf.json/b.pdf", "results.jsonl/c.pdf", "a.pdf.value", "x.html/y.csv/d.pdf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    names = {file.name for file in find_files([tmp_path])}
    results = [f"{name}{suffix}" for name in names for suffix in (".json", ".value.json", ".html")]
    assert len(set(results)) == len(results)
    folders = {str(folder) for name in names for folder in Path(name).parents}
    assert folders.isdisjoint({*results, "results.jsonl", "manifest.jsonl"})


def test_the_folder_of_the_results_is_no_folder_of_documents(tmp_path: Path) -> None:
    for name in ("a.pdf", "out/b.pdf", "outside/c.pdf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"%PDF-1.7")
    left_out: dict[str, str] = {}
    found = find_files([tmp_path], on_left_out=left_out.__setitem__, results=tmp_path / "out")
    assert [file.name for file in found] == ["a.pdf", "outside/c.pdf"]
    assert left_out == {"out": "the folder of the results"}
    # What is named itself is meant; and results may be written beside the documents.
    assert [file.name for file in find_files([tmp_path / "out"], results=tmp_path / "out")] == ["b.pdf"]
    assert len(find_files([tmp_path], results=tmp_path)) == 3
