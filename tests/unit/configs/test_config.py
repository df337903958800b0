"""Creating, revising and cloning a config."""

from __future__ import annotations

from dataclasses import replace

import pytest
from towerlab.configs.config import ConfigStatus, ConfigVersion, FeatureConfig, clone_config, create_config, revise
from towerlab.configs.known import Known
from towerlab.configs.lists import ConfigLists
from towerlab.domain.errors import Conflict, Invalid

from tests.unit.configs.building import COLUMNS, lists, text, wizard_example

AT, LATER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def created(config: ConfigLists | None = None, name: str = "Rich") -> tuple[FeatureConfig, ConfigVersion]:
    chosen = wizard_example() if config is None else config
    return create_config(
        id="c1",
        dataset_id="d1",
        number=42,
        name=name,
        description="",
        lists=chosen,
        known=Known(COLUMNS),
        at=AT,
        by="me",
    )


def test_a_new_config_is_a_draft_with_version_1() -> None:
    config, version = created()
    assert (config.status, config.version, version.version) == (ConfigStatus.DRAFT, 1, 1)
    assert (version.buyer_tensor_dim, version.product_tensor_dim) == (136, 104)
    assert config.config_hash == version.config_hash
    assert version.lists.buyer_model_features[0]["vocab_settings"]["min_frequency"] == 5
    assert "quantity" not in version.columns


def test_a_name_and_all_faults_are_checked_together() -> None:
    with pytest.raises(Invalid) as caught:
        created(lists([text("city", 1)]), name=" ")
    assert [problem.pointer for problem in caught.value.problems] == ["/name", "/buyer_model_features/0/embedding_dim"]
    with pytest.raises(Invalid):
        created(name="x" * 256)


def test_another_computation_is_a_new_version_and_a_draft_again() -> None:
    config, version = created()
    tested = replace(config, status=ConfigStatus.TESTED)
    revised, new = revise(tested, version, lists=lists([text("city")]), known=Known(COLUMNS), at=LATER, by="you")
    assert new is not None
    assert (revised.version, revised.status, new.created_by) == (2, ConfigStatus.DRAFT, "you")
    assert revised.config_hash == new.config_hash != config.config_hash


def test_the_same_computation_is_no_new_version() -> None:
    config, version = created()
    tested = replace(config, status=ConfigStatus.TESTED)
    revised, new = revise(tested, version, name="New", lists=version.lists, known=Known(COLUMNS), at=LATER, by="you")
    assert new is None
    assert (revised.name, revised.version, revised.status) == ("New", 1, ConfigStatus.TESTED)


def test_an_archived_config_is_not_edited() -> None:
    config, version = created()
    with pytest.raises(Conflict):
        revise(
            replace(config, status=ConfigStatus.ARCHIVED), version, name="x", known=Known(COLUMNS), at=LATER, by="me"
        )


def test_a_clone_starts_as_a_twin() -> None:
    config, version = created(name="x" * 255)
    cloned, first = clone_config(config, replace(version, version=7), id="c2", number=43, at=LATER, by="you")
    assert (cloned.config_hash, cloned.status, cloned.version) == (config.config_hash, ConfigStatus.DRAFT, 1)
    assert (first.config_id, first.version, first.lists) == ("c2", 1, version.lists)
    assert len(cloned.name) <= 255
