"""Settings: flag > environment > project file (which may only tighten) > user file > default.

Every value remembers where it came from. A file that can't be read or a value that doesn't fit is reported with its
file and line, and what it would have set stays as it was: a typing error never keeps anyone from working. Rules are
the exception: one that can't be used, or whose example fails, ends the command (:class:`RuleFault`), because leaving it
out could let something happen that it was to stop.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reign_agents.safety.rule_reading import RuleFault, read_rules
from reign_agents.safety.rules import Rule
from reign_agents.settings import CONCURRENCY, GRANT_SECONDS, PROD_PATTERN, EngineSettings, Mode
from reign_tui import model_settings
from reign_tui.paths import Paths, find_paths, find_project_file
from reign_tui.unfit import Unfit as _Unfit
from reign_tui.unfit import each

if TYPE_CHECKING:
    from decimal import Decimal

    from reign_agents.models.prices import Price

_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB)?")
_TIME = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_SECONDS = {None: 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_UNITS = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
EVERYTHING = ("*",)
"""Patterns that every context fits."""
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class AppConfig:
    """All settings with their defaults.

    theme           a built-in theme's name or one of the user's themes folder
    keymap          ids of bindings → keys, for the screen (``{"quit": "ctrl+q"}``)
    suggestions     what can follow is offered while a request is written; false: nothing is offered, nor looked for
    read_only       nothing may change, whatever is approved
    offline         nothing leaves this machine but for the tools' own targets
    model           the language model (anthropic/NAME, openai/NAME, ollama/NAME); None or offline: none is asked
    fallback        models to ask when that one fails, in order; after them comes the offline planner
    prefer          offline (a model is asked what is not understood offline, and for causes), model, offline-only
    temperature     of models' answers, 0 to 2; None: the vendor's own
    max_tokens      of one answer of a model
    model_limits    of one request to models: turns, queries, seconds, tokens, context (tokens of one conversation)
    base_urls       vendor → address of a server that speaks its protocol; a vendor's own variable wins
    answer_cache    seconds that a model's answer is given again for the same question; 0: never
    budget          dollars that models may cost: answer, session, day (in UTC); a person is asked before more is spent
    prices          the person's own prices of models (vendor/model), in dollars for a million tokens
    plain_http      hosts that a model's key may be sent to unencrypted; None but this machine else
    local_contexts  patterns of contexts (and workspaces) that no vendor's model hears of: offline, or Ollama here
    max_cost        dollars that this command may spend on models; only the command line says it
    docker_context  the docker context to act on; None: what DOCKER_HOST or docker itself says
    kube_context    the kubeconfig context to act on; None: the kubeconfig's current one
    namespace       the Kubernetes namespace where a request names none; None: the one the context chooses
    concurrency     steps at the same time, by executor
    prod_pattern    regular expression of target names where a destroy needs the name typed
    capture_limit   bytes; a larger pre-image is not kept, and the step says "irreversible" before it is approved
    mode            read-only, ask or trusted-change (creates and changes run unasked up to a blast radius)
    trust_limit     that radius: how many resources a run may create or change unasked in the mode trusted-change
    grant_limit     seconds; no grant lasts longer
    rules           the person's own, then the project's (which only deny or ask)
    audit_forward   "syslog" or "journald": rows of the audit chain go there, too; None: they don't
    """

    theme: str = "reign-dark"
    keymap: Mapping[str, str] = field(default_factory=dict)
    suggestions: bool = True
    read_only: bool = False
    offline: bool = False
    model: str | None = None
    fallback: tuple[str, ...] = ()
    prefer: str = "offline"
    temperature: float | None = None
    max_tokens: int = 4096
    model_limits: Mapping[str, float] = field(default_factory=dict)
    base_urls: Mapping[str, str] = field(default_factory=dict)
    answer_cache: float = 86_400.0
    budget: Mapping[str, Decimal] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    max_cost: Decimal | None = None
    plain_http: tuple[str, ...] = ()
    local_contexts: tuple[str, ...] = ()
    docker_context: str | None = None
    kube_context: str | None = None
    namespace: str | None = None
    concurrency: Mapping[str, int] = field(default_factory=lambda: dict(CONCURRENCY))
    prod_pattern: str = PROD_PATTERN
    capture_limit: int = 64 * 1024 * 1024
    audit_forward: str | None = None
    mode: Mode = Mode.ASK
    trust_limit: int = 5
    grant_limit: float = 8 * GRANT_SECONDS
    rules: tuple[Rule, ...] = ()


DEFAULTS = AppConfig()


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """``sources`` says for every setting where its value comes from; ``warnings`` are sentences for a person."""

    config: AppConfig
    sources: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Unfit("must be a text")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value == "" else _text(value)


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    raise _Unfit("must be true or false")


def _pattern(value: Any) -> str:
    text = _text(value)
    try:
        re.compile(text)
    except re.error as error:
        raise _Unfit(f"is no regular expression: {error}") from error
    return text


def _bytes(value: Any) -> int:
    found = _SIZE.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if found is None:
        raise _Unfit('must be bytes (67108864) or a size ("64MiB")')
    return int(found[1]) * _UNITS[found[2]]


def _mode(value: Any) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise _Unfit(f"must be one of {', '.join(Mode)}") from None


def _count(value: Any) -> int:
    if isinstance(value, bool) or not str(value).strip().isdigit():
        raise _Unfit("must be a number from 0")
    return int(value)


def _seconds(value: Any) -> float:
    found = _TIME.fullmatch(str(value).strip()) if not isinstance(value, bool) else None
    if found is None or float(found[1]) <= 0:
        raise _Unfit('must be seconds above 0 (3600) or a time ("8h", "30m")')
    return float(found[1]) * _SECONDS[found[2]]


def _audit_log(value: Any) -> str | None:
    if value in (None, "", "syslog", "journald"):
        return value or None
    raise _Unfit('must be "syslog" or "journald"')


def _model(value: Any) -> str | None:
    from reign_agents.models.fitting import fit_model

    try:
        return None if value == "" else "offline" if value == "offline" else fit_model(_text(value))
    except ValueError as error:
        raise _Unfit(str(error)) from error


def _models(value: Any) -> tuple[str, ...]:
    names = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, list):
        raise _Unfit("must list models")
    return tuple(name for name in map(_model, names) if name)


def _prefer(value: Any) -> str:
    if value not in ("offline", "model", "offline-only"):
        raise _Unfit("must be offline, model or offline-only")
    return str(value)


def _budget(value: Any) -> dict[str, Decimal]:
    from reign_agents.models.prices import amount_of

    if isinstance(value, str):
        value = dict(part.split("=", 1) for part in value.split(",") if "=" in part) or value
    if not isinstance(value, dict) or not {str(name).strip() for name in value} <= {"answer", "session", "day"}:
        raise _Unfit('must give dollars for answer, session or day (day = 5; in the environment "answer=0.5,day=5")')
    return each({str(name).strip(): amount for name, amount in value.items()}, lambda _name, amount: amount_of(amount))


def _prices(value: Any) -> dict[str, Price]:
    from reign_agents.models.fitting import fit_model
    from reign_agents.models.prices import price_of

    if not isinstance(value, dict):
        raise _Unfit('must be tables named after models ([prices."openai/NAME"])')

    def read(name: str, entry: Any) -> Price:
        if not isinstance(entry, dict):
            raise ValueError("must be a table with input and output, in dollars for a million tokens")
        fit_model(name)
        return price_of(entry)

    return each(value, read)


def _list(value: Any) -> list[str]:
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise _Unfit("must list texts")
    return [part for part in parts if part]


def _plain_http(value: Any) -> tuple[str, ...]:
    from reign_agents.models.fitting import fit_host

    try:
        return tuple(fit_host(host) for host in _list(value))
    except ValueError as error:
        raise _Unfit(str(error)) from error


def _local_contexts(value: Any) -> tuple[str, ...]:
    try:
        return tuple(_list(value))
    except _Unfit:
        stays = 'must list patterns of contexts (["prod*"]); until it is mended no vendor hears of any'
        raise _Unfit(stays, kept=EVERYTHING) from None


def _counts(value: Any) -> dict[str, int]:
    if isinstance(value, str):
        value = dict(part.split("=", 1) for part in value.split(",") if "=" in part) or value
    if not isinstance(value, dict):
        raise _Unfit('must name executors with numbers (docker = 8; in the environment "docker=8,shell=2")')
    counts = dict(CONCURRENCY)
    for name, count in value.items():
        if isinstance(count, bool) or not str(count).strip().isdigit() or not 1 <= int(count) <= 1000:
            raise _Unfit(f"{name} must be a number from 1 to 1000")
        counts[str(name).strip()] = int(count)
    return counts


def _keys(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value.values()):
        raise _Unfit('must map ids of bindings to keys (quit = "ctrl+q")')
    return dict(value)


_READ: dict[str, Callable[[Any], Any]] = {
    "theme": _text,
    "keymap": _keys,
    "suggestions": _flag,
    "read_only": _flag,
    "offline": _flag,
    "model": _model,
    "fallback": _models,
    "prefer": _prefer,
    "temperature": model_settings.temperature,
    "max_tokens": model_settings.max_tokens,
    "model_limits": model_settings.model_limits,
    "base_urls": model_settings.base_urls,
    "answer_cache": model_settings.answer_cache,
    "budget": _budget,
    "prices": _prices,
    "plain_http": _plain_http,
    "local_contexts": _local_contexts,
    "docker_context": _optional_text,
    "kube_context": _optional_text,
    "namespace": _optional_text,
    "concurrency": _counts,
    "prod_pattern": _pattern,
    "capture_limit": _bytes,
    "audit_forward": _audit_log,
    "mode": _mode,
    "trust_limit": _count,
    "grant_limit": _seconds,
}
_FROM_ENVIRONMENT = {name: f"REIGN_{name.upper()}" for name in _READ if name not in ("keymap", "prices")}


def _both(now: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*now, *wanted)))


def _tighter_flag(now: bool, wanted: bool) -> bool:
    return now or wanted


def _tighter_counts(now: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int]:
    return {name: min(count, wanted.get(name, count)) for name, count in now.items()}


def _tighter_budget(now: Mapping[str, Decimal], wanted: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {**now, **{name: min(amount, now.get(name, amount)) for name, amount in wanted.items()}}


def _tighter_pattern(now: str, wanted: str) -> str:
    flags = "(?i)" if now.startswith("(?i)") or wanted.startswith("(?i)") else ""
    return now if now == wanted else f"{flags}(?:{now.removeprefix('(?i)')})|(?:{wanted.removeprefix('(?i)')})"


def _tighter_mode(now: Mode, wanted: Mode) -> Mode:
    return now.tighter(wanted)


_TIGHTEN: dict[str, Callable[[Any, Any], Any]] = {
    "mode": _tighter_mode,
    "trust_limit": min,
    "grant_limit": min,
    "read_only": _tighter_flag,
    "offline": _tighter_flag,
    "concurrency": _tighter_counts,
    "budget": _tighter_budget,
    "max_tokens": min,
    "model_limits": model_settings.tighter_limits,
    "answer_cache": min,
    "prod_pattern": _tighter_pattern,
    "local_contexts": _both,
}


def _line_of(text: str, key: str, inner: str | None = None) -> int | None:
    """The line (from 1) where ``key`` is set, as an assignment or a table; with ``inner`` where that is set in it."""
    if inner is not None:
        begin = _line_of(text, key) or 1
        lines = text.splitlines()
        shape = re.compile(rf"(?:^|[{{,.\s])[\"']?{re.escape(inner)}[\"']?\s*[=\]]")
        return next((number for number in range(begin, len(lines) + 1) if shape.search(lines[number - 1])), begin)
    shape = re.compile(rf"\s*(?:{re.escape(key)}\s*[=.]|\[\s*{re.escape(key)}\s*[\].]|\"{re.escape(key)}\"\s*=)")
    return next((number for number, line in enumerate(text.splitlines(), 1) if shape.match(line)), None)


def _read_file(path: Path, warnings: list[str]) -> dict[str, Any]:
    """The settings in one file that fit; what doesn't is said in ``warnings``."""
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        warnings.append(f"{path} can't be read ({reason}): its settings are left out")
        return {}
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = found[1] if found else len(text.splitlines()) or 1
        reason = str(error).split(" (at ")[0]
        if re.search(r"^\s*\[\[\s*rules\s*\]\]|^\s*rules\s*=", text, re.MULTILINE):
            raise RuleFault(str(path), int(line), f"{reason}: the file holds rules, and they can't be read") from error
        warnings.append(f"{path}, line {line}: {reason}: the whole file is left out, defaults are used")
        kept: dict[str, Any] = {}
        if re.search(r"^\s*local_contexts\s*=", text, re.MULTILINE):
            warnings.append(f"{path} names local_contexts: until it is mended, no vendor hears of any context")
            kept["local_contexts"] = EVERYTHING
        if re.search(r"^\s*(read_only\s*=\s*true|mode\s*=\s*[\"']read-only)", text, re.MULTILINE):
            warnings.append(f"{path} asks for read_only: that holds all the same, until the file is mended")
            kept["read_only"] = True
        return kept
    settings: dict[str, Any] = {}
    for key, value in raw.items():
        if key == "rules":
            settings[key] = read_rules(value, text, str(path))
            continue
        where = f"{path}, line {_line_of(text, key) or 1}"
        if key not in _READ:
            near = get_close_matches(key, (*_READ, "rules"), n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            warnings.append(f"{where}: there is no setting {key!r}{hint}: it is left out")
            continue
        try:
            settings[key] = _READ[key](value)
        except _Unfit as error:
            where = f"{path}, line {_line_of(text, key, error.inner) or 1}"
            warnings.append(
                f"{where}: {key}: {error}: it is left out" if error.inner else f"{where}: {key} {error}: it is left out"
            )
            if error.kept:
                settings[key] = error.kept
    return settings


def _from_environment(environment: Mapping[str, str], warnings: list[str]) -> dict[str, tuple[Any, str]]:
    settings: dict[str, tuple[Any, str]] = {}
    for name, variable in _FROM_ENVIRONMENT.items():
        if environment.get(variable):
            try:
                settings[name] = _READ[name](environment[variable]), f"environment {variable}"
            except _Unfit as error:
                colon = ":" if error.inner else ""
                warnings.append(f"the environment variable {variable}{colon} {error}: it is left out")
                if error.kept:
                    settings[name] = error.kept, f"environment {variable}"
    return settings


def _addresses(environment: Mapping[str, str], warnings: list[str]) -> tuple[dict[str, str], list[str]]:
    """Vendors' addresses that their kits' own variables name, and those variables."""
    from reign_agents.models.address import ADDRESS_VARIABLES

    found: dict[str, str] = {}
    named: list[str] = []
    for vendor, variable in ADDRESS_VARIABLES.items():
        if environment.get(variable):
            try:
                found |= model_settings.base_urls({vendor: environment[variable]})
                named.append(variable)
            except _Unfit as error:
                if vendor != "ollama":  # its kit takes other forms, too: ":11434", "0.0.0.0"
                    found |= error.kept or {}
                    warnings.append(f"the environment variable {variable}: {error}: it is left out")
    return found, named


def load_config(
    flags: Mapping[str, Any] | None = None,
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] = os.environ,
    paths: Paths | None = None,
) -> LoadedConfig:
    """The settings in force in ``cwd``. ``flags`` holds what the command line said (None: it did not).

    Raises :class:`RuleFault`, naming file and line, for rules that can't be used.
    """
    warnings: list[str] = []
    values: dict[str, Any] = {item.name: getattr(DEFAULTS, item.name) for item in fields(AppConfig)}
    sources = dict.fromkeys(values, "default")
    user_file = (paths or find_paths(environment)).config_file
    for name, value in _read_file(user_file, warnings).items():
        values[name], sources[name] = value, str(user_file)
    project_file = find_project_file(cwd or Path.cwd())
    project = _read_file(project_file, warnings) if project_file else {}
    for name, (value, source) in _from_environment(environment, warnings).items():
        values[name], sources[name] = value, source
    found, named = _addresses(environment, warnings)
    if found:
        values["base_urls"] = {**values["base_urls"], **found}
        before = "" if sources["base_urls"] == "default" else f"{sources['base_urls']}, "
        sources["base_urls"] = f"{before}environment {' '.join(named)}"
    for name, value in (flags or {}).items():
        if value is not None:
            values[name], sources[name] = value, f"flag --{name.replace('_', '-')}"
    rules = project.pop("rules", ())
    loose = [rule for rule in rules if rule.verdict == "allow"]
    warnings.extend(f"{rule.where}: a project file allows nothing: its rule is left out" for rule in loose)
    kept = tuple(rule for rule in rules if rule.verdict != "allow")
    if kept:
        values["rules"], sources["rules"] = (*values["rules"], *kept), f"{project_file} (tightens)"
    for name, value in project.items():
        if name not in _TIGHTEN:
            warnings.append(f"{project_file}: a project file may only tighten, so {name} is left out")
            continue
        tightened = _TIGHTEN[name](values[name], value)
        if tightened != values[name]:
            values[name], sources[name] = tightened, f"{project_file} (tightens)"
    return LoadedConfig(AppConfig(**values), sources, tuple(warnings))


def engine_settings(config: AppConfig, cwd: Path) -> EngineSettings:
    """What of the settings concerns the engine."""
    return EngineSettings(
        cwd=cwd,
        docker_context=config.docker_context,
        kube_context=config.kube_context,
        namespace=config.namespace,
        read_only=config.read_only,
        offline=config.offline,
        concurrency=config.concurrency,
        prod_pattern=config.prod_pattern,
        capture_limit=config.capture_limit,
        mode=config.mode,
        trust_limit=config.trust_limit,
        grant_limit=config.grant_limit,
        rules=config.rules,
        local_contexts=config.local_contexts,
    )
