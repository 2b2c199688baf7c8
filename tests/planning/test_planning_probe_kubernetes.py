"""Everyday requests about a cluster, as operators type them: what is planned, and what is asked instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

THERE = {
    "crm": {
        "deployment": "web api cart",
        "statefulset": "ledger",
        "daemonset": "log-agent",
        "cronjob": "backup",
        "job": "migrate=Complete import=Failed",
        "service": "web api",
        "configmap": "app",
        "horizontalpodautoscaler": "web",
        "pod": "web-7d9f8b6c5-bcdfg=Running web-7d9f8b6c5-hjklm=Evicted ledger-0=Running api-5f7b9-xz4k2=Failed",
    },
    "lab": {"deployment": "web api", "statefulset": "ledger", "daemonset": "log-agent"},
}
SCALER: JsonObject = {"minReplicas": 2, "maxReplicas": 6, "scaleTargetRef": {"kind": "Deployment", "name": "web"}}


async def looked(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    if operation == "kubernetes.contexts":
        return {"contexts": [{"name": "main", "namespace": "crm", "current": True}]}
    if operation == "kubernetes.get":
        image = f"shop/{fields['object']}:1.0"
        template: JsonObject = {"spec": {"containers": [{"name": "main", "image": image}]}}
        spec: JsonObject = {"replicas": 4, "template": template}
        spec = SCALER if fields["kind"] == "horizontalpodautoscaler" else spec
        return {"object": {"spec": spec}}
    if operation == "kubernetes.list" and fields["kind"] == "namespace":
        return {"objects": [{"name": name, "namespace": None} for name in THERE]}
    if operation != "kubernetes.list":
        return {operation.partition("list_")[2] or "releases": []}
    rows: Any = [
        {"name": name.partition("=")[0], "namespace": space, "status": name.partition("=")[2], "ready": "1/1"}
        for space, kinds in THERE.items()
        if fields.get("all_namespaces") or space == fields.get("namespace", "crm")
        for name in kinds.get(fields["kind"], "").split()
    ]
    return {"objects": rows}


async def planned(text: str, cwd: Path) -> Draft:
    context = PlanningContext(EngineSettings(cwd=cwd), default_registry(), looked, recent=(), plan_of=lambda _run: None)
    return await OfflinePlanner().draft(text, context)


def said(draft: Draft) -> list[str]:
    """Each step as ``operation [namespace/][kind/]object value …``, the namespace where it is not the context's."""
    lines = []
    for step in draft.steps:
        fields = dict(step.fields)
        space, kind, name = fields.pop("namespace", "crm"), fields.pop("kind", ""), fields.pop("object", "")
        at = "/".join(str(one) for one in (space if space != "crm" else "", kind, name) if one)
        values = [f"{key}={value}" for key, value in fields.items() if key != "manifest"]
        lines.append(" ".join(["".join(step.operation.split(".")[1:]), at, *values]).strip())
    return lines


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("restart all deployments but not cart", ["web", "api"]),
        ("restart everything in lab except ledger and web", ["lab/deployment/api", "lab/daemonset/log-agent"]),
        ("bounce all the deployments but leave api and web alone", ["cart"]),
        ("restart web not api", ["web"]),
    ],
)
async def test_all_but_some_are_restarted(text: str, steps: list[str], tmp_path: Path) -> None:
    full = [f"rollout_restart {one if '/' in one else f'deployment/{one}'}" for one in steps]
    assert said(await planned(text, tmp_path)) == full


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("delete all evicted pods", ["pod/web-7d9f8b6c5-hjklm"]),
        ("delete every pod that is not running", ["pod/web-7d9f8b6c5-hjklm", "pod/api-5f7b9-xz4k2"]),
        ("delete completed jobs", ["job/migrate"]),
        ("delete all the jobs that failed", ["job/import"]),
        ("kill the web pods", ["pod/web-7d9f8b6c5-bcdfg", "pod/web-7d9f8b6c5-hjklm"]),
        ("delete deployment web and its service", ["deployment/web", "service/web"]),
        ("delete deployment web and service api", ["deployment/web", "service/api"]),
        ("delete the backup cronjob", ["cronjob/backup"]),
        ("delete the web service but keep the deployment", ["service/web"]),
        ("remove the autoscaler from web", ["horizontalpodautoscaler/web"]),
        ("delete deployment web from lab", ["lab/deployment/web"]),
    ],
)
async def test_only_what_is_meant_is_removed(text: str, steps: list[str], tmp_path: Path) -> None:
    assert said(await planned(text, tmp_path)) == [f"delete {one}" for one in steps]


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("remove the label tier from deployment web", "label deployment/web labels={'tier': None}"),
        ("delete the tier label from web", "label deployment/web labels={'tier': None}"),
        ("remove the annotation owner from deployment web", "annotate deployment/web annotations={'owner': None}"),
        ("remove DEBUG from the env of api", "set_env deployment/api env={'DEBUG': None}"),
    ],
)
async def test_a_part_leaves_and_the_object_stays(text: str, step: str, tmp_path: Path) -> None:
    assert said(await planned(text, tmp_path)) == [step]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("scale web to 3 and api to 5", ["deployment/web 3", "deployment/api 5"]),
        ("scale web and api to 3 and cart to five", ["deployment/web 3", "deployment/api 3", "deployment/cart 5"]),
        ("scale web to 3 in lab and to 1 in crm", ["lab/deployment/web 3", "deployment/web 1"]),
        ("scale web to 3 and api to 5 in lab", ["lab/deployment/web 3", "lab/deployment/api 5"]),
        ("scale everything in lab to 0", ["lab/deployment/web 0", "lab/deployment/api 0", "lab/statefulset/ledger 0"]),
        ("scale all deployments to 2, leave api alone", ["deployment/web 2", "deployment/cart 2"]),
        ("stop cart", ["deployment/cart 0"]),
        ("double the replicas of web", ["deployment/web 8"]),
        ("scale web by 50%", ["deployment/web 6"]),
        ("one more web pod please", ["deployment/web 5"]),
        ("add two more replicas to web", ["deployment/web 6"]),
        ("remove one pod from web", ["deployment/web 3"]),
        ("take two replicas away from api", ["deployment/api 2"]),
        ("make it 6 replicas for web", ["deployment/web 6"]),
    ],
)
async def test_numbers_of_replicas(text: str, steps: list[str], tmp_path: Path) -> None:
    wanted = [f"scale {one.split()[0]} replicas={one.split()[1]}" for one in steps]
    assert said(await planned(text, tmp_path)) == wanted


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("set the image of web to nginx:1.27", ["set_image deployment/web image=nginx:1.27"]),
        ("update the image of web and api to shop:4",
         ["set_image deployment/web image=shop:4", "set_image deployment/api image=shop:4"]),
        ("change the proxy container image in web to envoy:1",
         ["set_image deployment/web image=envoy:1 container=proxy"]),
        ("bump cart to v1.4.2", ["set_image deployment/cart image=shop/cart:v1.4.2"]),
        ("set memory limit of api to 512Mi", ["set_resources deployment/api memory=512Mi"]),
        ("set cpu request for web to 250m", ["set_resources deployment/web request_cpu=250m"]),
        ("raise the memory limit of cart to 1Gi and the request to 512Mi",
         ["set_resources deployment/cart memory=1Gi request_memory=512Mi"]),
        ("expose api on port 80 to container port 8080", ["expose deployment/api port=80 target_port=8080"]),
        ("create a LoadBalancer service for web on 443", ["expose deployment/web port=443 service_type=LoadBalancer"]),
        ("scale web to 3 and tell me when they are all ready",
         ["scale deployment/web replicas=3", "rollout_status deployment/web"]),
        ("restart web and api and tell me when they are up",
         ["rollout_restart deployment/web", "rollout_restart deployment/api",
          "rollout_status deployment/web", "rollout_status deployment/api"]),
        ("change MODE in configmap app to warn", ["set_data configmap/app data={'MODE': 'warn'}"]),
        ("change LOG in configmap app to warn", ["set_data configmap/app data={'LOG': 'warn'}"]),
        ("get web to 6 replicas", ["scale deployment/web replicas=6"]),
        ("rolling restart of web", ["rollout_restart deployment/web"]),
        ("show me the events of the last hour for web", ["events deployment/web"]),
        ("what's running in lab?", ["list lab/pod"]),
        ("describe web", ["describe deployment/web"]),
        ("which node does ledger-0 run on?", ["describe pod/ledger-0"]),
        ("list network policies in lab", ["list lab/networkpolicy"]),
        ("exec psql -c 'select 1' in ledger-0", ["exec pod/ledger-0 command=['sh', '-c', 'psql -c \"select 1\"']"]),
        ("errors in the api logs in the last hour", ["logs deployment/api since=3600.0"]),
    ],
)  # fmt: skip
async def test_usual_words_reach_the_operation(text: str, steps: list[str], tmp_path: Path) -> None:
    assert said(await planned(text, tmp_path)) == steps


