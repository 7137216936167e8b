"""Adapters' files: copied under the hash of their content, so that the folder they came from may vanish."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

from pydantic import JsonValue

from app.adapters.checks import check_base, check_config, check_weights
from app.adapters.weights import check_factors
from schemas.adapter import CARD, CONFIG, WEIGHTS, AdapterCard, adapter_sha256, read_card, weights_sha256
from schemas.errors import AdapterNotFoundError, ConfigurationError, InvalidAdapterError
from storage.blobs import sync_folder

logger = logging.getLogger(__name__)

# An adapter of rank 64 for a model of 70 billion parameters has 1.6 GB in 16 bits.
MAX_WEIGHTS_BYTES = 4 * 2**30
# A card names each document that was trained on: 64 characters each, of a hundred thousand.
_MAX_BYTES: Mapping[str, int] = MappingProxyType({CONFIG: 1_000_000, CARD: 10_000_000})
_EXTRA = re.compile(r"README\.md|[A-Za-z0-9_-][A-Za-z0-9_.-]{0,100}\.png")
_MAX_EXTRA_BYTES = 5_000_000
_MAX_EXTRAS = 20
_BLOCK = 2**20
_PART = ".part"
# A vLLM server reads the folders too, often as another user of the service's group; a umask may forbid it.
_FOLDER_MODE = 0o750
# No copy takes so long: what is older was left by a process that died.
_STALE_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAdapter:
    """An adapter whose files are in the store: the hash of its content, and its card."""

    content_sha256: str
    card: AdapterCard


class AdapterFiles:
    """The files of all adapters in one folder, each in a folder named by its content.

    Parameters
    ----------
    folder
        Where they are kept; made by the first that is kept.
    model_folder
        The base model that they must be for; a vLLM server serves the same one.
    max_rank
        The largest rank that is taken.
    """

    def __init__(self, folder: Path, *, model_folder: Path, max_rank: int) -> None:
        self._folder = folder
        self._model_folder = model_folder
        self._max_rank = max_rank
        self._base_sha256: str | None = None

    def keep(self, source: Path) -> KeptAdapter:
        """Copy an adapter and return what it is; the same content twice is kept once.

        When this returns the copy is complete and on disk; a crash before leaves nothing under its name.

        Raises
        ------
        InvalidAdapterError
            If the folder holds no adapter for the base model, or one that cannot be served.
        ConfigurationError
            If there is no base model, or the store's folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
            self._sweep()
            part = self._folder / f".{uuid4().hex}{_PART}"
            part.mkdir(mode=_FOLDER_MODE)
            try:
                return self._keep(source, part)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        except OSError as error:
            raise ConfigurationError(f"the store's folder cannot be written: {error.strerror}") from error

    def folder_of(self, content_sha256: str) -> Path:
        """Return the absolute path of an adapter's files, which are what they were.

        Raises
        ------
        AdapterNotFoundError
            If they are gone or changed.
        """
        folder = (self._folder / content_sha256).resolve()
        try:
            found = adapter_sha256(folder)
        except OSError as error:
            raise AdapterNotFoundError(
                f"the files of adapter {content_sha256[:12]} are gone", hint="add it again"
            ) from error
        if found != content_sha256:
            raise AdapterNotFoundError(
                f"the files of adapter {content_sha256[:12]} were changed", hint="add it again"
            )
        return folder

    def base_sha256(self) -> str:
        """Return the hash of the base model's weights, computed once.

        Raises
        ------
        ConfigurationError
            If there are none.
        """
        if self._base_sha256 is None:
            if not any(self._model_folder.glob("*.safetensors")):
                raise ConfigurationError(
                    f"no weights in {self._model_folder.name!r}",
                    hint="set RASG_MODEL_FOLDER to the base model's folder",
                )
            self._base_sha256 = weights_sha256(self._model_folder)
        return self._base_sha256

    def _keep(self, source: Path, part: Path) -> KeptAdapter:
        _copy_all(source, part)
        # What is checked is the copy: the source may change meanwhile.
        card, config = _read(part, source.name)
        check_config(config, max_rank=self._max_rank)
        check_weights(part / WEIGHTS, max_rank=self._max_rank)
        check_base(card, self.base_sha256())
        check_factors(part / WEIGHTS, config, model_folder=self._model_folder)
        content = adapter_sha256(part)
        target = self._folder / content
        if not self._is_whole(content):
            if target.exists():  # damaged: what was served from it is replaced
                target.rename(self._folder / f".{uuid4().hex}{_PART}")
            sync_folder(part)
            try:
                part.rename(target)
            except OSError:  # another process was first
                if not self._is_whole(content):
                    raise
            sync_folder(self._folder)
        return KeptAdapter(content_sha256=content, card=card)

    def _is_whole(self, content_sha256: str) -> bool:
        try:
            self.folder_of(content_sha256)
        except AdapterNotFoundError:
            return False
        return True

    def _sweep(self) -> None:
        """Delete what copies that were cut left behind."""
        for left in self._folder.glob(f".*{_PART}"):
            with suppress(FileNotFoundError):  # whose copy has just ended
                if time.time() - left.stat().st_mtime > _STALE_S:
                    shutil.rmtree(left, ignore_errors=True)


def _read(folder: Path, name: str) -> tuple[AdapterCard, Mapping[str, JsonValue]]:
    """Return the card and the configuration of a copy; `name` is its source's."""
    try:
        card = read_card(folder)
        config: JsonValue = json.loads((folder / CONFIG).read_bytes())
    except (AdapterNotFoundError, ValueError, RecursionError) as error:
        raise InvalidAdapterError(f"{CARD} or {CONFIG} in {name!r} is not what it should be") from error
    return card, config if isinstance(config, dict) else {}


def _copy_all(source: Path, target: Path) -> None:
    """Copy an adapter's three files, README and plots; whatever else there is stays where it is."""
    if not source.is_dir():
        raise InvalidAdapterError(f"{source.name!r} is no folder")
    for name in (CARD, CONFIG, WEIGHTS):
        if not (source / name).exists():
            raise InvalidAdapterError(
                f"{source.name!r} is no adapter: {name} is missing",
                hint="`rasg-train sft` writes such folders",
            )
        _copy(source / name, target / name, _MAX_BYTES.get(name, MAX_WEIGHTS_BYTES))
    for path in _extras(source):
        _copy(path, target / path.name, _MAX_EXTRA_BYTES)


def _extras(source: Path) -> Iterator[Path]:
    found = sorted(path for path in source.iterdir() if _EXTRA.fullmatch(path.name))
    yield from (path for path in found[:_MAX_EXTRAS] if path.is_file() and not path.is_symlink())


def _copy(source: Path, target: Path, max_bytes: int) -> None:
    """Copy a regular file to disk: neither is a link followed nor a pipe waited for."""
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise InvalidAdapterError(f"{source.name} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise InvalidAdapterError(f"{source.name} is no regular file")
        if found.st_size > max_bytes:
            raise InvalidAdapterError(f"{source.name} has {found.st_size} bytes, more than {max_bytes}")
        left = max_bytes
        with target.open("xb") as copy:
            while block := file.read(min(_BLOCK, left + 1)):
                left -= len(block)
                if left < 0:  # it grew while it was read
                    raise InvalidAdapterError(f"{source.name} has more than {max_bytes} bytes")
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
