"""Reading a JSON Schema: one walk that gives every keyword its verdict and builds the tree of fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import cast
from urllib.parse import unquote

from pydantic import JsonValue

from schemas.codes import FORMAT_KEYWORD
from schemas.documents.fields import KIND_KEYWORD
from schemas.json_scalars import ScalarReader
from schemas.keywords import RULE_BY_KEYWORD, Shape
from schemas.report import LintReport, one_line, pointer_to, shown
from schemas.source import JsonObject
from schemas.spec import DEFAULT_MAX_ITEMS, ArraySpec, FieldSpec, ObjectSpec, Spec
from schemas.verdicts import Site, Verdicts, is_count, lists_null

MAX_DEPTH = 16  # objects and lists inside one another
MAX_FIELDS = 4_096  # schemas read, references counted each time: a few references can multiply into millions
MAX_ITEMS = 4_096  # rows of one list; a document of many pages has so many
MAX_KEY_CHARS = 128
_MAX_STEPS = 80  # nested reads: 16 levels, each through a property, two references and two unions
_PLAIN_SHAPES: tuple[Shape, ...] = ("object", "array", "string", "number", "integer", "boolean", "null")
# How providers of language models have a schema sent to them.
_WRAPPED = ("schema", "json_schema", "parameters", "input_schema")
_DRAFTS = ("2020-12/schema", "2019-09/schema", "draft-07/schema", "draft-06/schema")


def read_schema(document: JsonObject) -> tuple[LintReport, ObjectSpec | None]:
    """Return the verdicts on the plain JSON `document`, and its tree unless something was refused."""
    reader = SchemaReader(document)
    root = reader.read_root()
    report = reader.verdicts.report()
    return report, root if report.ok else None


class SchemaReader:
    """The state of one walk: verdicts so far, open references, and how much was read."""

    def __init__(self, document: JsonObject) -> None:
        self.document = document
        self.verdicts = Verdicts()
        self.scalars = ScalarReader(self.verdicts)
        self.open_references: list[str] = []
        self.used_definitions: set[str] = set()
        self.n_read = 0

    def read_root(self) -> ObjectSpec | None:
        """Return the tree, or None if the schema is refused."""
        spec = self.read(self.document, Site(pointer=""))
        self._judge_unused_definitions()
        if spec is None:
            return None
        if not isinstance(spec, ObjectSpec) or spec.nullable:
            self.verdicts.refuse_at("", "the root must be an object, not null", hint="wrap it in an object")
            return None
        return spec

    def read(self, node: JsonValue, site: Site) -> Spec | None:
        """Return the spec of the schema `node`, or None if something in it is refused."""
        self.n_read += 1
        if not isinstance(node, dict):
            return self._refuse_here(site, "a schema must be an object with a type", "write {type: ...}")
        if self.n_read > MAX_FIELDS:
            return self._refuse_here(site, f"the schema has more than {MAX_FIELDS} fields", "split it")
        if site.level > MAX_DEPTH or site.step > _MAX_STEPS:
            return self._refuse_here(site, f"the schema nests deeper than {MAX_DEPTH}", "flatten it")
        shape = _shape(node)
        if shape is None:
            return self._refuse_type(node, site)
        self._judge_keywords(node, site, shape)
        site = self._with_words(node, site, shape)
        spec = self._read_shape(node, site, shape)
        self._judge_rest(node, site)
        return spec

    def _read_shape(self, node: JsonObject, site: Site, shape: Shape) -> Spec | None:
        if shape == "ref":
            return self._read_reference(node, site)
        if shape == "union":
            return self._read_union(node, site)
        if shape not in ("ref", "union", "string", "null") and site.code_format is not None:
            self.verdicts.refuse(
                site.format_pointer,
                FORMAT_KEYWORD,
                f"means nothing for {_a(shape)}",
                hint="move it to a string",
            )
        if shape in ("object", "array") and site.kind is not None:
            self.verdicts.refuse(
                site.kind_pointer, KIND_KEYWORD, "only scalars have a kind", hint="move it to the scalars"
            )
        if shape == "object":
            return self._read_object(node, site)
        if shape == "array":
            return self._read_array(node, site)
        return self.scalars.read(node, shape, site)

    def _refuse_here(self, site: Site, message: str, hint: str) -> None:
        # The last part of the pointer names the place: there is no keyword to blame.
        self.verdicts.refuse_at(site.pointer, message, hint=hint)

    def _refuse_type(self, node: JsonObject, site: Site) -> None:
        wrapped = next((key for key in _WRAPPED if isinstance(node.get(key), dict)), None)
        if not site.pointer and wrapped is not None:
            self._refuse_here(site, "a wrapper of a schema", f"write what stands in its `{wrapped}` alone")
            return
        if "allOf" in node:
            self._refuse_here(site, "the type is missing beside allOf", "write its $ref or its keywords here")
        elif "type" not in node:
            self._refuse_here(site, "the type is missing", 'write type: "string", say')
        else:
            self.verdicts.refuse(
                site.pointer, "type", "a field has one known type, or one and null", hint="choose one type"
            )
        self._judge_rest(node, site)

    # --- all keywords of one schema -------------------------------------------------------------

    def _judge_keywords(self, node: JsonObject, site: Site, shape: Shape) -> None:
        for keyword, argument in node.items():
            rule = RULE_BY_KEYWORD.get(keyword)
            if rule is None:
                self._judge_unknown(keyword, site)
            elif rule.verdicts == ("refused",):
                self._judge_refused(keyword, argument, site)
            elif rule.root_only and site.pointer:
                self.verdicts.refuse(site.pointer, keyword, "may stand only at the root")
            elif shape not in rule.shapes:
                self.verdicts.refuse(
                    site.pointer,
                    keyword,
                    f"means nothing for {_a(shape)}",
                    hint="remove it, or move it inside",
                )
        if node.get("$schema") is not None and not str(node["$schema"]).rstrip("#").endswith(_DRAFTS):
            self.verdicts.refuse(
                site.pointer, "$schema", "an unknown draft of JSON Schema", hint="use 2020-12"
            )

    def _judge_unknown(self, keyword: str, site: Site) -> None:
        if keyword.startswith("x-"):
            self.verdicts.say(site.pointer, keyword, "annotation", "an extension that is not read")
            return
        near = get_close_matches(keyword, RULE_BY_KEYWORD, n=1)
        hint = f"did you mean {near[0]}?" if near else "remove it, or prefix it with x-"
        self.verdicts.refuse(site.pointer, keyword, "not a known keyword", hint=hint)

    def _judge_refused(self, keyword: str, argument: JsonValue, site: Site) -> None:
        rule = RULE_BY_KEYWORD[keyword]
        if keyword == "uniqueItems" and argument is False:
            self.verdicts.say(site.pointer, keyword, "annotation", "false restricts nothing")
        else:
            self.verdicts.refuse(site.pointer, keyword, rule.note, hint=rule.hint)

    def _judge_rest(self, node: JsonObject, site: Site) -> None:
        # What no handler has spoken about gets the first verdict of its rule.
        for keyword in node:
            rule = RULE_BY_KEYWORD.get(keyword)
            if rule is None:
                self._judge_unknown(keyword, site)
            else:
                self.verdicts.say(site.pointer, keyword, rule.verdicts[0], rule.note, hint=rule.hint)

    def _with_words(self, node: JsonObject, site: Site, shape: Shape) -> Site:
        description = node.get("description", "")
        if not isinstance(description, str):
            self.verdicts.refuse(site.pointer, "description", "must be text")
            description = ""
        kind, own_kind = site.kind, node.get(KIND_KEYWORD)
        if own_kind is None and KIND_KEYWORD in node:
            self.verdicts.refuse(site.pointer, KIND_KEYWORD, "must be text")
        if own_kind is not None and kind is not None and own_kind != kind:
            message = f"says {shown(own_kind)} where it is used as {shown(kind)}"
            self.verdicts.refuse(site.pointer, KIND_KEYWORD, message)
        if own_kind is not None and shape in ("ref", "union"):
            self.verdicts.say(
                site.pointer, KIND_KEYWORD, "decoding", f"the field is of kind {shown(own_kind)}"
            )
        own_format = node.get(FORMAT_KEYWORD)
        if own_format is not None and shape in ("ref", "union"):
            self.verdicts.say(site.pointer, FORMAT_KEYWORD, "decoding", f"a code: {shown(own_format)}")
        return replace(
            site,
            code_format=own_format if site.code_format is None else site.code_format,
            format_pointer=site.pointer if site.code_format is None else site.format_pointer,
            description=site.description or one_line(description),
            kind=own_kind if kind is None else kind,
            kind_pointer=site.pointer if kind is None else site.kind_pointer,
        )

    # --- references and unions ------------------------------------------------------------------

    def _read_reference(self, node: JsonObject, site: Site) -> Spec | None:
        reference = node["$ref"]
        definition = self._definition(reference)
        if definition is None:
            self.verdicts.refuse(
                site.pointer, "$ref", "leads to no definition of this schema", hint="use #/$defs/NAME"
            )
            return None
        pointer, target = definition
        if pointer in self.open_references:
            self.verdicts.refuse(
                site.pointer, "$ref", "the schema contains itself", hint="nest a fixed depth"
            )
            return None
        self.used_definitions.add(pointer)
        self.open_references.append(pointer)
        spec = self.read(target, replace(site, pointer=pointer, step=site.step + 1))
        self.open_references.pop()
        return spec

    def _definition(self, reference: JsonValue) -> tuple[str, JsonValue] | None:
        if not isinstance(reference, str):
            return None
        for holder in ("$defs", "definitions"):
            prefix = f"#/{holder}/"
            definitions = self.document.get(holder)
            name = unquote(reference.removeprefix(prefix)).replace("~1", "/").replace("~0", "~")
            if reference.startswith(prefix) and isinstance(definitions, dict) and name in definitions:
                return pointer_to("", holder, name), definitions[name]
        return None

    def _judge_unused_definitions(self) -> None:
        for holder in ("$defs", "definitions"):
            definitions = self.document.get(holder)
            if definitions is not None and not isinstance(definitions, dict):
                self.verdicts.refuse("", holder, "must be an object of schemas")
            elif definitions is not None:
                for name in definitions:
                    if pointer_to("", holder, name) not in self.used_definitions:
                        self.verdicts.say(
                            f"/{holder}", name, "annotation", "no reference leads here; not read"
                        )

    def _read_union(self, node: JsonObject, site: Site) -> Spec | None:
        keyword = "anyOf" if "anyOf" in node else "oneOf"
        if {"anyOf", "oneOf"} <= node.keys():
            self.verdicts.refuse(site.pointer, "oneOf", "stands beside anyOf", hint="keep one of them")
        alternatives = node[keyword]
        if not isinstance(alternatives, list) or not alternatives:
            self.verdicts.refuse(site.pointer, keyword, "must be a list of schemas")
            return None
        specs = [
            self.read(child, replace(site, pointer=pointer_to(site.pointer, keyword, i), step=site.step + 1))
            for i, child in enumerate(alternatives)
        ]
        known = [spec for spec in specs if spec is not None]
        return self._merge(known, keyword, site) if len(known) == len(specs) else None

    def _merge(self, specs: Sequence[Spec], keyword: str, site: Site) -> Spec | None:
        n_nullable = sum(spec.nullable for spec in specs)
        if keyword == "oneOf" and n_nullable > 1:
            return self._refuse_union(site, keyword, "null satisfies several alternatives", "use anyOf")
        others = [spec for spec in specs if not is_null(spec)]
        if len(others) <= 1:
            return replace(others[0] if others else specs[0], nullable=n_nullable > 0)
        fields = [spec for spec in others if isinstance(spec, FieldSpec) and spec.kind == "enum"]
        if len(fields) < len(others):
            return self._refuse_union(
                site,
                keyword,
                "a field has one shape, or one and null",
                "write one schema with nullable fields",
            )
        values = [value for spec in fields for value in spec.enum_values]
        distinct = {(isinstance(value, bool), value): value for value in values}
        if keyword == "oneOf" and len(distinct) < len(values):
            return self._refuse_union(site, keyword, "a value satisfies several alternatives", "use anyOf")
        return replace(fields[0], enum_values=tuple(distinct.values()), nullable=n_nullable > 0)

    def _refuse_union(self, site: Site, keyword: str, message: str, hint: str) -> None:
        self.verdicts.refuse(site.pointer, keyword, message, hint=hint)

    # --- objects and arrays ---------------------------------------------------------------------

    def _read_object(self, node: JsonObject, site: Site) -> ObjectSpec | None:
        self._judge_object(node, site)
        properties = node.get("properties")
        if not isinstance(properties, dict) or not properties:
            return self._refuse_here(
                site, "an object needs declared keys", "use an array of {label, value} rows for open keys"
            )
        children = [(key, self._read_property(key, child, node, site)) for key, child in properties.items()]
        known = tuple((key, spec) for key, spec in children if spec is not None)
        if len(known) < len(children):
            return None
        return ObjectSpec(properties=known, description=site.description, nullable=lists_null(node))

    def _read_property(self, key: str, child: JsonValue, node: JsonObject, site: Site) -> Spec | None:
        pointer = pointer_to(site.pointer, "properties", key)
        if not key or not key.isprintable() or len(key) > MAX_KEY_CHARS:
            self.verdicts.refuse_at(
                pointer, f"keys are 1 to {MAX_KEY_CHARS} printable characters", hint="rename the key"
            )
            return None
        spec = self.read(child, Site(pointer=pointer, level=site.level + 1, step=site.step + 1))
        if isinstance(spec, FieldSpec) and not spec.nullable:
            required = node.get("required")
            optional = not isinstance(required, list) or key not in required
            reason = "not required, but" if optional else "required and"
            self.verdicts.warn(
                pointer, f"{reason} not nullable: the model must always answer; add null to its type"
            )
        return spec

    def _judge_object(self, node: JsonObject, site: Site) -> None:
        required = node.get("required", [])
        declared = node.get("properties")
        keys = declared if isinstance(declared, dict) else {}
        if not isinstance(required, list) or not all(isinstance(key, str) for key in required):
            self.verdicts.refuse(site.pointer, "required", "must be a list of keys")
        else:
            missing = [key for key in required if key not in keys]
            if missing:
                self.verdicts.refuse(
                    site.pointer, "required", f"names a key that is not declared: {shown(missing[0])}"
                )
        extra = node.get("additionalProperties", False)
        if not isinstance(extra, bool) and extra != {}:
            self.verdicts.refuse(
                site.pointer,
                "additionalProperties",
                "open keys with values of a schema cannot be written",
                hint="use an array of {label, value} rows",
            )
        elif extra is not False:
            self.verdicts.say(
                site.pointer, "additionalProperties", "decoding", "stricter: only declared keys are written"
            )

    def _read_array(self, node: JsonObject, site: Site) -> ArraySpec | None:
        least, most = self._item_bounds(node, site)
        if "items" not in node:
            return self._refuse_here(site, "the items of an array need a schema", "add items")
        pointer = pointer_to(site.pointer, "items")
        item = self.read(node["items"], Site(pointer=pointer, level=site.level + 1, step=site.step + 1))
        if item is None or least > most:
            return None
        return ArraySpec(
            item=item,
            description=site.description,
            nullable=lists_null(node),
            min_items=least,
            max_items=most,
        )

    def _item_bounds(self, node: JsonObject, site: Site) -> tuple[int, int]:
        bounds = {"minItems": 0, "maxItems": DEFAULT_MAX_ITEMS}
        for keyword in bounds.keys() & node.keys():
            count = node[keyword]
            if not is_count(count):
                self.verdicts.refuse(site.pointer, keyword, "must be a whole number, 0 or more")
            else:
                bounds[keyword] = int(cast("float", count))
        least, most = bounds["minItems"], min(bounds["maxItems"], MAX_ITEMS)
        if "maxItems" not in node:
            most = max(most, min(least, MAX_ITEMS))
        if least > most:
            self.verdicts.refuse(site.pointer, "minItems", f"no list can have {least} items, at most {most}")
        return least, most


def is_null(spec: Spec) -> bool:
    """Return whether null is all that the field can be."""
    return isinstance(spec, FieldSpec) and spec.enum_values == (None,)


def _a(shape: Shape) -> str:
    return {"ref": "a $ref", "union": "a union"}.get(shape, f"type {shape}")


def _shape(node: JsonObject) -> Shape | None:
    if "$ref" in node:
        return "ref"
    if "anyOf" in node or "oneOf" in node:
        return "union"
    if "enum" in node or "const" in node:
        return "enum"
    types = node.get("type", "object" if "properties" in node else "array" if "items" in node else None)
    names = types if isinstance(types, list) else [types]
    main = [name for name in names if name != "null"] or ["null"]
    if not names or len(main) > 1 or main[0] not in _PLAIN_SHAPES:
        return None
    return main[0]
