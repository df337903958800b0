"""A bucket with what fake-gcs-server leaves out: holds, metagenerations, and a lifecycle rule that deletes by age."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

OBJECTS = "/storage/v1/b/bucket/o"


@dataclass
class Bucket:
    """Its objects' resources by name. `meddler` is called once, before the next change: another writer."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    meddler: Any = None
    lock: Any = field(default_factory=threading.Lock)

    def add(self, *names: str) -> None:
        for name in names:
            self.objects[name] = {"name": name, "bucket": "bucket", "metageneration": "1"}

    def expire(self) -> None:
        """What the lifecycle rule does to objects old enough."""
        self.objects = {name: found for name, found in self.objects.items() if found.get("temporaryHold")}

    def change(self, name: str, changes: dict[str, Any], expected: str | None) -> tuple[int, dict[str, Any]]:
        with self.lock:
            if self.meddler:
                meddle, self.meddler = self.meddler, None
                meddle(self.objects[name])
            found = self.objects[name]
            if expected is not None and expected != found["metageneration"]:
                return 412, {"error": {"code": 412, "message": "conditionNotMet"}}
            metadata = {**found.get("metadata", {}), **changes.pop("metadata", {})}
            found |= changes | {"metadata": {key: value for key, value in metadata.items() if value is not None}}
            found["metageneration"] = str(int(found["metageneration"]) + 1)
            return 200, found


@contextmanager
def holding_bucket() -> Iterator[tuple[str, Bucket]]:
    """The base URL of a server that has gs://bucket, and the bucket."""
    bucket = Bucket()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            found = [item for name, item in sorted(bucket.objects.items()) if name.startswith(query["prefix"][0])]
            self._answer(200, {"items": found})

        def do_PATCH(self) -> None:
            url = urlsplit(self.path)
            changes = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            (expected,) = parse_qs(url.query).get("ifMetagenerationMatch", [None])
            self._answer(*bucket.change(unquote(url.path.removeprefix(f"{OBJECTS}/")), changes, expected))

        def _answer(self, code: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Requests are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bucket
    finally:
        server.shutdown()
        thread.join()
