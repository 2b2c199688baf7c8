"""The first process of the namespaces that everything of the proving ground lives in.

Started by ``unshare --pid --net --mount`` with the run folder and the numbers of inherited listening sockets: those
were bound outside, on the host's loopback, and what arrives there is passed on to the API servers in here. When this
process ends, the kernel ends everything else in its namespaces. It needs the standard library only.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

NODE_ADDRESS = "10.77.0.1"
_CHUNK = 256 * 1024


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True)


def prepare(folder: Path) -> None:
    """A loopback with the node's address on it, and private copies of the folders that components write to."""
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "address", "add", f"{NODE_ADDRESS}/32", "dev", "lo")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    for name in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables"):
        switch = Path("/proc/sys/net/bridge") / name
        if switch.exists():
            switch.write_text("1")
    own = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/run")
    for covered in ("/var/lib", "/var/log"):
        scratch = Path("/run/reign") / covered.strip("/").replace("/", "-")
        upper, work = scratch / "upper", scratch / "work"
        upper.mkdir(parents=True)
        work.mkdir()
        _run("mount", "-t", "overlay", "-o", f"lowerdir={covered},upperdir={upper},workdir={work}", "none", covered)
    if any(folder.is_relative_to(covered) for covered in ("/run", "/var/lib", "/var/log")):
        folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "--bind", f"/proc/{os.getpid()}/fd/{own}", str(folder))
    os.close(own)


class Node:
    """The components of ``run/components.json``, started stage by stage; what became of them in ``status.json``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stages: list[list[dict[str, Any]]] = json.loads((folder / "components.json").read_text())
        self.running: dict[int, str] = {}
        self.processes: list[subprocess.Popen[bytes]] = []
        self.said: dict[str, Any] = {"ready": False, "stage": 0, "components": {}}

    def say(self) -> None:
        path = self.folder / "status.json"
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(self.said))
        draft.replace(path)

    def start(self, component: dict[str, Any]) -> None:
        with Path(component["log"]).open("ab") as log:
            process = subprocess.Popen(
                component["argv"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=component["env"],
                cwd=self.folder,
            )
        self.processes.append(process)
        self.running[process.pid] = component["name"]
        self.said["components"][component["name"]] = {"exit": None, "log": component["log"]}

    def reap(self) -> None:
        """Every process whose parent ended is ours, as it is for any first process."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = self.running.pop(pid, None)
            if name is not None:
                self.said["components"][name]["exit"] = os.waitstatus_to_exitcode(status)
                self.say()

    async def ready(self, component: dict[str, Any]) -> None:
        """Wait until it answers, or has ended."""
        where = component["ready"]
        while where and self.said["components"][component["name"]]["exit"] is None:
            if await asyncio.to_thread(_answers, where):
                return
            await asyncio.sleep(0.05)

    async def run(self) -> None:
        for stage in self.stages:
            for component in stage:
                self.start(component)
            self.say()
            await asyncio.gather(*(self.ready(component) for component in stage))
            self.said["stage"] += 1
        self.said["ready"] = True
        self.say()


def _answers(where: str) -> bool:
    """Whether a server takes connections: ``/a/socket``, ``tcp:PORT``, or ``tls:PORT/path`` that must say 200."""
    kind, _, rest = where.partition(":")
    try:
        if kind == "tcp":
            socket.create_connection(("127.0.0.1", int(rest)), timeout=5).close()
            return True
        if kind == "tls":
            port, _, path = rest.partition("/")
            anybody = ssl._create_unverified_context()
            asking = http.client.HTTPSConnection("127.0.0.1", int(port), timeout=5, context=anybody)
            asking.request("GET", f"/{path}")
            return asking.getresponse().status == 200
        with socket.socket(socket.AF_UNIX) as trying:
            trying.settimeout(5)
            trying.connect(where)
        return True
    except OSError:
        return False


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(_CHUNK):
            sink.write(data)
            await sink.drain()
        if sink.can_write_eof():
            sink.write_eof()
    except OSError:
        sink.close()


async def pass_on(listening: socket.socket, port: int) -> asyncio.Server:
    """Whatever connects to ``listening`` talks to ``127.0.0.1:port`` of this namespace."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, outer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_pump(reader, outer), _pump(inner, writer))
        finally:
            outer.close()
            writer.close()

    return await asyncio.start_server(connected, sock=listening)


async def main(folder: Path, sockets: dict[int, int]) -> None:
    prepare(folder.parent)
    node = Node(folder)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGCHLD, node.reap)
    servers = [await pass_on(socket.socket(fileno=number), port) for number, port in sockets.items()]
    starting = asyncio.ensure_future(node.run())
    await ended.wait()
    starting.cancel()
    for server in servers:
        server.close()


if __name__ == "__main__":
    given = (pair.split(":") for pair in sys.argv[2:])
    asyncio.run(main(Path(sys.argv[1]), {int(number): int(port) for number, port in given}))
