"""Cloud Scheduler's part on one machine: asks the services for their periodic work."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from towerlab.events.catalog import COLLECTOR, ORCHESTRATOR
from towerlab.runtime import logs, settings

from local_stack.calls import post

ANSWER_SECONDS = 60.0
REPEAT_AFTER = 30  # a failure that goes on is told again every so many ticks
_log = logs.logger(__name__)


@dataclass(frozen=True)
class Tick:
    """POST `path` on `service` every `seconds`; never twice at the same time."""

    service: str
    path: str
    seconds: float


TICKS = (
    Tick(COLLECTOR, "/tasks/collect", 1.0),
    Tick(ORCHESTRATOR, "/tasks/sweep", 15.0),
    Tick(ORCHESTRATOR, "/tasks/reruns", 60.0),
)


def keep_ticking(tick: Tick, ask: Callable[[Tick], str], stop: threading.Event) -> None:
    """`ask` ('' when done, else why not) every tick until `stop` is set; failures are told and never end it."""
    failures = 0
    while not stop.is_set():
        started = time.monotonic()
        reason = ask(tick)
        if reason and failures % REPEAT_AFTER == 0:
            _log.warning("task failed", service=tick.service, path=tick.path, reason=reason, failures=failures + 1)
        if failures and not reason:
            _log.info("task works again", service=tick.service, path=tick.path, failures=failures)
        failures = failures + 1 if reason else 0
        stop.wait(max(0.0, tick.seconds - (time.monotonic() - started)))


def asker(services: Mapping[str, str], token: str) -> Callable[[Tick], str]:
    def ask(tick: Tick) -> str:
        return post(services[tick.service] + tick.path, token, {}, ANSWER_SECONDS)

    return ask


def main() -> None:
    own = settings.load()
    place = settings.on_one_machine(own)
    logs.configure("scheduler", own.log)
    if missing := [tick.service for tick in TICKS if tick.service not in place.services]:
        settings.stop(f"TOWERLAB_SERVICES has no URL of {', '.join(missing)}")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    ask = asker(place.services, place.internal_token)
    for tick in TICKS:
        threading.Thread(target=keep_ticking, args=(tick, ask, stop), daemon=True).start()
    _log.info("started", ticks=[f"{tick.service}{tick.path} every {tick.seconds:g} s" for tick in TICKS])
    stop.wait()
    _log.info("stopped")


if __name__ == "__main__":
    main()
