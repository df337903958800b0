"""What is proposed of a config can be tested as it is, is new, keeps to what is known in time, and says why."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from towerlab.configs.checks import examine, missing_for_training, resolve
from towerlab.configs.config import ConfigVersion
from towerlab.configs.edits import edited, edits
from towerlab.configs.expectation import Outlook
from towerlab.configs.hashing import config_hash
from towerlab.configs.ideas.crosses import Counts, with_new_pairs
from towerlab.configs.ideas.idea import Told
from towerlab.configs.known import Known
from towerlab.configs.lists import ConfigLists
from towerlab.configs.proposals import Base, combined, proposals
from towerlab.domain.columns import Availability, ColumnProfile, ColumnRole, ColumnType
from towerlab.domain.contestants import Contestant
from towerlab.domain.leak_probe import Probed, Probes

from tests.unit.configs.building import COLUMNS, configs, cross, lists, number, profile, text, time

YEAR = 365 * 86_400
UNIQUE = {"customer_id": 900, "product_id": 400, "city": 30, "product_name": 390, "category": 12, "subcategory": 40}
ROLES = {
    "customer_id": "customer_id",
    "product_id": "product_id",
    "city": "customer_city",
    "revenue": "revenue",
    "quantity": "quantity",
    "trans_date": "transaction_date",
    "birthday": "customer_birthday",
    "category": "category",
    "subcategory": "subcategory",
    "product_name": "product_name",
    "organic": "product_organic",
}
LATE = ("revenue", "quantity")


def known(config: ConfigLists, probes: Probes = Probes()) -> Known:  # noqa: B008 - never changed
    """A shop of 10,000 rows; every pair that may be crossed has 2,000 combinations."""
    resolved = resolve(config, COLUMNS)
    crossed = resolve(
        with_new_pairs(resolved, Counts(dict.fromkeys(COLUMNS, 50) | UNIQUE, UNIQUE["product_id"])), COLUMNS
    )
    pairs = {
        frozenset(operand.output for operand in one.operands): 2_000
        for tower in crossed.towers
        for one in tower.crosses
    }
    mapping = {
        column: ColumnRole(role, Availability.AFTER_REQUEST if column in LATE else Availability.BEFORE_REQUEST)
        for column, role in ROLES.items()
    }
    return Known(COLUMNS, [_profile(column) for column in COLUMNS], mapping, 10_000, pairs, probes)


def _profile(column: str) -> ColumnProfile:
    kind = COLUMNS[column]
    found = profile(column, kind, UNIQUE.get(column, 50))
    if kind in (ColumnType.TIMESTAMP, ColumnType.DATE):
        return replace(found, min=0, max=3 * YEAR)
    if kind is ColumnType.FLOAT:
        return replace(found, skewness=9.0)
    top = ({"value": "white hanging heart", "count": 90},) if column == "product_name" else ()
    return replace(found, top_values=top)


def told(config: ConfigLists, probes: Probes = Probes(), split: str = "time") -> Told:  # noqa: B008
    resolved = resolve(config, COLUMNS)
    outlooks = tuple(
        Outlook(feature.column, tower.side, feature.column, 300, 300, 0.03, 0.05, False)
        for tower in resolved.towers
        for feature in tower.features
        if feature.kind.key == "string_embedding"
    )
    return Told(resolved.as_lists(), resolved, known(config, probes), outlooks, split)


def base(config: ConfigLists) -> Base:
    resolved = resolve(config, COLUMNS)
    version = ConfigVersion("c", "d", 1, config_hash(resolved), resolved.as_lists(), resolved.columns, 1, 1, (), "", "")
    return Base(version, COLUMNS)


def proposed(config: ConfigLists) -> dict[str, Contestant]:
    """By name."""
    return {one.name.removeprefix("Explored: "): one for one in proposals(base(config), told(config))}


@settings(deadline=None, max_examples=60)
@given(configs(least=1))
def test_every_proposal_can_be_tested_as_it_is_and_is_new(config: ConfigLists) -> None:
    found, start = proposals(base(config), told(config)), base(config).version
    hashes = [one.config_hash for one in found]
    assert len(set(hashes)) == len(hashes)
    assert start.config_hash not in hashes
    for one in found:
        resolved, faults = examine(edited(start.lists, one.edits), COLUMNS)
        assert not faults
        assert not missing_for_training(resolved)
        assert config_hash(resolved) == one.config_hash
        assert one.reason.endswith(".")
        assert one.edits


@settings(deadline=None, max_examples=60)
@given(configs(least=1))
def test_no_proposal_takes_in_what_is_known_too_late_or_what_belongs_to_the_other_model(config: ConfigLists) -> None:
    start = base(config).version.lists
    for one in proposals(base(config), told(config)):
        after = edited(start, one.edits)
        new_buyer = _columns(after.buyer_model_features) - _columns(start.buyer_model_features)
        new_product = _columns(after.product_model_features) - _columns(start.product_model_features)
        assert new_buyer <= {"customer_id", "city", "trans_date", "birthday"}
        assert new_product <= {"product_id", "category", "subcategory", "product_name", "organic"}


@given(configs(), configs())
def test_edits_make_one_config_of_another(one: ConfigLists, other: ConfigLists) -> None:
    before, after = (resolve(config, COLUMNS).as_lists() for config in (one, other))
    made = resolve(edited(before, edits(before, after)), COLUMNS)
    assert config_hash(made) == config_hash(resolve(other, COLUMNS))


def _columns(features: tuple[dict[str, object], ...]) -> set[object]:
    return {feature["column"] for feature in features}


SHOP = lists(
    [text("customer_id"), time("trans_date", normalize={"enabled": True})],
    [text("product_id"), text("product_name"), number("revenue", normalize={"enabled": True})],
)


def test_the_statistics_of_a_shop_speak_for_these_first() -> None:
    assert list(proposed(SHOP))[:4] == [
        "customer_id 64D and product_id 64D",
        "product_name by its words",
        "trans_date in 20 buckets",
        "customer_id 128D and product_id 128D",
    ]


def test_reasons_come_from_statistics() -> None:
    reasons = {name: one.reason for name, one in proposed(SHOP).items()}
    assert "900 customer_id in 32 and 400 product_id in 32 dimensions" in reasons["customer_id 64D and product_id 64D"]
    assert "3.0 words on average" in reasons["product_name by its words"]
    assert "3.0% of the training rows" in reasons["customer_id from 1 row on"]
    assert "Skewness 9.0" in reasons["log of revenue"]
    assert "390 unique values where product_id has 400" in reasons["without product_name"]


def test_missing_values_are_not_taken_for_rare_ones() -> None:
    facts = told(SHOP)
    assert "Explored: customer_id from 1 row on" in {one.name for one in proposals(base(SHOP), facts)}
    most_missing = replace(facts, missing={("query", "customer_id"): 0.029})
    assert "Explored: customer_id from 1 row on" not in {one.name for one in proposals(base(SHOP), most_missing)}


def test_a_column_that_gives_the_answer_away_is_not_proposed() -> None:
    leak = Probes(0.2, {"city": Probed(0.9, 0.5, 0.5), "birthday": Probed(0.21, 0.5, 0.5)})
    names = {one.name for one in proposals(base(SHOP), told(SHOP, leak))}
    assert "Explored: with birthday" in names
    assert "Explored: with city" not in names


def test_a_cross_that_says_nothing_new_is_not_proposed() -> None:
    config = lists([text("customer_id"), text("city")], [text("product_id")])
    facts = told(config)
    names = {one.name for one in proposals(base(config), facts)}
    assert "Explored: city × customer_id" in names
    determined = replace(facts, known=replace(facts.known, pairs={frozenset({"customer_id", "city"}): 901}))
    assert "Explored: city × customer_id" not in {one.name for one in proposals(base(config), determined)}


def test_a_feature_that_a_cross_uses_goes_with_it() -> None:
    config = lists([text("customer_id"), text("city")], [text("product_id")], [cross("customer_id", "city")])
    after = edited(base(config).version.lists, proposed(config)["without city"].edits)
    assert after.buyer_model_crosses == ()


def test_combined_changes_are_all_there() -> None:
    found = proposed(SHOP)
    parts = [found["customer_id 64D and product_id 64D"], found["product_name by its words"]]
    one = combined(base(SHOP), parts, "Each helped.")
    assert one is not None
    after = edited(base(SHOP).version.lists, one.edits)
    assert [feature["embedding_dim"] for feature in after.product_model_features[:2]] == [64, 32]
    assert after.product_model_features[1]["type"] == "multi_hot"
    assert one.made_of == tuple(part.config_hash for part in parts)
