"""The one text of a schema: what a cache keys on, and what outputs are checked against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import unquote

from pydantic import JsonValue

from schemas.keywords import RULES
from schemas.report import pointer_to


def canonical_text(document: Mapping[str, JsonValue]) -> str:
    """Return the schema as compact JSON, keywords in the table's order and properties in their own.

    Definitions that nothing refers to are left out. Two schemas that differ only in the order of
    keywords or in white space give the same text.
    """
    used = set(_references(dict(document)))
    return json.dumps(_ordered(dict(document), used), ensure_ascii=False, separators=(",", ":"))


_ORDER = {rule.keyword: index for index, rule in enumerate(RULES)}


def _ordered(node: JsonValue, used: set[str]) -> JsonValue:
    if not isinstance(node, dict):
        return node
    keywords = sorted(node, key=lambda keyword: (_ORDER.get(keyword, len(_ORDER)), keyword))
    return {keyword: _ordered_argument(keyword, node[keyword], used) for keyword in keywords}


def _ordered_argument(keyword: str, argument: JsonValue, used: set[str]) -> JsonValue:
    if keyword in ("$defs", "definitions") and isinstance(argument, dict):
        return {k: _ordered(v, used) for k, v in argument.items() if f"#{pointer_to('', keyword, k)}" in used}
    if keyword == "properties" and isinstance(argument, dict):
        return {key: _ordered(child, used) for key, child in argument.items()}
    if keyword in ("anyOf", "oneOf") and isinstance(argument, list):
        return [_ordered(child, used) for child in argument]
    return _ordered(argument, used) if keyword == "items" else argument


def _references(node: JsonValue) -> list[str]:
    if isinstance(node, list):
        return [reference for child in node for reference in _references(child)]
    if not isinstance(node, dict):
        return []
    own = [unquote(value) for key, value in node.items() if key == "$ref" and isinstance(value, str)]
    return own + [reference for child in node.values() for reference in _references(child)]
