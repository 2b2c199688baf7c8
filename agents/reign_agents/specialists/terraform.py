"""Terraform folders: what a plan would change, applying it, destroying it, and what stands in the state."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question, Recipe
from reign_agents.planning.scan import VALUE, Scan
from reign_agents.planning.wish import Wish
from reign_agents.understanding import Understanding, understand
from reign_executors.errors import OperationError
from reign_executors.home import expanded
from reign_executors.operation import JsonObject
from reign_executors.redaction.names import is_secret_name

_NAMED = re.compile(r"(?<![\w./-])(?:terraform|tofu|opentofu|tf|tfstate|tfvars)(?![\w/-])", re.IGNORECASE)
_STACK = re.compile(r"\b(?:stacks?|infra(?:structure)?|workspaces?|outputs?)\b", re.IGNORECASE)
_PATH = r"(?:(?:~[\w.-]*)?/|\.{1,2}/)[^\s,;]*|\.{1,2}(?=\s|$)|[\w@+-]+(?:/[\w@+.-]+)+/?|[\w@+.-]+/"
_ADDRESS = r"(?:module\.[\w-]+(?:\[[^\]\s]+\])?\.?)*(?:[a-z][a-z0-9]*_[a-z0-9_]+\.[\w-]+(?:\[[^\]\s]+\])?)?"
_OTHERS = re.compile(
    r"\.(?:ya?ml|json|txt|sh|py|md)\b|\b(?:manifests?|charts?|helm|kubernetes|k8s|containers?)\b", re.IGNORECASE
)
_SKIPPED = frozenset({".terraform", ".git", "node_modules", ".venv", "vendor"})
_DEEP = 3
_NO_PLACE = (
    "all|everything|every|this|that|the|my|our|it|here|there|terraform|tofu|state|code|config|configuration|changes?|"
    "plans?|files?|resources?|outputs?|stacks?|infrastructure|again|now|please|detail|full|json|parallel|advance|order|"
    "version|providers?|graph|workspaces?|drift|format|formatting|variables?|values"
)
"""Words after "in" and "terraform apply" that name no folder."""


@lru_cache(maxsize=64)
def _understood(text: str) -> Understanding:
    return understand(text)


def _is_terraform(wish: Wish) -> bool:
    """Whether the words speak of terraform: its name, or what understanding makes of them."""
    if wish.it is not None and wish.it.kind == "stack":
        return True
    text = wish.scan().text + " " + Scan(wish.text).text
    if _NAMED.search(text):
        return True
    if _OTHERS.search(text):
        return False
    return "terraform" in _understood(wish.text).domains[:1] and bool(re.search(_PATH, text) or _STACK.search(text))


def _folder_said(wish: Wish) -> bool:
    """Whether a folder is named and nothing else is meant."""
    text = Scan(wish.text).text
    return bool(re.search(rf"(?<![\w.:/@-])(?:{_PATH})", text)) and not _OTHERS.search(text)


def configurations(folder: Path) -> list[Path]:
    """Folders with terraform files, the given one and below, the nearest first; modules below another one left out."""
    from reign_executors.terraform.configuration import has_configuration

    found: list[Path] = []
    waiting = [(folder, 0)]
    while waiting and len(found) < 20:
        here, depth = waiting.pop(0)
        if has_configuration(here):
            found.append(here)
            continue
        if depth < _DEEP:
            waiting += [(below, depth + 1) for below in _folders(here)]
    return found


def _folders(here: Path) -> Iterator[Path]:
    try:
        entries = sorted(here.iterdir())[:500]
    except OSError:
        return
    for entry in entries:
        if entry.name not in _SKIPPED and not entry.name.startswith(".") and entry.is_dir() and not entry.is_symlink():
            yield entry


class _Said:
    """What the words of a wish name: folder, workspace, variables, files of values, addresses."""

    def __init__(self, wish: Wish) -> None:
        scan = wish.scan()
        self.variables: dict[str, JsonValue] = {}
        for found in scan.take(
            rf"(?:\b(?:with|and|where|using|set(?:ting)?|variables?|vars?)\s+)*(?<![\w./-])(?P<name>[A-Za-z_]\w*)="
            rf"(?P<value>{VALUE})"
        ):
            self.variables[found["name"]] = _typed(found["value"])
        self.files = [
            found["value"]
            for found in scan.take(
                r"(?:\b(?:with|using|and|from|the|values?|of|var(?:iable)?s?|files?)\s+)*"
                r"(?P<value>[^\s,;]+\.tfvars(?:\.json)?)(?!\w)"
            )
        ]
        self.workspace = scan.first(
            r"(?:\b(?:in|on|of|for|to|from)\s+)?(?:the\s+)?(?:new\s+|terraform\s+)?(?:workspace|ws)\s+(?:named\s+|called\s+)?"
            r"(?P<value>(?!of\b|in\b|for\b|from\b)[\w.-]+)"
        ) or scan.first(r"\b(?:in|on|for)\s+(?:the\s+)?(?P<value>[\w.-]+)\s+workspace\b")
        self.replace = _addresses(scan, r"replac(?:e|ing)|recreat(?:e|ing)")
        self.targets = _addresses(scan, r"only|just|target(?:s|ing|ed)?(?:\s+at)?")
        self.folder = scan.first(
            rf"(?:\b(?:in|of|for|from|at|inside|under)\s+)?(?:the\s+)?(?:folder\s+|directory\s+)?(?<![\w.:/@-])"
            rf"(?P<value>{_PATH})"
        )
        self._scan = scan

    def bare(self, folder: Path) -> str | None:
        """A word that is a folder there: "apply infra"."""
        for word in self._scan.words(("terraform", "the", "in", "of")):
            if re.fullmatch(r"[\w.-]+", word) and (folder / word).is_dir():
                return word
        return None

    def elsewhere(self) -> str | None:
        """The word of a place that was named and is none of the above: "apply in prod", "destroy the prod stack"."""
        noun = r"(?:folder|directory|stack|environment|env)"
        name = rf"(?P<value>(?!(?:{_NO_PLACE})\b)[A-Za-z][\w.-]*)"
        end = r"(?=\s*(?:[,;.?!]|$|\b(?:with|and|then|using|via|by|please)\b))"
        for pattern in (
            rf"\b(?:in|inside|under|at|from)\s+(?:the\s+)?(?:{noun}\s+)?{name}(?:\s+{noun})?{end}",
            rf"^\s*(?:the\s+)?(?:terraform|tofu)\s+(?:the\s+)?{name}\s*$",
        ):
            found = re.search(pattern, self._scan.text, re.IGNORECASE)
            if found is not None:
                return found["value"]
        return None

    def address(self) -> str | None:
        found = re.finditer(rf"(?<![\w./])(?=\w+[._])(?P<value>{_ADDRESS})(?![\w/])", self._scan.text)
        return next((one["value"] for one in found if one["value"]), None)

    def given(self) -> JsonObject:
        """Fields of plan, apply and destroy."""
        plain = {name: value for name, value in self.variables.items() if not is_secret_name(name)}
        secret = {name: value for name, value in self.variables.items() if is_secret_name(name)}
        return {
            "variables": plain,
            "secret_variables": secret,
            "var_files": list(self.files),
            "targets": list(self.targets),
            "replace": list(self.replace),
        }


def _addresses(scan: Scan, words: str) -> list[str]:
    found = scan.take(
        rf"\b(?:{words})\s+(?:the\s+)?(?:resources?\s+|module\s+(?=module))?(?P<value>(?=\w+[._]){_ADDRESS})"
    )
    return [one["value"] for one in found if one["value"]]


def _typed(text: str) -> JsonValue:
    """Lists, maps, numbers and true/false as such; anything else as the text it is."""
    try:
        value: JsonValue = json.loads(text)
    except ValueError:
        return text
    return value if not isinstance(value, str) else text


async def _folder(wish: Wish, said: _Said, context: PlanningContext, outline: Outline) -> str | Question:
    """The folder that is meant: named, or the only one there is."""
    from reign_executors.terraform.configuration import has_configuration

    cwd = context.settings.cwd
    written = [
        str(Path(str(step.fields["path"])).parent)
        for step in outline.before
        if step.operation.startswith("file.") and str(step.fields.get("path", "")).endswith(".tf")
    ]
    named = said.folder or said.bare(cwd)
    if named is None and wish.it is not None and wish.it.kind == "stack":
        return wish.it.name
    if named is not None:
        path = (cwd / expanded(named)).resolve()
        if has_configuration(path) or not path.is_dir() or any((cwd / one).resolve() == path for one in written):
            return named
        below = configurations(path)
        if len(below) == 1:
            outline.assume(f"the terraform files of {named} are in {_shown(below[0], cwd)}")
            return _shown(below[0], cwd)
        return _which(wish, f"There are no terraform files in {named} itself.", below, cwd, named)
    if written:
        return written[-1]
    for step in reversed(outline.before):
        if step.operation.startswith("terraform.") and "folder" in step.fields:
            return str(step.fields["folder"])
    found = configurations(cwd)
    other = said.elsewhere()
    if other is not None and found and not (cwd / other).exists():
        return _which(wish, f"There is no folder {other} here.", found, cwd, other)
    if len(found) == 1:
        shown = _shown(found[0], cwd)
        if shown != ".":
            outline.assume(f"the terraform files are in {shown}")
        return shown
    return _which(wish, "Which terraform folder?", found, cwd, None)


def _which(wish: Wish, text: str, found: list[Path], cwd: Path, named: str | None) -> Question:
    request = wish.text.rstrip(" .?!")
    if not found:
        return Question(
            f"There are no terraform files {f'in {named}' if named else 'here'}. Which folder?",
            ("terraform plan in ./infra",),
            completes=None if named else "{request} in ./{reply}",
        )
    names = [_shown(one, cwd) for one in found[:6]]
    asked = [re.sub(re.escape(named), name, request) if named else f"{request} in {name}" for name in names]
    return Question(f"{text} There are {', '.join(names)}.", tuple(asked))


def _shown(path: Path, cwd: Path) -> str:
    try:
        below = path.resolve().relative_to(cwd.resolve())
    except ValueError:
        return str(path)
    return "." if str(below) == "." else f"./{below}"


def _defined(folder: Path, files: list[str]) -> set[str]:
    """Names of variables that get a value without being asked for."""
    found = {name.removeprefix("TF_VAR_") for name in os.environ if name.startswith("TF_VAR_")}
    given = [folder / name for name in files]
    automatic = [
        path
        for pattern in ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
        for path in folder.glob(pattern)
    ]
    for path in (*automatic, *given):
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        found |= set(re.findall(r'^\s*"?([A-Za-z_][\w-]*)"?\s*[=:]', text, re.MULTILINE))
    return found


def _missing_value(wish: Wish, folder: str, said: _Said, context: PlanningContext) -> Question | None:
    from reign_executors.terraform.configuration import has_configuration, read_configuration

    path = (context.settings.cwd / expanded(folder)).resolve()
    if not has_configuration(path):
        return None
    known = {*said.variables, *_defined(path, said.files)}
    names = [name for name in read_configuration(path).required if name not in known]
    if not names:
        return None
    request = wish.text.rstrip(" .?!")
    others = f" ({', '.join(names[1:])} after that)" if len(names) > 1 else ""
    return Question(
        f"What is the value of the variable {names[0]} of {folder}?{others}",
        (f"{request} with {names[0]}=…",),
        completes=f"{{request}} with {names[0]}={{reply}}",
    )


def _init_first(folder: str, context: PlanningContext, outline: Outline) -> tuple[str, ...]:
    """An init before what needs it, when that folder never had one; the steps to wait for."""
    from reign_executors.terraform.configuration import has_configuration, read_configuration

    path = (context.settings.cwd / expanded(folder)).resolve()
    planned = [
        step
        for step in (*outline.before, *outline.steps)
        if step.operation == "terraform.init"
        and (context.settings.cwd / str(step.fields.get("folder", "."))).resolve() == path
    ]
    if planned or not has_configuration(path) or (path / (os.environ.get("TF_DATA_DIR") or ".terraform")).is_dir():
        return ()
    configuration = read_configuration(path)
    if not (configuration.to_install or configuration.modules or configuration.backend_said):
        return ()
    outline.assume(f"{folder} was never initialised, so that comes first")
    return (outline.add("terraform.init", {"folder": folder}, f"initialise {folder}"),)


async def _no_such_workspace(
    wish: Wish, folder: str, said: _Said, context: PlanningContext, outline: Outline
) -> Question | None:
    """A question when the workspace that is named does not exist: a slip must not make one."""
    made = any(
        step.operation == "terraform.workspace_new" and step.fields.get("new") == said.workspace
        for step in outline.before
    )
    if said.workspace in (None, "default") or made or outline.steps:
        return None
    try:
        known = await context.look("terraform.workspaces", {"folder": folder})
    except OperationError:
        return None  # the preview says what is wrong there
    names = known.get("workspaces")
    if not isinstance(names, list) or said.workspace in names:
        return None
    request = wish.text.rstrip(" .?!")
    listed = ", ".join(str(name) for name in names)
    return Question(
        f"There is no workspace {said.workspace} in {folder} (there are: {listed}).",
        (f"create workspace {said.workspace} in {folder} and then {request}",),
    )


def _planned(operation: str, why: str) -> Build:
    """Plan, apply and destroy."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        said = _Said(wish)
        folder = await _folder(wish, said, context, outline)
        if isinstance(folder, Question):
            return folder
        question = _missing_value(wish, folder, said, context)
        if question is not None:
            return question
        after = _init_first(folder, context, outline)
        question = await _no_such_workspace(wish, folder, said, context, outline)
        if question is not None:
            return question
        fields: dict[str, JsonValue] = {"folder": folder, "workspace": said.workspace, **said.given()}
        if operation == "terraform.destroy":
            fields.pop("replace")
        if operation == "terraform.plan" and re.search(r"\bdestr(?:oy|uction)\b|\bremov", wish.lower):
            fields["destroy"] = True
        at = f" in workspace {said.workspace}" if said.workspace else ""
        outline.add(operation, fields, f"{why.format(folder)}{at}", after=after)
        return None

    return build


