"""Whoever is pushed to, as a test plays it: every push waits until the test answers it."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from towerlab.events.codec import event_of_push

from tests.cloud.http_server import Answer, Request

HELD = 9.0  # seconds at most; the ack deadline is 10 at least
PATIENCE = 30.0  # seconds for a push that must come
TAKEN, REFUSED = 204, 503


@dataclass
class Push:
    event_id: str
    attempt: int | None
    answer: SimpleQueue[int] = field(default_factory=SimpleQueue)


class HeldPushes:
    """Answers requests for /<subscription>/events/."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, SimpleQueue[Push]] = defaultdict(SimpleQueue)

    def __call__(self, request: Request) -> Answer:
        body = json.loads(request.body)
        push = Push(event_of_push(body).id, body.get("deliveryAttempt"))
        self._waiting[request.path.split("/")[1]].put(push)
        return Answer(push.answer.get(timeout=HELD))

    def take(self, name: str, count: int, refused: frozenset[str]) -> list[Push]:
        """The next `count` pushes; each is answered as it comes."""
        taken: list[Push] = []
        deadline = time.monotonic() + PATIENCE
        while len(taken) < count:
            push = self._next(name, deadline)
            assert push, f"{len(taken)} of {count} pushes came within {PATIENCE:.0f} s"
            push.answer.put(REFUSED if push.event_id in refused else TAKEN)
            taken.append(push)
        return taken

    def rest(self, name: str, seconds: float) -> list[Push]:
        """All pushes of so many seconds from now; they are taken."""
        found: list[Push] = []
        deadline = time.monotonic() + seconds
        while push := self._next(name, deadline):
            push.answer.put(TAKEN)
            found.append(push)
        return found

    def _next(self, name: str, deadline: float) -> Push | None:
        try:
            return self._waiting[name].get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            return None
