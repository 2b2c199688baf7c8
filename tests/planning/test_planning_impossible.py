"""What can't be done as it was said is asked about in one short question: names that nothing takes, several unnamed."""

from __future__ import annotations

from pathlib import Path

import pytest

from reign_agents.plan.model import Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.impossible import impossible
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import Query
from reign_executors.registry import default_registry
from tests.planning.test_planning_dialogues import looked


def context(cwd: Path) -> PlanningContext:
    return PlanningContext(EngineSettings(cwd=cwd), default_registry(), looked, recent=(), plan_of=lambda _run: None)


async def planned(text: str, cwd: Path) -> Draft:
    return await OfflinePlanner().draft(text, context(cwd))


@pytest.mark.parametrize(
    ("text", "said", "offered"),
    [
        ("create namespace Ledger", "'Ledger' can't be a name here", "create namespace ledger"),
        ("create a namespace called data.lab", "'data.lab' can't be a name", "create a namespace called data-lab"),
        ("deploy nginx:1.27 in namespace QA", "'QA' can't be a name here", "deploy nginx:1.27 in namespace qa"),
        (
            "install chart bitnami/redis as cache in namespace My_Space",
            "“My_Space” is not possible for namespace",
            "install chart bitnami/redis as cache in namespace my-space",
        ),
    ],
)
async def test_a_name_that_nothing_takes_is_asked_about(text: str, said: str, offered: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question is not None
    assert said in draft.question
    assert draft.suggestions == (offered,)


async def test_the_answer_takes_the_place_of_the_name(tmp_path: Path) -> None:
    planner = OfflinePlanner()
    await planner.draft("create namespace Ledger", context(tmp_path))
    draft = await planner.draft("books", context(tmp_path))
    assert [dict(step.fields) for step in draft.steps] == [{"object": "books"}]


def test_what_has_no_name_to_mend_is_said_plainly() -> None:
    registry = default_registry()
    missing = impossible("run it", [Step("s1", "docker.run", {"container": "web"}, "")], registry)
    assert missing is not None
    assert missing.suggestions == ()
    later = Step("s2", "docker.run", {"image": {"$from": "s1.outputs.image"}, "container": "a b"}, "")
    assert impossible("run it", [Step("s1", "docker.pull", {"image": "nginx"}, "")], registry) is None
    assert impossible("run it", [later], registry) is None


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        (
            "spin up three alpine containers",
            "run alpine as alpine-1 and run alpine as alpine-2 and run alpine as alpine-3",
        ),
        ("launch 2 instances of redis:7 in docker", "run redis:7 as redis-1 and run redis:7 as redis-2"),
        ("create three volumes", "create volumes data and cache"),
        ("create two docker networks", "create networks front and back"),
    ],
)
async def test_several_things_need_a_name_each(text: str, offered: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question is not None
    assert offered in draft.suggestions


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("create volumes data, cache and logs", ["data", "cache", "logs"]),
        ("create networks front and back", ["front", "back"]),
        ("we need a docker network that only the night jobs share, name it night-internal", ["night-internal"]),
        ("create volume a and volume b", ["a", "b"]),
        ("create a docker network lane for front and db", ["lane"]),
    ],
)
async def test_what_is_made_is_what_was_named(text: str, made: list[str], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [step.fields.get("volume") or step.fields.get("network") for step in draft.steps] == made
    assert not any(step.fields.get("internal") for step in draft.steps)


@pytest.mark.parametrize(
    "text",
    [
        "docker run of shop/api:2 works here, in the cluster the same image dies with exec format error",
        "docker diff: what did nextcloud change since it was started",
        "env vars container bookstack was started with",
        "! [rejected] main -> main (fetch first)\nerror: failed to push some refs to acme/site",
        "I want postgres:15 as a statefulset plus a secret for its password, all of it in ledger",
        "I need a Dockerfile for a small flask app, python 3.12",
        "Not to production, only to qa: deploy ghcr.io/acme/site:1.19",
        "python as a pet, what does it eat",
        "dmesg, last 30 lines, nas-02",
        "pull redis:7.2-alpine and scan it for CVEs please",
        "terraform apply in infra/net, and when the cluster stands install ingress-nginx/ingress-nginx with helm",
    ],
)
async def test_prose_about_commands_changes_nothing(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    registry = default_registry()
    assert all(issubclass(registry.find(step.operation), Query) for step in draft.steps)


async def test_several_images_are_deployed_each(tmp_path: Path) -> None:
    draft = await planned("Deploy heron/stock:3 and heron/site:3 in the shop namespace", tmp_path)
    made = [step.fields["image"] for step in draft.steps if step.operation == "kubernetes.create_deployment"]
    assert made == ["heron/stock:3", "heron/site:3"]


@pytest.mark.parametrize(
    ("text", "operation", "fields"),
    [
        (
            "installing minecraft for team day: chart itzg/minecraft, release blocks, namespace fun. go",
            "helm.install",
            {"release": "blocks", "namespace": "fun"},
        ),
        (
            "put chart jetstack/cert-manager version v1.15.3 on the cluster, release name certs, installCRDs=true",
            "helm.install",
            {"release": "certs"},
        ),
        ("ws prod, dir live/sms, destroy", "terraform.destroy", {"workspace": "prod", "folder": "live/sms"}),
        ("shwo me the pods in the billing ns thx", "kubernetes.list", {"namespace": "billing"}),
        ("list the pods in the search namespace please", "kubernetes.list", {"namespace": "search"}),
    ],
)
async def test_what_stands_behind_its_word_is_what_was_meant(
    text: str, operation: str, fields: dict[str, object], tmp_path: Path
) -> None:
    draft = await planned(text, tmp_path)
    step = next(step for step in draft.steps if step.operation == operation)
    assert {key: step.fields.get(key) for key in fields} == fields


@pytest.mark.parametrize(
    "text",
    [
        "remove the container front, not the volume",
        "remove container front but keep its data",
        "delete the container front without its volumes",
    ],
)
async def test_a_removal_spares_what_is_to_be_kept(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert not any(step.fields.get("volumes") or step.operation == "docker.remove_volume" for step in draft.steps)


@pytest.mark.parametrize(
    "text",
    [
        "do not restart api, restart worker in namespace shop",
        "don't touch container db, remove container db too",
        "remove all containers, not web",
        "delete all deployments in shop except api",
        "scale everything in shop except api to 0",
        "uninstall all releases but web",
    ],
)
async def test_what_was_ruled_out_is_not_acted_on(text: str, tmp_path: Path) -> None:
    assert (await planned(text, tmp_path)).steps == ()


@pytest.mark.parametrize(
    ("text", "spared"),
    [
        ("stop all containers except db", "db"),
        ("remove every stopped container but keep db", "db"),
        ("restart every container apart from front", "front"),
        ("remove container front but keep its data", "data"),
    ],
)
async def test_what_is_spared_is_never_the_one_that_is_ended(text: str, spared: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert spared not in [step.fields.get("container") for step in draft.steps]


@pytest.mark.parametrize(
    ("text", "path", "pattern"),
    [
        ("list /var/log/*", "/var/log", "*"),
        ("find src/**/*.py", "src", "*.py"),
        ("find /*.img", "/", "*.img"),
        ("find files named app*23.log in conf", "conf", "app*23.log"),
        ("find *.log under /var/log", "/var/log", "*.log"),
    ],
)
async def test_a_pattern_is_looked_for_in_its_own_folder(text: str, path: str, pattern: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [(step.operation, dict(step.fields)) for step in draft.steps] == [
        ("file.find", {"path": path, "name_glob": pattern})
    ]


async def test_a_sum_is_no_pattern(tmp_path: Path) -> None:
    assert (await planned("what's 17*23", tmp_path)).steps == ()


@pytest.mark.parametrize(
    "text", ["destroy only the module.vpc", "delete module.dns from the state", "remove module.vpc"]
)
async def test_a_module_of_terraform_is_no_file(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert "terraform" in str(draft.question)


@pytest.mark.parametrize(
    ("text", "operation", "fields"),
    [
        ("push to main", "git.push", {"branch": "main"}),
        ("clone git@host.example:acme/x.git", "git.clone", {"url": "git@host.example:acme/x.git"}),
        ("clone https://host.example/acme/x for me", "git.clone", {"url": "https://host.example/acme/x"}),
        ("push to origin", "git.push", {}),
        ("push main to backup", "git.push", {"remote": "backup", "branch": "main"}),
        ("what's eating the disk on /var", "file.disk_usage", {"path": "/var"}),
        ("what is filling up /var", "file.disk_usage", {"path": "/var"}),
    ],
)
async def test_what_people_mean_by_it(text: str, operation: str, fields: dict[str, object], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    found = [(one.operation, {k: v for k, v in one.fields.items() if v not in (None, [])}) for one in draft.steps]
    assert found == [(operation, fields)]


@pytest.mark.parametrize(
    ("text", "operation", "fields"),
    [
        ("terraform plan in ./live with env/stage.tfvars", "terraform.plan", {"var_files": ["env/stage.tfvars"]}),
        (
            "remove the peering module from ./net via terraform destroy -target=module.peering",
            "terraform.destroy",
            {"targets": ["module.peering"]},
        ),
        ("run nginx with a volume named site at /srv", "docker.run", {"volumes": ["site:/srv"]}),
        ("run nginx with volume web-data at /data", "docker.run", {"volumes": ["web-data:/data"]}),
        ("run bb:1 as s3 on 9000:9000", "docker.run", {"container": "s3"}),
        ("create file secret.env with content password=hunter2", "file.write", {"path": "secret.env"}),
    ],
)
async def test_a_step_holds_what_was_said(text: str, operation: str, fields: dict[str, object], tmp_path: Path) -> None:
    (step,) = [one for one in (await planned(text, tmp_path)).steps if one.operation == operation]
    assert {key: step.fields.get(key) for key in fields} == fields


async def test_another_machines_disk_is_not_looked_at_here(tmp_path: Path) -> None:
    assert (await planned("whats eating the disk on ci-03", tmp_path)).steps == ()


async def test_a_copied_file_keeps_its_name(tmp_path: Path) -> None:
    draft = await planned("copy site.conf into container web at /etc/nginx/site.conf", tmp_path)
    assert [step.fields["folder"] for step in draft.steps] == ["/etc/nginx"]


@pytest.mark.parametrize("text", ["pause the rollout of web", "prune unused images older than a week"])
async def test_ordinary_words_are_no_things(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert "rollout”" not in str(draft.question)
    assert "older" not in str(draft.question)


@pytest.mark.parametrize(
    ("text", "volumes"),
    [
        ("run postgres 16 with a volume and password hunter2", ["postgres-data:/var/lib/postgresql/data"]),
        ("run postgres 16 with password hunter2 and a volume pgdata", ["pgdata:/var/lib/postgresql/data"]),
        ("run postgres 18 with a volume pgdata, password hunter2", ["pgdata:/var/lib/postgresql"]),
        ("run redis 7 with a volume for its data named cache", ["cache-data:/data"]),
        ("run nginx with volume site at /srv named web", ["site:/srv"]),
        ("run nginx without a volume", []),
    ],
)
async def test_a_volume_is_where_the_image_keeps_its_data(text: str, volumes: list[str], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    run = next(step for step in draft.steps if step.operation == "docker.run")
    assert (run.fields.get("volumes") or []) == volumes
    made = [step.fields["volume"] for step in draft.steps if step.operation == "docker.create_volume"]
    assert made == [volume.partition(":")[0] for volume in volumes]
    if volumes and "/srv" not in volumes[0]:
        assert any(volumes[0].partition(":")[2] in text for text in draft.assumptions)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run myapp:1 with a volume", "Where in myapp:1 should the volume be?"),
        ("run redis with a password", "Which variable takes the password in redis?"),
        ("run minio with a password", "Which password should minio have?"),
        ("run mysql with root password from vault", "mysql does not start without a password"),
        ("run postgres 16 with a volume", "does not start without a password"),
    ],
)
async def test_what_a_container_needs_is_asked(text: str, said: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert said in str(draft.question)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("delete file a.txt in /tmp", ["/tmp/a.txt"]),
        ("delete a.txt and b.txt in /tmp", ["/tmp/a.txt", "/tmp/b.txt"]),
        ("remove the folder cache in /srv/app", ["/srv/app/cache"]),
        ("remove the file in /tmp called x.txt", ["/tmp/x.txt"]),
        ("delete notes.txt from my home", ["~/notes.txt"]),
        ("delete /tmp/a and /tmp/b", ["/tmp/a", "/tmp/b"]),
        ("delete a.txt in build", ["build/a.txt"]),
        ("delete a.txt from here", ["a.txt"]),
        ("remove old backups from /srv/backup", []),
        ("remove the old logs in /var/log", []),
        ("delete everything in /srv/data", []),
        ("delete all files in /srv/data", []),
        ("remove the contents of /srv/cache", []),
        ("remove the line foo from /etc/hosts", []),
    ],
)
async def test_the_folder_that_something_is_in_is_never_removed(text: str, paths: list[str], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [step.fields["path"] for step in draft.steps] == paths
    assert paths or "by their names" in str(draft.question)


@pytest.mark.parametrize(
    "text", ["make 2fa mandatory in /etc/pam.d/sshd", "gimme a br off main in fleet/telemetry: x/y"]
)
async def test_words_about_a_folder_are_no_files_in_it(text: str, tmp_path: Path) -> None:
    assert (await planned(text, tmp_path)).steps == ()


@pytest.mark.parametrize(
    "text",
    [
        "delete acme/pdf:0.7 from the registry harbor.corp.lan",
        "destroy only aws_eip.spare",
        "rmi lscr.io/linuxserver/calibre:latest",
    ],
)
async def test_what_is_elsewhere_is_no_file_here(text: str, tmp_path: Path) -> None:
    assert (await planned(text, tmp_path)).steps == ()


async def test_nothing_is_planned_of_half_a_request(tmp_path: Path) -> None:
    long = "restart web" + " please" * 900 + " no, keep it running"
    draft = await planned(long, tmp_path)
    assert draft.steps == ()
    assert "characters" in str(draft.question)


async def test_a_long_line_is_not_cut(tmp_path: Path) -> None:
    draft = await planned("!echo " + "a " * 9000 + "end", tmp_path)
    assert str(draft.steps[0].fields["command"]).endswith("a end")


async def test_blanks_cost_no_time_and_stay_in_quotes(tmp_path: Path) -> None:
    draft = await planned(f'write "a{" " * 50}b" to{" " * 4000}c.txt', tmp_path)
    assert [step.fields["content"] for step in draft.steps] == [f"a{' ' * 50}b\n"]
