"""Two recalls may be compared when all but the seed is equal, and only then."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from towerlab.domain.protocol import protocol_of, roles_of
from towerlab.domain.quicktest import Advanced
from towerlab.domain.quicktest import TestSettings as Asked

from tests.unit.worlds import a_dataset

ROLES = {"customer_id": "customer", "product_id": "product"}
DEFAULT, ADVANCED = Asked(), Advanced()


def key(settings: Asked = DEFAULT, snapshot: str = "s1", split: str = "time", roles: Mapping[str, str] = ROLES) -> str:
    return protocol_of(snapshot, settings, roles, split).key


def test_seed_and_number_of_replicates_are_not_in_the_key() -> None:
    assert key(Asked(seed=1)) == key(Asked(seed=2, replicates=3))


def test_the_split_asked_for_is_not_in_the_key_but_the_one_carried_out_is() -> None:
    assert key(Asked(advanced=Advanced(split="auto"))) == key(Asked(advanced=Advanced(split="time")))
    assert key(split="time") != key(split="last")


@pytest.mark.parametrize(
    "changed",
    [
        Asked(data_sample_percent=25),
        Asked(epochs=3),
        Asked(batch_size=8192),
        Asked(advanced=replace(ADVANCED, output_dim=64)),
        Asked(advanced=replace(ADVANCED, hidden_layers=(64,))),
        Asked(advanced=replace(ADVANCED, optimizer="adam")),
        Asked(advanced=replace(ADVANCED, learning_rate=0.05)),
        Asked(advanced=replace(ADVANCED, warmup_steps=0)),
        Asked(advanced=replace(ADVANCED, logq=False)),
        Asked(advanced=replace(ADVANCED, prior=False)),
        Asked(advanced=replace(ADVANCED, oov_dropout=0.0)),
        Asked(advanced=replace(ADVANCED, exclude_seen=True)),
    ],
)
def test_every_other_setting_is_in_the_key(changed: Asked) -> None:
    assert key(changed) != key()


def test_snapshot_and_roles_are_in_the_key() -> None:
    assert key(snapshot="s2") != key()
    assert key(roles=ROLES | {"quantity": "amount"}) != key()
    assert key(roles=dict(reversed(ROLES.items()))) == key()


def test_only_roles_that_decide_about_rows_count() -> None:
    assert roles_of(a_dataset()) == ROLES | {"transaction_date": "bought_at"}


def test_a_result_shows_the_whole_protocol() -> None:
    shown = protocol_of("s1", Asked(), ROLES, "time").shown()
    assert shown["key"] == key()
    assert (shown["split"], shown["roles"], shown["batch_size"]) == ("time", ROLES, 4096)
