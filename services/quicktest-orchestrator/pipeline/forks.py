"""The runner's end of the warm process: start a task in a fork of it, look after it, stop it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.job_log import TaskOutput

PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TF_CPP_MIN_LOG_LEVEL", "OMP_NUM_THREADS")
STAND_INS = (  # where something stands in for a service of Google's
    "STORAGE_EMULATOR_HOST",
    "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT",
    "BIGQUERY_EMULATOR_HOST",
    "BIGQUERY_STORAGE_EMULATOR_HOST",
)
ALWAYS = {"TF_USE_LEGACY_KERAS": "1", "TF_ENABLE_ONEDNN_OPTS": "0", "PYTHONNOUSERSITE": "1"}


class ZygoteDied(Exception):
    """The warm process is gone, and with it the task it ran."""


def reduced_environment(more: Mapping[str, str]) -> dict[str, str]:
    """What a task may know of the environment: no credentials, nothing that is not named here."""
    passed = {name: os.environ[name] for name in (*PASSED_ON, *STAND_INS) if name in os.environ}
    return {"TF_CPP_MIN_LOG_LEVEL": "2", **passed, **ALWAYS, **more}


class Zygote:
    """Started when first needed, and again after it died. Runs one task at a time."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def warm_up(self) -> None:
        """Start it without waiting for its imports."""
        if self._process is not None and self._process.poll() is None:
            return
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "pipeline.zygote", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=reduced_environment({}),
            )
        self._unread = b""

    def start(self, argv: Sequence[str], env: Mapping[str, str], log: Path, folder: Path) -> None:
        """Ask for a fork that runs `argv`; `poll` tells what becomes of it. Raises ZygoteDied."""
        self.warm_up()
        request = {"argv": list(argv), "env": dict(env), "log": str(log), "folder": str(folder)}
        assert self._process is not None and self._process.stdin is not None  # noqa: PT018
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise ZygoteDied from error

    def poll(self, timeout: float) -> dict[str, Any] | None:
        """The next answer other than 'ready' within `timeout` seconds. Raises ZygoteDied."""
        deadline = time.monotonic() + timeout
        while (answer := self._answer(max(deadline - time.monotonic(), 0.0))) is not None:
            if "ready" not in answer:
                return answer
        return None

    def _answer(self, timeout: float) -> dict[str, Any] | None:
        assert self._process is not None and self._process.stdout is not None  # noqa: PT018
        if b"\n" not in self._unread:
            readable, _, _ = select.select([self._process.stdout], [], [], timeout)
            if not readable:
                return None
            block = os.read(self._process.stdout.fileno(), 65536)
            if not block:
                self._process.wait()
                raise ZygoteDied(f"exit code {self._process.returncode}")
            self._unread += block
            if b"\n" not in self._unread:
                return None
        line, self._unread = self._unread.split(b"\n", 1)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def last_words(self) -> str:
        """The end of what the warm process itself printed."""
        return TaskOutput(self._log).tail()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def kill_group(pid: int) -> None:
    """Kill a task and all it started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended on its own
