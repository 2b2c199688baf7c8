"""kubectl's own command lines in words of planning, where the words alone would be read otherwise."""

from __future__ import annotations

import re
import shlex

_OPERATORS = re.compile(r"[|&;<>`$(){}\n\\]")
_VALUED = {
    "-n": "namespace", "--namespace": "namespace", "--context": "context", "-l": "label", "--selector": "label",
    "-o": "output", "--output": "output", "-c": "container", "--container": "container", "--limits": "limits",
    "--requests": "requests", "--to-revision": "revision",
}  # fmt: skip
_PLAIN = {"-A": "in all namespaces", "--all-namespaces": "in all namespaces", "-w": "", "--watch": "", "--wide": ""}
_Line = tuple[list[str], dict[str, str], list[str]]


def in_words(text: str) -> str | None:
    """The request that says the same as a line of kubectl; None when it is none, or one that the words alone say well
    enough, or has an option that no operation has.
    """
    match = re.match(r"^\s*(?:please\s+)?(?:run\s+)?(?:kubectl|k)\s+(?P<rest>\S.*)$", text)
    if match is None or _OPERATORS.search(text):
        return None
    try:
        line = _read(shlex.split(match["rest"]))
    except ValueError:
        return None
    if line is None:
        return None
    words, options, said = line
    request = _request(words, options)
    if request is None:
        return None
    parts = [request, *said]
    parts += [f"in namespace {options['namespace']}"] if "namespace" in options else []
    parts += [f"with label {options['label']}"] if "label" in options else []
    return " ".join(part for part in parts if part)


def _read(words: list[str]) -> _Line | None:
    kept: list[str] = []
    options: dict[str, str] = {}
    said: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=") if word.startswith("-") else (word, "", "")
        if name in _VALUED:
            if not equals and not rest:
                return None
            options[_VALUED[name]] = value if equals else rest.pop(0)
        elif word in _PLAIN:
            said.append(_PLAIN[word])
        elif word.startswith("-"):
            return None
        else:
            kept.append(word)
    return (kept, options, said) if options.get("context") is None else None


def _named(words: list[str]) -> str | None:
    """``deploy/api`` or ``deploy api`` as ``deployment api``."""
    if len(words) == 1 and "/" in words[0]:
        words = words[0].split("/", 1)
    if len(words) != 2:
        return None
    kind = {"deploy": "deployment", "sts": "statefulset", "ds": "daemonset", "po": "pod", "svc": "service"}
    return f"{kind.get(words[0], words[0])} {words[1]}"


def _request(words: list[str], options: dict[str, str]) -> str | None:
    verb, rest = words[0].lower(), words[1:]
    if verb == "get":
        return _got(rest, options)
    if verb == "top" and rest:
        return f"show the cpu and memory usage of {rest[0]} in kubernetes"
    if words[:2] == ["auth", "can-i"] and len(words) >= 4:
        return f"am I allowed to {words[2]} {' '.join(words[3:])} in kubernetes"
    if verb == "cluster-info" and not rest:
        return "show the kubernetes cluster"
    if verb == "config" and rest and rest[0] in ("get-contexts", "current-context"):
        return "list kubernetes contexts"
    if verb == "set" and len(rest) >= 2:
        return _set(rest[0], rest[1:], options)
    return None


def _got(rest: list[str], options: dict[str, str]) -> str | None:
    output = options.get("output")
    if output not in (None, "wide", "yaml", "json") or not rest:
        return None
    thing = _named(rest)
    if thing is None:
        kinds = {"deploy": "deployments", "sts": "statefulsets", "ds": "daemonsets"}
        return f"list {kinds.get(rest[0], rest[0])} in kubernetes" if len(rest) == 1 and "," not in rest[0] else None
    return f"show the yaml of {thing}" if output in ("yaml", "json") else f"describe {thing}"


def _set(what: str, rest: list[str], options: dict[str, str]) -> str | None:
    pairs = [word for word in rest if "=" in word]
    thing = _named([word for word in rest if "=" not in word])
    if thing is None:
        return None
    if what == "image" and len(pairs) == 1:
        return f"set image of {thing} to {pairs[0].partition('=')[2]}"
    if what == "env" and pairs:
        return f"set {' '.join(pairs)} on {thing}"
    if what == "resources" and "limits" in options and "requests" not in options:
        limits = dict(pair.partition("=")[::2] for pair in options["limits"].split(","))
        said = [f"{limits['memory']} of memory"] if "memory" in limits else []
        said += [f"{limits['cpu']} cpu"] if "cpu" in limits else []
        return f"limit {thing} to {' and '.join(said)} in kubernetes" if len(said) == len(limits) else None
    return None
