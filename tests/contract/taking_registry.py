"""A registry on the loopback that takes images: the part of the real protocol that a push needs, and no more."""

from __future__ import annotations

import hashlib
import http.server
import threading
from urllib.parse import parse_qs, urlsplit


class TakingRegistry:
    """``manifests`` by ``NAME:TAG``; ``address`` is ``127.0.0.1:PORT``. ``refuses``: every upload is denied."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.manifests: dict[str, str] = {}
        blobs: dict[str, bytes] = {}
        kept: dict[str, tuple[bytes, str]] = {}
        uploads: dict[str, bytes] = {}
        registry = self

        class Pages(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                head, _, last = urlsplit(self.path).path.rpartition("/")
                name, _, part = head.removeprefix("/v2/").rpartition("/")
                if self.path == "/v2/":
                    self._answer(200, b"{}")
                elif part == "blobs" and last in blobs:
                    self._answer(200, blobs[last], last)
                elif part == "manifests" and f"{name}:{last}" in kept:
                    body, kind = kept[f"{name}:{last}"]
                    self._answer(200, body, _sha(body), kind=kind)
                else:
                    self._answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')

            do_HEAD = do_GET  # noqa: N815

            def do_POST(self) -> None:
                self._body()
                if refuses:
                    self._answer(403, b'{"errors":[{"code":"DENIED","message":"denied: no such right"}]}')
                    return
                upload = str(len(uploads))
                uploads[upload] = b""
                self._taken(upload)

            def do_PATCH(self) -> None:
                upload = urlsplit(self.path).path.rpartition("/")[2]
                uploads[upload] += self._body()
                self._taken(upload)

            def do_PUT(self) -> None:
                at = urlsplit(self.path)
                head, _, last = at.path.rpartition("/")
                body = self._body()
                if "/manifests/" in at.path:
                    name = head.removeprefix("/v2/").removesuffix("/manifests")
                    kept[f"{name}:{last}"] = kept[f"{name}:{_sha(body)}"] = (body, self.headers["Content-Type"])
                    registry.manifests[f"{name}:{last}"] = _sha(body)
                    self._answer(201, b"", _sha(body))
                    return
                digest = parse_qs(at.query)["digest"][0]
                blobs[digest] = uploads.pop(last, b"") + body
                self._answer(201, b"", digest)

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def _taken(self, upload: str) -> None:
                self._answer(202, b"", where=f"/v2/uploads/{upload}", upload=upload)

            def _answer(
                self, status: int, body: bytes, digest: str = "", *, where: str = "", upload: str = "", kind: str = ""
            ) -> None:
                self.send_response(status)
                named = {"Docker-Content-Digest": digest, "Location": where, "Docker-Upload-UUID": upload}
                for header, value in {**named, "Content-Type": kind or "application/json"}.items():
                    if value:
                        self.send_header(header, value)
                if upload:
                    self.send_header("Range", f"0-{max(len(uploads.get(upload, b'')) - 1, 0)}")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
