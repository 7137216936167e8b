"""Settings: read once from `RASG_*` variables by the entry point, then passed in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from app.service_settings import (
    MAX_KEEP_DAYS,
    ApiSettings,
    ClientSettings,
    Group,
    JobSettings,
    MetricsSettings,
    OutboundSettings,
    TracingSettings,
    WebhookSettings,
)
from schemas.errors import ConfigurationError, InputError
from schemas.example import DEFAULT_TENANT, check_tenant

EngineName = Literal["embedded", "vllm"]
OcrChoice = Literal["auto", "pytesseract", "tesserocr", "rapidocr"]
ExampleMode = Literal["fused", "image", "text"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
LogFormat = Literal["text", "json"]

PREFIX = "RASG_"
_NESTED = "__"
# Read by the set-up scripts and the tests, not by the service.
_NOT_SETTINGS = frozenset({"RASG_PYTHON", "RASG_TORCH", "RASG_VLLM_DEVICE", "RASG_SHARED_DATA"})
# Of `app.models.catalogue`.
DEFAULT_MODEL = "documents-135m"


class ReadSettings(Group):
    """Limits on what is read, and how; the limits are checked before any work.

    `max_pixels` bounds one page image, `timeout_s` the reading of one document, `memory_mb` the
    child process that parses it, `n_workers` the pages read at a time.
    """

    ocr: OcrChoice = "auto"
    # Of Tesseract, in order of preference; each needs its Debian package.
    languages: Annotated[tuple[str, ...], NoDecode] = ("eng", "deu", "fra")
    max_bytes: int = Field(default=50_000_000, ge=1)
    max_pages: int = Field(default=300, ge=1)
    max_pixels: int = Field(default=40_000_000, ge=10_000)
    timeout_s: float = Field(default=900.0, gt=0)
    memory_mb: int = Field(default=1750, ge=512)
    n_workers: int = Field(default=2, ge=1, le=64)

    @field_validator("languages", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        # As Tesseract writes them ("eng+deu"), or with commas.
        return tuple(value.replace("+", ",").split(",")) if isinstance(value, str) else value

    @field_validator("languages")
    @classmethod
    def _are_codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(code.replace("_", "").isalnum() for code in value):
            raise ValueError("languages are Tesseract codes such as eng,deu")
        return value


# What vLLM takes for its largest rank.
_LORA_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)


class VllmSettings(Group):
    """Where the vLLM server is; `model` is the name it serves, None for the only one it has.

    `max_lora_rank` is the largest rank of an adapter: `rasg vllm` starts the server with it, and
    `rasg adapters add` takes no larger one.
    """

    base_url: str = "http://127.0.0.1:8001"
    api_key: SecretStr | None = None
    model: str | None = None
    timeout_s: float = Field(default=300.0, gt=0)
    max_lora_rank: int = 32

    @field_validator("max_lora_rank")
    @classmethod
    def _is_a_rank(cls, value: int) -> int:
        if value not in _LORA_RANKS:
            raise ValueError(f"must be one of {', '.join(map(str, _LORA_RANKS))}")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/").removesuffix("/v1")


def _data_folder() -> Path:
    """Return where this user's programs keep data (XDG base directories)."""
    try:
        home = Path.home()
    except RuntimeError:  # a container's user may have none
        home = Path.cwd()
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "rasg"


class StoreSettings(Group):
    """Where examples and answers are kept, and whose they are.

    Attributes
    ----------
    folder
        Holds the SQLite database and the search index, unless `url` or `index_uri` say otherwise.
    url
        SQLAlchemy's URL of the database, such as postgresql+psycopg://…
    index_uri
        A folder or an object store's URI; credentials are taken from the environment, as its client does.
    tenant
        Whose examples this process reads and writes.
    keep_days
        How long answers of the HTTP service can be confirmed or corrected; 0 keeps none.
    """

    folder: Path = Field(default_factory=_data_folder)
    url: SecretStr | None = None
    index_uri: str | None = None
    tenant: str = DEFAULT_TENANT
    keep_days: float = Field(default=30.0, ge=0, le=MAX_KEEP_DAYS)

    @field_validator("tenant")
    @classmethod
    def _is_id(cls, value: str) -> str:
        try:
            return check_tenant(value)
        except InputError as error:
            raise ValueError(str(error)) from None