def _simple(operation: str, why: str, *more: str) -> Build:
    """What takes a folder and perhaps a workspace."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        said = _Said(wish)
        if operation == "terraform.version" and said.folder is None:
            outline.add(operation, {}, "which terraform it is")
            return None
        folder = await _folder(wish, said, context, outline)
        if isinstance(folder, Question):
            return folder
        fields: dict[str, JsonValue] = {"folder": folder}
        if operation in ("terraform.output", "terraform.state_list", "terraform.show"):
            fields["workspace"] = said.workspace
        if operation == "terraform.show":
            fields["address"] = said.address()
        for word in more:
            if re.search(rf"\b{word}", wish.lower) or (word == "recursive" and wish.has("below")):
                fields[word] = True
        after = _init_first(folder, context, outline) if operation == "terraform.validate" else ()
        outline.add(operation, fields, why.format(folder), after=after)
        return None

    return build


def _workspace(operation: str, verb: str) -> Build:
    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        said = _Said(wish)
        folder = await _folder(wish, said, context, outline)
        if isinstance(folder, Question):
            return folder
        if said.workspace is None:
            return Question(
                f"Which workspace should I {verb}?",
                (f"{verb} workspace staging in {folder}",),
                completes="{request} {reply}",
            )
        outline.add(operation, {"folder": folder, "new": said.workspace}, f"{verb} the workspace {said.workspace}")
        return None

    return build


def _recipe(
    name: str, verbs: str, build: Build, example: str, fits: Callable[[Wish], bool] = _is_terraform, rank: int = 0
) -> Recipe:
    return Recipe(f"terraform.{name}", frozenset(verbs.split()), frozenset(), build, example, fits, 9 + rank)


def _says(pattern: str) -> Callable[[Wish], bool]:
    """Whether it is about terraform and says that word, too."""
    found = re.compile(pattern, re.IGNORECASE)
    return lambda wish: _is_terraform(wish) and bool(found.search(Scan(wish.text).text))


def _outputs(wish: Wish) -> bool:
    said = re.search(r"\boutputs?\b", wish.lower) is not None
    return said and (_is_terraform(wish) or (_folder_said(wish) and wish.has("outputs", "outputs of")))


def _workspaces(wish: Wish) -> bool:
    return wish.has("workspaces") and not wish.has("github", "slack")


def _one_workspace(wish: Wish) -> bool:
    return wish.has("workspace") and not wish.has("github", "slack", "apply", "plan")


def _stack(wish: Wish) -> bool:
    """Whether what is to go is what terraform made, not a file or a container."""
    if not _is_terraform(wish) or {"file", "directory", "container", "volume", "network", "image"} & set(wish.kinds):
        return False
    text = Scan(wish.text).text
    said = _NAMED.search(text) or _STACK.search(text)
    return wish.it is not None or said is not None or wish.has("destroy", "tear down")


_LOOK = "show list check find inspect"
RECIPES = (
    _recipe(
        "plan",
        "plan show check",
        _planned("terraform.plan", "what terraform would change in {}"),
        "terraform plan in ./infra",
        lambda w: (
            (w.verb == "plan" and (_is_terraform(w) or _folder_said(w)))
            or (_is_terraform(w) and bool(re.search(r"\b(?:would|will|going\s+to)\b|\bplan\b|\bchanges?\b", w.lower)))
        ),
        rank=2,
    ),
    _recipe(
        "apply",
        "apply run create rollout",
        _planned("terraform.apply", "apply the terraform configuration in {}"),
        "apply ./infra with region=eu-west-1 in workspace staging",
        lambda w: (
            (w.verb == "apply" and (_is_terraform(w) or _folder_said(w)))
            or (w.verb == "run" and bool(_NAMED.search(Scan(w.text).text)) and not w.has("container", "image"))
        ),
    ),
    _recipe(
        "destroy",
        "remove",
        _planned("terraform.destroy", "destroy what terraform made in {}"),
        "destroy the stack in ./infra",
        _stack,
    ),
    _recipe(
        "init",
        "init",
        _simple("terraform.init", "initialise {}", "upgrade", "reconfigure"),
        "terraform init ./infra",
        lambda w: (_is_terraform(w) or _folder_said(w)) and not w.has("git", "repo", "repository"),
    ),
    _recipe(
        "validate",
        "check lint",
        _simple("terraform.validate", "whether the configuration in {} is valid"),
        "validate the terraform in ./infra",
        lambda w: (
            _is_terraform(w)
            and not re.search(r"\b(?:format(?:ted)?|fmt|would|will|plan|changes?|state|outputs?)\b", w.lower)
        ),
    ),
    _recipe(
        "format_check",
        "check",
        _simple("terraform.fmt_check", "whether the files in {} are formatted", "recursive"),
        "check the format of the terraform in ./infra",
        _says(r"\b(?:format(?:ted|ting)?|fmt)\b"),
        rank=1,
    ),
    _recipe(
        "format",
        "format",
        _simple("terraform.fmt", "format the terraform files in {}", "recursive"),
        "format ./infra",
        lambda w: _is_terraform(w) or _folder_said(w),
    ),
    _recipe(
        "output", _LOOK, _simple("terraform.output", "what {} gives out"), "show outputs of ./infra", _outputs, rank=3
    ),
    _recipe(
        "state",
        _LOOK,
        _simple("terraform.state_list", "what is in the state of {}"),
        "list the terraform state",
        _says(r"\b(?:state|resources)\b"),
        rank=2,
    ),
    _recipe(
        "show",
        "show inspect",
        _simple("terraform.show", "what the state of {} says"),
        "show aws_instance.web in the terraform state of ./infra",
        lambda w: _is_terraform(w) and _Said(w).address() is not None,
        rank=4,
    ),
    _recipe(
        "workspaces",
        _LOOK,
        _simple("terraform.workspaces", "the workspaces of {}"),
        "list the terraform workspaces",
        _workspaces,
        rank=4,
    ),
    _recipe(
        "workspace_new",
        "create append",
        _workspace("terraform.workspace_new", "create"),
        "create workspace staging in ./infra",
        _one_workspace,
        rank=3,
    ),
    _recipe(
        "workspace_delete",
        "remove",
        _workspace("terraform.workspace_delete", "remove"),
        "remove workspace staging of ./infra",
        lambda w: _one_workspace(w) and w.has("workspace") and not re.search(r"\bin\s+(?:the\s+)?workspace\b", w.lower),
        rank=3,
    ),
    _recipe(
        "version",
        _LOOK,
        _simple("terraform.version", "which terraform it is"),
        "show the version of terraform",
        _says(r"\bversion\b"),
        rank=4,
    ),
)
"""What the Terraform specialist can do, most usual first."""
