"""What looks at charts, without a cluster: render, lint, show, create, and how failures are told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.errors import InvalidFields, NotFound, OperationError, ToolMissing
from reign_executors.helm.charts import locate
from reign_executors.helm.failures import ChartInvalid, ValuesInvalid, failure_of
from reign_executors.helm.program import Version, history_limit, variables, version
from reign_executors.helm.queries import LintFailed, lint_messages
from tests.helm.charts_made import LOGIN, SETTINGS, write_chart
from tests.helm.conftest import Bench


async def test_a_chart_is_rendered_with_its_secrets_hidden(local_bench: Bench) -> None:
    write_chart(local_bench.folder / "web", {"a.yaml": SETTINGS, "b.yaml": LOGIN})
    made = await local_bench.run("template", chart="web", release="shop", values={"password": "hunter2-hunter2"})
    assert made.resources == ("default/secret/shop-login", "default/configmap/shop-settings")
    assert "colour: blue" in made.text
    assert "password: <hidden>" in made.text
    assert "hunter2" not in made.text + local_bench.text


async def test_values_come_from_files_and_fields_the_fields_win(local_bench: Bench) -> None:
    write_chart(local_bench.folder / "web")
    (local_bench.folder / "more.yaml").write_text("colour: red\n")
    made = await local_bench.run("template", chart="./web", values_files=["more.yaml"])
    assert "colour: red" in made.text
    made = await local_bench.run("template", chart="./web", values_files=["more.yaml"], values={"colour": "a,b=c"})
    assert "colour: a,b=c" in made.text


async def test_a_packaged_chart_is_a_chart(local_bench: Bench) -> None:
    write_chart(local_bench.folder / "web")
    subprocess.run(["helm", "package", "web"], cwd=local_bench.folder, check=True, capture_output=True)
    shown = await local_bench.run("show_chart", chart="web-0.1.0.tgz")
    assert (shown.name, shown.version, shown.app_version) == ("web", "0.1.0", "1.0")
    assert "colour: blue" in shown.values


async def test_a_chart_shows_what_it_depends_on_and_hides_its_passwords(local_bench: Bench) -> None:
    more = "dependencies: [{name: db, version: 1.2.3, repository: 'https://example.invalid'}]\n"
    write_chart(local_bench.folder / "web", more=more, values="db: {password: swordfish1}\n")
    shown = await local_bench.run("show_chart", chart="web")
    assert shown.dependencies == ("db 1.2.3",)
    assert "swordfish1" not in shown.values
    with pytest.raises(ChartInvalid, match="depends on are not in its folder: db"):
        await local_bench.run("template", chart="web")


async def test_lint_says_file_and_line(local_bench: Bench) -> None:
    write_chart(local_bench.folder / "web")
    linted = await local_bench.run("lint", chart="web")
    assert linted.ok
    assert any("icon" in message.text for message in linted.messages)
    (local_bench.folder / "web" / "templates" / "bad.yaml").write_text("a: 1\nb: {{ .Values.x.y }}\n")
    with pytest.raises(LintFailed, match=r"web/templates/bad\.yaml line 2"):
        await local_bench.run("lint", chart="web")
    (local_bench.folder / "web" / "templates" / "bad.yaml").write_text("a: {{ nonsense }}\n")
    with pytest.raises(LintFailed, match=r'line 1: function "nonsense" not defined'):
        await local_bench.run("lint", chart="web")


async def test_a_broken_template_is_told_with_its_line(local_bench: Bench) -> None:
    write_chart(local_bench.folder / "web", {"bad.yaml": 'x: 1\ny: {{ required "say the host" .Values.host }}\n'})
    with pytest.raises(ChartInvalid, match=r"web/templates/bad\.yaml line 2: say the host"):
        await local_bench.run("template", chart="web")


async def test_values_that_break_the_schema_are_named(local_bench: Bench) -> None:
    chart = write_chart(local_bench.folder / "web")
    (chart / "values.schema.json").write_text('{"properties": {"replicas": {"type": "integer"}}}')
    with pytest.raises(ValuesInvalid, match="replicas"):
        await local_bench.run("template", chart="web", values={"replicas": "many"})
    (local_bench.folder / "bad.yaml").write_text("a: [1\n")
    with pytest.raises(ValuesInvalid, match=r"bad\.yaml are no YAML"):
        await local_bench.run("template", chart="web", values_files=["bad.yaml"])


async def test_where_a_chart_is(local_bench: Bench) -> None:
    folder = local_bench.folder
    write_chart(folder / "charts" / "web")
    assert locate("charts/web", folder).path == (folder / "charts" / "web").resolve()
    assert locate("bitnami/nginx", folder).kind == "repository"
    assert locate("oci://registry.example/charts/web", folder).word == "oci://registry.example/charts/web"
    with pytest.raises(NotFound) as missing:
        locate("./charts/wbe", folder)
    assert "charts/web" in missing.value.way_out
    with pytest.raises(InvalidFields) as no_chart:
        locate("charts", folder)
    assert "charts/web" in no_chart.value.way_out
    with pytest.raises(NotFound):
        locate("nginx", folder)
    with pytest.raises(NotFound, match="values"):
        await local_bench.run("template", chart="charts/web", values_files=["none.yaml"])
    with pytest.raises(NotFound, match="no chart repository nowhere"):
        await local_bench.run("template", chart="nowhere/web")


async def test_nothing_that_looks_like_an_option_is_taken(local_bench: Bench) -> None:
    for fields in (
        {"chart": "--post-renderer=evil"},
        {"chart": "web", "release": "-x"},
        {"chart": "web", "release": "Web_1"},
        {"chart": "web", "namespace": "-A"},
        {"chart": "web", "values_files": ["--set=a=b"]},
        {"chart": "web", "version": "-1"},
    ):
        with pytest.raises(InvalidFields):
            local_bench.make("template", **fields)


async def test_a_new_chart_is_made_in_one_piece_and_undone(local_bench: Bench) -> None:
    effect = await local_bench.preview("create_chart", path="charts/shop", parents=True)
    assert [change.resource for change in effect.changes] == [
        f"directory/{local_bench.folder}/charts",
        f"directory/{local_bench.folder}/charts/shop",
    ]
    assert "+ Chart.yaml" in str(effect.changes[1].diff)
    await local_bench.run("create_chart", path="charts/shop", parents=True)
    assert (local_bench.folder / "charts" / "shop" / "Chart.yaml").is_file()
    again = await local_bench.preview("create_chart", path="charts/shop")
    assert "is there already" in again.problems[0].text
    assert again.problems[0].choices[0].fields == {"path": f"{local_bench.folder}/charts/shop-2"}
    with pytest.raises(NotFound):
        await local_bench.run("create_chart", path="nowhere/shop")
    with pytest.raises(ChartInvalid, match="no name for a chart"):
        await local_bench.preview("create_chart", path="my chart")


def fake_helm(folder: Path, text: str) -> dict[str, str]:
    """Variables with a program ``helm`` in front that prints ``text``."""
    folder.mkdir()
    (folder / "helm").write_text(f"#!/bin/sh\necho '{text}'\n")
    (folder / "helm").chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


async def test_the_version_decides_the_options(tmp_path: Path) -> None:
    async def of(name: str, text: str) -> Version:
        return await version(Call(key="r/s", folder=tmp_path, environment=fake_helm(tmp_path / name, text)))

    four = await of("four", "v4.0.1+g12500dd")
    assert (str(four), four.atomic, four.dry_run) == ("4.0.1", "--rollback-on-failure", "--dry-run=server")
    old = await of("old", "v3.10.2+g50f003e")
    assert (old.atomic, old.dry_run, old.keep_values) == ("--atomic", "--dry-run", "--reuse-values")
    assert (await of("new", "v3.22")).keep_values == "--reset-then-reuse-values"
    with pytest.raises(ToolMissing, match=r"helm 2\.17\.0: helm 3\.8 or newer"):
        await of("two", "Client: v2.17.0+ga690bad")
    with pytest.raises(ToolMissing, match="does not say which version"):
        await of("none", "hello")


async def test_without_helm_it_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    call = Call(key="r/s", folder=tmp_path, environment={"PATH": str(tmp_path / "empty")})
    with pytest.raises(ToolMissing) as missing:
        await version(call)
    assert "https://helm.sh" in missing.value.way_out


def test_what_would_lead_helm_astray_stays_behind(tmp_path: Path) -> None:
    given = {
        "HELM_KUBEAPISERVER": "https://evil", "HELM_KUBECONTEXT": "prod", "HELM_NAMESPACE": "x", "HELM_DEBUG": "1",
        "HELM_PLUGINS": "/tmp/p", "HELM_DRIVER": "configmap", "KUBECONFIG": "/k", "HELM_REGISTRY_CONFIG": "/r",
    }  # fmt: skip
    call = Call(key="r/s", folder=tmp_path, environment=given)
    assert variables(call) == {"HELM_DRIVER": "configmap", "KUBECONFIG": "/k", "HELM_REGISTRY_CONFIG": "/r"}
    limits = [
        history_limit(Call(key="r/s", folder=tmp_path, environment={"HELM_MAX_HISTORY": said}))
        for said in ("", "0", "1", "50", "x")
    ]
    assert limits == [10, 0, 2, 50, 10]


WORDS = """\
another operation (install/upgrade/rollback) is in progress | pending | died in the middle
Error: INSTALLATION FAILED: cannot re-use a name that is still in use | conflict | there already
Error: UPGRADE FAILED: "web" has no deployed releases | not_found | never deployed
Error: release has no 7 version | not_found | no revision 7
Error: uninstall: Release not loaded: zzz: release: not found | not_found | no such release
Error: INSTALLATION FAILED: namespaces "shop" not found | not_found | no namespace shop
Error: Kubernetes cluster unreachable: dial tcp: i/o timeout | tool_missing | does not answer
Error: context "x" does not exist | tool_missing | no context x
Error: the server has asked for the client to provide credentials: Unauthorized | tool_missing | credentials
Error: chart "web" matching 9.9 not found in bitnami index. (try 'helm repo update') | not_found | of version 9.9
Error: looks like "https://example.invalid" cannot be reached: dial tcp: lookup | not_found | can't be fetched
Error: Deployment.apps "web" is invalid: spec.selector: field is immutable | chart_invalid | field is immutable
Error: context deadline exceeded | not_ready | ready in time
Error: unknown flag: --rollback-on-failure | tool_missing | does not know
Error: something new | helm_failed | something new
"""


@pytest.mark.parametrize("line", WORDS.splitlines())
def test_words_of_helm_become_typed_errors(line: str) -> None:
    text, kind, part = (piece.strip() for piece in line.split(" | "))
    error = failure_of(text, "helm upgrade")
    assert error.kind == kind
    assert part in error.cause
    assert error.way_out
    assert text in error.detail


def test_a_forbidden_verb_names_resource_and_namespace() -> None:
    error = failure_of(
        'Error: INSTALLATION FAILED: secrets is forbidden: User "system:serviceaccount:a:b" cannot create resource '
        '"secrets" in API group "" in the namespace "shop"',
        "helm install",
    )
    assert error.cause == "system:serviceaccount:a:b may not create secrets in namespace shop"
    assert isinstance(failure_of("", "helm install", 9), OperationError)
    assert "signal 9" in failure_of("", "helm install", 9).cause


def test_messages_of_lint_are_read() -> None:
    text = """\
==> Linting web
[INFO] Chart.yaml: icon is recommended
[WARNING] templates/a.yaml: object name does not conform
[ERROR] values.yaml: unable to parse YAML
    error converting YAML to JSON: yaml: line 3: did not find
[ERROR] templates/: parse error at (web/templates/x.yaml:7): unexpected end

Error: 1 chart(s) linted
"""
    found = [(one.level, one.file, one.line) for one in lint_messages(text)]
    assert found == [
        ("info", "Chart.yaml", None),
        ("warning", "templates/a.yaml", None),
        ("error", "values.yaml", 3),
        ("error", "web/templates/x.yaml", 7),
    ]
