"""Which model the settings mean: its folder, and the adapter that belongs to it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.extraction.adapter_choice import OwnAdapter
from app.models.catalogue import HUB_PREFIX, ShippedAdapter, find_model
from app.models.folder import check_weights, is_model
from app.models.hub import hub_folder_name
from app.models.shipped import adapter_of, folder_of
from app.settings import Settings
from schemas.adapter import WEIGHTS, adapter_sha256, read_card, served_name
from schemas.errors import ConfigurationError
from schemas.value_calibration import CALIBRATION, ValueCalibration, read_calibration

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenModel:
    """A model's folder, and the folder of the adapter that answers where no other is chosen.

    Attributes
    ----------
    name
        As the settings name it; the folder's name where they name a folder.
    adapter, pinned
        Where the adapter lies, and what it is; None for a model without one.
    """

    name: str
    folder: Path
    adapter: Path | None = None
    pinned: ShippedAdapter | None = None

    @property
    def own_adapter(self) -> OwnAdapter | None:
        """Return the adapter as engines know it, whether or not its folder is there: a server has its own.

        Raises
        ------
        ConfigurationError
            If its calibration is none.
        """
        if self.pinned is None:
            return None
        content = self.pinned.content_sha256
        return OwnAdapter(
            name=served_name(self.pinned.name, content),
            content_sha256=content,
            calibration=None if self.adapter is None else _calibration_for(content, self.adapter),
        )

    @property
    def adapters(self) -> Mapping[str, Path]:
        """Return what an engine is started with: the folder of the adapter by the name it is known by."""
        own = self.own_adapter
        return {} if own is None or self.adapter is None else {own.name: self.adapter}

    def check(self) -> None:
        """Raise ConfigurationError unless model and adapter are there, and are what they should be."""
        if not is_model(self.folder):
            raise ConfigurationError(
                f"there is no model in {self.folder.name!r}: config.json or weights are missing",
                hint=f"`rasg models fetch {self.name}` fetches it once, or RASG_MODEL_FOLDER names a folder",
            )
        if self.adapter is not None and self.pinned is not None:
            self._check_adapter(self.adapter, self.pinned)

    def _check_adapter(self, folder: Path, pinned: ShippedAdapter) -> None:
        again = f"`rasg models fetch {self.name}` fetches it once"
        if not (folder / WEIGHTS).is_file():
            raise ConfigurationError(f"the adapter of {self.name!r} is not here", hint=again)
        if read_card(folder).base_sha256 != check_weights(self.folder):
            raise ConfigurationError(f"the adapter of {self.name!r} was trained on other weights than these")
        if adapter_sha256(folder) != pinned.content_sha256:
            raise ConfigurationError(f"the adapter of {self.name!r} is not the one that ships", hint=again)


def _calibration_for(content_sha256: str, folder: Path) -> ValueCalibration | None:
    """Return the calibration in an adapter's folder; one of other weights says nothing of these."""
    found = read_calibration(folder)
    if found is None or found.weights_sha256 in (None, content_sha256):
        return found
    logger.warning("%s of %r was fitted on other weights and is not used", CALIBRATION, folder.name)
    return None


def choose_model(settings: Settings) -> ChosenModel:
    """Return the model that `settings` mean, whether or not its folder is there.

    Raises
    ------
    ConfigurationError
        If they name none of the catalogue.
    InputError
        If they name what cannot be a hub's model.
    """
    if settings.model_folder is not None:
        return ChosenModel(name=settings.model_folder.name, folder=settings.model_folder)
    if settings.model.startswith(HUB_PREFIX):
        repository = settings.model.removeprefix(HUB_PREFIX)
        return ChosenModel(name=settings.model, folder=settings.model_cache / hub_folder_name(repository))
    entry = find_model(settings.model)
    cache = settings.model_cache
    return ChosenModel(
        name=entry.name,
        folder=folder_of(entry, cache),
        adapter=adapter_of(entry, cache),
        pinned=entry.adapter,
    )
