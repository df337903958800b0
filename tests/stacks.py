"""A stack of its own for a test or a measurement: real processes, a folder and free ports of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

REPOSITORY = Path(__file__).resolve().parents[1]
FINAL = ("completed", "failed", "cancelled")
PORTS_OF_A_STACK = 13  # of the one on stand-ins, which has the most


@dataclass
class Stack:
    """A running stack and how to talk to it; `token` is a person's, where one has to say who they are."""

    state: Path
    port: int
    token: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """What `make <word>` runs."""
        return subprocess.run(
            [str(REPOSITORY / ".envs/local/bin/python"), "-m", "local_stack", *words],
            env=os.environ | {"TOWERLAB_STATE": str(self.state), "TOWERLAB_PORT": str(self.port)} | more,
            capture_output=True,
            text=True,
            timeout=400,
        )

    def towerlab(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command line, as it is installed."""
        return subprocess.run(
            [str(REPOSITORY / ".envs/local/bin/towerlab"), *words],
            env=os.environ | {"TOWERLAB_API": self.url, "TOWERLAB_TOKEN": self.token},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return requests.request(method, self.url + path, json=body, headers=known | headers, timeout=60)

    def get(self, path: str) -> Any:
        return _json(self.call("GET", path))

    def post(self, path: str, body: Any) -> Any:
        return _json(self.call("POST", path, body))

    def programs(self) -> dict[str, dict[str, str]]:
        """State and pid of each program, by its name, as `make status` shows them."""
        rows = [line.split() for line in self.command("status").stdout.splitlines()]
        return {row[0]: {"state": row[1], "pid": row[-1]} for row in rows if len(row) in (3, 4) and row[-1].isdecimal()}

    def finished(self, test_id: str, seconds: float = 240, of: str = "quick-tests") -> dict[str, Any]:
        """The test, quick or full, once it has ended; a front door that is just being restarted is asked again."""

        def ended() -> dict[str, Any] | None:
            try:
                test = self.get(f"/api/{of}/{test_id}/")
            except requests.ConnectionError:
                return None
            return dict(test) if test["status"] in FINAL else None

        found: dict[str, Any] = until(ended, seconds, f"{test_id} of {of} did not end")
        return found


def until(condition: Callable[[], Any], seconds: float, message: str) -> Any:
    """What `condition` gives once it gives something; fails with `message` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(message)


def free_ports() -> int:
    """The first of consecutive free ports, as many as a stack uses."""
    for base in range(20000, 60000, 97):
        if all(_is_free(base + offset) for offset in range(PORTS_OF_A_STACK)):
            return base
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _json(answer: requests.Response) -> Any:
    assert answer.ok, f"{answer.request.method} {answer.url} -> {answer.status_code}: {answer.text}"
    return answer.json()


@contextmanager
def running_stack() -> Iterator[Stack]:
    """A stack that is up, and gone with all that it stored when the block ends."""
    state = Path(tempfile.mkdtemp(prefix="tw"))
    state.rmdir()  # the stack makes its own folder
    running = Stack(state, free_ports())
    started = running.command("up")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield running
    finally:
        running.command("down")
        shutil.rmtree(state, ignore_errors=True)
