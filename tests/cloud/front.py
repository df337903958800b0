"""What Google does on the way of a push or a tick, and the emulators do not: it adds a signed token.

`python -m tests.cloud.front` serves its certificates under /certs and hands POST /<service>/<path> on to that service,
for the account and audience it is told in its environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from tests.cloud.signing import Signer, key_in

SETTINGS = "TOWERLAB_FRONT"  # JSON: {"port", "key", "audience", "account", "services": {name: base URL}}
PASSED_ON = ("Content-Type", "X-Correlation-Id")
LONGEST = 610.0  # seconds; longer than any ack deadline


class Front(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, signer: Signer, claims: Mapping[str, str], services: Mapping[str, str]) -> None:
        self.signer, self.claims, self.services = signer, claims, services
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Front
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, "application/json", json.dumps(self.server.signer.certificates).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service, _, path = self.path.removeprefix("/").partition("/")
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        headers["Authorization"] = f"Bearer {self.server.signer.token(**self.server.claims)}"
        try:
            answer = requests.post(f"{self.server.services[service]}/{path}", body, headers=headers, timeout=LONGEST)
        except requests.RequestException as error:
            self._answer(502, "text/plain", str(error).encode())
            return
        self._answer(answer.status_code, answer.headers.get("Content-Type", "text/plain"), answer.content)

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The services log what reaches them."""


def main() -> None:
    told = json.loads(os.environ[SETTINGS])
    claims = {"aud": told["audience"], "email": told["account"]}
    Front(told["port"], Signer(key_in(Path(told["key"]))), claims, told["services"]).serve_forever()


if __name__ == "__main__":
    main()