class ExampleSettings(Group):
    """How examples are used.

    Attributes
    ----------
    n
        Shown with each page at most; 0 turns retrieval off.
    min_similarity
        An example less near than this is not shown.
    mode
        "fused", "text" (no picture) or "image" (the wavelet hash alone, as in the paper).
    per_template
        Examples of one template that are kept, the newest; 0 keeps all.
    text_encoder
        A Hugging Face folder with a sentence encoder, for a ranking by meaning; none by default.
    """

    n: int = Field(default=1, ge=0, le=8)
    min_similarity: float = Field(default=0.8, ge=0, le=1)
    mode: ExampleMode = "fused"
    per_template: int = Field(default=20, ge=0)
    text_encoder: Path | None = None


class LogSettings(Group):
    """How much is logged, and whether as text or as one JSON object a line."""

    level: LogLevel = "INFO"
    format: LogFormat = "text"


class Settings(BaseSettings):
    """All settings of the service: `RASG_<NAME>`, groups as `RASG_<GROUP>__<NAME>`.

    Attributes
    ----------
    engine
        Which engine decodes: "embedded" runs the model in this process, "vllm" asks the server at
        `vllm.base_url`.
    model
        The language model by name, as `rasg models list` shows it, or hf:OWNER/NAME.
    model_folder
        A Hugging Face model on disk, in the place of a named one.
    model_cache
        Where the weights of named models are kept once they are fetched.
    adapters
        LoRA folders of the embedded engine by name, as a JSON object; a server has its own.
    n_candidates
        Candidates ranked for each value.
    threads
        With which the embedded engine computes; without it one for each core that nobody else needs.
    commit
        Of the source that the program was made of; images say it, and /version tells it.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter=_NESTED, frozen=True, extra="forbid"
    )

    engine: EngineName = "embedded"
    model: str = DEFAULT_MODEL
    model_folder: Path | None = None
    model_cache: Path = Field(default_factory=lambda: _data_folder() / "models")
    adapters: dict[str, Path] = Field(default_factory=dict)
    n_candidates: int = Field(default=4, ge=1, le=64)
    threads: int | None = Field(default=None, ge=1, le=1024)
    commit: str | None = Field(default=None, pattern=r"^[0-9a-f]{7,64}$")
    read: ReadSettings = ReadSettings()
    vllm: VllmSettings = VllmSettings()
    api: ApiSettings = ApiSettings()
    outbound: OutboundSettings = OutboundSettings()
    webhooks: WebhookSettings = WebhookSettings()
    client: ClientSettings = ClientSettings()
    store: StoreSettings = Field(default_factory=StoreSettings)
    examples: ExampleSettings = ExampleSettings()
    jobs: JobSettings = JobSettings()
    log: LogSettings = LogSettings()
    metrics: MetricsSettings = MetricsSettings()
    tracing: TracingSettings = TracingSettings()

    @field_validator("commit", mode="before")
    @classmethod
    def _is_known(cls, value: object) -> object:
        # An image that is built without it has the variable all the same.
        return value or None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return arguments, then the environment: a `.env` in a folder of documents is not trusted."""
        del settings_cls, dotenv_settings, file_secret_settings
        return init_settings, env_settings


def load_settings() -> Settings:
    """Return the settings of this process's environment.

    Raises
    ------
    ConfigurationError
        If a `RASG_*` variable is unknown or its value is refused. Values are never shown: they may be
        secrets.
    """
    _refuse_unknown(os.environ)
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(f"{_variable(e['loc'])}: {e['msg']}" for e in error.errors())
        # The cause repeats the values, so it is not chained.
        raise ConfigurationError(f"settings are refused: {problems}") from None
    except ValueError as error:
        raise ConfigurationError(f"settings are refused: {type(error).__name__}") from None


def known_variables() -> frozenset[str]:
    """Return the names of all variables that are settings."""
    return frozenset(_variables(Settings, PREFIX))


def _variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, info in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _variables(kind, variable + _NESTED)
        else:
            yield variable


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = known_variables()
    for name in sorted(environment):
        upper = name.upper()
        if upper.startswith(PREFIX) and upper not in known | _NOT_SETTINGS:
            near = get_close_matches(upper, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            raise ConfigurationError(f"unknown variable {name}", hint=hint)


def _variable(location: tuple[int | str, ...]) -> str:
    return PREFIX + _NESTED.join(str(part) for part in location).upper()
