"""Terraform folders: what a plan would change, applying it, destroying it, and what stands in the state."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from reign_agents.planning.recipe import Build, Recipe
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import VERBS
from reign_agents.specialists.terraform import aside, changing, looking
from reign_agents.specialists.terraform.said import NAMED, STACK, SURELY, Said, folder_said, is_terraform, tears_down


def _recipe(
    name: str, verbs: str, build: Build, example: str, fits: Callable[[Wish], bool] = is_terraform, rank: int = 0
) -> Recipe:
    return Recipe(f"terraform.{name}", _any_of(verbs), frozenset(), build, example, fits, 9 + rank)


def _any_of(verbs: str) -> frozenset[str | None]:
    """The verbs; "-" stands for none, "*" for all there are and none."""
    said = {*VERBS.values(), None} if verbs == "*" else {None if verb == "-" else verb for verb in verbs.split()}
    return frozenset(said)


def _says(pattern: str) -> Callable[[Wish], bool]:
    """Whether it is about terraform and says that word, too."""
    found = re.compile(pattern, re.IGNORECASE)
    return lambda wish: is_terraform(wish) and bool(found.search(Scan(wish.text).text))


_ONE_OUTPUT = re.compile(r"\b\w+_(?:ids?|arns?|urls?|ips?|names?|endpoints?|dns\w*|address(?:es)?|hosts?|ports?)\b")


def _outputs(wish: Wish) -> bool:
    if SURELY.search(Scan(wish.text).text) and not _OTHER_WORDS.search(wish.lower):
        if (
            wish.verb in (None, "show")
            and _ONE_OUTPUT.search(wish.lower)
            and re.match(r"\W*(?:what|show|get)", wish.lower)
        ):
            return True
        if wish.verb is None:
            return bool(re.match(r"\W*(?:the\s+)?outputs?\b", wish.lower))
    elif wish.verb is None:
        return False
    said = re.search(r"\boutputs?\b", wish.lower) is not None
    return said and (is_terraform(wish) or (folder_said(wish) and wish.has("outputs", "outputs of")))


def _workspaces(wish: Wish) -> bool:
    one = re.search(r"\b(?:which|what|current|active)\b.*\bworkspace\b", wish.lower)
    return (wish.has("workspaces") or bool(one and is_terraform(wish))) and not wish.has("github", "slack")


def _one_workspace(wish: Wish) -> bool:
    held = re.search(
        r"\bworkspace(?:['’]s)?\s+(?:resources?|stack|infra\w*)\b|\b(?:everything|resources|all)\b.*\bworkspace\b",
        wish.lower,
    )
    return wish.has("workspace") and not held and not wish.has("github", "slack", "apply", "plan")


def _stack(wish: Wish) -> bool:
    """Whether what is to go is what terraform made, not a file or a container."""
    if re.search(r"\.(?:tf|tf\.json|hcl|tfvars)\b", wish.lower) and not tears_down(wish):
        return False
    if is_terraform(wish) and tears_down(wish) and SURELY.search(Scan(wish.text).text):
        return True
    if not is_terraform(wish) or {"file", "directory", "container", "volume", "network", "image"} & set(wish.kinds):
        return False
    text = Scan(wish.text).text
    said = NAMED.search(text) or STACK.search(text)
    return wish.it is not None or said is not None or wish.has("destroy", "tear down")


_DRIFT = re.compile(
    r"\bdrift(?:ed|s|ing)?\b|\b(?:chang|touch|modif|edit)\w+\b.*\b(?:by\s+hand|manually|outside|behind)\b",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"^\W*(?:please\s+)?(?:don[\u2019']?t|do\s+not|never)\s+(?:apply|destroy)\b.*\b(?:plan|show|preview|look)\b|"
    r"^\W*(?:please\s+)?(?:do\s+a\s+)?dry[- ]?run\b",
    re.IGNORECASE,
)
_REPLACES = re.compile(
    r"^\W*(?:please\s+|terraform\s+|tf\s+)*(?:replace|recreate|rebuild|re-create|renew)\b", re.IGNORECASE
)


def _drifts(wish: Wish) -> bool:
    return bool(_DRIFT.search(wish.text) or _NOT_DONE.search(wish.text)) and is_terraform(replace(wish, verb="show"))


def _replaces(wish: Wish) -> bool:
    return (
        bool(_REPLACES.search(wish.text))
        and bool(SURELY.search(wish.text))
        and bool(Said(replace(wish, rest=wish.text)).replace)
    )


_OTHER_WORDS = re.compile(r"\b(?:helm|charts?|releases?|containers?|pods?|deployments?)\b")
_LOOK = "show list check find inspect"
RECIPES = (
    _recipe("lacking", "*", aside.plan_lacking, "show the terraform plan of ./infra", aside.lacks, 10),
    _recipe(
        "drift",
        "*",
        changing.planned("terraform.plan", "what terraform would change in {}"),
        "has the terraform in ./infra drifted",
        _drifts,
        9,
    ),
    _recipe("replace", "*", changing.replaced, "replace aws_instance.web in ./infra", _replaces, 9),
    _recipe(
        "plan",
        "plan show check",
        changing.planned("terraform.plan", "what terraform would change in {}"),
        "terraform plan in ./infra",
        lambda w: (
            (w.verb == "plan" and (is_terraform(w) or folder_said(w)))
            or (is_terraform(w) and bool(re.search(r"\b(?:would|will|going\s+to)\b|\bplan\b|\bchanges?\b", w.lower)))
        ),
        rank=2,
    ),
    _recipe(
        "apply",
        "apply run create rollout",
        changing.planned("terraform.apply", "apply the terraform configuration in {}"),
        "apply ./infra with region=eu-west-1 in workspace staging",
        lambda w: (
            (w.verb == "apply" and (is_terraform(w) or folder_said(w)))
            or (w.verb == "run" and bool(NAMED.search(Scan(w.text).text)) and not w.has("container", "image"))
        ),
    ),
    _recipe(
        "destroy",
        "remove",
        changing.planned("terraform.destroy", "destroy what terraform made in {}"),
        "destroy the stack in ./infra",
        _stack,
    ),
    _recipe(
        "init",
        "init",
        looking.simple("terraform.init", "initialise {}", "upgrade", "reconfigure"),
        "terraform init ./infra",
        lambda w: (is_terraform(w) or folder_said(w)) and not w.has("git", "repo", "repository"),
    ),
    _recipe(
        "validate",
        "check lint",
        looking.simple("terraform.validate", "whether the configuration in {} is valid"),
        "validate the terraform in ./infra",
        lambda w: (
            is_terraform(w)
            and not re.search(r"\b(?:format(?:ted)?|fmt|would|will|plan|changes?|state|outputs?)\b", w.lower)
        ),
    ),
    _recipe(
        "format_check",
        "check",
        looking.simple("terraform.fmt_check", "whether the files in {} are formatted", "recursive"),
        "check the format of the terraform in ./infra",
        _says(r"\b(?:format(?:ted|ting)?|fmt)\b"),
        rank=1,
    ),
    _recipe(
        "format",
        "format",
        looking.simple("terraform.fmt", "format the terraform files in {}", "recursive"),
        "format ./infra",
        lambda w: is_terraform(w) or folder_said(w),
    ),
    _recipe(
        "output",
        f"{_LOOK} -",
        looking.simple("terraform.output", "what {} gives out"),
        "show outputs of ./infra",
        _outputs,
        rank=3,
    ),
    _recipe(
        "state",
        _LOOK,
        looking.simple("terraform.state_list", "what is in the state of {}"),
        "list the terraform state",
        _says(r"\b(?:state|resources)\b"),
        rank=2,
    ),
    _recipe(
        "show",
        "show inspect",
        looking.simple("terraform.show", "what the state of {} says"),
        "show aws_instance.web in the terraform state of ./infra",
        lambda w: is_terraform(w) and Said(w).address() is not None,
        rank=4,
    ),
    _recipe(
        "workspaces",
        f"{_LOOK} -",
        looking.simple("terraform.workspaces", "the workspaces of {}"),
        "list the terraform workspaces",
        _workspaces,
        rank=4,
    ),
    _recipe(
        "workspace_new",
        "create append",
        changing.workspace("terraform.workspace_new", "create"),
        "create workspace staging in ./infra",
        _one_workspace,
        rank=3,
    ),
    _recipe(
        "workspace_delete",
        "remove",
        changing.workspace("terraform.workspace_delete", "remove"),
        "remove workspace staging of ./infra",
        lambda w: _one_workspace(w) and w.has("workspace") and not re.search(r"\bin\s+(?:the\s+)?workspace\b", w.lower),
        rank=3,
    ),
    _recipe(
        "version",
        _LOOK,
        looking.simple("terraform.version", "which terraform it is"),
        "show the version of terraform",
        _says(r"\bversion\b"),
        rank=4,
    ),
)
"""What the Terraform specialist can do, most usual first."""
