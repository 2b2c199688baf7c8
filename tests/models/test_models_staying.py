"""Contexts that stay on this machine: no vendor is asked, nothing is looked at there, no earlier turn is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import stamina

from reign_agents.models.address import on_this_machine
from reign_agents.models.conversation import Stop, TextDelta, ToolCall, Usage
from reign_agents.models.fake import FakeModel, Turn
from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.with_model import ModelPlanner
from reign_agents.safety.staying import contexts_of, kept_here, may_be_told, stays
from reign_agents.settings import EngineSettings
from reign_agents.store.records import Message, RunRecord
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
from reign_executors.target import Target
from reign_tui.config import AppConfig, engine_settings, load_config
from reign_tui.model_checks import models_of, planning
from reign_tui.paths import find_paths

STRANGE = "please hum the song of the flux compensator"
SAYS: Turn = [TextDelta("hum"), Usage(10, 5), Stop("end")]
Configured = Callable[[str], None]


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configured:
    """Sets which of the contexts prod-eu and dev is Kubernetes' current one (dev by now); Docker's is default."""
    stamina.set_testing(True, attempts=1)
    file = tmp_path / "kubeconfig"
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "TF_WORKSPACE", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("KUBECONFIG", str(file))

    def choose(current: str) -> None:
        cluster = {"cluster": {"server": "https://127.0.0.1:1"}, "name": "c"}
        contexts = [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("prod-eu", "dev")]
        shape = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "contexts": contexts, "users": []}
        file.write_text(json.dumps({**shape, "current-context": current}))

    choose("dev")
    return choose


class Asked:
    """A planner with a chain of three models, and what they were asked."""

    def __init__(self, *names: str, turns: tuple[Turn, ...] = (SAYS,)) -> None:
        self.models = {name: FakeModel(*turns, name=name) for name in names}
        self.heard: list[str] = []
        self._planner = ModelPlanner(names, self.models.__getitem__, prefer="model", say=self.heard.append)

    async def draft(self, text: str, context: PlanningContext) -> Draft:
        return await self._planner.draft(text, context)

    @property
    def who(self) -> list[str]:
        return [name for name, model in self.models.items() if model.asked]


def context_in(tmp_path: Path, *patterns: str, **more: Any) -> PlanningContext:
    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        return {"looked": operation, "fields": dict(fields)}

    settings = EngineSettings(cwd=tmp_path, local_contexts=patterns, kube_context=more.pop("kube_context", None))
    return PlanningContext(settings, default_registry(), look, **more)


async def test_where_nothing_stays_vendors_are_asked(tmp_path: Path, configured: Configured) -> None:
    configured("prod-eu")
    asked = Asked("anthropic/x", "ollama/y")
    assert (await asked.draft(STRANGE, context_in(tmp_path))).planner == "anthropic/x"


async def test_a_chosen_context_that_stays_leaves_ollama_here(tmp_path: Path, configured: Configured) -> None:
    configured("prod-eu")
    asked = Asked("anthropic/x", "openai/z", "ollama/y:cloud", "ollama/y")
    draft = await asked.draft(STRANGE, context_in(tmp_path, "PROD*"))
    assert (draft.planner, asked.who) == ("ollama/y", ["ollama/y"])
    assert "anthropic/x is not asked: what concerns prod-eu stays on this machine (local_contexts)" in asked.heard
    assert any(line.startswith("ollama/y:cloud is not asked") for line in asked.heard)


async def test_without_ollama_the_offline_planner_is_left(tmp_path: Path) -> None:
    asked = Asked("anthropic/x", "openai/z")
    draft = await asked.draft(STRANGE, context_in(tmp_path, "prod*", kube_context="prod-eu"))
    assert (draft.planner, asked.who) == ("offline", [])
    assert asked.heard[-1] == "planned offline"


async def test_other_contexts_are_nobodys_business(tmp_path: Path) -> None:
    asked = Asked("anthropic/x")
    assert (await asked.draft(STRANGE, context_in(tmp_path, "prod*"))).planner == "anthropic/x"


@pytest.mark.parametrize(
    "text", ["why does api hum in prod-eu?", "hum (Prod-EU)", "hum in k8s/prod-eu, please", "hum on prod-eu."]
)
async def test_a_name_in_the_request_is_enough(tmp_path: Path, text: str) -> None:
    asked = Asked("anthropic/x")
    await asked.draft(text, context_in(tmp_path, "prod-*"))
    assert asked.who == []


async def test_dockers_address_and_a_workspace_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://prod-7.lan:2375")
    assert kept_here("hum", (), context_in(tmp_path, "*prod*")) == "tcp://prod-7.lan:2375"
    monkeypatch.delenv("DOCKER_HOST")
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform" / "environment").write_text("production")
    step = Step("s1", "terraform.plan", {"folder": "."}, "")
    assert kept_here("hum", (step,), context_in(tmp_path, "prod*")) == "production"
    assert kept_here("hum", (), context_in(tmp_path, "prod*")) == "production"
    other = replace(step, fields={"folder": ".", "workspace": "dev"})
    assert kept_here("hum", (other,), context_in(tmp_path, "prod*")) is None


def test_only_the_families_that_a_plan_is_about_count(tmp_path: Path, configured: Configured) -> None:
    configured("prod-eu")
    context = context_in(tmp_path, "prod*")
    assert kept_here("hum", (Step("s1", "docker.list_containers", {}, ""),), context) is None
    assert kept_here("hum", (Step("s1", "helm.list", {}, ""),), context) == "prod-eu"
    assert kept_here("hum", (Step("s1", "helm.list", {"context": "dev"}, ""),), context) is None


async def test_a_vendors_model_looks_nowhere_there(tmp_path: Path) -> None:
    look: Turn = [
        ToolCall("c1", "kubernetes__list", {"kind": "pod", "context": "prod-eu"}),
        ToolCall("c2", "kubernetes__list", {"kind": "pod"}),
        Stop("tools"),
    ]
    asked = Asked("anthropic/x", turns=(look, SAYS))
    await asked.draft(STRANGE, context_in(tmp_path, "prod*"))
    told = [one.text for one in asked.models["anthropic/x"].asked[-1][0].messages if one.role == "tool"]
    assert "what concerns prod-eu stays on this machine" in told[0]
    assert "looked" in told[1]
    here = Asked("ollama/y", turns=(look, SAYS))
    await here.draft(STRANGE, context_in(tmp_path, "prod*"))
    told = [one.text for one in here.models["ollama/y"].asked[-1][0].messages if one.role == "tool"]
    assert "looked" in told[0]


async def test_earlier_turns_of_it_are_not_told(tmp_path: Path) -> None:
    plans = {
        "r_1": step_of("prod-eu"),
        "r_2": step_of("dev"),
        "r_3": Step(
            "s1",
            "kubernetes.list",
            {"kind": "pod"},
            "",
            target=Target(tool="kubernetes", context="prod-eu", resource="x"),
        ),
    }
    records = tuple(
        RunRecord(run, f"p_{run}", f"secret of {run}", "monitor", None, "ana", "s_1", f"2026-11-21T10:00:0{n}Z")
        for n, run in enumerate(plans)
    )
    said = [
        Message(n, "s_1", "2026-11-21T09:00:00Z", who, f"{who} r_9", "r_9") for n, who in enumerate(("person", "reign"))
    ]
    more: dict[str, Any] = {
        "recent": records,
        "plan_of": lambda run: Plan("p_1", "x", "monitor", 1.0, (plans[run],)) if run in plans else None,
        "said": lambda: said,
    }
    asked = Asked("anthropic/x")
    await asked.draft(STRANGE, context_in(tmp_path, "prod*", **more))
    told = "\n".join(one.text for one in asked.models["anthropic/x"].asked[0][0].messages)
    assert "secret of r_2" in told
    assert "r_1" not in told
    assert "r_3" not in told
    assert "r_9" not in told
    open_context = context_in(tmp_path, **more)
    assert may_be_told(open_context) is open_context
    pointed = replace(context_in(tmp_path, "prod*", **more), selected=("r_1", "s1"))
    assert may_be_told(pointed).selected is None
    assert kept_here("hum", (), pointed) == "prod-eu"


def step_of(context: str) -> Step:
    return Step("s1", "kubernetes.list", {"kind": "pod", "context": context}, "")


def test_patterns() -> None:
    assert stays(["dev", "Prod-EU"], ["prod*"]) == "Prod-EU"
    assert stays(["dev"], ["*"]) == "dev"
    assert stays(["dev"], []) is None
    assert contexts_of("file.read", {"path": "x"}, EngineSettings()) == []


@pytest.mark.parametrize(
    ("name", "address", "here"),
    [
        ("ollama/llama", None, True),
        ("ollama/llama", "http://127.0.0.1:11434", True),
        ("ollama/llama", "0.0.0.0:11434", True),
        ("ollama/llama", "http://gpu.lan:11434", False),
        ("ollama/gpt-oss:120b-cloud", None, False),
        ("ollama/minimax:cloud", None, False),
        ("openai/llama", "http://127.0.0.1:8000/v1", False),
        ("anthropic/x", None, False),
    ],
)
def test_which_models_are_here(name: str, address: str | None, *, here: bool) -> None:
    assert on_this_machine(name, address) is here


def test_ollamas_variable_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://me:word@gpu.lan:11434")
    assert not on_this_machine("ollama/llama", None)


# the setting


@pytest.mark.usefixtures("reign_home")
@pytest.mark.parametrize(
    ("text", "patterns", "said"),
    [
        ('local_contexts = ["prod*", "live"]\n', ("prod*", "live"), None),
        ('local_contexts = "prod*, live"\n', ("prod*", "live"), None),
        ("local_contexts = 5\n", ("*",), "until it is mended no vendor hears of any"),
        ('local_contexts = ["prod*"\ntheme = 5\n', ("*",), "until it is mended, no vendor hears of any context"),
    ],
)
def test_a_fault_in_it_lets_nothing_out(tmp_path: Path, text: str, patterns: tuple[str, ...], said: str | None) -> None:
    file = find_paths().config_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    found = load_config(cwd=tmp_path)
    assert found.config.local_contexts == patterns
    assert engine_settings(found.config, tmp_path).local_contexts == patterns
    assert (said is None) == (not found.warnings)
    assert said is None or any(said in warning for warning in found.warnings)


@pytest.mark.usefixtures("reign_home")
def test_a_project_may_add_to_it_and_never_allow_plain_http(tmp_path: Path) -> None:
    (tmp_path / ".reign.toml").write_text('local_contexts = ["staging"]\nplain_http = ["evil.lan"]\n')
    found = load_config(cwd=tmp_path, environment={"REIGN_LOCAL_CONTEXTS": "prod*", "REIGN_HOME": str(tmp_path)})
    assert found.config.local_contexts == ("prod*", "staging")
    assert found.config.plain_http == ()
    assert any("plain_http is left out" in warning for warning in found.warnings)


async def test_the_doctor_tells_who_is_left() -> None:
    chosen = AppConfig(model="anthropic/x", fallback=("ollama/y",), local_contexts=("prod*",))
    told = (await planning(models_of(chosen))).detail
    assert "contexts like prod* stay on this machine: only ollama/y and the offline planner" in told
    alone = AppConfig(model="anthropic/x", local_contexts=("prod*",))
    assert (await planning(models_of(alone))).detail.endswith("stay on this machine: only the offline planner")
