"""The real dispatcher process, killed (-9) again and again before a real service: every effect happens exactly once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from towerlab.events.envelope import Event
from towerlab.ports.documents import Key, Put
from towerlab.runtime.outcomes import Done, Outcome, Retry
from towerlab.runtime.push import reacting_app
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps
from werkzeug.serving import make_server

from tests.contract.building import event
from tests.embedded import bus

TOKEN = "0123456789abcdef0123456789abcdef"
EVENTS = 120
KILLS = 4
DEADLINE_SECONDS = 90.0
COUNTER = Key("thing", "counter")


class Service:
    """Counts events in a document; refuses every seventh call."""

    def __init__(self, state: Path) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self.server = make_server("127.0.0.1", 0, lambda *call: self.app(*call), threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.deps = Deps(Settings(Local(state, TOKEN, services={"quicktest-orchestrator": self.url})))
        self.app = reacting_app("quicktest-orchestrator", {"quick-test.requested": self._count}, self.deps)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def counted(self) -> int:
        held = self.deps.documents.find(COUNTER)
        return held.body["n"] if held else 0

    def _count(self, deps: Deps, _: Event) -> Outcome:
        with self._lock:
            self._calls += 1
            refuse = self._calls % 7 == 0
        if refuse:
            return Retry("every seventh call")
        held = deps.documents.find(COUNTER)
        body = {"n": held.body["n"] + 1 if held else 1}
        return Done([Put(COUNTER, body, held.revision if held else None)])


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "token").write_text(TOKEN)
    service = Service(tmp_path)
    yield service
    service.server.shutdown()


def dispatcher(state: Path, url: str) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "TOWERLAB_STATE": str(state),
        "TOWERLAB_SERVICES": json.dumps({"quicktest-orchestrator": url}),
    }
    return subprocess.Popen([sys.executable, "-m", "local_stack.dispatcher"], env=environment, stdout=subprocess.PIPE)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.005)


@pytest.mark.timeout(200)
def test_every_effect_happens_exactly_once(service: Service, tmp_path: Path) -> None:
    service.deps.documents.commit([], [event(f"e{n}") for n in range(EVENTS)])
    running = dispatcher(tmp_path, service.url)
    try:
        for kill in range(1, KILLS + 1):
            wanted = EVENTS * kill // (KILLS + 2)
            until(lambda: service.counted() >= wanted, f"{wanted} events")  # noqa: B023
            running.kill()
            running.wait()
            running = dispatcher(tmp_path, service.url)
        until(lambda: bus(service.deps).waiting("quicktest-orchestrator") == 0, "all are taken")
        assert service.counted() == EVENTS
    finally:
        running.kill()
        running.wait()


def test_it_stops_when_asked_and_says_so_in_json(service: Service, tmp_path: Path) -> None:
    running = dispatcher(tmp_path, service.url)
    service.deps.documents.commit([], [event("e1")])
    try:
        until(lambda: service.counted() == 1, "the event is delivered")
        running.send_signal(signal.SIGTERM)
        output, _ = running.communicate(timeout=30)
    finally:
        running.kill()
    lines = [json.loads(line) for line in output.splitlines()]
    assert running.returncode == 0
    assert [line["message"] for line in lines] == ["started", "delivered", "stopped"]
    assert (lines[1]["event_id"], lines[1]["correlation_id"], lines[1]["service"]) == ("e1", "c-1", "bus")


@pytest.mark.parametrize("module", ["local_stack.dispatcher", "local_stack.scheduler"])
def test_without_settings_it_says_in_one_line_what_is_missing(module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", module], env={"PATH": os.environ["PATH"]}, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (3, b"")
    assert ended.stderr.decode().startswith("cannot start: TOWERLAB_STATE")
