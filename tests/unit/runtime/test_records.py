"""Typed records go into documents and come back equal, with the index fields that lists need."""

from __future__ import annotations

import pytest
from towerlab.domain import quicktest
from towerlab.domain.columns import Availability, ColumnProfile, ColumnRole, ColumnType
from towerlab.domain.datasets import Dataset, Snapshot, Source
from towerlab.domain.errors import NotFound
from towerlab.domain.quicktest import Phase, QuickTest, Submitted, advance
from towerlab.emit.record import CodeFile, CodeRecord
from towerlab.events.catalog import CATALOG, consumed_by
from towerlab.ports.documents import Key, Put
from towerlab.ports.errors import Transient
from towerlab.runtime import announce, records
from towerlab.runtime.subscriptions import subscriptions
from towerlab.runtime.wiring import Deps

from tests.embedded import bus

AT = "2026-01-01T00:00:00Z"


def quick_test(id: str = "t1", config_id: str = "c1", created_at: str = AT) -> QuickTest:
    return QuickTest(id, config_id, "d1", 1, "h", "s", quicktest.TestSettings(), created_at, AT, "someone")


def dataset() -> Dataset:
    role = ColumnRole("customer_id", Availability.BEFORE_REQUEST, "The column id says who bought.")
    snapshot = Snapshot(1, "ab", "file:///s", 3, AT, "file:///p")
    return Dataset(
        "d1", "Retail", Source("file", "/x"), snapshot, {"__id__": ColumnType.STRING}, {"__id__": role}, AT, AT
    )


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("d1", dataset()),
        ("t1", advance(quick_test(), Submitted("qt-t1", AT))),
        ("c1.1", CodeRecord("c1", 1, "h", "generated", {"trainer.py": CodeFile("file:///x", "ab")})),
    ],
)
def test_a_record_comes_back_equal(deps: Deps, id: str, value: object) -> None:
    (revision,) = deps.documents.commit([records.put(value, id, expect=None)])
    held = records.get(deps.documents, type(value), id)
    assert (held.id, held.value, held.revision) == (id, value, revision)


def test_a_profile_keeps_its_numbers_as_they_are() -> None:
    profile = ColumnProfile("x", ColumnType.INTEGER, 3, True, 0, -1, 2, 0.5, top_values=({"value": 1, "count": 2},))
    assert records.from_json(ColumnProfile, records.to_json(profile)) == profile
    assert isinstance(records.from_json(ColumnProfile, records.to_json(profile)).min, int)


def test_a_replaced_record_needs_its_revision(deps: Deps) -> None:
    deps.documents.commit([records.put(quick_test(), "t1", expect=None)])
    held = records.get(deps.documents, QuickTest, "t1")
    moved = advance(held.value, Submitted("qt-t1", AT))
    deps.documents.commit([records.put(moved, held.id, expect=held.revision)])
    assert records.get(deps.documents, QuickTest, "t1").value.phase is Phase.RUNNING


def test_what_is_not_there(deps: Deps) -> None:
    assert records.find(deps.documents, QuickTest, "t1") is None
    assert records.get_many(deps.documents, QuickTest, ["t1"]) == {}
    with pytest.raises(NotFound, match="quick test"):
        records.get(deps.documents, QuickTest, "t1")


def test_records_are_listed_by_their_index_fields(deps: Deps) -> None:
    tests = [quick_test(f"t{n}", f"c{n % 2}", f"2026-01-0{n + 1}T00:00:00Z") for n in range(6)]
    deps.documents.commit([records.put(test, test.id, expect=None) for test in tests])
    page = records.query(deps.documents, QuickTest, {"config_id": "c0"}, ["-created_at"], limit=2)
    assert [test.id for test in page.values] == ["t4", "t2"]
    rest = records.query(
        deps.documents, QuickTest, {"config_id": "c0"}, ["-created_at"], limit=2, cursor=page.next_cursor
    )
    assert ([test.id for test in rest.values], rest.next_cursor) == (["t0"], None)
    assert records.count(deps.documents, QuickTest, {"open": True}) == 6


def test_a_deleted_record_is_gone(deps: Deps) -> None:
    deps.documents.commit([records.put(quick_test(), "t1", expect=None)])
    deps.documents.commit([records.delete(records.get(deps.documents, QuickTest, "t1"))])
    assert records.find(deps.documents, QuickTest, "t1") is None


def test_a_record_of_a_newer_version_is_left_alone(deps: Deps) -> None:
    deps.documents.commit([Put(Key("quick_test", "t1"), {"schema": 2}, None)])
    with pytest.raises(Transient, match="newer"):
        records.get(deps.documents, QuickTest, "t1")


def test_an_event_is_filled_in(deps: Deps) -> None:
    made = announce.event(deps, "quick-test.requested", "t1", test_id="t1")
    assert (made.source, made.subject, made.data) == ("/services/config-api", "t1", {"test_id": "t1"})
    assert made.id != announce.event(deps, "quick-test.requested", "t1", test_id="t1").id


@pytest.mark.parametrize(
    ("type", "fields"),
    [("no.such", {}), ("quick-test.requested", {}), ("quick-test.requested", {"test_id": "t", "x": 1})],
)
def test_an_event_that_the_catalog_does_not_know_is_refused(deps: Deps, type: str, fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=type):
        announce.event(deps, type, "t1", **fields)


def test_every_consumer_has_subscriptions_to_all_it_consumes_and_what_takes_long_apart() -> None:
    urls = {"codegen": "http://127.0.0.1:1", "metrics-collector": "http://127.0.0.1:2", "web": "http://127.0.0.1:3"}
    made = {one.name: one for one in subscriptions({**urls, "config-api": "http://127.0.0.1:4"})}
    assert set(made) == {"codegen", "metrics-collector", "config-api", "config-api-long"}
    usual, long = made["config-api"], made["config-api-long"]
    assert long.types == {"dataset.registration-requested", "dataset.updated"}
    assert usual.types | long.types == {event.name for event in consumed_by("config-api")}
    assert (usual.ack_deadline, long.ack_deadline) == (30, 600)
    assert not usual.types & long.types
    assert made["codegen"].endpoint == "http://127.0.0.1:1/events/"
    assert made["metrics-collector"].types == {event.name for event in consumed_by("metrics-collector")}
    assert made["codegen"].types <= set(CATALOG)


def test_documents_know_the_subscriptions_before_the_first_commit(deps: Deps) -> None:
    deps.documents.commit([], [announce.event(deps, "quick-test.requested", "t1", test_id="t1")])
    assert bus(deps).waiting("quicktest-orchestrator") == 1
    assert bus(deps).waiting("codegen") == 0
