"""What other domains read of events."""

from __future__ import annotations

from jsonschema import Draft202012Validator
from towerlab.events.catalog import CATALOG

from tests.unit.config_api.calling import BASE, Caller, faults


def test_every_type_has_a_schema_that_can_be_fetched(api: Caller) -> None:
    items = api.get("/api/events/")["items"]
    assert {item["type"] for item in items} == set(CATALOG)
    for item in items:
        answer = api.client.get(item["schema_url"], base_url=BASE)
        assert answer.mimetype == "application/schema+json"
        schema = answer.get_json()
        Draft202012Validator.check_schema(schema)
        assert schema["properties"]["type"] == {"const": item["type"]}
        assert schema["properties"]["schema"]["const"] == item["schema"]


def test_other_domains_see_what_they_send_and_receive(api: Caller) -> None:
    by_type = {item["type"]: item for item in api.get("/api/events/")["items"]}
    assert by_type["dataset.updated"]["producers"] == ["other domains"]
    assert "other domains" in by_type["feature-config.promoted"]["consumers"]


def test_an_unknown_type_is_not_there(api: Caller) -> None:
    assert faults(api.call("GET", "/api/events/dataset.eaten/schema/"), 404) == {"": "not_found"}
