"""PipelineService of Vertex AI over REST, which really carries jobs out: on this machine, by the pipeline runner.

`python -m tests.cloud.fake_vertex --port P --folder F` serves google-cloud-aiplatform's client; F is a runner's folder,
and with `--python` it starts that runner too. Outputs are copied to where the job says, in Cloud Storage or what
STORAGE_EMULATOR_HOST names. Jobs are on disk: killed and started again it goes on.

What it does not do: isolate tasks from one another, run two jobs at once, pull the job's image (tasks run in the
pipeline environment), retry tasks, honour resources, check who calls, filter lists.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.cloud.emulators import REPOSITORY
from tests.cloud.vertex_jobs import Jobs
from tests.cloud.vertex_rules import Refused

INTERVAL = 0.2  # seconds between two looks at what runs
STATUSES = {400: "INVALID_ARGUMENT", 404: "NOT_FOUND", 409: "ALREADY_EXISTS"}
PATH = re.compile(
    r"/v1/projects/[^/]+/locations/(?P<location>[^/]+)/pipelineJobs(?:/(?P<id>[^/:]+))?(?::(?P<verb>\w+))?"
)
RUNNER = """
import sys
from pipeline.lifeline import die_with_parent
die_with_parent(int(sys.argv.pop(1)))
from pipeline.run import main
main()
"""


class Handler(BaseHTTPRequestHandler):
    jobs: ClassVar[Jobs]
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            code, answer = 200, self._route(json.loads(body or b"{}"))
        except Refused as refusal:
            code = refusal.code
            answer = {"error": {"code": code, "message": refusal.message, "status": STATUSES[code]}}
        content = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer

    def _route(self, body: dict[str, Any]) -> dict[str, Any]:
        url = urlsplit(self.path)
        if url.path == "/ready":
            return {}
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match = PATH.fullmatch(url.path)
        if match is None:
            raise Refused(404, f"there is nothing at {url.path}")
        job_id: str | None = match["id"]
        if job_id is None:
            return self._of_all(match["location"], query, body)
        return self._of_one(job_id, match["verb"])

    def _of_all(self, location: str, query: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if self.command == "POST":
            return self.jobs.create(location, query.get("pipelineJobId") or f"pipeline-{time.time_ns()}", body)
        if query.get("filter"):
            raise Refused(400, "this stand-in filters no lists")
        start, size = int(query.get("pageToken") or 0), int(query.get("pageSize") or 50)
        listed = self.jobs.all()
        more = {"nextPageToken": str(start + size)} if start + size < len(listed) else {}
        return {"pipelineJobs": listed[start : start + size], **more}

    def _of_one(self, job_id: str, verb: str | None) -> dict[str, Any]:
        match self.command, verb:
            case "GET", None:
                return self.jobs.get(job_id)
            case "POST", "cancel":
                self.jobs.cancel(job_id)
                return {}
            case "DELETE", None:
                self.jobs.delete(job_id)
                empty = {"@type": "type.googleapis.com/google.protobuf.Empty"}
                return {"name": f"operations/{time.time_ns()}", "done": True, "response": empty}
        raise Refused(404, f"there is no {self.command} {verb}")

    def log_message(self, *_: Any) -> None:
        """Requests are no news."""


class Runner:
    """The pipeline runner, as a child that dies with this process; started again when it ends."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._command = [str(python), "-W", "ignore", "-c", RUNNER, str(os.getpid()), str(folder)]
        self._log = folder.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None

    def see_to_it(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        environment = {**os.environ, "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false"}
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(self._command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()


def serve(port: int, folder: Path, python: Path | None) -> None:
    os.environ["GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT"] = "false"  # what stands in for Cloud Storage has no such buckets
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    jobs = Jobs(folder)
    runner = Runner(python, folder) if python else None
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (Handler,), {"jobs": jobs}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        while True:
            if runner:
                runner.see_to_it()
            jobs.look_at_open_jobs()
            time.sleep(INTERVAL)
    finally:
        if runner:
            runner.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A PipelineService that carries jobs out on this machine.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--python", type=Path, help="the pipeline environment's; without it the runner runs already")
    arguments = parser.parse_args()
    serve(arguments.port, arguments.folder.resolve(), arguments.python)


if __name__ == "__main__":
    main()
