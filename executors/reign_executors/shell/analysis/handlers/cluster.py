"""kubectl, helm, terraform, cloud tools: everything at once, the cluster's own parts, rights for everybody."""

from __future__ import annotations

import json
import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.invocation import handler, leak
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import DECODED, NETWORK, SECRET, UNKNOWN, is_known, plain, shown, unmarked

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "default-token"})
_NAMESPACE = re.compile(r"(?:namespaces?|ns)$")
_NODE = re.compile(r"(?:nodes?|no)$")
_EVERYTHING = re.compile(
    r"(?:all|\*|namespaces?|ns|nodes?|no|crds?|customresourcedefinitions?(?:\.apiextensions\.k8s\.io)?|pvs?|persistentvolumes?|"
    r"clusterroles?|clusterrolebindings?|validatingwebhookconfigurations?|mutatingwebhookconfigurations?|apiservices?|"
    r"storageclass(?:es)?|sc)(?:$|,)"
)
_ANONYMOUS = re.compile(r"system:(?:anonymous|unauthenticated|authenticated|serviceaccounts)\b")
_DRY = ("client", "server", "true", "")


def _dry(inv: Invocation) -> bool:
    """Whether nothing is really done: of several ``--dry-run`` the last one counts."""
    if inv.has("--raw"):
        return False  # sent as it is
    given = [value for flag, value in inv.options if flag == "--dry-run"]
    return bool(given) and (given[-1] is None or plain(given[-1]) in ("client", "server", "true"))


