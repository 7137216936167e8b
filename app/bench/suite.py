"""What a benchmark asks: data sets, the fields of each, and how to extract."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from app.extraction.options import ExtractionOptions
from app.settings import ExampleMode
from eval.datasets import GoldRecord
from eval.readers import READERS
from schemas.codes import FORMAT_KEYWORD
from schemas.errors import ConfigurationError, EvaluationError
from schemas.registry import from_json_schema, load_schema
from schemas.spec import ExtractionSchema

_MAX_SUITE_BYTES = 1_000_000


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Asked(_Part):
    """One field or column that is asked for; null is a valid answer."""

    kind: Literal["verbatim", "amount", "date"] = "verbatim"
    form: str | None = None
    """That of a verbatim text (`x-rasg-format`): "time", "phone", "iban"."""
    description: str = ""


class DatasetSuite(_Part):
    """What is asked of one data set.

    Attributes
    ----------
    data_schema
        A shipped schema's name or a file (`schema` in the file); otherwise `fields` and `columns` are asked.
    fields, columns
        Native names of the data set's fields, and of the columns of its `line_items`.
    n
        Documents, evenly spaced over the sorted ids; all by default.
    reader
        How the data set's folder is read: "jsonl" for gold records, or a published form (`eval.readers`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    data_schema: Annotated[str | None, Field(alias="schema")] = None
    fields: dict[str, Asked] = Field(default_factory=dict[str, Asked])
    columns: dict[str, Asked] = Field(default_factory=dict[str, Asked])
    n: Annotated[int | None, Field(ge=1)] = None
    reader: str = "jsonl"

    @field_validator("reader")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in READERS:
            raise ValueError(f"there is no reader {value!r}; there are {', '.join(READERS)}")
        return value

    @model_validator(mode="after")
    def _asks_something(self) -> DatasetSuite:
        if (self.data_schema is None) == (not self.fields and not self.columns):
            raise ValueError("name either a schema, or fields and columns")
        return self


class SuiteOptions(ExtractionOptions):
    """How every document is extracted, as in `rasg extract`, and what is shown with it.

    Attributes
    ----------
    retrieval
        Show the gold of the most similar other documents of the data set (`app.bench.gold_store`).
    min_similarity, example_mode
        Which examples are near enough, and by what; as in the settings.
    """

    max_tokens: Annotated[int, Field(ge=1, le=32_768)] = 1024
    retrieval: bool = False
    min_similarity: Annotated[float, Field(ge=0, le=1)] = 0.8
    example_mode: ExampleMode = "fused"

    @field_validator("reasoning", mode="before")
    @classmethod
    def _off_is_a_word(cls, value: object) -> object:
        # YAML 1.1 reads a bare `off` as false.
        return "off" if value is False else value

    def extraction(self) -> ExtractionOptions:
        """Return the options of one extraction."""
        chosen = {name: getattr(self, name) for name in ExtractionOptions.model_fields}
        chosen["n_examples"] = self.n_examples if self.retrieval else 0
        return ExtractionOptions.model_validate(chosen)


class Suite(_Part):
    """A benchmark: where the data are, what is asked of each data set, and how.

    `data` holds one folder a data set, each with a labels.jsonl; relative to the folder of the call.
    `documents` are the SHA-256 of the files that are asked about, all by default; examples are then of other
    files only.
    """

    name: str
    data: Path
    documents: tuple[str, ...] | None = None
    options: SuiteOptions = SuiteOptions()
    datasets: Annotated[dict[str, DatasetSuite], Field(min_length=1)]

    def records(self) -> tuple[GoldRecord, ...]:
        """Return the gold of every document that is asked about.

        Raises
        ------
        EvaluationError
            If a data set cannot be read, or has none of the files that are named.
        """
        found = tuple(
            record
            for name, part in self.datasets.items()
            for record in _spread(self._asked(name, part), part.n)
        )
        if not found:
            raise EvaluationError("none of the named documents is in the data sets")
        twice = [record_id for record_id, n in Counter(record.id for record in found).items() if n > 1]
        if twice:
            raise EvaluationError(f"two documents of the suite are called {twice[0]!r}")
        return found

    def sha256_of(self, record: GoldRecord) -> str | None:
        """Return the hash of a record's file, None if it is not there."""
        try:
            return hashlib.sha256((self.data / record.dataset / record.file).read_bytes()).hexdigest()
        except OSError:
            return None

    def all_records(self) -> tuple[GoldRecord, ...]:
        """Return the gold of every document of the data sets, asked about or not.

        Raises
        ------
        EvaluationError
            If a data set cannot be read.
        """
        return tuple(
            record for name, part in self.datasets.items() for record in _records(self.data / name, part)
        )

    def _asked(self, name: str, part: DatasetSuite) -> tuple[GoldRecord, ...]:
        records = _records(self.data / name, part)
        if self.documents is None:
            return records
        named = frozenset(self.documents)
        return tuple(record for record in records if self.sha256_of(record) in named)

    def schemas(self) -> dict[str, ExtractionSchema]:
        """Return the schema asked of each data set.

        Raises
        ------
        InvalidSchemaError, UnknownSchemaError
            If a schema cannot be honoured, or is not there.
        """
        return {name: _schema(name, part) for name, part in self.datasets.items()}


