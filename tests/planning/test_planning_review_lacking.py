"""What no operation does is said only where it is meant, and the command that is offered for it does just that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.machine import lacked, look_at_machine
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.planning.wish import Wish
from reign_agents.settings import EngineSettings
from reign_agents.specialists.helm import aside as helm
from reign_agents.specialists.terraform import aside as terraform
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
from tests.planning import test_planning_dialogues as dialogues


async def looked(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    if operation == "terraform.state_list":
        return {"addresses": ["terraform_data.x"]}
    return await dialogues.looked(operation, fields)


async def planned(text: str, folder: Path) -> Draft:
    return await OfflinePlanner().draft(text, PlanningContext(EngineSettings(cwd=folder), default_registry(), looked))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("infra", "pricing", "graph", "app"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text('resource "terraform_data" "x" {}\n', "utf-8")
    (tmp_path / "infra" / "prod.tfvars").write_text('x = "1"\n', "utf-8")
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n", "utf-8")
    for name in ("notes.txt", "a.txt"):
        (tmp_path / name).write_text("x\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("create namespace qa on my kind cluster", ["kubernetes.create_namespace"]),
        ("restart deployment api in the kind cluster", ["kubernetes.rollout_restart"]),
        ("create a volume s3", ["docker.create_volume"]),
        ("create network aws", ["docker.create_network"]),
        ("list files in s3", ["file.list"]),
        ("list the aws pods", ["kubernetes.list"]),
        ("list the images in s3", ["docker.list_images"]),
        ("roll back web to revision 3", ["helm.rollback"]),
        ("rollback release web after the restart failed", ["helm.rollback"]),
        ("rollback release web, we moved too fast", ["helm.rollback"]),
        ("upgrade release web, the old manifests are broken", ["helm.upgrade"]),
        ("set restart=true on release web", ["helm.upgrade"]),
        ("set notes=hi on release web", ["helm.upgrade"]),
        ("install ./chart as web2 with dependencies", ["helm.install"]),
        ("terraform plan in pricing", ["terraform.plan"]),
        ("terraform plan in the pricing folder", ["terraform.plan"]),
        ("apply terraform in graph", ["terraform.apply"]),
        ("apply the terraform in the graph folder", ["terraform.apply"]),
        ("show me the terraform plan for the dns zone in infra", ["terraform.plan"]),
        ("rollback web to revision 2", ["helm.rollback"]),
        ("pull and restart web", ["git.pull", "docker.restart"]),
        ("pull, restart web", ["git.pull", "docker.restart"]),
        ("pull and start db", ["git.pull", "docker.start"]),
        ("pull nginx and restart web", ["docker.pull", "docker.restart"]),
        ("stop and remove web", ["docker.stop", "docker.remove_container"]),
    ],
)
async def test_a_word_of_another_tool_takes_no_plan_away(text: str, steps: list[str], folder: Path) -> None:
    assert [step.operation for step in (await planned(text, folder)).steps] == steps


@pytest.mark.parametrize(
    "text",
    [
        "start the s3 container",
        "copy a.txt to the s3 container",
        "open port 8080 on web",
        "open port 8080 on web-03",
        "close port 22 on db",
        "open port 80 and 443",
        "restart the server",
        "restart my server",
        "destroy terraform in infra but keep the bucket",
        "install postgresql from the bitnami repo",
        "python manage.py migrate in web",
        "python3 app.py in web",
        "pip install flask in web",
    ],
)
async def test_what_may_mean_a_thing_here_offers_no_command_of_the_machine(text: str, folder: Path) -> None:
    draft = await planned(text, folder)
    assert not any(step.operation.startswith("shell.") for step in draft.steps)
    assert "come later" not in (draft.question or "")
    assert "comes later" not in (draft.question or "")
    assert not [one for one in draft.suggestions if one.startswith("!")]


@pytest.mark.parametrize(
    ("text", "name", "commands"),
    [
        ("spin up a new kind cluster", "Clusters on this machine", ("!kind --help",)),
        ("delete my k3d cluster", "Clusters on this machine", ("!k3d --help",)),
        ("start minikube cluster", "Clusters on this machine", ("!minikube --help",)),
        ("upload a.txt to s3", "Storage and machines of a cloud", ()),
        ("list my s3 buckets", "Storage and machines of a cloud", ()),
        ("list the objects in s3", "Storage and machines of a cloud", ()),
        ("start the ec2 instance", "Storage and machines of a cloud", ()),
        ("add a dns record for shop.io", "DNS records", ()),
        ("delete the cname record of shop.io", "DNS records", ()),
        ("list the dns records", "DNS records", ()),
        (
            "when does the certificate of shop.io expire",
            "Certificates",
            ("!openssl s_client -connect shop.io:443 -servername shop.io",),
        ),
        ("extract ~/a.zip to ~/out", "Unpacking archives", ("!unzip ~/a.zip -d ~/out",)),
        ("compress ~/app to ~/app.tar.gz", "Packing archives", ("!tar czf ~/app.tar.gz ~/app",)),
        ("count the lines in notes.txt", "Counting lines", ("!wc -l notes.txt",)),
        ("how many lines does notes.txt have", "Counting lines", ("!wc -l notes.txt",)),
        ("how many lines are in ~/notes.txt", "Counting lines", ("!wc -l ~/notes.txt",)),
        ("how many lines in notes.txt contain error", "Counting lines", ("!grep -c error notes.txt",)),
        ("how many lines contain error in notes.txt", "Counting lines", ("!grep -c error notes.txt",)),
        ("count the words in notes.txt", "Counting words", ("!wc -w notes.txt",)),
        ("count errors in notes.txt", "Counting", ("!grep -ci errors notes.txt",)),
        ("open port 8080", "Firewall rules", ("!ufw allow 8080",)),
        ("open port 443 on this machine", "Firewall rules", ("!ufw allow 443",)),
        (
            "allow port 22 from 10.0.0.0/8",
            "Firewall rules",
            ("!ufw allow from 10.0.0.0/8 to any port 22",),
        ),
        ("block port 22", "Firewall rules", ("!ufw deny 22",)),
        ("reboot the server", "Rebooting", ("!systemctl reboot",)),
        ("restart this server", "Rebooting", ("!systemctl reboot",)),
        ("delete files older than 7 days in app", "Choosing files by age", ("!find app -type f -mtime +7",)),
        ("list files over 10M in app", "Choosing files by size", ("!find app -type f -size +10M",)),
    ],
)
def test_what_is_meant_is_named_with_its_own_command(text: str, name: str, commands: tuple[str, ...]) -> None:
    assert lacked(text) == (name, commands)


@pytest.mark.parametrize(
    "text",
    [
        "delete the kind cluster role x",
        "what kind of cluster is this",
        "why does api fail since its cert expired",
        "install chart ./chart with values files a.yaml, wait no more than 5m",
    ],
)
def test_what_only_speaks_of_it_is_left_to_the_others(text: str) -> None:
    assert lacked(text) is None


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("ip link set eth0 up", "ip link set eth0 up"),
        ("npm run up", "npm run up"),
        ("ping -c 1 up", "ping -c 1 up"),
        ("npm install in ~/app", "cd ~/app && npm install"),
        ("pip install -r requirements.txt in ~/my/app", "cd ~/my/app && pip install -r requirements.txt"),
        ("python manage.py migrate in the app folder", "cd app && python manage.py migrate"),
        ("last 20 lines of ~/x.log", "tail -n 20 ~/x.log"),
    ],
)
async def test_a_command_line_runs_as_it_stands(text: str, command: str, folder: Path) -> None:
    assert [step.fields["command"] for step in (await planned(text, folder)).steps] == [command]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("set hooks.enabled=false on release web", {"values": {"hooks": {"enabled": False}}}),
        ("set scale.min=2 on release web", {"values": {"scale": {"min": 2}}}),
        (
            "helm upgrade --install es elastic/elasticsearch --version 8.5.1 -n search --set replicas=3",
            {"release": "es", "chart": "elastic/elasticsearch", "namespace": "search", "version": "8.5.1"},
        ),
        (
            "apply terraform in infra with the variables in prod.tfvars",
            {"folder": "infra", "var_files": ["prod.tfvars"]},
        ),
        ("apply terraform in infra with bucket=x", {"folder": "infra", "variables": {"bucket": "x"}}),
    ],
)
async def test_values_are_values_and_no_deeds(text: str, fields: dict[str, object], folder: Path) -> None:
    steps = (await planned(text, folder)).steps
    assert [dict(step.fields) | fields for step in steps] == [dict(step.fields) for step in steps]
    assert len(steps) == 1


@pytest.mark.parametrize(
    ("text", "said", "offered"),
    [
        ("uninstall release web but keep the history", "keeping it", "!helm uninstall web -n shop --keep-history"),
        ("uninstall release web without hooks", "leaving them out", "!helm get hooks web -n shop"),
        ("get the manifest of release web", "word by word", "!helm get manifest web -n shop"),
        ("can you restart release web", "does not run", "restart deployment web in namespace shop"),
        ("scale release web to 3", "no number of its own", "set replicaCount=3 on release web in namespace shop"),
        ("update the dependencies of chart ./chart", "dependencies", "!helm dependency update ./chart"),
        ("helm repo update", "repositories", "!helm repo update"),
        ("helm repo add lab https://h.io/charts", "repositories", "!helm repo add lab https://h.io/charts"),
        ("helm test web", "own tests", "!helm test web -n shop"),
        ("terraform plan in infra, no refresh", "without a refresh", "!terraform -chdir=infra plan -refresh=false"),
        ("refresh terraform in infra", "by itself", "!terraform -chdir=infra plan -refresh-only"),
        ("change region in infra/prod.tfvars from a to b", "Terraform's own files", "terraform plan in ./infra/"),
        ("keep the terraform state in an s3 bucket", "Terraform's own files", "terraform plan"),
        ("how much would infra cost with terraform", "Cost estimates", "terraform plan in infra"),
    ],
)
async def test_what_is_wanted_of_a_tool_is_still_said(text: str, said: str, offered: str, folder: Path) -> None:
    draft = await planned(text, folder)
    assert draft.steps == ()
    assert said in (draft.question or "")
    assert offered in draft.suggestions


LONG = [
    pytest.param(f"{head}{fill}{tail}", id=f"{head}{fill[:3]!r}")
    for head in ("delete", "list files", "what", "count", "uninstall release web", "terraform plan")
    for fill, tail in ((" " * 20000, "x"), (" web" * 5000, ""), (f" {'x' * 20000}", "."), (" lines" * 3000, ""))
]


@pytest.mark.parametrize("text", LONG)
def test_long_texts_are_read_in_one_go(text: str) -> None:
    assert lacked(text) is None
    assert look_at_machine(text) is None
    assert not helm.lacks(Wish.of(text))
    assert not terraform.lacks(Wish.of(text))
