"""A config that takes over what it is asked to has it, or says why it cannot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from towerlab.configs.axes import choices, laid_flat
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigVersion
from towerlab.configs.dimensions import total
from towerlab.configs.grouping import Values, axes_of, differing, group_of, label
from towerlab.configs.hashing import config_hash
from towerlab.configs.lists import ConfigLists
from towerlab.configs.neighbours import FOLLOWS, neighbour, taken_over

from tests.unit.configs.building import COLUMNS, configs, cross, lists, number, text

BUCKETS = {"enabled": True, "buckets": 50}


def version(config: ConfigLists) -> ConfigVersion:
    resolved = resolve(config, COLUMNS)
    dims = total(resolved.query), total(resolved.candidate)
    hash = config_hash(resolved)
    return ConfigVersion("c", "d", 1, hash, resolved.as_lists(), resolved.columns, *dims, (), "", "")


@given(configs())
def test_what_a_stored_version_has_chosen_is_what_its_config_says(config: ConfigLists) -> None:
    assert choices(version(config)) == laid_flat(resolve(config, COLUMNS))


@given(configs(), configs(), st.data())
def test_what_is_taken_over_is_there_or_said_to_be_impossible(
    one: ConfigLists, two: ConfigLists, data: st.DataObject
) -> None:
    ours, theirs = version(one), version(two)
    mine, other = choices(ours), choices(theirs)
    different = differing(Values((mine, other)).counts())
    if not different:
        return
    axis = data.draw(st.sampled_from(different))
    found = neighbour(ours, theirs, (axis,), {axis: other.get(axis)})
    if found.faults:
        return
    made = resolve(taken_over(ours.lists, theirs.lists, (axis,)), COLUMNS)
    assert laid_flat(made).get(axis) == other.get(axis)
    assert found.config_hash == config_hash(made) != ours.config_hash
    assert found.changes


def test_faults_say_why() -> None:
    plain = version(lists([text("customer_id")], [text("product_id")]))
    crossed = version(
        lists([text("customer_id"), text("city")], [text("product_id")], buyer_crosses=[cross("customer_id", "city")])
    )
    known = Values((choices(plain), choices(crossed))).counts()
    crosses, widths = axes_of("crosses", known), axes_of("buyer_tensor_dim", known)
    assert crosses is not None
    assert widths is not None
    wanted = dict(zip(crosses, group_of(choices(crossed), crosses), strict=True))
    assert "city" in neighbour(plain, crossed, crosses, wanted).faults  # which the plain one has not got
    assert neighbour(plain, crossed, widths, {widths[0]: crossed.buyer_tensor_dim}).faults == FOLLOWS
    assert axes_of("buyer.nothing", known) is None


def test_groups_are_called_by_what_differs() -> None:
    made = [
        choices(
            version(lists([text("customer_id", dim), number("revenue", bucketize=BUCKETS)], [text("product_id", 8)]))
        )
        for dim in (16, 32)
    ]
    known = Values(made).counts()
    names = {}
    for grouping in ("embedding_dims", "crosses", "buckets", "buyer.revenue.transforms.bucketize.buckets"):
        axes = axes_of(grouping, known)
        assert axes is not None
        names[grouping] = [label(axes, group_of(one, axes)) for one in made]
    assert names == {
        "embedding_dims": ["customer_id 16", "customer_id 32"],
        "crosses": ["No crosses", "No crosses"],
        "buckets": ["All alike", "All alike"],
        "buyer.revenue.transforms.bucketize.buckets": ["revenue 50", "revenue 50"],
    }
