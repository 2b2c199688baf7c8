"""The credentials of a context, read by the official client; exec plugins run through Reign's own process runner, so
that they get a scrubbed environment, a time limit, and say themselves what is wrong."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reign_executors.call import Call
from reign_executors.errors import ToolMissing
from reign_executors.kubernetes.contexts import IN_CLUSTER, Where
from reign_executors.kubernetes.failures import CredentialsRefused
from reign_executors.operation import TERMINATE

PLUGIN_LIMIT = 60.0


def configured(at: Where) -> Any:
    """The official client's ``Configuration`` for a context. Blocking; ``ToolMissing`` says what can't be used."""
    from kubernetes import client as library
    from kubernetes.config import ConfigException, load_incluster_config

    configuration = library.Configuration()
    names = ", ".join(str(path) for path in at.files) or "the service account's files"
    try:
        if at.context == IN_CLUSTER and not at.files:
            load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            _loader(at).load_and_set(configuration)
    except ConfigException as error:
        raise ToolMissing(
            f"the kubeconfig's context {at.context!r} can't be used", f"mend {names}", detail=str(error)
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CredentialsRefused(
            f"the credentials of context {at.context!r} can't be read: {error}", f"look at user {at.user} in {names}"
        ) from error
    return configuration


def _loader(at: Where) -> Any:
    official: Any = importlib.import_module("kubernetes.config.kube_config")

    class Loader(official.KubeConfigLoader):  # type: ignore[misc]
        """The official loader with a plugin runner of our own."""

        def _load_from_exec_plugin(self) -> bool | None:
            if "exec" not in self._user:
                return None
            settings = self._user["exec"].value
            folder = self._get_base_path(self._cluster.path)
            cluster = self._cluster.value if settings.get("provideClusterInfo") else None
            status = _plugin(at, settings, folder, cluster)
            if status.get("token"):
                self.token = f"Bearer {status['token']}"
            for field, key in (("cert_file", "clientCertificateData"), ("key_file", "clientKeyData")):
                if status.get(key):
                    held = official.FileOrData(status, None, data_key_name=key, base64_file_content=False)
                    setattr(self, field, held.as_file())
            if status.get("expirationTimestamp"):
                self.expiry = official.parse_rfc3339(status["expirationTimestamp"])
            return True

    merged = official.KubeConfigMerger(os.pathsep.join(str(path) for path in at.files))
    return Loader(config_dict=merged.config, config_base_path=None, active_context=at.context)


def _plugin(at: Where, settings: Mapping[str, Any], folder: str, cluster: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a credentials plugin answers: ``{"token": …}`` or ``{"clientCertificateData": …, "clientKeyData": …}``."""
    from reign_executors.process import run

    asked: dict[str, Any] = {"interactive": False}
    if cluster is not None:
        asked["cluster"] = dict(cluster)
    version = str(settings.get("apiVersion") or "client.authentication.k8s.io/v1")
    environment = dict(os.environ)
    environment |= {str(one["name"]): str(one["value"]) for one in settings.get("env") or ()}
    environment["KUBERNETES_EXEC_INFO"] = json.dumps({"apiVersion": version, "kind": "ExecCredential", "spec": asked})
    command = str(settings.get("command") or "")
    if os.sep in command and not Path(command).is_absolute():
        command = str(Path(folder, command))
    words = [command, *(str(word) for word in settings.get("args") or ())]
    call = Call("credentials", Path(folder or "."), cwd=Path(folder or "."))
    try:
        done = asyncio.run(
            run(words, call=call, environment=environment, timeout=PLUGIN_LIMIT, cancel=TERMINATE, keep=1 << 20)
        )
    except ToolMissing as error:
        hint = str(settings.get("installHint") or "").strip().partition("\n")[0]
        raise ToolMissing(
            f"the context {at.context} needs the program {command} for its credentials: {error.cause}",
            hint or error.way_out,
        ) from error
    if not done.ok:
        raise CredentialsRefused(
            f"{command} gave no credentials for context {at.context}: it ended with exit {done.exit_code}",
            "log in again (your provider's login command)",
            detail=done.last_words(),
        )
    try:
        answer = json.loads(done.stdout)
        status = answer["status"]
        if not isinstance(status, dict) or not (status.get("token") or status.get("clientCertificateData")):
            raise KeyError("token")
    except (ValueError, KeyError, TypeError) as error:
        raise CredentialsRefused(
            f"{command} answered something that is no credential for context {at.context}",
            "run it by hand and look at what it prints",
        ) from error
    return status
