"""Pub/Sub's part on one machine: leases due deliveries and pushes them to the services, at least once each."""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from towerlab.adapters.bus_embedded import EmbeddedBus, Lease
from towerlab.events.codec import push_body
from towerlab.ports.bus import Subscription
from towerlab.ports.errors import Transient
from towerlab.runtime import logs, settings
from towerlab.runtime.wiring import Deps
from towerlab.runtime.wiring_local import LocalAdapters

from local_stack.calls import post

SLOTS = 4  # deliveries under way per subscription, so that one service that hangs holds up no other
POLL_SECONDS = 0.02
FAREWELL_SECONDS = 5.0
MARGIN_SECONDS = 3.0  # the answer must be in before the lease ends
Deliver = Callable[[Lease], str]  # '' when taken, else why not
_log = logs.logger(__name__)


class Dispatcher:
    """`deliver` runs in threads of its own. Killed at any moment it loses nothing: its leases run out."""

    def __init__(self, bus: EmbeddedBus, deliver: Deliver, slots: int = SLOTS) -> None:
        self._bus, self._deliver, self._slots = bus, deliver, slots
        self._leases: queue.SimpleQueue[Lease] = queue.SimpleQueue()
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._wake = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set, then wait a little for what is under way."""
        subscriptions = self._bus.subscriptions()
        for _ in range(self._slots * len(subscriptions)):
            threading.Thread(target=self._work, daemon=True).start()
        while not stop.is_set():
            self._wake.clear()
            if not self._take(subscriptions):
                self._wake.wait(POLL_SECONDS)
        self._say_farewell()

    def _take(self, subscriptions: Sequence[Subscription]) -> bool:
        """Lease what is due as far as slots are free; whether there was anything."""
        try:
            return sum(self._take_from(subscription) for subscription in subscriptions) > 0
        except Transient as error:
            _log.warning("the bus does not answer", reason=str(error))
            return False

    def _take_from(self, subscription: Subscription) -> int:
        free = self._slots - self._under_way[subscription.name]
        if free <= 0 or not self._bus.has_due(subscription.name):
            return 0
        leases = self._bus.lease(subscription, free)
        with self._lock:
            self._under_way[subscription.name] += len(leases)
        for lease in leases:
            self._leases.put(lease)
        return len(leases)

    def _work(self) -> None:
        while True:
            lease = self._leases.get()
            try:
                self._settle(lease)
            except Exception:  # noqa: BLE001 - a worker outlives whatever happens to one delivery
                _log.exception("delivery not settled; its lease will run out", event_id=lease.event.id)
            with self._lock:
                self._under_way[lease.subscription.name] -= 1
            self._wake.set()

    def _settle(self, lease: Lease) -> None:
        started = time.monotonic()
        with logs.correlated(lease.event.correlation_id):
            reason = self._deliver(lease)
            held = self._bus.nack(lease, reason) if reason else self._bus.ack(lease)
            note = _log.warning if reason or not held else _log.info
            note(
                "not taken" if reason else "delivered",
                subscription=lease.subscription.name,
                event_id=lease.event.id,
                event_type=lease.event.type,
                attempt=lease.attempt,
                milliseconds=round((time.monotonic() - started) * 1000),
                **({"reason": reason} if reason else {}),
                **({} if held else {"lease": "lost"}),
            )

    def _say_farewell(self) -> None:
        deadline = time.monotonic() + FAREWELL_SECONDS
        while self._under_way.total() and time.monotonic() < deadline:
            self._wake.clear()
            self._wake.wait(POLL_SECONDS)


def pusher(token: str) -> Deliver:
    """Pushes a lease to its subscription's endpoint as Pub/Sub would."""

    def push(lease: Lease) -> str:
        settings = lease.subscription
        body = push_body(lease.event, f"projects/local/subscriptions/{settings.name}")
        seconds = max(1.0, settings.ack_deadline - MARGIN_SECONDS)
        return post(settings.endpoint, token, body, seconds, logs.accepted(lease.event.correlation_id, ""))

    return push


def main() -> None:
    own = settings.load()
    place = settings.on_one_machine(own)
    logs.configure("bus", own.log)
    if not place.services:
        settings.stop("TOWERLAB_SERVICES is not set; it names the services that events are delivered to")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    bus = LocalAdapters(place).bus(Deps(own, "bus"))
    names = [subscription.name for subscription in bus.subscriptions()]
    _log.info("started", subscriptions=names, released=bus.release())
    Dispatcher(bus, pusher(place.internal_token)).run(stop)
    _log.info("stopped")


if __name__ == "__main__":
    main()
