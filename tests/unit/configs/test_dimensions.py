"""The preview's widths are the sums of what the transforms put out."""

from __future__ import annotations

from hypothesis import given
from towerlab.configs.checks import resolve
from towerlab.configs.dimensions import breakdown, total
from towerlab.configs.lists import ConfigLists
from towerlab.configs.outputs import outputs_of_both
from towerlab.domain.columns import ColumnType

from tests.unit.configs.building import COLUMNS, configs, lists, number, profile, text, wizard_example


def test_the_wizards_example_has_136_and_104_dimensions() -> None:
    resolved = resolve(wizard_example(), COLUMNS)
    assert (total(resolved.query), total(resolved.candidate)) == (136, 104)


def test_the_breakdown_has_the_specs_names_in_the_order_of_the_features() -> None:
    shown = [(entry["name"], entry["dim"]) for entry in breakdown(resolve(wizard_example(), COLUMNS).query)]
    assert shown == [
        ("customer_id", 64),
        ("city", 16),
        ("revenue_norm", 1),
        ("revenue_bucket", 32),
        ("trans_date_norm", 1),
        ("trans_date_cyclical", 6),
        ("customer_id × city", 16),
    ]


@given(configs())
def test_total_equals_breakdown_equals_outputs(config: ConfigLists) -> None:
    resolved = resolve(config, COLUMNS)
    for tower in resolved.towers:
        widths = [entry.output.width for entry in outputs_of_both(resolved)[tower.side]]
        assert total(tower) == sum(widths)
        assert [entry["dim"] for entry in breakdown(tower)] == widths


def test_parameters_are_the_rows_of_the_embedding_table_times_its_width() -> None:
    config = lists([text("city", 16, max_size=1000), number("revenue", bucketize={"enabled": True, "buckets": 10})])
    tower = resolve(config, COLUMNS).query
    assert [entry["parameters"] for entry in breakdown(tower)] == [(1000 + 10) * 16, (10 + 1) * 32]
    profiles = {"city": profile("city", ColumnType.STRING, 28)}
    assert breakdown(tower, profiles)[0]["parameters"] == (28 + 10) * 16
