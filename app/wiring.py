"""The only place that chooses implementations: settings in, engine and pipeline out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.pipeline import Pipeline
from app.settings import EngineName, ReadSettings, Settings
from ocr.limits import ReadLimits
from ocr.reader import ReadOptions
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from decoding.engine import Engine


def build_pipeline(
    settings: Settings, *, engine_name: EngineName | None = None, read_options: ReadOptions | None = None
) -> Pipeline:
    """Return a pipeline as `settings` say; `engine_name` and `read_options` override them.

    Raises
    ------
    ConfigurationError
        If the model folder of the embedded engine does not exist.
    EngineUnavailableError, EngineContractError
        If the vLLM server cannot be reached or does not constrain.
    """
    engine = build_engine(settings, engine_name=engine_name)
    return Pipeline(engine=engine, read_options=read_options or build_read_options(settings.read))


def build_engine(settings: Settings, *, engine_name: EngineName | None = None) -> Engine:
    """Return the engine that `settings` name, or the one named here."""
    if (engine_name or settings.engine) == "vllm":
        return _vllm(settings)
    return _embedded(settings)


def _embedded(settings: Settings) -> Engine:
    from decoding.embedded import EmbeddedEngine

    if not (settings.model_folder / "config.json").is_file():
        raise ConfigurationError(
            f"no model in {settings.model_folder.name!r}: config.json is missing",
            hint="set RASG_MODEL_FOLDER to a Hugging Face model folder",
        )
    return EmbeddedEngine(settings.model_folder, adapters=settings.adapters)


def _vllm(settings: Settings) -> Engine:
    from decoding.vllm_client import VllmEngine

    key = settings.vllm.api_key
    return VllmEngine(
        settings.vllm.base_url,
        api_key=None if key is None else key.get_secret_value(),
        model=settings.vllm.model,
        timeout_s=settings.vllm.timeout_s,
    )


def build_read_options(settings: ReadSettings, *, password: str | None = None) -> ReadOptions:
    """Return how to read, within the limits that `settings` set."""
    limits = ReadLimits(
        max_bytes=settings.max_bytes,
        max_pages=settings.max_pages,
        max_pixels_per_page=settings.max_pixels,
        wall_seconds=settings.timeout_s,
        memory_bytes=settings.memory_mb * 1024 * 1024,
    )
    return ReadOptions(
        engine=settings.ocr,
        languages=settings.languages,
        limits=limits,
        n_workers=settings.n_workers,
        password=password,
    )
