"""The rules of LABELS.md, one after the other, on phrasings that the training data does not hold."""

from __future__ import annotations

import pytest

from reign_agents.understanding import understand


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("make a network called lab in docker", "create_infra"),
        ("write a Dockerfile for a perl service", "create_infra"),
        ("terraform apply in ./stacks/dns", "create_infra"),
        ("deploy acme/mail:2 to staging", "deploy"),
        ("trigger the deploy pipeline of mail in jenkins", "deploy"),
        ("scale mailer to 4 replicas in qa", "scale"),
        ("list the pods in namespace mail", "monitor"),
        ("terraform plan for stacks/dns", "monitor"),
        ("delete the container mailcatcher", "destroy"),
        ("uninstall the helm release mail", "destroy"),
        ("cancel workflow run 5512", "destroy"),
        ("restart deployment mailer", "update"),
        ("merge pull request 19", "update"),
        ("back up namespace mail with velero", "backup"),
        ("restore volume maildata from mail.tgz in docker", "backup"),
        ("why does pod mailer-0 keep crashing?", "debug"),
        ("Error: UPGRADE FAILED: release mail failed: timed out waiting for the condition", "debug"),
        ("what is kubernetes?", "unknown"),
        ("recipe for helm of beef", "unknown"),
        ("do it again", "unknown"),
    ],
)
def test_each_intent(text: str, intent: str) -> None:
    assert understand(text).intent == intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("how do I delete a docker volume called junk?", "destroy"),
        ("how can I scale deployment mailer to zero?", "scale"),
        ("what's the command to list helm releases?", "monitor"),
        ("how to restart the nginx service on a linux host", "update"),
    ],
)
def test_tie_1_a_how_question_has_the_intent_of_the_deed_and_asks(text: str, intent: str) -> None:
    read = understand(text)
    assert (read.intent, read.mood) == (intent, "ask")


@pytest.mark.parametrize(
    "text", ["could you restart the container mail?", "list all pods", "why is pod mail-0 pending?"]
)
def test_tie_1_everything_to_be_done_has_the_mood_do(text: str) -> None:
    assert understand(text).mood == "do"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("build the image acme/mail:3, push it and deploy it to staging", "deploy"),
        ("take a velero backup of namespace mail before the node maintenance", "backup"),
        ("build it, push it and scale mailer to 3", "scale"),
        ("stop and remove the containers mail and spam", "destroy"),
    ],
)
def test_tie_2_the_last_goal_that_the_others_serve(text: str, intent: str) -> None:
    assert understand(text).intent == intent


@pytest.mark.parametrize(
    "text", ["container mail keeps crashing, fix it", "why is deployment mailer failing? fix it please"]
)
def test_tie_3_a_fault_is_debug_even_with_fix_it(text: str) -> None:
    assert understand(text).intent == "debug"


@pytest.mark.parametrize("text", ["is the deployment mailer healthy?", "are the pods in mail ready?"])
def test_tie_3_health_without_a_fault_is_monitor(text: str) -> None:
    assert understand(text).intent == "monitor"


@pytest.mark.parametrize(
    "text", ["start a redis container", "launch nginx in docker on port 81", "docker run -d mariadb:11"]
)
def test_tie_4_docker_run_creates(text: str) -> None:
    assert understand(text).intent == "create_infra"


def test_tie_4_the_word_deploy_deploys() -> None:
    assert understand("deploy the mail container with docker compose").intent == "deploy"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("upgrade deployment mailer to 2.4.1 in prod", "update"),
        ("bump the image of deployment mailer to acme/mail:2.5", "update"),
        ("roll out version 2.5 of mailer to prod", "deploy"),
        ("ship mailer 2.5 to production", "deploy"),
    ],
)
def test_tie_5_update_or_roll_out(text: str, intent: str) -> None:
    assert understand(text).intent == intent


def test_tie_6_autoscalers_scale() -> None:
    assert understand("add an hpa for deployment mailer between 2 and 6 pods").intent == "scale"


@pytest.mark.parametrize(
    "text", ["lint the Dockerfile", "validate the terraform code in stacks/dns", "scan image acme/mail:2 for CVEs"]
)
def test_tie_7_lint_validation_and_scans_are_monitor(text: str) -> None:
    read = understand(text)
    assert read.intent == "monitor"
    assert "validation" in read.domains


@pytest.mark.parametrize(
    ("text", "domains"),
    [
        ("show the logs of container mail", {"docker"}),
        ("start the compose stack", {"docker"}),
        ("kubectl get pods", {"kubernetes"}),
        ("create a kind cluster called mail", {"kubernetes"}),
        ("helm upgrade mail bitnami/mail", {"helm"}),
        ("terraform destroy in stacks/old", {"terraform"}),
        ("open a pull request from fix/mail to main", {"github"}),
        ("create a GitHub Actions workflow that builds the docker image on push", {"github", "cicd"}),
        ("create a GitHub Actions workflow that runs terraform plan on pull requests", {"github", "cicd"}),
        ("start the jenkins job mail-build", {"cicd"}),
        ("retry the failed gitlab pipeline", {"cicd"}),
        ("restart the postfix service on host mx-01", {"bash"}),
        ("lint the chart in charts/mail", {"helm", "validation"}),
        ("scale mail to 3 replicas in prod", {"kubernetes"}),
        ("push the image acme/mail:2 and roll it out to the cluster", {"docker", "kubernetes"}),
    ],
)
def test_domains_are_the_tools_that_do_the_work(text: str, domains: set[str]) -> None:
    assert set(understand(text).domains) == domains
