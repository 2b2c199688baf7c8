"""What in a workflow file gives a repository away: findings in the vocabulary of commands, containers and manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from reign_executors.effect import Finding
from reign_executors.shell.analysis import analyse

_OWN = frozenset({"actions", "github"})
_PINNED = re.compile(r"[^@]+@[0-9a-f]{40}|docker://[^@]+@sha256:[0-9a-f]{64}")
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_HEAD = re.compile(
    r"github\.event\.pull_request\.head|github\.head_ref|github\.event\.workflow_run\.head|refs/pull/|"
    r"github\.event\.(?:pull_request\.)?number|github\.event\.issue\.number"
)
_WRITTEN_BY_OTHERS = re.compile(
    r"github\.head_ref|github\.event\.(?:issue|pull_request|discussion|comment|review|review_comment|workflow_run|"
    r"head_commit|commits|pages|client_payload)\b[\w.\[\]*']*\.?(?:title|body|ref|label|name|email|message|page_name|"
    r"head_branch|default_branch|description)\b"
)
_OTHER_PEOPLE = frozenset({"pull_request_target", "workflow_run", "issue_comment"})
_ONLY_THE_RUNNER = (
    *("delete.", "disk.", "system.", "rights.", "account.", "profile.", "loader.", "security.", "audit.", "host."),
    *("container.", "code.from-network"),
)
"""What such a command destroys on a hosted runner is gone with the runner anyway."""
_SHELLS = frozenset({"", "bash", "sh"})
MOST_TEXT = 262_144

Level = Literal["notice", "unclear", "catastrophic"]


def workflow_findings(text: str) -> tuple[Finding, ...]:
    """Everything in a workflow or composite action that a person or a rule must know; ``start``/``end`` into ``text``.

    Raises nothing: what is no YAML is a finding of level ``unclear``.
    """
    import yaml

    if len(text) > MOST_TEXT:
        return (Finding(rule="unclear.long", level="unclear", text="the workflow is too long to be looked into"),)
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as e:
        first = str(e).split("\n", 1)[0]
        return (Finding(rule="unclear.syntax", level="unclear", text=f"the workflow is not readable YAML: {first}"),)
    found: dict[tuple[str, str], Finding] = {}
    for finding in _of_workflow(_fields(root)):
        found.setdefault((finding.rule, finding.text), finding)
    return tuple(found.values())


def _fields(node: Any) -> dict[str, Any]:
    """The fields of a mapping node; later ones win, as they do for everybody."""
    if node is None or node.id != "mapping":
        return {}
    return {key.value: value for key, value in node.value if key.id == "scalar"}


def _items(node: Any) -> list[Any]:
    return list(node.value) if node is not None and node.id == "sequence" else []


def _word(node: Any) -> str:
    return str(node.value) if node is not None and node.id == "scalar" else ""


def _words(node: Any) -> set[str]:
    """A scalar, a list of scalars, or the keys of a mapping: ``on`` and ``runs-on`` are written all three ways."""
    if node is None:
        return set()
    if node.id == "scalar":
        return {str(node.value)}
    return {_word(one) for one in _items(node)} | set(_fields(node))


def _at(node: Any, rule: str, level: Level, text: str) -> Finding:
    return Finding(rule=rule, level=level, text=text, start=node.start_mark.index, end=node.end_mark.index)


def _of_workflow(workflow: dict[str, Any]) -> Iterator[Finding]:
    events = _words(workflow.get("on"))
    yield from _of_rights(workflow.get("permissions"), "the workflow")
    steps = _fields(workflow.get("runs")).get("steps")
    if steps is not None:
        yield from _of_steps(_items(steps), events, own=False, shell="")
    shell = _shell(workflow)
    for name, job_node in _fields(workflow.get("jobs")).items():
        job = _fields(job_node)
        yield from _of_rights(job.get("permissions"), f"job {name}")
        runners = _words(job.get("runs-on"))
        own = "self-hosted" in runners or "group" in runners
        if own and events & {"pull_request", "pull_request_target", "issue_comment"}:
            yield _at(
                job["runs-on"],
                "workflow.own-runner",
                "unclear",
                f"job {name} lets pull requests run on a machine of yours: their code stays there",
            )
        if "uses" in job:
            yield from _of_action(job["uses"], f"job {name}")
            if _word(job.get("secrets")) == "inherit" and not _word(job["uses"]).startswith("./"):
                text = f"job {name} hands all secrets of the repository to {_word(job['uses'])}"
                yield _at(job["secrets"], "workflow.secrets-inherited", "notice", text)
        yield from _of_steps(_items(job.get("steps")), events, own=own, shell=_shell(job) or shell)


def _shell(part: dict[str, Any]) -> str:
    return _word(_fields(_fields(part.get("defaults")).get("run")).get("shell"))


def _of_rights(node: Any, who: str) -> Iterator[Finding]:
    if _word(node) == "write-all":
        text = f"{who} gets every right to write: code, releases, packages, other workflows"
        yield _at(node, "workflow.write-all", "notice", text)


def _of_steps(steps: list[Any], events: set[str], *, own: bool, shell: str) -> Iterator[Finding]:
    for step_node in steps:
        step = _fields(step_node)
        uses = step.get("uses")
        if uses is not None:
            yield from _of_action(uses, "a step")
            others = sorted(events & _OTHER_PEOPLE)
            settings = _fields(step.get("with"))
            if others and _word(uses).startswith("actions/checkout@"):
                ref = settings.get("ref") or settings.get("repository")
                if ref is not None and _HEAD.search(_word(ref)):
                    text = (
                        f"{others[0]} runs with this repository's secrets, and checks out the code of whoever asked: "
                        "that code gets them"
                    )
                    yield _at(ref, "workflow.untrusted-checkout", "unclear", text)
            script = settings.get("script")
            if script is not None:
                yield from _injected(script)
        run = step.get("run")
        if run is not None:
            yield from _injected(run)
            if (_word(step.get("shell")) or shell).split(" ")[0] in _SHELLS:
                yield from _of_run(run, own=own)


def _of_action(node: Any, who: str) -> Iterator[Finding]:
    used = _word(node)
    if not used or used.startswith("./") or _PINNED.fullmatch(used) or used.split("/")[0] in _OWN:
        return
    text = f"{who} runs {used} of other people, who can change what that name means: a commit's hash would hold it"
    yield _at(node, "workflow.unpinned-action", "notice", text)


def _injected(node: Any) -> Iterator[Finding]:
    for found in _EXPRESSION.finditer(_word(node)):
        if _WRITTEN_BY_OTHERS.search(found[1]):
            text = f"{found[0]} is put into the script as it stands: whoever writes it can run commands there"
            yield _at(node, "workflow.injection", "unclear", text)


def _of_run(node: Any, *, own: bool) -> Iterator[Finding]:
    """The shell text of a step, judged as a command is; what only a hosted runner would suffer is no catastrophe."""
    for finding in analyse(_EXPRESSION.sub(_stand_in, _word(node))).findings:
        if finding.level != "catastrophic" and finding.rule != "credential.shown":
            continue
        level = finding.level
        if level == "catastrophic" and not own and finding.rule.startswith(_ONLY_THE_RUNNER):
            level = "unclear"
        yield _at(node, finding.rule, level, f"a step {finding.text}")


def _stand_in(found: re.Match[str]) -> str:
    """A word for an expression: secrets become a variable that is known to hold one."""
    inside = found[1]
    if re.search(r"\bsecrets\s*[.\[]|github\.token", inside):
        return "${SECRET_TOKEN}"
    if "workspace" in inside or "runner.temp" in inside:
        return "/home/runner/work/repository"
    return "expression"


__all__ = ["workflow_findings"]
