"""Publishers and consumers are killed (-9) again and again; nothing that was confirmed is lost.

Bounded by counts: so many confirmed commits, so many kills, then the backlog is drained.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from towerlab.adapters.clock import SystemClock
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.ports.bus import Subscription

from tests.embedded import bus_on

HERE = Path(__file__).parent
KILLS = 16
CONFIRMED = 300
DEADLINE_SECONDS = 120.0


class Crew:
    """Child processes by name; each appends a line to its own file for what it confirmed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: Counter[str] = Counter()

    def start(self, role: str, name: str) -> None:
        self._started[name] += 1
        command = [sys.executable, str(HERE / "crew.py"), role, str(self._folder), f"{name}-{self._started[name]}"]
        self._running[name] = subprocess.Popen(command)

    def kill(self, name: str) -> None:
        self._running[name].send_signal(signal.SIGKILL)
        self._running.pop(name).wait()

    def end(self) -> None:
        for name in list(self._running):
            self.kill(name)

    def confirmed(self, role: str) -> list[str]:
        """Whole lines only: a killed process may have written half of its last one."""
        texts = [path.read_text() for path in sorted(self._folder.glob(f"{role}-*.log"))]
        return [line for text in texts for line in text.split("\n")[:-1]]


@pytest.mark.timeout(200)
def test_nothing_confirmed_is_lost(tmp_path: Path) -> None:
    bus = bus_on(SqliteFile(tmp_path / "towerlab.db"), SystemClock())
    settings = Subscription(
        "s",
        frozenset({"quick-test.requested"}),
        "",
        ack_deadline=1,
        min_backoff=0.02,
        max_backoff=0.2,
        max_attempts=10**6,
    )
    bus.subscribe(settings)
    crew, chance = Crew(tmp_path), random.Random(7)
    names = {"publisher": "publisher", "consumer-a": "consumer", "consumer-b": "consumer"}
    try:
        for name, role in names.items():
            crew.start(role, name)
        _kill_at_random(crew, names, chance)
        crew.kill("publisher")
        _until(lambda: bus.waiting("s") == 0, "the backlog is drained")
    finally:
        crew.end()
    published, handled = crew.confirmed("publisher"), Counter(crew.confirmed("consumer"))
    assert len(published) >= CONFIRMED
    assert set(published) <= set(handled), "a confirmed event was never handled"
    assert _counts(tmp_path) == (len(_documents(tmp_path)), "ok"), "an event without its document, or the reverse"


def _kill_at_random(crew: Crew, names: dict[str, str], chance: random.Random) -> None:
    """A kill after each so many newly confirmed commits, wherever the victim happens to be."""
    for kill in range(1, KILLS + 1):
        wanted = CONFIRMED * kill // KILLS
        _until(lambda: len(crew.confirmed("publisher")) >= wanted, f"{wanted} commits")  # noqa: B023
        victim = chance.choice(list(names))
        crew.kill(victim)
        crew.start(names[victim], victim)


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.01)


def _documents(folder: Path) -> list[str]:
    with SqliteFile(folder / "towerlab.db").reading() as connection:
        return [id for (id,) in connection.execute("SELECT id FROM documents")]


def _counts(folder: Path) -> tuple[int, str]:
    with SqliteFile(folder / "towerlab.db").reading() as connection:
        matching = connection.execute("SELECT COUNT(*) FROM events JOIN documents USING(id)").fetchone()[0]
        assert matching == connection.execute("SELECT COUNT(*) FROM events").fetchone()[0]
        return int(matching), str(connection.execute("PRAGMA integrity_check").fetchone()[0])
