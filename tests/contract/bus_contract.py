"""What every event bus promises its publishers and consumers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytest
from towerlab.ports.bus import Bus, Subscription

from tests.contract.building import event

WANTED = "quick-test.requested"
OTHER = "quick-test.finished"


def subscription(name: str = "s", *types: str, max_attempts: int = 3) -> Subscription:
    return Subscription(
        name,
        frozenset(types or (WANTED,)),
        f"http://127.0.0.1:1/{name}/events/",
        ack_deadline=30,
        min_backoff=1,
        max_backoff=10,
        max_attempts=max_attempts,
    )


class BusContract(ABC):
    """`deliver` hands out what is due now; the test says by its ids which deliveries are refused."""

    @abstractmethod
    def deliver(self, name: str, refused: frozenset[str] = frozenset()) -> list[str]: ...

    @abstractmethod
    def later(self, seconds: float) -> None: ...

    @pytest.fixture
    @abstractmethod
    def bus(self) -> Bus: ...

    def test_an_event_goes_to_each_subscription_of_its_type(self, bus: Bus) -> None:
        for name in ("s", "t"):
            bus.subscribe(subscription(name))
        bus.subscribe(subscription("u", OTHER))
        bus.publish([event("e1")])
        assert [self.deliver(name) for name in "stu"] == [["e1"], ["e1"], []]

    def test_what_was_taken_is_not_delivered_again(self, bus: Bus) -> None:
        bus.subscribe(subscription())
        bus.publish([event("e1")])
        assert self.deliver("s") == ["e1"]
        self.later(10_000)
        assert self.deliver("s") == []

    def test_a_subscription_receives_what_is_published_from_then_on(self, bus: Bus) -> None:
        bus.publish([event("e1")])
        bus.subscribe(subscription())
        bus.publish([event("e2")])
        assert self.deliver("s") == ["e2"]

    def test_a_changed_subscription_keeps_what_waits_for_it(self, bus: Bus) -> None:
        bus.subscribe(subscription("s", WANTED))
        bus.publish([event("e1")])
        bus.subscribe(subscription("s", OTHER))
        bus.publish([event("e2", OTHER), event("e3", WANTED)])
        assert sorted(self.deliver("s")) == ["e1", "e2"]

    def test_an_event_id_is_published_once(self, bus: Bus) -> None:
        bus.subscribe(subscription())
        bus.publish([event("e1"), event("e1")])
        bus.publish([event("e1"), event("e2")])
        assert sorted(self.deliver("s")) == ["e1", "e2"]
        bus.publish([event("e1")])
        assert self.deliver("s") == []

    def test_events_are_published_all_or_none(self, bus: Bus) -> None:
        bus.subscribe(subscription())
        with pytest.raises(ValueError, match="JSON"):
            bus.publish([event("e1"), event("e2", n=float("nan"))])
        assert self.deliver("s") == []

    def test_a_refused_event_comes_again_after_a_backoff_that_grows(self, bus: Bus) -> None:
        bus.subscribe(subscription(max_attempts=10))
        bus.publish([event("e1")])
        assert self.deliver("s", refused=frozenset({"e1"})) == ["e1"]
        assert self.deliver("s") == []
        self.later(1.5)
        assert self.deliver("s", refused=frozenset({"e1"})) == ["e1"]
        self.later(1.4)
        assert self.deliver("s") == []
        self.later(1.2)
        assert self.deliver("s") == ["e1"]

    def test_one_refused_event_holds_up_no_other(self, bus: Bus) -> None:
        bus.subscribe(subscription())
        bus.publish([event("e1"), event("e2")])
        assert sorted(self.deliver("s", refused=frozenset({"e1"}))) == ["e1", "e2"]
        bus.publish([event("e3")])
        assert self.deliver("s") == ["e3"]

    def test_after_the_last_attempt_an_event_is_a_dead_letter(self, bus: Bus) -> None:
        bus.subscribe(subscription(max_attempts=2))
        bus.publish([event("e1")])
        for _ in range(2):
            assert self.deliver("s", refused=frozenset({"e1"})) == ["e1"]
            self.later(100)
        assert self.deliver("s") == []
        (letter,) = bus.dead_letters()
        assert (letter.subscription, letter.event, letter.attempts) == ("s", event("e1"), 2)
        assert letter.reason

    def test_the_newest_dead_letters_come_first(self, bus: Bus) -> None:
        bus.subscribe(subscription(max_attempts=1))
        for id in ("e1", "e2", "e3"):
            bus.publish([event(id)])
            self.deliver("s", refused=frozenset({id}))
        assert [letter.event.id for letter in bus.dead_letters(limit=2)] == ["e3", "e2"]
