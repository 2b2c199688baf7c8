"""Configuration written from a state: the values a resource had, as far as a configuration may say them."""

from __future__ import annotations

import json
from typing import Any

from reign_executors.call import Call
from reign_executors.terraform.place import Place

Schemas = dict[str, dict[str, Any]]
"""Resource type → its schema's block."""


async def schemas_of(place: Place, call: Call) -> Schemas:
    """What the providers of a folder say about their resources."""
    said = json.loads((await place.asked(call, "providers schema", json=True)).stdout)
    found: Schemas = {}
    for provider in (said.get("provider_schemas") or {}).values():
        for kind, schema in (provider.get("resource_schemas") or {}).items():
            found[kind] = schema.get("block") or {}
    return found


def block_of(old: dict[str, Any], new: dict[str, Any] | None, schemas: Schemas) -> dict[str, Any]:
    """The body of a resource block with the values of ``old`` (a resource of ``terraform show -json``): where ``new``
    is there, only those that differ from it; else all that may be said."""
    schema = schemas.get(old["type"]) or {}
    was = old.get("values") or {}
    now = None if new is None else new.get("values") or {}
    body: dict[str, Any] = {}
    for name, about in (schema.get("attributes") or {}).items():
        if not (about.get("optional") or about.get("required")):
            continue
        value = was.get(name)
        if now is None and value is None:
            continue
        if now is None or now.get(name) != value:
            body[name] = escaped(value)
    for name, about in (schema.get("block_types") or {}).items():
        value = was.get(name)
        if value in (None, [], {}) or (now is not None and now.get(name) == value):
            continue
        inner = about.get("block") or {}
        blocks = value if isinstance(value, list) else [value]
        body[name] = [_sayable(one, inner) for one in blocks if isinstance(one, dict)]
    return body


def _sayable(value: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A nested block without what only the provider can say."""
    body: dict[str, Any] = {}
    for name, about in (schema.get("attributes") or {}).items():
        if (about.get("optional") or about.get("required")) and value.get(name) is not None:
            body[name] = escaped(value[name])
    for name, about in (schema.get("block_types") or {}).items():
        inner = value.get(name)
        blocks = inner if isinstance(inner, list) else [inner]
        said = [_sayable(one, about.get("block") or {}) for one in blocks if isinstance(one, dict)]
        if said:
            body[name] = said
    return body


def escaped(value: Any) -> Any:
    """A literal value for JSON configuration, where ``${`` and ``%{`` would be templates."""
    if isinstance(value, str):
        return value.replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list):
        return [escaped(one) for one in value]
    if isinstance(value, dict):
        return {escaped(key): escaped(one) for key, one in value.items()}
    return value
