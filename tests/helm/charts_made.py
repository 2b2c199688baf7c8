"""Tiny charts for tests: a few objects, quick to install."""

from __future__ import annotations

from pathlib import Path

SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
data:
  colour: {{ .Values.colour | quote }}
"""
LOGIN = """\
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-login
stringData:
  password: {{ .Values.password | quote }}
"""
SLEEPER = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: {{ .Values.image | quote }}
          imagePullPolicy: Never
          command: ["sleep", "3600"]
"""
VALUES = "colour: blue\npassword: ''\nreplicas: 1\nimage: none\n"


def write_chart(
    folder: Path,
    templates: dict[str, str] | None = None,
    *,
    version: str = "0.1.0",
    more: str = "",
    values: str = VALUES,
) -> Path:
    """A chart named like its folder; ``templates`` by file name (the ConfigMap alone when none are given)."""
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    about = f"apiVersion: v2\nname: {folder.name}\nversion: {version}\nappVersion: '1.0'\ndescription: a tiny chart\n"
    (folder / "Chart.yaml").write_text(about + more)
    (folder / "values.yaml").write_text(values)
    for name, text in (templates or {"settings.yaml": SETTINGS}).items():
        (folder / "templates" / name).write_text(text)
    return folder