def read_suite(
    path: Path, *, data: Path | None = None, n: int | None = None, documents: Path | None = None
) -> Suite:
    """Return the suite of a YAML file; `data`, `n` and the files named in `documents` override what it says.

    Raises
    ------
    ConfigurationError
        If a file cannot be read, or is no suite, or no list of hashes.
    """
    try:
        if path.stat().st_size > _MAX_SUITE_BYTES:
            raise ConfigurationError(f"the suite {path.name!r} is larger than {_MAX_SUITE_BYTES} bytes")
        loaded: JsonValue = yaml.safe_load(path.read_text(encoding="utf-8"))
        suite = Suite.model_validate(loaded)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"the suite {path.name!r} is no YAML: {_first_line(error)}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the suite {path.name!r} cannot be read") from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ConfigurationError(f"the suite {path.name!r} is none: {at}: {first['msg']}") from error
    changed: dict[str, object] = {} if data is None else {"data": data}
    if n is not None:
        changed["datasets"] = {k: part.model_copy(update={"n": n}) for k, part in suite.datasets.items()}
    if documents is not None:
        changed["documents"] = read_hash_list(documents)
    return suite.model_copy(update=changed)


def read_hash_list(path: Path) -> tuple[str, ...]:
    """Return the SHA-256 that a file lists, one a line, in order and each once.

    Raises
    ------
    ConfigurationError
        If it cannot be read, lists nothing, or something else.
    """
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the list {path.name!r} cannot be read") from error
    wrong = next((line for line in lines if not re.fullmatch("[0-9a-f]{64}", line)), None)
    if wrong is not None or not lines:
        found = "nothing" if wrong is None else repr(wrong[:80])
        raise ConfigurationError(f"the list {path.name!r} holds {found}, not one SHA-256 a line")
    return tuple(sorted(set(lines)))


def _first_line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return str(error).splitlines()[0] if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"


def _records(folder: Path, part: DatasetSuite) -> tuple[GoldRecord, ...]:
    """Return the records by id, their data set named as the suite does: by its folder."""
    found = sorted(READERS[part.reader](folder), key=lambda record: record.id)
    if not found:
        raise EvaluationError(f"{folder.name!r} has no documents")
    return tuple(record.model_copy(update={"dataset": folder.name}) for record in found)


def _spread(records: Sequence[GoldRecord], n: int | None) -> tuple[GoldRecord, ...]:
    """Return `n` of the records, evenly spaced; all by default."""
    n = len(records) if n is None else min(n, len(records))
    return tuple(records[i * len(records) // n] for i in range(n))


def _schema(name: str, part: DatasetSuite) -> ExtractionSchema:
    if part.data_schema is not None:
        return load_schema(part.data_schema)
    properties: dict[str, JsonValue] = {key: _property(asked) for key, asked in part.fields.items()}
    if part.columns:
        columns: dict[str, JsonValue] = {key: _property(asked) for key, asked in part.columns.items()}
        item: JsonValue = {"type": "object", "properties": columns, "additionalProperties": False}
        properties["line_items"] = {"type": "array", "items": item}
    mapping = {"type": "object", "properties": properties, "additionalProperties": False}
    return from_json_schema(mapping, name=name)


def _property(asked: Asked) -> JsonValue:
    form: dict[str, JsonValue] = {} if asked.form is None else {FORMAT_KEYWORD: asked.form}
    return {"type": ["string", "null"], "x-rasg-kind": asked.kind, **form, "description": asked.description}
