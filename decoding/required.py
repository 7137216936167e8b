"""Values that must not be null, in documents of several windows: one window has to give them, not each.

The windows answer to the `relaxed` schema; what the merged answer `lacks` is filled from a window that was
made to answer to the whole schema (`fill`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from decoding.windows import WindowAnswer
from schemas.extraction import FieldMetadata
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Path, Spec, json_path


def relaxed(schema: ExtractionSchema) -> ExtractionSchema:
    """Return `schema` with null allowed for every value outside of rows, and every list allowed to be empty.

    Rows stay as they are: a window that shows a row shows its cells.
    """
    return replace(schema, root=_relaxed_object(schema.root))


def _relaxed_object(spec: ObjectSpec) -> ObjectSpec:
    return replace(spec, properties=tuple((key, _relaxed(child)) for key, child in spec.properties))


def _relaxed(spec: Spec) -> Spec:
    if isinstance(spec, FieldSpec):
        return replace(spec, nullable=True)
    return replace(spec, min_items=0) if isinstance(spec, ArraySpec) else _relaxed_object(spec)


def lacks(spec: Spec, value: JsonValue) -> bool:
    """Return whether `value`, an answer to the relaxed spec, misses something that `spec` demands."""
    if value is None:
        return not (spec.nullable or (isinstance(spec, FieldSpec) and None in spec.enum_values))
    if isinstance(spec, ObjectSpec) and isinstance(value, Mapping):
        return any(lacks(child, value.get(key)) for key, child in spec.properties)
    return isinstance(spec, ArraySpec) and isinstance(value, list) and len(value) < spec.min_items


def fill(root: ObjectSpec, answer: WindowAnswer, forced: WindowAnswer) -> WindowAnswer:
    """Return `answer` with what it lacks, and only that, from `forced`, an answer to the whole schema."""
    filling = _Filling(forced=forced.metadata, metadata=dict(answer.metadata))
    value = filling.object(root, answer.value, forced.value, ())
    return WindowAnswer(value=value, metadata=filling.metadata)


@dataclass(slots=True)
class _Filling:
    forced: Mapping[str, FieldMetadata]
    metadata: dict[str, FieldMetadata]

    def object(
        self, spec: ObjectSpec, ours: Mapping[str, JsonValue], theirs: Mapping[str, JsonValue], path: Path
    ) -> dict[str, JsonValue]:
        return {
            key: self._value(child, ours.get(key), theirs.get(key), (*path, key))
            for key, child in spec.properties
        }

    def _value(self, spec: Spec, ours: JsonValue, theirs: JsonValue, path: Path) -> JsonValue:
        if isinstance(spec, ObjectSpec) and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            return self.object(spec, ours, theirs, path)
        if not lacks(spec, ours):
            return ours
        at = json_path(path)
        below = (f"{at}.", f"{at}[")
        self.metadata |= {k: m for k, m in self.forced.items() if k == at or k.startswith(below)}
        return theirs
