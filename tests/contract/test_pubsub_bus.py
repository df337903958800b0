"""What the bus on Pub/Sub does beyond the contract: its outbox, its limits, its senders."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from queue import SimpleQueue
from uuid import uuid4

import pytest
from google.pubsub_v1 import PublisherClient
from quicktest_orchestrator.app import create as orchestrator
from towerlab.adapters.bus_pubsub import PubsubBus
from towerlab.adapters.pubsub_subscriptions import Sender
from towerlab.events.catalog import CATALOG
from towerlab.events.envelope import Event
from towerlab.ports.bus import Subscription
from towerlab.ports.errors import Transient
from towerlab.runtime.outcomes import Done, Outcome, Retry
from towerlab.runtime.push import reacting_app
from towerlab.runtime.settings import Settings
from towerlab.runtime.subscriptions import subscriptions
from towerlab.runtime.wiring import Deps

from tests.cloud import emulators
from tests.cloud.fake_pubsub import ID, fake_pubsub
from tests.cloud.held_pushes import HeldPushes
from tests.cloud.http_server import Answer, Request, http_server
from tests.cloud.memory_outbox import MemoryOutbox
from tests.cloud.place import PUSHER, SIGNER, bus_to, google_place, pass_on, pushed_to
from tests.cloud.signing import AUDIENCE
from tests.contract.building import event, put
from tests.contract.bus_contract import OTHER, WANTED, subscription, until

NOW = timedelta()


@pytest.fixture
def pubsub(fake: str, memory: MemoryOutbox, deps: Deps, monkeypatch: pytest.MonkeyPatch) -> PubsubBus:
    return bus_to(fake, memory, deps, monkeypatch)


def test_a_bus_out_of_reach_costs_a_second_and_its_events_go_later(
    pubsub: PubsubBus, memory: MemoryOutbox, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    pubsub.subscribe(subscription("s", WANTED, OTHER))
    closed = bus_to(f"127.0.0.1:{emulators.free_port()}", memory, deps, monkeypatch)
    started = time.monotonic()
    closed.publish([event("e1"), event("e2", OTHER)])
    assert time.monotonic() - started < 2.5
    with pytest.raises(Transient):
        closed.send_waiting(NOW)
    assert (pubsub.send_waiting(timedelta(hours=1)), pubsub.send_waiting(NOW), pubsub.send_waiting(NOW)) == (0, 2, 0)


def test_what_may_have_gone_out_goes_out_again(
    memory: MemoryOutbox, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = HeldPushes()
    with fake_pubsub(SIGNER, slow=1.5) as host, http_server(held) as url:
        bus = bus_to(host, memory, deps, monkeypatch)
        bus.subscribe(subscription("s", base=url))
        bus.publish([event("e1")])  # it is taken, but that is not heard within a second
        assert [push.event_id for push in held.take("s", 1, frozenset())] == ["e1"]
        assert (bus.send_waiting(NOW), bus.send_waiting(NOW)) == (1, 0)
        assert [push.event_id for push in held.take("s", 1, frozenset())] == ["e1"]


def test_a_topic_that_is_missing_holds_up_no_other(pubsub: PubsubBus, memory: MemoryOutbox) -> None:
    pubsub.subscribe(subscription("s", WANTED))
    pubsub.publish([event("e1", OTHER), event("e2")])
    assert [one.id for one in memory.unsent(NOW, 10)] == ["e1"]
    with pytest.raises(Transient, match=OTHER):
        pubsub.send_waiting(NOW)
    pubsub.subscribe(subscription("s", OTHER))
    assert pubsub.send_waiting(NOW) == 1


def test_the_orchestrators_sweep_sends_what_has_waited(
    fake: str, certs_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 5.0, 20.0, 20.0])
    outbox, deps = MemoryOutbox(lambda: next(times)), pushed_to(tmp_path, certs_url, "quicktest-orchestrator")
    bus = deps.bus = bus_to(fake, outbox, deps, monkeypatch)
    app, sweep = orchestrator(deps), Request("/tasks/sweep", {"Authorization": f"Bearer {SIGNER.token(email=PUSHER)}"})
    with http_server(held := HeldPushes()) as url:
        bus.subscribe(subscription("s", base=url))
        outbox.record([event("e1")])
        assert pass_on(app, sweep, sweep.path) == 204
        assert held.rest("s", 0.5) == []  # five seconds old, it is on its way
        assert pass_on(app, sweep, sweep.path) == 204
        assert [push.event_id for push in held.take("s", 1, frozenset())] == ["e1"]


@pytest.mark.parametrize(("account", "answers"), [(PUSHER, [503, 204]), ("other@example.org", [403, 403])])
def test_a_service_takes_the_pushes_of_its_account_alone(
    fake: str, memory: MemoryOutbox, deps: Deps, monkeypatch: pytest.MonkeyPatch, account: str, answers: list[int]
) -> None:
    handled: list[str] = []
    answered: SimpleQueue[int] = SimpleQueue()

    def handler(_: Deps, event: Event) -> Outcome:
        handled.append(event.id)
        return Done() if len(handled) > 1 else Retry("at first")

    app = reacting_app(deps.service, {WANTED: handler}, deps)

    def answer(request: Request) -> Answer:
        status = pass_on(app, request, "/events/")
        answered.put(status)
        return Answer(status)

    bus = bus_to(fake, memory, deps, monkeypatch, Sender(account, AUDIENCE))
    with http_server(answer) as url:
        bus.subscribe(subscription("s", base=url, min_backoff=0.1))
        bus.publish([event("e1")])
        assert [answered.get(timeout=20) for _ in answers] == answers
    assert handled == (["e1", "e1"] if account == PUSHER else [])


def test_many_events_go_in_several_calls(pubsub: PubsubBus, memory: MemoryOutbox) -> None:
    PublisherClient().create_topic(name=f"projects/{pubsub._project}/topics/{WANTED}")
    pubsub.publish([event(f"e{n}") for n in range(1100)])
    assert memory.unsent(NOW, 10) == []


def test_an_installation_sends_what_it_commits_and_knows_what_was_not_taken(
    fake: str, firestore_host: str, certs_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", fake)
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_host)
    deps = Deps(Settings(google_place(certs_url, f"towerlab-{uuid4().hex[:8]}")), "config-api")
    app = reacting_app(deps.service, {WANTED: lambda _, __: Retry("never")}, deps)
    bus = deps.bus
    assert isinstance(bus, PubsubBus)
    with http_server(lambda request: Answer(pass_on(app, request, request.path.removeprefix("/s")))) as url:
        bus.bury_at(f"{url}/dead-letters/")
        bus.subscribe(subscription("s", base=url, min_backoff=0.05))
        deps.documents.commit([put("a")], [event("e1")])
        until(lambda: len(bus.dead_letters()) == 1)
    assert [(letter.event, letter.attempts) for letter in bus.dead_letters()] == [(event("e1"), 5)]
    assert bus.send_waiting(NOW) == 0


@pytest.mark.parametrize(
    "changed",
    [{"ack_deadline": 9}, {"ack_deadline": 601}, {"max_attempts": 4}, {"max_attempts": 101}, {"max_backoff": 601}],
)
def test_settings_that_pubsub_has_not_are_refused(pubsub: PubsubBus, changed: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Pub/Sub takes"):
        pubsub.subscribe(Subscription("s", frozenset({WANTED}), "http://127.0.0.1:1", **changed))  # type: ignore[arg-type]


def test_every_type_of_the_catalog_is_a_topic_and_every_consumer_subscribes(
    official: str, memory: MemoryOutbox, deps: Deps, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = bus_to(official, memory, deps, monkeypatch)
    consumers = {consumer for type in CATALOG.values() for consumer in type.reacting}
    wanted = subscriptions(dict.fromkeys(consumers, "http://127.0.0.1:1"))
    for _ in range(2):
        for one in wanted:
            bus.subscribe(one)
    topics = {topic.name.split("/")[-1] for topic in PublisherClient().list_topics(project=f"projects/{bus._project}")}
    assert topics == {type for one in wanted for type in one.types} | {"dead-letters"}
    assert all(ID.fullmatch(type) for type in CATALOG)
