"""Keys and slugs are safe file and graph names, and never the same for two columns."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from towerlab.configs.checks import resolve
from towerlab.configs.features import RESERVED, feature_keys, slug

from tests.unit.configs.building import COLUMNS, lists, text


def test_a_plain_name_is_its_own_slug() -> None:
    assert [slug(name) for name in ("customer_id", "Price2", "class")] == ["customer_id", "Price2", "class"]


def test_reserved_and_look_alike_names_get_a_suffix() -> None:
    for name in [*RESERVED, "a_0123abcd", "city_of_product", "_x", "1st", "", "with space", "x" * 300]:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*_[0-9a-f]{8}", slug(name))


@given(st.text(st.characters(), max_size=400))
def test_a_slug_is_a_short_ascii_identifier(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,59}", slug(name))


@given(st.lists(st.one_of(st.text(max_size=5), st.from_regex(r"a_[0-9a-f]{8}", fullmatch=True)), unique=True))
def test_different_names_have_different_slugs(names: list[str]) -> None:
    assert len({slug(name) for name in names}) == len(names)


def test_a_column_in_both_towers_has_two_inputs() -> None:
    keys = feature_keys(resolve(lists([text("city"), text("customer_id")], [text("city")]), COLUMNS))
    assert keys == {
        ("query", "city"): "city",
        ("query", "customer_id"): "customer_id",
        ("candidate", "city"): "city_of_product",
    }
