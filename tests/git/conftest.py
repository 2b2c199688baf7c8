"""Real repositories in a folder of the test's own, and real HTTP pushes through ``git http-backend``."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reign_executors.call import Call, MemoryBlobs

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

TOKEN = "t0k-9f2c81aa"


@dataclass
class Workshop:
    """``app``: a repository with two commits on main, whose ``origin`` is ``bare`` and has the first; ``git`` runs git
    as somebody else would; ``call`` makes a call with a folder of its own, whose output goes to ``output``."""

    place: Path
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    output: bytearray = field(default_factory=bytearray)
    _calls: int = 0

    @property
    def app(self) -> Path:
        return self.place / "app"

    @property
    def bare(self) -> Path:
        return self.place / "bare.git"

    def git(self, *words: str, folder: Path | None = None) -> str:
        done = subprocess.run(["git", *words], cwd=folder or self.app, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, name: str, text: str) -> Path:
        path = self.app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def commit(self, message: str, **files: str) -> str:
        for name, text in files.items():
            self.write(name.replace("__", "."), text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    def head(self, name: str = "HEAD", folder: Path | None = None) -> str:
        return self.git("rev-parse", name, folder=folder)

    def call(self, **given: object) -> Call:
        self._calls += 1
        folder = self.place / "runs" / f"s{self._calls}"
        folder.mkdir(parents=True)
        fields = {"cwd": self.app, "write": self.output.extend, **given}
        return Call(key=f"r_test/s{self._calls}", folder=folder, blobs=self.blobs, **fields)  # type: ignore[arg-type]


@pytest.fixture
def workshop(tmp_path: Path, git_program: str) -> Workshop:
    """See :class:`Workshop`."""
    made = Workshop(tmp_path / "place")
    made.place.mkdir()
    made.git("init", "-q", "-b", "main", "--bare", "bare.git", folder=made.place)
    made.git("init", "-q", "-b", "main", "app", folder=made.place)
    made.git("config", "user.name", "Ana")
    made.git("config", "user.email", "ana@example.org")
    made.commit("First", app__py="print('one')\n", read__md="read me\n")
    made.git("remote", "add", "origin", made.bare.as_uri())
    made.git("push", "-q", "origin", "main")
    made.commit("Second", app__py="print('two')\n")
    return made


@dataclass
class Hub:
    """``git http-backend`` on loopback. ``url``: of the bare repository; ``seen``: what came as Authorization;
    ``lines``: the request lines."""

    url: str
    seen: list[str | None]
    lines: list[str]

    def with_token(self, user: str = "ana", token: str = TOKEN) -> str:
        return self.url.replace("://", f"://{user}:{token}@")


def _handler(root: Path, hub: Hub) -> type[BaseHTTPRequestHandler]:
    backend = Path(subprocess.check_output(["git", "--exec-path"], text=True).strip()) / "git-http-backend"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base names it so
            return

        def body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") == "chunked":
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def serve(self) -> None:
            hub.lines.append(self.requestline)
            given = self.headers.get("Authorization")
            hub.seen.append(given)
            data = self.body()
            word = base64.b64decode((given or "").removeprefix("Basic ")).decode().rpartition(":")[2]
            if word != TOKEN:
                self.answer(401, [("WWW-Authenticate", 'Basic realm="hub"')], b"no")
                return
            path, _, query = self.path.partition("?")
            variables = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REMOTE_USER": "ana",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(data)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            done = subprocess.run([backend], input=data, env=variables, capture_output=True, check=False)
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            headers = [tuple(line.split(": ", 1)) for line in head.decode().splitlines() if ": " in line]
            status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
            self.answer(status, [(name, value) for name, value in headers if name != "Status"], body)

        def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = serve  # noqa: N815 - the base class names it so
        do_POST = serve  # noqa: N815

    return Handler


@pytest.fixture
def hub(workshop: Workshop) -> Iterator[Hub]:
    """See :class:`Hub`."""
    workshop.git("config", "http.receivepack", "true", folder=workshop.bare)
    made = Hub("", [], [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(workshop.place, made))
    made.url = f"http://127.0.0.1:{server.server_port}/bare.git"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
