"""The five parameters of the pipeline: pure, canonical, and exactly what the pipeline reads."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from quicktest_orchestrator.plan import Unplannable, plan
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import ColumnType
from towerlab.domain.compute import HERE, Machine, Offer, Place
from towerlab.domain.quicktest import Advanced
from towerlab.domain.quicktest import TestSettings as Asked
from towerlab.emit.record import CodeFile, CodeRecord

from tests.unit.worlds import START, a_dataset, a_test, a_version

CODE = CodeRecord(
    "c1", 1, "h", "generated", {n: CodeFile(f"file:///c/{n}", n[0] * 64) for n in ("preprocessing.py", "trainer.py")}
)
TEST = a_test("t1", "c1", START)


def test_the_parameters_are_the_pipelines_five() -> None:
    planned = plan(TEST, a_dataset(), a_version(), CODE)
    assert set(planned.parameters) == {
        "snapshot_uri",
        "split_plan",
        "preprocessing_module",
        "trainer_module",
        "trainer_settings",
    }
    assert planned.parameters["snapshot_uri"] == "file:///snapshots/snap1.parquet"
    assert planned.parameters["preprocessing_module"] == f"file:///c/preprocessing.py#sha256={'p' * 64}"
    assert planned.parameters["trainer_module"] == f"file:///c/trainer.py#sha256={'t' * 64}"


def test_the_split_plan_names_roles_and_columns_with_their_keys() -> None:
    split_plan = json.loads(plan(TEST, a_dataset(), a_version(), CODE).parameters["split_plan"])
    assert split_plan == {
        "schema": 1,
        "snapshot_id": "snap1",
        "sample_percent": 10,
        "split": "auto",
        "roles": {"customer_id": "customer", "product_id": "product", "transaction_date": "bought_at"},
        "columns": [
            {"column": "customer", "type": "STRING", "key": "customer", "side": "query"},
            {"column": "product", "type": "STRING", "key": "product", "side": "candidate"},
        ],
    }


def test_the_trainer_is_told_every_setting_and_where_the_customer_is() -> None:
    asked = Asked(100, 3, 2048, seed=7, replicates=2, advanced=Advanced(hidden_layers=(64, 32), logq=False))
    test = replace(TEST, settings=asked)
    settings = json.loads(plan(test, a_dataset(), a_version(), CODE).parameters["trainer_settings"])
    assert settings == {
        "schema": 1,
        "epochs": 3,
        "batch_size": 2048,
        "seed": 7,
        "replicates": 2,
        "output_dim": 32,
        "hidden_layers": [64, 32],
        "optimizer": "adagrad",
        "learning_rate": 0.1,
        "warmup_steps": 20,
        "logq": False,
        "prior": True,
        "oov_dropout": 0.1,
        "exclude_seen": False,
        "customer_key": "customer",
        "product_key": "product",
    }


def test_a_query_tower_without_the_customer_has_no_customer_key() -> None:
    lists = ConfigLists(({"column": "city", "type": "string_embedding"},), a_version().lists.product_model_features)
    columns = {"city": ColumnType.STRING, "product": ColumnType.STRING}
    version = replace(a_version(), lists=lists, columns=columns)
    assert json.loads(plan(TEST, a_dataset(), version, CODE).parameters["trainer_settings"])["customer_key"] is None


def test_a_column_in_both_models_is_asked_for_under_two_keys() -> None:
    both = replace(
        a_version(), lists=replace(a_version().lists, buyer_model_features=a_version().lists.product_model_features)
    )
    columns = json.loads(plan(TEST, a_dataset(), both, CODE).parameters["split_plan"])["columns"]
    assert {(c["side"], c["key"]) for c in columns} == {("query", "product"), ("candidate", "product_of_product")}


def test_plans_are_the_same_text_every_time() -> None:
    assert plan(TEST, a_dataset(), a_version(), CODE) == plan(TEST, a_dataset(), a_version(), CODE)


def test_a_test_keeps_the_roles_it_was_first_planned_with() -> None:
    test = replace(TEST, roles={"product_id": "product"})
    assert plan(test, a_dataset(), a_version(), CODE).roles == {"product_id": "product"}


def test_a_dataset_that_was_refreshed_since_is_not_planned_on_other_rows() -> None:
    refreshed = replace(a_dataset(), snapshot=replace(a_dataset().snapshot, id="snap2"))
    with pytest.raises(Unplannable, match="refreshed"):
        plan(TEST, refreshed, a_version(), CODE)


OFFER = Offer(dataflow_rows=500, trainer=Machine(8, 52))


def test_on_one_machine_there_is_nothing_to_choose() -> None:
    assert plan(TEST, a_dataset(), a_version(), CODE).compute == HERE


def test_the_rows_that_qualify_decide_where_it_runs() -> None:
    many, few = a_dataset(), replace(a_dataset(), training_rows={"qualify": 500})
    chosen = [plan(TEST, dataset, a_version(), CODE, OFFER).compute for dataset in (many, few)]
    assert [compute.beam for compute in chosen] == [Place.DATAFLOW, Place.HERE]
    assert "1,000 rows" in chosen[0].reason
    assert {compute.trainer for compute in chosen} == {Machine(8, 52)}


def test_a_test_that_was_planned_keeps_its_compute_whatever_the_settings_say_now() -> None:
    planned = plan(TEST, a_dataset(), a_version(), CODE, OFFER).compute
    test = replace(TEST, job_id="qt-t1", compute=planned)
    assert plan(test, a_dataset(), a_version(), CODE, Offer(dataflow_rows=0)).compute == planned
