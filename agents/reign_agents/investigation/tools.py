"""The registered operations as a language model's tools: queries to look with, one tool to propose with."""

from __future__ import annotations

from reign_agents.investigation.limits import UNSEEN
from reign_agents.models.conversation import Tool
from reign_executors.operation import Change, JsonObject, Query
from reign_executors.registry import Registry

_TEXT: JsonObject = {"type": "string"}
_TEXTS: JsonObject = {"type": "array", "items": {"type": "string"}}


def tool_name(operation: str) -> str:
    """``docker.run`` → ``docker__run``: vendors take no dots."""
    return operation.replace(".", "__")


def readable(registry: Registry, operation: str) -> bool:
    """Whether a model may run it while it investigates."""
    cls = registry.find(operation)
    return issubclass(cls, Query) and not cls.shows_credentials and operation not in UNSEEN


def queries(registry: Registry) -> dict[str, str]:
    """Name of the tool → name of the query."""
    return {tool_name(name): name for name in registry.names() if readable(registry, name)}


def tools(registry: Registry) -> tuple[Tool, ...]:
    """All tools, always in the same order, so that a vendor's cache can keep them."""
    found = []
    for tool, name in queries(registry).items():
        schema = registry.schema(name)
        parameters = schema["parameters"]
        assert isinstance(parameters, dict)
        found.append(Tool(tool, str(schema["description"]), parameters))
    return (*found, *_OWN)


def changes(registry: Registry) -> str:
    """What can be proposed: a line for each operation that changes something."""
    classes = [registry.find(name) for name in registry.names()]
    return "\n".join(f"- {cls.name}: {cls.summary}" for cls in classes if issubclass(cls, Change))


_OWN = (
    Tool(
        "describe_operations",
        "The fields of operations that can be proposed, as JSON schemas",
        {"type": "object", "properties": {"names": _TEXTS}, "required": ["names"]},
    ),
    Tool(
        "read_more",
        "More of what a look gave: from a character on, or only the lines that hold some text",
        {
            "type": "object",
            "properties": {"look": _TEXT, "from": {"type": "integer"}, "find": _TEXT},
            "required": ["look"],
        },
    ),
    Tool(
        "report_finding",
        "A cause you found, with the ids of the looks that show it (q1, q2, …) and a short literal quote of each",
        {
            "type": "object",
            "properties": {
                "text": _TEXT,
                "confidence": {"type": "number"},
                "evidence": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"look": _TEXT, "quote": _TEXT},
                        "required": ["look"],
                    },
                },
            },
            "required": ["text", "confidence", "evidence"],
        },
    ),
    Tool(
        "ask_person",
        "One short question, where something essential is missing or ambiguous",
        {
            "type": "object",
            "properties": {"question": _TEXT, "suggestions": _TEXTS},
            "required": ["question"],
        },
    ),
    Tool(
        "submit_plan",
        "Propose steps. Nothing runs before the real systems were asked for the effect and a person approved it",
        {
            "type": "object",
            "properties": {
                "steps": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "id": _TEXT,
                            "operation": _TEXT,
                            "fields": {"type": "object"},
                            "needs": _TEXTS,
                            "why": _TEXT,
                        },
                        "required": ["id", "operation", "fields", "why"],
                    },
                },
                "assumptions": _TEXTS,
            },
            "required": ["steps"],
        },
    ),
)
