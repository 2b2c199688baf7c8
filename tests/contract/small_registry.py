"""A registry on the loopback with one small image, speaking the real pull protocol."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import json
import tarfile
import threading

from tests.conftest import TEST_LABEL


def _sha(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class SmallRegistry:
    """``address`` is ``127.0.0.1:PORT``; ``address/NAME:TAG`` pulls the image for any name and tag."""

    def __init__(self, seed: str) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            entry = tarfile.TarInfo("seed")
            entry.size = len(seed)
            tar.addfile(entry, io.BytesIO(seed.encode()))
        layer = gzip.compress(packed.getvalue(), mtime=0)
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Labels": {TEST_LABEL: seed}},
                "rootfs": {"type": "layers", "diff_ids": [_sha(packed.getvalue())]},
            }
        ).encode()
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": kind,
                "config": {
                    "mediaType": "application/vnd.docker.container.image.v1+json",
                    "size": len(config),
                    "digest": _sha(config),
                },
                "layers": [
                    {
                        "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                        "size": len(layer),
                        "digest": _sha(layer),
                    }
                ],
            }
        ).encode()
        self.digest = _sha(manifest)
        blobs = {_sha(config): config, _sha(layer): layer}

        class Pages(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                last = self.path.rpartition("/")[2]
                if self.path == "/v2/":
                    self._answer(b"{}", "application/json")
                elif "/manifests/" in self.path and last != "missing":
                    self._answer(manifest, kind)
                elif "/blobs/" in self.path and last in blobs:
                    self._answer(blobs[last], "application/octet-stream")
                else:
                    self._answer(b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}', "application/json", 404)

            do_HEAD = do_GET  # noqa: N815

            def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Docker-Content-Digest", _sha(body))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