@handler("kubectl")
def _kubectl(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    verb = inv.path[0] if inv.path else ""
    if verb == "" and inv.unknown_sub is not None:
        return None
    namespace = plain(inv.value("-n", "--namespace") or "")
    everywhere = inv.has("-A", "--all-namespaces")
    if verb == "exec":
        return _exec(inv)
    if verb == "diff" and not inv.has("--help"):
        return _manifests(inv, deciding=False) or UNKNOWN
    if verb == "get" and _secrets(inv):
        return SECRET + UNKNOWN
    if verb == "cluster-info" and inv.has("--output-directory"):
        run.write(inv.value("--output-directory") or "…", inv.scope)
    if verb == "config" and inv.path[-1:] == ["view"] and inv.has("--raw"):
        return SECRET + UNKNOWN
    if verb == "get" and inv.has("--raw"):
        if re.search(
            r"/(?:exec|attach|run|portforward|port-forward|shutdown|quit\w*)(?:[/?]|$)", plain(inv.value("--raw") or "")
        ):
            run.change(Action.UPDATE, "url/…", "asks a part of the cluster to do something")
        return UNKNOWN
    _elsewhere(inv, "-s", "--server")
    if verb == "create" and inv.path[-1:] == ["token"]:
        run.unclear("credential.shown", "shows a token")
        return SECRET + UNKNOWN
    if verb in (
        "delete",
        "scale",
        "patch",
        "replace",
        "drain",
        "cordon",
        "taint",
        "label",
        "annotate",
        "apply",
        "create",
        "rollout",
        "set",
        "run",
        "debug",
    ) and _dry(inv):
        return UNKNOWN
    if verb == "delete":
        _delete(inv, namespace, everywhere=everywhere)
    elif verb == "drain" or verb == "cordon":
        if any(not is_known(o) for o in inv.operands) and _from_listing(inv):
            run.deny("cluster.all-nodes", "would empty all nodes of the cluster")
        if inv.has("--all") or (
            inv.has("-l", "--selector")
            and not inv.operands
            and plain(inv.value("-l", "--selector") or "") in ("", "kubernetes.io/os=linux")
        ):
            run.deny("cluster.all-nodes", "would empty all nodes of the cluster")
    elif verb == "taint" and inv.has("--all"):
        run.deny("cluster.all-nodes", "would taint all nodes of the cluster")
    elif verb == "scale" and inv.has("--all") and (everywhere or namespace == "kube-system"):
        run.deny("cluster.everything", "would scale everything in all namespaces or in kube-system")
    elif verb == "scale" and namespace == "kube-system" and plain(inv.value("--replicas") or "") == "0":
        run.deny("cluster.kube-system", "would stop parts of the cluster itself (kube-system)")
    elif verb == "create" and "clusterrolebinding" in inv.path + [plain(o) for o in inv.operands]:
        _binding(inv)
    elif verb in ("run", "debug"):
        _pod(inv)
    elif verb == "patch":
        _judge_text(inv, plain(inv.value("-p", "--patch") or ""))
    if verb in ("apply", "create", "replace") or (verb == "delete" and inv.has("-f", "--filename")):
        _manifests(inv, deciding=True)
    if verb == "cp" and len(inv.operands) == 2 and ":" not in plain(inv.operands[1]):
        run.write(inv.operands[1], inv.scope)
        return UNKNOWN
    if verb == "proxy" and inv.has("--address", "--accept-hosts"):
        run.unclear("cluster.proxy", "opens the cluster's API to the network")
    if verb == "get" and inv.has("-w", "--watch"):
        return UNKNOWN
    return None


def _elsewhere(inv: Invocation, *flags: str) -> None:
    """Another server than the one the credentials are for."""
    server = inv.value(*flags)
    if server and not re.match(r"(?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?:[:/]|$)", plain(server)):
        inv.run.unclear("credential.used", f"shows this cluster's credentials to {shown(server)}")


def _secrets(inv: Invocation) -> bool:
    """Whether the content of secrets is printed."""
    kinds = [k.split("/")[0] for o in inv.operands for k in plain(o).lower().split(",")]
    if not any(k in ("secret", "secrets") for k in kinds[:1]) and not any(
        "secret" in k.lower() for o in inv.operands[:1] for k in plain(o).split(",")
    ):
        return False
    output = plain(inv.value("-o", "--output") or "")
    if re.match(r"(?:json|yaml)$", output):
        return True
    return (
        re.match(r"json|go-template|template|custom-columns", output) is not None
        and re.search(r"data|\.\.|@$|\{\}$", output + plain(inv.value("--template") or "")) is not None
    )


def _delete(inv: Invocation, namespace: str, *, everywhere: bool) -> None:
    run = inv.run
    all_of = inv.has("--all")
    words = [plain(o) for o in inv.operands]
    kinds = words[0].lower() if words else ""
    names = words[1:]
    pairs = [w.split("/", 1) for w in words if "/" in w]
    if _NAMESPACE.match(kinds):
        names = [*names, *[p[1] for p in pairs]]
        bad = [n for n in names if n in ("kube-system", "kube-public", "kube-node-lease", "default")]
        if bad:
            run.deny("cluster.kube-system", f"would delete the namespace {bad[0]}")
        if all_of:
            run.deny("cluster.everything", "would delete all namespaces")
    for kind, name in pairs:
        if _NAMESPACE.match(kind) and name in ("kube-system", "kube-public", "kube-node-lease", "default"):
            run.deny("cluster.kube-system", f"would delete the namespace {name}")
    if len(words) == 1 and not is_known(inv.operands[0]) and _from_listing(inv):
        run.deny("cluster.everything", "would delete all namespaces or nodes")
    if any(UNKNOWN in unmarked(o) for o in inv.operands[1:]) and inv.stdin is None:
        if _NAMESPACE.match(kinds) and _from_listing(inv):
            run.deny("cluster.everything", "would delete all namespaces")
        elif _NODE.match(kinds) and _from_listing(inv):
            run.deny("cluster.all-nodes", "would delete all nodes")
    if _NODE.match(kinds) and all_of:
        run.deny("cluster.all-nodes", "would delete all nodes")
    if all_of and everywhere:
        run.deny("cluster.everything", "would delete everything of a kind in all namespaces")
    elif all_of and kinds and _EVERYTHING.match(kinds) and kinds != "all" and not kinds.startswith("all,"):
        run.deny("cluster.everything", f"would delete all {kinds} of the cluster")
    elif everywhere and (inv.has("-l", "--selector") is False) and not names:
        run.deny("cluster.everything", "would delete everything of a kind in all namespaces")
    parts = r"(?:deploy(?:ments?)?|ds|daemonsets?|all|svc|services?|sts|statefulsets?)(?:[.,]|$)"
    if namespace == "kube-system" and (all_of or re.match(parts, kinds) or inv.has("-l", "--selector")):
        run.deny("cluster.kube-system", "would delete parts of the cluster itself (kube-system)")
    if words and namespace == "kube-system" and re.match(r"(?:deploy|ds|daemonset|svc|service)[\w.]*/", words[0]):
        run.deny("cluster.kube-system", "would delete parts of the cluster itself (kube-system)")
    if kinds.startswith(("crd", "customresourcedefinition")) and all_of:
        run.deny("cluster.everything", "would delete all custom resources of the cluster")


def _from_listing(inv: Invocation) -> bool:
    """The names come from a list of all of them (``kubectl get ns … | xargs kubectl delete ns``)."""
    text = inv.run.text
    return re.search(
        r"\bget\s+(?:-\S+\s+)*(?:ns|namespaces?|nodes?|no)\b|\bget\s[^|;&)]*\s(?:-A|--all-namespaces)\b", text
    ) is not None and not re.search(r"grep|awk|sed|head|jq|-l\b|selector", text)


def _binding(inv: Invocation) -> None:
    run = inv.run
    role = plain(inv.value("--clusterrole") or "")
    subjects = [plain(v) for v in inv.all_values("--user", "--group")]
    powerful = role in ("cluster-admin", "admin", "edit", "system:masters") or role.endswith("admin")
    if powerful and any(_ANONYMOUS.match(s) for s in subjects):
        run.deny("cluster.admin-for-all", "would make everybody (anonymous) an administrator of the cluster")
    if any(s == "system:masters" for s in subjects):
        run.unclear("cluster.admin", "gives administrator's rights")


def _exec(inv: Invocation) -> str | None:
    run = inv.run
    operands = inv.operands
    skip = inv.rest_at if inv.rest_at > 0 else 1
    if inv.has("-f", "--filename") and inv.rest_at == 0:
        skip = 0
    command = list(operands[skip:])
    if not command:
        run.unclear("unclear.shell", "runs something in a pod")
        return UNKNOWN
    if len(command) == 1 and plain(command[0]).rsplit("/", 1)[-1] in ("sh", "bash", "ash", "zsh") and inv.stdin is None:
        run.unclear("unclear.shell", "opens a shell in a pod")
        return UNKNOWN
    scope = inv.scope.copy()
    scope.cwd, scope.functions, scope.aliases, scope.poisoned = UNKNOWN, {}, {}, False
    return run.run_argv(command, scope, inv.stdin, under="kubectl exec")


def _pod(inv: Invocation) -> None:
    run = inv.run
    overrides = plain(inv.value("--overrides") or "")
    if overrides:
        _judge_text(inv, overrides)
    command = inv.operands[inv.rest_at :] if inv.rest_at >= 0 else []
    verb = inv.path[0]
    target = plain(inv.operands[0]) if inv.operands else ""
    words = " ".join(plain(c) for c in command)
    if verb == "debug" and target.startswith(("node/", "nodes/", "no/")):
        if re.search(r"\bchroot\s+/host\b|\bnsenter\b", words) or "sysadmin" in plain(inv.value("--profile") or ""):
            run.deny("container.host-root", "enters a node's root through a debug container")
        else:
            run.unclear("container.host-root", "opens a node's file system to a debug container")
    if command:
        scope = inv.scope.copy()
        scope.cwd, scope.functions, scope.aliases = "/", {}, {}
        before = dict(run.findings)
        run.run_argv(list(command), scope, inv.stdin, under=f"kubectl {verb}")
        from reign_executors.shell.analysis.handlers.containers import _INSIDE

        for key in [k for k, f in run.findings.items() if k not in before and f.level == "catastrophic"]:
            if key[0].startswith(_INSIDE):
                del run.findings[key]


def _manifests(inv: Invocation, *, deciding: bool) -> str:
    """Manifests given by ``-f``: those that can be read here are looked into."""
    for value in inv.all_values("-f", "--filename", "-k", "--kustomize"):
        bare = plain(value)
        text = inv.run.content(value, inv.scope, inv.stdin)
        if NETWORK in text or re.match(r"https?://", bare):
            inv.run.unclear("manifest.from-network", "the manifest comes from the network")
        if deciding and DECODED in text:
            inv.run.unclear("manifest.decoded", "the manifest comes out of a decoder")
        if unmarked(text) != UNKNOWN:
            judge_manifest(inv, plain(text))
    return ""


def _judge_text(inv: Invocation, text: str) -> None:
    if text:
        judge_manifest(inv, text)


def judge_manifest(inv: Invocation, text: str) -> None:
    """A manifest (YAML or JSON) by what it would give or take."""
    objects = _objects(text)
    if objects is None:
        for danger in manifest_dangers(text):
            inv.run.deny(*danger)
        return
    from reign_executors.kubernetes.dangers import manifest_findings

    for one in objects:
        for finding in manifest_findings(one):
            if finding.level == "catastrophic":
                inv.run.deny(finding.rule, finding.text)
            else:
                inv.run.notice(finding.rule, finding.text)


def _objects(text: str) -> list[dict[str, object]] | None:
    """The manifests of a text; None when it is not read as YAML: then its words are looked at."""
    import yaml

    if len(text) > 20_000:
        return None
    try:
        loaded = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    objects = [one for one in loaded if isinstance(one, dict)]
    return objects if objects and all("kind" in one for one in objects) else None


def manifest_dangers(text: str) -> list[tuple[str, str]]:
    """Rules and words for what is catastrophic in a manifest's text."""
    found: list[tuple[str, str]] = []
    try:
        flat = json.dumps(json.loads(text))
    except ValueError:
        flat = text
    if re.search(
        r"hostPath[\"']?\s*:\s*\{?\s*[\"']?path[\"']?\s*:\s*[\"']?/[\"']?\s*(?:$|[,}\n#])", flat, re.MULTILINE
    ):
        found.append(("container.host-root", "mounts a node's root into a pod"))
    host_pid = re.search(r"hostPID[\"']?\s*:\s*true", flat)
    if host_pid and re.search(r"privileged[\"']?\s*:\s*true", flat):
        found.append(("container.host-namespaces", "gives a privileged pod the node's processes"))
    elif host_pid and "nsenter" in flat:
        found.append(("container.host-namespaces", "enters a node's namespaces"))
    if (
        re.search(r"kind[\"']?\s*:\s*[\"']?ClusterRoleBinding", flat)
        and "cluster-admin" in flat
        and _ANONYMOUS.search(flat)
    ):
        found.append(("cluster.admin-for-all", "would make everybody (anonymous) an administrator of the cluster"))
    return found


@handler("helm")
def _helm(inv: Invocation, effect: str) -> str | None:
    if inv.has("--post-renderer"):
        renderer = inv.value("--post-renderer") or ""
        if plain(renderer) not in ("", "kustomize"):
            inv.run.run_argv([renderer], inv.scope.copy(), None)
    verb = inv.path[0] if inv.path else ""
    _elsewhere(inv, "--kube-apiserver")
    if inv.has("--dependency-update"):
        inv.run.change(Action.UPDATE, "chart/dependencies", "fetches what the chart depends on into its folder")
    if inv.path == ["secrets", "view"]:
        inv.run.unclear("credential.shown", "shows decrypted secrets")
        return SECRET + UNKNOWN
    if verb in ("uninstall", "delete", "un", "del"):
        if plain(inv.value("-n", "--namespace") or "") == "kube-system" and effect != "reads":
            inv.run.deny("cluster.kube-system", "would remove parts of the cluster itself (kube-system)")
        text = inv.run.text
        if (
            effect != "reads"
            and any(not is_known(o) for o in inv.operands)
            and re.search(r"helm\s+(?:ls|list)\b[^|]*(?:-A\b|--all-namespaces)", text)
        ):
            inv.run.deny("cluster.everything", "would remove all releases of all namespaces")
    if verb == "get" and inv.path[-1:] == ["values"]:
        return UNKNOWN
    return None


@handler("terraform")
def _terraform(inv: Invocation, effect: str) -> str | None:
    verb = inv.path[0] if inv.path else ""
    if verb == "plan" and (inv.has("-out", "--out")):
        return None
    named = any(re.search(r"pass|secret|token|key|cred", plain(o), re.IGNORECASE) for o in inv.operands)
    if verb == "output" and named and inv.has("-raw", "-json", "--raw", "--json"):
        inv.run.unclear("credential.shown", "shows a secret output")
    return None


@handler("aws")
def _aws(inv: Invocation, effect: str) -> str | None:
    from reign_executors.shell.analysis.handlers.network import _copy_remote

    run = inv.run
    words = [plain(o) for o in inv.operands]
    service = words[0] if words else ""
    verb = words[1] if len(words) > 1 else ""
    dry = inv.has("--dry-run", "--dryrun") and not inv.has("--no-dry-run", "--no-dryrun")
    if dry or inv.has("--generate-cli-skeleton") or words[-1:] == ["help"]:
        return UNKNOWN
    if inv.has("--no-dry-run") and effect == "reads":
        run.change(Action.UPDATE, f"aws/{service}", "does it, dry run or not")
    _written_by_aws(inv, words)
    if service == "s3" and verb in ("cp", "sync", "mv"):
        kept = inv.operands
        inv.operands = inv.operands[2:]
        try:
            if verb == "mv" and inv.operands:
                run.delete(inv.operands[0], inv.scope) if not words[2].startswith("s3:") else None
            if len(words) > 3 and words[3] == "-":
                return NETWORK + UNKNOWN
            if len(words) > 3 and words[2] == "-" and inv.stdin and set(inv.stdin) & {SECRET}:
                run.deny("credential.sent", "sends credentials to a bucket")
            return _copy_remote(inv, effect)
        finally:
            inv.operands = kept
    if service == "secretsmanager" and verb in ("get-secret-value", "batch-get-secret-value"):
        run.unclear("credential.shown", "shows a secret")
    elif re.fullmatch(r"get-(?:cluster-credentials\S*|authorization-token|credentials-for-\S+|role-credentials)", verb):
        run.unclear("credential.shown", "shows a credential")
    elif verb in ("test-invoke-method", "test-invoke-authorizer"):
        run.change(Action.UPDATE, f"aws/{service}", "calls what stands behind the interface")
    elif service == "ssm" and verb.startswith("get-parameter") and inv.has("--with-decryption"):
        run.unclear("credential.shown", "shows a secret parameter")
    elif service in ("ecr", "ecr-public") and verb in ("get-login-password", "get-login", "get-authorization-token"):
        return SECRET + UNKNOWN
    elif service == "sts" and verb in (
        "assume-role",
        "get-session-token",
        "assume-role-with-web-identity",
        "get-federation-token",
    ):
        run.unclear("credential.shown", "shows new credentials")
    elif service == "iam" and verb == "create-access-key":
        run.change(Action.CREATE, "credential/access-key", "creates an access key")
    elif service == "configure" and verb in ("get", "export-credentials"):
        if verb == "export-credentials" or re.search(r"secret|token", " ".join(words)):
            return SECRET + UNKNOWN
    elif service == "eks" and verb == "get-token":
        return SECRET + UNKNOWN
    elif service == "ec2" and verb == "get-password-data":
        run.unclear("credential.shown", "shows a password")
    if service == "iam" and verb.startswith("attach-") and "AdministratorAccess" in " ".join(map(plain, inv.argv)):
        run.notice("cloud.admin", "gives administrator's rights")
    if service == "cloudtrail" and verb in ("stop-logging", "delete-trail"):
        run.deny("security.audit", "would switch the account's audit trail off")
    if service == "guardduty" and verb == "delete-detector":
        run.deny("security.audit", "would switch the account's intrusion detection off")
    return None


_TO_FILE = re.compile(
    r"get-object(?:-torrent)?|get-export|get-sdk|get-job-output|synthesize-speech|get-media\S*|get-clip|get-snapshot-block|"
    r"get-archive|get-package-version-asset|get-thing-shadow|get-generated-template|get-dataset-content|select-object-content|get-image|get-invocation\S*"
)


def _written_by_aws(inv: Invocation, words: list[str]) -> None:
    """``aws s3api get-object … FILE``: some questions put their answer into a file named last."""
    if any(_TO_FILE.fullmatch(w) for w in words[1:2]) and len(words) > 2 and words[-1] not in ("-", "/dev/stdout"):
        inv.run.write(inv.operands[-1], inv.scope)


@handler("cloud")
def _cloud(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    text = " ".join(words)
    if inv.name == "az" and re.search(r"\blog (?:config|download)\b|\bmessage get\b", text):
        inv.run.change(Action.UPDATE, f"az/{text[:40]}", "changes what is logged, takes a message, or writes a file")
    elif inv.name == "doctl" and " console" in text:
        inv.run.unclear("unclear.shell", "opens a shell")
    elif inv.has("--flags-file"):
        inv.run.unclear("unclear.config", f"{inv.name} takes its options from a file")
    if inv.name in ("az", "doctl") and re.search(
        r"credential show|\bkeys list|show-connection-string|list-keys|list-publishing-profiles|kubeconfig show", text
    ):
        inv.run.unclear("credential.shown", "shows credentials")
    if effect not in ("reads", "nothing"):
        for word in inv.argv[1:]:
            leak(inv.run, inv.scope, word, inv.title)
    if re.search(
        r"(?:secrets versions access|secret show|print-access-token|print-identity-token|"
        r"get-access-token|get-credentials.*--show|keys list.*account)",
        text,
    ):
        if "print-" in text or "get-access-token" in text:
            return SECRET + UNKNOWN
        inv.run.unclear("credential.shown", "shows a secret")
    return None


@handler("talos")
def _talos(inv: Invocation, effect: str) -> str | None:
    if inv.path[:1] == ["reset"]:
        inv.run.deny("cluster.all-nodes", "would wipe nodes")
    return None


@handler("kubeadm")
def _kubeadm(inv: Invocation, effect: str) -> str | None:
    return None


@handler("etcdctl")
def _etcdctl(inv: Invocation, effect: str) -> str | None:
    words = [plain(a) for a in inv.argv[1:]]
    if inv.path[:1] == ["del"] and (
        any(w in ("", "/", "/registry", "/registry/") for w in words)
        or "--from-key" in words
        or "--from-key=true" in words
    ):
        inv.run.deny("cluster.everything", "would delete everything in the cluster's store")
    if inv.path[:1] == ["watch"]:
        command = inv.operands[inv.rest_at :] if inv.rest_at >= 0 else []
        if command:
            inv.run.run_argv(command, inv.scope.copy(), None, under="etcdctl watch")
    if inv.path[:1] == ["get"] and any("secrets" in w for w in words):
        inv.run.unclear("credential.shown", "shows secrets of the cluster")
    return None


def names_system_namespace(text: str) -> bool:
    return text in SYSTEM_NAMESPACES


__all__ = ["manifest_dangers", "paths", "shown"]