@pytest.mark.parametrize(
    ("text", "holds", "space"),
    [
        ("create a job seed with image shop:1 in lab", ("kind: Job", '"seed"', '"shop:1"'), "lab"),
        ("run a one-off job from the migrate image", ("kind: Job", '"migrate"'), None),
        ("create a 5Gi pvc called uploads", ("kind: PersistentVolumeClaim", '"uploads"', "storage: 5Gi"), None),
        ("create a service account deployer in lab", ("kind: ServiceAccount", '"deployer"'), "lab"),
        ("set max replicas of the web hpa to 20", ('"maxReplicas": 20', '"minReplicas": 2', '"scaleTargetRef"'), "crm"),
    ],
)
async def test_what_is_made_of_a_manifest(text: str, holds: tuple[str, ...], space: str | None, tmp_path: Path) -> None:
    (step,) = (await planned(text, tmp_path)).steps
    assert (step.operation, step.fields.get("namespace")) == ("kubernetes.apply", space)
    assert all(part in str(step.fields["manifest"]) for part in holds)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("delete all idle pods", "by “idle”"),
        ("delete all pods older than a day", "older"),
        ("delete everything in lab", "of which kind"),
        ("delete all namespaces", "of which kind"),
        ("delete all deployments except api", "Say so by name"),
        ("stop all deployments but cart", "Say so by name"),
        ("remove the cpu limit from web", "web is to stay"),
        ("remove the sidecar container from deployment web", "web is to stay"),
        ("restart web only if it is unhealthy", "“it is unhealthy”"),
        ("scale web to 5 if cpu is above 80%", "“cpu is above 80%”"),
        ("scale the backup cronjob to 3", "cronjob has no number"),
        ("scale log-agent to 3", "once on every node"),
        ("scale web to 3 then 5", "Two numbers"),
        ("scale web to 3k replicas", "How many replicas"),
        ("expose web as a NodePort on 30080", "nodes' own port"),
        ("start the cart deployment", "is there"),
        ("drain node n1", "!kubectl drain n1 --ignore-daemonsets"),
        ("taint node n1 with a=b:NoSchedule", "!kubectl taint nodes n1 a=b:NoSchedule"),
        ("pause the rollout of web", "!kubectl rollout pause deployment/web"),
        ("suspend the backup cronjob", "!kubectl patch cronjob backup"),
        ("run the backup cronjob now", "--from=cronjob/backup"),
        ("port-forward web 8080 to 80", "!kubectl port-forward deployment/web 8080:80"),
        ("copy /etc/nginx/nginx.conf from the web pod to /tmp", "!kubectl cp web:"),
        ("get a shell in the web pod", "!kubectl exec -it"),
        ("switch to context stage-2", "!kubectl config use-context stage-2"),
        ("switch to the lab namespace", "list pods in namespace lab"),
        ("rename deployment web to front", "can't be renamed"),
        ("copy the secret db-creds to lab", "Moving and copying"),
        ("clone the web deployment as web2", "Moving and copying"),
        ("reboot node n1", "not restarted or stopped from here"),
        ("attach a 10Gi volume to ledger", "Mounting volumes"),
        ("add a liveness probe on /healthz to api", "Probes come later"),
        ("create an ingress for web at shop.example.com", "!kubectl create ingress web"),
        ("create configmap from file nginx.conf", "!kubectl create configmap nginx-conf --from-file=nginx.conf"),
        ("delete what is in manifest.yaml", "!kubectl delete -f manifest.yaml"),
        ("kubectl drain n1 --ignore-daemonsets", "!kubectl drain n1 --ignore-daemonsets"),
        ("kubectl cp web-0:/etc/x /tmp/x", "!kubectl cp web-0:/etc/x /tmp/x"),
    ],
)
async def test_what_is_asked_or_said_instead(text: str, says: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question is not None
    assert says in " ".join((draft.question, *draft.suggestions))


async def test_what_was_left_alone_is_offered_by_name(tmp_path: Path) -> None:
    draft = await planned("scale all deployments in lab except web to 0", tmp_path)
    assert draft.suggestions == ("scale deployment api to 0 in namespace lab",)
    assert said(await planned(draft.suggestions[0], tmp_path)) == ["scale lab/deployment/api replicas=0"]
    assert (await planned("undo the label on web", tmp_path)).steps == ()
    (moved,) = (await planned("move deployment.yaml into k8s/", tmp_path)).steps
    assert moved.operation == "file.move"
