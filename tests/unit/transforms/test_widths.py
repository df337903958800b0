"""The width that a form adds up is the width of the outputs, whatever a person types."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.outputs import tower_width
from towerlab.transforms.base import Param, Produce
from towerlab.transforms.registry import transforms
from towerlab.transforms.widths import ANY, pointer, width_of

PRODUCING = [found for found in transforms() if isinstance(found, Produce)]


def values_of(entry: Param) -> st.SearchStrategy[Any]:
    if entry.choices is not None:
        return st.sampled_from(entry.choices)
    if entry.type is int:
        return st.integers(entry.low, entry.high)
    return st.booleans() if entry.type is bool else st.just(entry.default)


@pytest.mark.parametrize("found", PRODUCING, ids=lambda found: found.key)
@given(drawn=st.data())
def test_the_sum_is_the_width_of_the_outputs(found: Produce[Any], drawn: st.DataObject) -> None:
    values = {entry: drawn.draw(values_of(entry), entry.name) for entry in found.params()}
    params = found.Params(**{entry.name: value for entry, value in values.items()})
    shown, at = width_of(found), {pointer(entry): value for entry, value in values.items()}
    enabled = shown["enabled_by"] is None or at[shown["enabled_by"]]
    total = shown["constant"] + sum(at[term["path"]] * term["times"] for term in shown["terms"])
    assert (total if enabled else 0) == (tower_width(found.outputs(ANY, params)) if found.active(params) else 0)
