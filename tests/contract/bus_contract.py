"""What every event bus promises its publishers and consumers."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from towerlab.ports.bus import Bus, Subscription

from tests.contract.building import event

WANTED = "quick-test.requested"
OTHER = "quick-test.finished"
NOWHERE = "http://127.0.0.1:1"
KNOWN_WITHIN = 20.0  # seconds from the last attempt until a dead letter is known


def subscription(
    name: str = "s", *types: str, max_attempts: int = 5, base: str = NOWHERE, min_backoff: float = 1.0
) -> Subscription:
    return Subscription(
        name,
        frozenset(types or (WANTED,)),
        f"{base}/{name}/events/",
        ack_deadline=10,
        min_backoff=min_backoff,
        max_backoff=10,
        max_attempts=max_attempts,
    )


class BusContract(ABC):
    """A test answers deliveries as it takes them. Time is the bus's own: a clock that is moved, or this world's."""

    base = NOWHERE  # URL of whoever is pushed to
    min_backoff = 1.0

    @abstractmethod
    def take(self, name: str, count: int = 1, refused: frozenset[str] = frozenset()) -> list[str]:
        """Wait for the next `count` deliveries of the subscription and answer each, `refused` ones with a refusal; the
        ids of their events. Fails when they do not come."""

    @abstractmethod
    def rest(self, name: str, seconds: float) -> list[str]:
        """All that is delivered within so many seconds from now; it is taken."""

    @abstractmethod
    def now(self) -> float:
        """Seconds on the clock that the bus goes by."""

    @pytest.fixture
    @abstractmethod
    def bus(self) -> Bus: ...

    def subscribe(self, bus: Bus, name: str = "s", *types: str, max_attempts: int = 5) -> None:
        bus.subscribe(
            subscription(name, *types, max_attempts=max_attempts, base=self.base, min_backoff=self.min_backoff)
        )

    def test_an_event_goes_to_each_subscription_of_its_type(self, bus: Bus) -> None:
        for name in ("s", "t"):
            self.subscribe(bus, name)
        self.subscribe(bus, "u", OTHER)
        bus.publish([event("e1")])
        assert [self.take(name) for name in "st"] == [["e1"], ["e1"]]
        assert [self.rest(name, 0.5) for name in "stu"] == [[], [], []]

    def test_what_was_taken_is_not_delivered_again(self, bus: Bus) -> None:
        self.subscribe(bus)
        bus.publish([event("e1")])
        assert self.take("s") == ["e1"]
        assert self.rest("s", 12) == []  # longer than the ack deadline

    def test_a_subscription_receives_what_is_published_from_then_on(self, bus: Bus) -> None:
        self.subscribe(bus, "first")
        bus.publish([event("e1")])
        assert self.take("first") == ["e1"]
        self.subscribe(bus)
        bus.publish([event("e2")])
        assert self.take("s") == ["e2"]
        assert self.rest("s", 0.5) == []

    def test_a_changed_subscription_keeps_what_waits_for_it(self, bus: Bus) -> None:
        self.subscribe(bus, "s", WANTED)
        bus.publish([event("e1")])
        assert self.take("s", refused=frozenset({"e1"})) == ["e1"]
        self.subscribe(bus, "s", OTHER)
        bus.publish([event("e2", OTHER)])
        assert sorted(self.take("s", 2)) == ["e1", "e2"]

    def test_a_changed_subscription_receives_what_it_asks_for_now(self, bus: Bus) -> None:
        self.subscribe(bus, "s", WANTED)
        self.subscribe(bus, "s", WANTED, OTHER)
        bus.publish([event("e1"), event("e2", OTHER)])
        assert sorted(self.take("s", 2)) == ["e1", "e2"]

    def test_an_event_id_is_published_once(self, bus: Bus) -> None:
        self.subscribe(bus)
        bus.publish([event("e1"), event("e1")])
        bus.publish([event("e1"), event("e2")])
        assert sorted(self.take("s", 2)) == ["e1", "e2"]
        bus.publish([event("e1")])
        assert self.rest("s", 1) == []

    def test_events_are_published_all_or_none(self, bus: Bus) -> None:
        self.subscribe(bus)
        with pytest.raises(ValueError, match="JSON"):
            bus.publish([event("e1"), event("e2", n=float("nan"))])
        assert bus.send_waiting(timedelta()) == 0
        assert self.rest("s", 1) == []

    def test_what_went_out_does_not_wait(self, bus: Bus) -> None:
        self.subscribe(bus)
        bus.publish([event("e1")])
        assert bus.send_waiting(timedelta()) == 0
        assert self.take("s") == ["e1"]
        assert self.rest("s", 1) == []

    def test_a_refused_event_comes_again_after_a_backoff_that_grows(self, bus: Bus) -> None:
        self.subscribe(bus)
        bus.publish([event("e1")])
        at = []
        for _ in range(3):
            assert self.take("s", refused=frozenset({"e1"})) == ["e1"]
            at.append(self.now())
        first, second = at[1] - at[0], at[2] - at[1]
        assert 0.7 * self.min_backoff <= first < second
        assert self.take("s") == ["e1"]

    def test_one_refused_event_holds_up_no_other(self, bus: Bus) -> None:
        self.subscribe(bus)
        bus.publish([event("e1"), event("e2")])
        assert sorted(self.take("s", 2, refused=frozenset({"e1"}))) == ["e1", "e2"]
        bus.publish([event("e3")])
        assert self.take("s") == ["e3"]
        assert self.take("s") == ["e1"]

    def test_a_replay_is_delivered_once_more_and_only_once(self, bus: Bus) -> None:
        self.subscribe(bus)
        bus.publish([event("e1")])
        assert self.take("s") == ["e1"]
        for _ in range(2):
            bus.publish([event("e1"), replace(event("e1"), replay="r1")])
        assert self.take("s") == ["e1"]
        assert self.rest("s", 1) == []

    def test_after_the_last_attempt_an_event_is_a_dead_letter(self, bus: Bus) -> None:
        self.subscribe(bus, max_attempts=5)
        bus.publish([event("e1")])
        assert self.take("s", 5, refused=frozenset({"e1"})) == ["e1"] * 5
        until(lambda: len(bus.dead_letters()) == 1)
        (letter,) = bus.dead_letters()
        assert (letter.subscription, letter.event, letter.attempts) == ("s", event("e1"), 5)
        assert letter.reason
        assert self.rest("s", 1) == []

    def test_the_newest_dead_letters_come_first(self, bus: Bus) -> None:
        refused = frozenset({"e1", "e2"})
        self.subscribe(bus, max_attempts=5)
        bus.publish([event("e1")])
        assert self.take("s", 4, refused) == ["e1"] * 4  # so far ahead that no backoff's variation lets e2 overtake
        bus.publish([event("e2")])
        assert sorted(self.take("s", 6, refused)) == ["e1"] + ["e2"] * 5
        until(lambda: len(bus.dead_letters()) == 2)
        assert [letter.event.id for letter in bus.dead_letters()] == ["e2", "e1"]
        assert [letter.event.id for letter in bus.dead_letters(limit=1)] == ["e2"]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + KNOWN_WITHIN
    while not condition():
        assert time.monotonic() < deadline, f"not so within {KNOWN_WITHIN:.0f} s"
        time.sleep(0.05)
