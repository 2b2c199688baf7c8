"""What is asked of clusters that no operation does: said plainly, with kubectl's own line for it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import SMALL
from reign_agents.specialists.kubernetes.said import KIND_WORDS, OTHER_TOOL, WORKLOADS, Said, about_cluster, said
from reign_executors.redaction.names import is_secret_name

_HERE = rf"\b(?:{KIND_WORDS}|kubernetes|k8s|cluster|replicas?|rollouts?)\b"


@dataclass(frozen=True, slots=True)
class _Lack:
    """``words`` mean it, ``sentence`` says what is lacking, ``line`` gives what could be run or asked for instead."""

    words: str
    sentence: str
    line: Callable[[Wish, Said], tuple[str, ...]]
    plainly: bool = False
    """The words alone mean a cluster."""


def _lack(words: str, sentence: str, line: Callable[[Wish, Said], tuple[str, ...]], *, plainly: bool = False) -> _Lack:
    return _Lack(words, sentence, line, plainly)


@cache
def _matching(words: str) -> re.Pattern[str]:
    """Compiled when a request is there, so that nothing waits for it while starting."""
    return re.compile(words, re.IGNORECASE)


def _where(words: Said) -> str:
    return f" -n {shlex.quote(words.namespace)}" if words.namespace else ""


def _thing(words: Said, kind: str = "deployment") -> str:
    own = words.kind if words.kind in (*WORKLOADS, "cronjob", "pod", "service", "job") else kind
    return f"{own}/{words.name or 'NAME'}"


def _node(wish: Wish, words: Said) -> str:
    named = re.search(
        r"\bnodes?\s+(?P<name>[a-z0-9][\w.-]*)|(?:drain|taint)\s+(?:(?:the|my|our|an?|nodes?)\s+){0,3}(?P<bare>[a-z0-9][\w.-]*)",
        wish.lower,
    )
    return words.name or (named["name"] or named["bare"] if named else "NODE")


def _taint(wish: Wish, words: Said) -> tuple[str, ...]:
    pair = re.search(r"\S+:(?:NoSchedule|PreferNoSchedule|NoExecute)-?", wish.text)
    node = _node(wish, words)
    return (f"!kubectl taint nodes {node} {pair.group() if pair else 'KEY=VALUE:NoSchedule'}", f"cordon node {node}")


def _rollout(verb: str) -> Callable[[Wish, Said], tuple[str, ...]]:
    return lambda _wish, words: (f"!kubectl rollout {verb} {_thing(words)}{_where(words)}",)


def _suspend(value: str) -> Callable[[Wish, Said], tuple[str, ...]]:
    patch = shlex.quote(f'{{"spec":{{"suspend":{value}}}}}')
    return lambda _wish, words: (f"!kubectl patch cronjob {words.name or 'NAME'}{_where(words)} -p {patch}",)


def _forward(wish: Wish, words: Said) -> tuple[str, ...]:
    ports = re.findall(r"(?<![\w.-])\d{2,5}(?![\w.-])", wish.text)
    pair = ":".join(ports[:2]) if len(ports) > 1 else f"{ports[0]}:{ports[0]}" if ports else "8080:80"
    return (f"!kubectl port-forward {_thing(words)} {pair}{_where(words)}",)


def _shell(_wish: Wish, words: Said) -> tuple[str, ...]:
    thing = _thing(words)
    run = f"run `ls /` in {thing.replace('/', ' ')}" + (f" in namespace {words.namespace}" if words.namespace else "")
    return (run, f"!kubectl exec -it {thing}{_where(words)} -- sh")


def _kubectl(line: str) -> Callable[[Wish, Said], tuple[str, ...]]:
    return lambda _wish, words: (f"!kubectl {line.format(name=words.name or 'NAME')}{_where(words)}",)


_OPTION = re.compile(r"(?<!\S)--?(?P<name>[A-Za-z][\w-]{0,60})|(?<![\w-])(?P<key>[A-Za-z][\w.-]{0,60})=")


def _as_it_stands(wish: Wish, _words: Said) -> tuple[str, ...]:
    """The line itself; none where it holds what looks like a secret, which is not repeated."""
    names = (found["name"] or found["key"] for found in _OPTION.finditer(wish.text))
    return () if any(is_secret_name(name) for name in names) else (f"!{wish.text.strip()}",)


def _context(wish: Wish, words: Said) -> tuple[str, ...]:
    match = re.search(r"\b(?:context|ctx)\s+(?:to\s+)?(?P<a>[\w.@/:-]+)", wish.text)
    match = match or re.search(r"(?P<a>[\w.@/:-]+)\s+(?:context|ctx)\b", wish.text)
    name = words.text("context") or (match["a"] if match else "NAME")
    return (f"list pods in context {name}", f"!kubectl config use-context {name}")


def _space(_wish: Wish, words: Said) -> tuple[str, ...]:
    name = words.namespace or words.name or "NAME"
    return (f"list pods in namespace {name}", f"!kubectl config set-context --current --namespace={name}")


def _yaml(_wish: Wish, words: Said) -> tuple[str, ...]:
    kind, where = words.kind or "deployment", f" in namespace {words.namespace}" if words.namespace else ""
    return (f"show the yaml of {kind} {words.name or 'NAME'}{where}",)


_FILE = re.compile(r"(?<!\S)(?:\.{1,2}/|/|~/)?[\w./-]*\.[a-z]{1,10}\b", re.IGNORECASE)


def _from_file(wish: Wish, words: Said) -> tuple[str, ...]:
    path = _FILE.search(wish.text)
    file = path.group() if path else "FILE"
    name = next((one for one in words.names if one not in file), None) or re.sub(
        r"[^a-z0-9]+", "-", file.lower()
    ).strip("-")
    secret = re.search(r"\bsecrets?\b", wish.lower) is not None
    kind = "secret generic" if secret else "configmap"
    how = "--from-env-file" if file.endswith(".env") else "--from-file"
    return (f"!kubectl create {kind} {name} {how}={shlex.quote(file)}{_where(words)}",)


def _delete_file(wish: Wish, words: Said) -> tuple[str, ...]:
    path = _FILE.search(wish.text)
    return (f"!kubectl delete -f {shlex.quote(path.group() if path else 'FILE')}{_where(words)}",)


def _diff(wish: Wish, _words: Said) -> tuple[str, ...]:
    path = re.search(r"\S+\.ya?ml\b|\./\S+|\S+/(?=\s|$)", wish.text)
    return (f"apply {path.group() if path else './k8s'}",)


_LACKS = (
    _lack(
        r"^\s*(?:please\s+)?(?:kubectl|k)\s+(?:cp|drain|taint|port-forward|patch|edit|debug|attach|proxy|replace|run|"
        r"rollout\s+(?:pause|resume)|exec\s+-\w*[it]\w*\s.*\s(?:\S*/)?(?:ba|z|a|da)?sh\s*$|config\s+(?:use|set|unset|rename|delete)-?\w*|certificate|plugin)(?![\w-])",
        "No operation of mine does that; with ! before it the line runs as it stands (asked first):",
        _as_it_stands,
        plainly=True,
    ),
    _lack(
        r"^\W*(?:please\s+)?drain\b(?!.*\b(?:queue|connections?|traffic|battery|pool|swamp|sink|water|pasta|bath|tank|pond|tub)\b)",
        "Draining a node comes later; cordon keeps new pods off it and moves none.",
        lambda w, s: (
            f"!kubectl drain {_node(w, s)} --ignore-daemonsets",
            f"cordon node {_node(w, s)}",
        ),
        plainly=True,
    ),
    _lack(r"^\W*(?:please\s+)?(?:un)?taint\b.*(?:\bnodes?\b|:No|:Prefer)", "Taints come later.", _taint, plainly=True),
    _lack(
        r"\b(?:create|make|add)\b.*\b(?:configmap|config\s+map|cm|secrets?)\b.*\bfrom\s+(?:the\s+|an?\s+)?(?:env\s+)?(?:file\s+)?"
        r"[\w~/-]*\.[\w./-]+",
        "Making config maps and secrets of files comes later.",
        _from_file,
        plainly=True,
    ),
    _lack(
        r"\b(?:create|make|add)\b.*\b(?:docker[- ]?(?:registry|config\w*)|image\s*pull)\s+secrets?\b",
        "Secrets for registries come later.",
        lambda w, s: (f"!kubectl create secret docker-registry {s.name or 'NAME'}{_where(s)} --docker-server=HOST",),
        plainly=True,
    ),
    _lack(
        r"^\W*(?:please\s+)?(?:kubectl\s+)?(?:delete|remove|tear\s+down)\b.*(?:\s-f\s+\S|\b(?:what(?:ever)?(?:'s|\s+is)?|everything|"
        r"all|objects|resources)\b.*\b(?:in|of|from)\s+(?:the\s+)?(?:manifests?\s+)?\S+\.ya?ml\b)",
        "Removing what a manifest holds comes later: objects are removed by name.",
        _delete_file,
        plainly=True,
    ),
    _lack(r"\b(?:pause|freeze|hold|suspend)\b.*\brollouts?\b", "Pausing a rollout comes later.", _rollout("pause")),
    _lack(
        r"\b(?:resume|unpause|continue|unfreeze)\b.*\brollouts?\b",
        "Resuming a rollout comes later.",
        _rollout("resume"),
    ),
    _lack(
        r"\b(?:suspend|pause|disable|stop|halt)\b.*\bcronjobs?\b", "Suspending a cronjob comes later.", _suspend("true")
    ),
    _lack(
        r"\b(?:resume|unpause|unsuspend|enable|start)\b.*\bcronjobs?\b",
        "Resuming a cronjob comes later.",
        _suspend("false"),
    ),
    _lack(
        r"\b(?:run|trigger|execute|kick\s+off)\b.*\bcronjobs?\b(?!\s+every)",
        "Starting a cronjob by hand comes later.",
        lambda _w, s: (f"!kubectl create job {s.name or 'NAME'}-manual --from=cronjob/{s.name or 'NAME'}{_where(s)}",),
    ),
    _lack(r"\bport-?\s?forward\w*\b|\bforward\b.*\bports?\b.*\bto\b", "Forwarding a port comes later.", _forward),
    _lack(r"^\W*(?:please\s+)?port-?\s?forward\b", "Forwarding a port comes later.", _forward, plainly=True),
    _lack(
        r"^\W*(?:please\s+)?(?:attach|mount|add|give)\b.*\b\d+\s*[GMT]iB?\s+(?:volume|disk|pvc|storage)\b",
        "Mounting volumes into what runs comes later: change the manifest and apply it.",
        _yaml,
        plainly=True,
    ),
    _lack(
        r"\b(?:copy|cp|download|upload|get|fetch|put)\b\s+\S*[/.]\S*\s+(?:from|to|into|out\s+of|off)\s+(?:the\s+)?(?:\S+\s+)?pod\b",
        "Copying files out of and into pods comes later; nothing of this machine is copied in their stead.",
        lambda w, s: (f"!kubectl cp {s.name or 'POD'}:PATH PATH{_where(s)}",),
    ),
    _lack(
        r"^\W*(?:please\s+)?(?:exec|shell|ssh|attach|login|log\s+in)\b.*\b(?:in)?to\b(?!.*[`\"'])|\b(?:a|interactive)\s+shell\s+(?:in|on)\b",
        "A shell inside a pod comes later; single commands run there.",
        _shell,
    ),
    _lack(
        r"\b(?:switch|change|use|set|select)\b(?:\s+(?:to|the|over|my|kube\w*|current))*\s+(?:context|ctx)\b|"
        r"\b(?:switch|change)\s+(?:to\s+)?(?:the\s+)?\S+\s+context\b",
        "The kubeconfig stays as it is: say the context with the request, or start with --context.",
        _context,
        plainly=True,
    ),
    _lack(
        r"\b(?:switch|change)\s+(?:(?:over\s+)?to\s+)?(?:the\s+)?(?:\S+\s+namespace|namespace(?:\s+to)?\s+\S+)\b",
        "The namespace of the context stays as it is: say the namespace with the request, or start with -n.",
        _space,
        plainly=True,
    ),
    _lack(
        r"^\W*(?:please\s+)?rename\b",
        "Objects of a cluster can't be renamed, only made anew under another name and removed.",
        _yaml,
    ),
    _lack(
        r"^\W*(?:please\s+)?(?:move|clone|copy|duplicate)\b(?!.*(?:\b(?:files?|folders?|director\w+|repo\w*)\b|\w\.[a-z]|\S/|/\S))",
        "Moving and copying objects of a cluster comes later: a manifest can be shown, written and applied elsewhere.",
        _yaml,
    ),
    _lack(
        r"\b(?:reboot|restart|shut\s*down|stop|kill|power\s+off)\b\s+(?:the\s+|my\s+)?(?:nodes?\b|\S+\s+node\b)"
        r"(?![\s._-]{0,3}(?:apps?|servers?|process(?:es)?|js|containers?|services?|programs?|scripts?)\b)(?!.*\b(?:docker|"
        r"containers?|helm|compose|pm2|npm)\b)",
        "Nodes are machines: they are not restarted or stopped from here. Cordon keeps new pods off one.",
        lambda w, s: (f"cordon node {_node(w, s)}", f"describe node {_node(w, s)}"),
        plainly=True,
    ),
    _lack(
        r"\b(?:upgrade|update)\b\s+(?:the\s+|my\s+|our\s+)?(?:kubernetes|k8s|cluster|control\s+plane)\b(?!\s+\w+\s+(?:image|deployment))",
        "A cluster's own version is not changed from here: its provider's tool does that.",
        lambda _w, _s: ("show the kubernetes cluster",),
        plainly=True,
    ),
    _lack(
        r"\bdiff\b.*(?:\bcluster\b|\blive\b|\bdeployed\b|\.ya?ml\b|\bmanifests?\b)",
        "The plan of an application shows the difference before anything is changed.",
        _diff,
    ),
    _lack(
        r"\b(?:add|set|configure|put|change|give)\b.*\b(?:liveness|readiness|startup|health)[ -]?(?:probes?|checks?)\b"
        r"(?!.*\b(?:docker|containers?|compose|dockerfile)\b)",
        "Probes come later: change the manifest and apply it.",
        _yaml,
        plainly=True,
    ),
    _lack(
        r"^\W*(?:please\s+)?(?:mount|attach)\b.*\b(?:configmap|cm|secret|pvc|volume)\b|"
        r"\b(?:attach|mount|add|give)\b.*\b\d+\s*[GMT]i?B?\s+(?:volume|disk|pvc|storage)\b",
        "Mounting volumes into what runs comes later: change the manifest and apply it.",
        _yaml,
    ),
    _lack(
        r"^\W*(?:please\s+)?(?:change|set|update|modify|edit)\b.*\b(?:services?|svc)\b.*\b(?:type|ports?|clusterip|nodeport|loadbalancer)\b|"
        r"^\W*(?:please\s+)?(?:change|set|update|modify|edit)\b.*\b(?:type|ports?)\b.*\b(?:services?|svc)\b",
        "Changing a service's type or ports comes later: change the manifest and apply it.",
        lambda w, s: (f"show the yaml of service {s.name or 'NAME'}",),
    ),
    _lack(
        r"\b(?:create|add|make|give|grant|bind)\b.*\b(?:roles?|rolebindings?|clusterroles?|admin\s+rights|rbac)\b",
        "Roles and who has them come later: write a manifest and apply it.",
        _kubectl("create rolebinding {name}-admin --clusterrole=admin --user={name}"),
    ),
    _lack(
        r"\b(?:block|deny|allow|isolate)\b.*\btraffic\b|"
        r"^(?!.*\b(?:worked|works|broke\w*|until|since|why|fail\w*)\b)"
        r".*\bnetwork\s?polic(?:y|ies)\b(?=.*\b(?:for|in|to)\b)(?<!list )",
        "Network policies come later: write a manifest and apply it.",
        lambda _w, _s: ("apply ./k8s",),
    ),
    _lack(
        r"\b(?:limit|restrict|cap)\b.*\bto\s+\d+\s+(?:pods|services|deployments|jobs)\b|\b(?:create|add|set)\b.*\bquotas?\b",
        "Quotas come later: write a manifest and apply it.",
        lambda _w, s: (f"!kubectl create quota limits --hard=pods=10{_where(s)}",),
    ),
    _lack(
        r"\b(?:create|add|make|set\s+up)\b.*\bingress(?:es)?\b|\badd\b.*\btls\b",
        "Making an ingress comes later: write a manifest and apply it.",
        lambda w, s: (f"!kubectl create ingress {s.name or 'NAME'} --rule=HOST/*={s.name or 'SERVICE'}:80{_where(s)}",),
    ),
    _lack(
        r"\b(?:create|add|make|schedule|set\s+up)\b.*\bcronjobs?\b",
        "Making a cronjob comes later: write a manifest and apply it.",
        _kubectl('create cronjob {name} --image=IMAGE --schedule="0 2 * * *"'),
    ),
    _lack(
        r"\b(?:resize|expand|grow|enlarge|extend|shrink)\b.*\b(?:pvcs?|persistentvolumeclaims?|volumes?|claims?)\b",
        "Resizing a volume claim comes later.",
        lambda w, s: (
            f"!kubectl patch pvc {s.name or 'NAME'}{_where(s)} -p "
            + shlex.quote(f'{{"spec":{{"resources":{{"requests":{{"storage":"{s.text("storage") or "SIZE"}"}}}}}}}}'),
            f"describe pvc {s.name or 'NAME'}",
        ),
    ),
    _lack(
        r"\b(?:rotate|renew|regenerate)\b.*\bsecrets?\b",
        "I make no new values up: say them, and they are set.",
        lambda _w, s: (f"set KEY=VALUE in secret {s.name or 'NAME'}",),
    ),
    _lack(
        r"\b(?:rerun|re-run|retry)\b.*\bjobs?\b",
        "A job runs once: remove it and make it anew from its manifest.",
        lambda _w, s: (f"show the yaml of job {s.name or 'NAME'}", f"delete job {s.name or 'NAME'}"),
    ),
)


def _of(wish: Wish) -> _Lack | None:
    text = wish.lower
    for one in _LACKS:
        if not _matching(one.words).search(text):
            continue
        if one.plainly or (re.search(_HERE, text, re.IGNORECASE) and about_cluster(wish)):
            return one
    return None


def lacks(wish: Wish) -> bool:
    """Whether something of a cluster is wanted that no operation does."""
    lack = _of(wish)
    return lack is not None and (lack.plainly or not OTHER_TOOL.search(wish.lower) or about_cluster(wish))


def _is_thing(name: str, wish: Wish) -> bool:
    """Whether it is no small word, and not whom something is done as."""
    return name not in SMALL and re.search(rf"\bas\s+(?:user\s+)?{re.escape(name)}(?![\w.-])", wish.lower) is None


async def lacking(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """What is lacking, and what comes nearest."""
    lack = _of(wish)
    assert lack is not None
    words = said(wish)
    begin = re.match(
        r"\W*(?:please\s+)?(?P<verb>[\w-]+)(?:\s+(?:to|into|from|the|deployment|pod|service))*\s+(?P<name>[a-z][\w.-]*)",
        wish.lower,
    )
    if begin is not None and begin["verb"] in words.names:
        words = replace(words, names=(begin["name"],))
    words = replace(words, names=tuple(name for name in words.names if _is_thing(name, wish)))
    lines = lack.line(wish, words)
    own = any(line.startswith("!") for line in lines)
    about = f" ({', '.join(words.names)})" if words.names else ""
    if lack.sentence.endswith(":") and not lines:
        return Question(
            "No operation of mine does that, and the line holds a secret, which I don't repeat: it is yours to run, "
            "with ! before it."
        )
    if lack.sentence.endswith(":"):
        return Question(lack.sentence, lines)
    return Question(f"{lack.sentence} {'A line of kubectl would do it' if own else 'The nearest'}{about}:", lines)
