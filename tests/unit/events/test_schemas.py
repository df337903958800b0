"""The published schemas are valid, take what our own services make, and agree with what is taken from the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from towerlab.events.catalog import CATALOG, EventType
from towerlab.events.codec import decode, encode
from towerlab.events.fields import FIELDS
from towerlab.events.judging import misfit
from towerlab.events.schemas import example, schema_of
from towerlab.runtime.announce import event
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

TYPES = pytest.mark.parametrize("type", CATALOG.values(), ids=lambda type: type.name)


@TYPES
def test_a_schema_is_valid_and_takes_its_example(type: EventType) -> None:
    schema = schema_of(type)
    Draft202012Validator.check_schema(schema)
    assert not list(Draft202012Validator(schema).iter_errors(example(type)))
    assert misfit(decode(json.dumps(example(type)))) == ""


@TYPES
def test_what_a_service_makes_fits_as_it_goes_over_the_wire(type: EventType, tmp_path: Path) -> None:
    deps = Deps(Settings(Local(tmp_path, "0123456789abcdef0123456789abcdef")), "config-api")
    made = event(deps, type.name, "subject", **example(type)["data"])
    assert not list(Draft202012Validator(schema_of(type)).iter_errors(json.loads(encode(made))))


def values(fits: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What a field's schema allows, as one reads it."""
    match fits:
        case {"enum": choices}:
            return st.sampled_from(choices)
        case {"type": "string", "minLength": shortest, "maxLength": longest}:
            return st.text(min_size=shortest, max_size=longest)
        case {"type": "integer", "minimum": lowest}:
            return st.integers(min_value=lowest)
        case {"type": "number", "minimum": lowest, "maximum": highest}:
            return st.floats(lowest, highest)
        case {"type": "object", "required": names}:
            return st.fixed_dictionaries({name: st.text() for name in names})
        case {"type": "object", "additionalProperties": inner}:
            return st.dictionaries(st.text(), values(inner))
    raise ValueError(f"this test does not know how to read {fits}")


@TYPES
def test_data_that_fits_is_taken_whatever_else_is_in_it(type: EventType) -> None:
    more = st.dictionaries(st.text(), st.integers() | st.lists(st.text()))

    @given(data=st.fixed_dictionaries({name: values(FIELDS[name].fits) for name in type.fields}), more=more)
    @settings(max_examples=20, deadline=None)
    def taken(data: dict[str, Any], more: dict[str, Any]) -> None:
        assert misfit(decode(json.dumps(example(type) | {"data": more | data}))) == ""

    taken()


@TYPES
def test_without_one_of_its_fields_it_does_not_fit(type: EventType) -> None:
    for name in type.fields:
        data = {field: value for field, value in example(type)["data"].items() if field != name}
        assert f"'{name}'" in misfit(decode(json.dumps(example(type) | {"data": data})))
