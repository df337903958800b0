"""ExampleGen: an immutable snapshot and a plan in; the splits fit, train, eval and catalogue and their protocol out."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any, ClassVar

import duckdb
import tensorflow as tf
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.types import Artifact, artifact_utils, channel_utils, component_spec, standard_artifacts

from pipeline import columnar, snapshot, split_plan, splits
from pipeline.progress import ProgressFile
from pipeline.split_plan import SplitPlan
from pipeline.told import failures_told

SPLIT_NAMES = ("fit", "train", "eval", "catalogue")
COUNTED = ("fit", "train", "eval")


class ExampleGenSpec(component_spec.ComponentSpec):
    PARAMETERS: ClassVar[dict[str, Any]] = {
        "snapshot_uri": component_spec.ExecutionParameter(type=str),
        "split_plan": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, Any]] = {}
    OUTPUTS: ClassVar[dict[str, Any]] = {"examples": component_spec.ChannelParameter(type=standard_artifacts.Examples)}


class Executor(base_executor.BaseExecutor):
    """The sample query runs where the snapshot is; everything else happens in DuckDB and Arrow."""

    @failures_told
    def Do(self, _: Any, output_dict: Any, exec_properties: dict[str, Any]) -> None:
        plan = split_plan.parse(exec_properties["split_plan"])
        artifact = artifact_utils.get_single_instance(output_dict["examples"])
        write_examples(plan, exec_properties["snapshot_uri"], artifact)


class ExampleGen(base_component.BaseComponent):
    SPEC_CLASS = ExampleGenSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, snapshot_uri: Any, split_plan: Any) -> None:
        examples = channel_utils.as_channel([standard_artifacts.Examples()])
        super().__init__(ExampleGenSpec(snapshot_uri=snapshot_uri, split_plan=split_plan, examples=examples))


def write_examples(plan: SplitPlan, snapshot_uri: str, artifact: Artifact) -> None:
    progress = ProgressFile()
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect(config={"threads": 2}) as con:
        found = snapshot.sampled(con, plan, snapshot_uri, scratch)
        counts = {**found.rows, **{name: _count(con, splits.SPLIT_ROWS[name]) for name in COUNTED}}
        _refuse_empty(counts, plan, found.chosen.split)
        columnar.describe_splits(artifact, SPLIT_NAMES)
        for position, name in enumerate(SPLIT_NAMES):
            read = f"{counts['total']:,} rows read, {counts['qualify']:,} qualify"
            progress(0.3 + 0.15 * position, f"{read}; writing {name}")
            _write_split(con, plan, name, artifact, counts)
        write_protocol(con, found, counts, artifact.uri)


def _write_split(
    con: duckdb.DuckDBPyConnection, plan: SplitPlan, name: str, artifact: Artifact, counts: Mapping[str, int]
) -> None:
    if name == "train" and counts["train"] == counts["fit"]:
        columnar.copy_split(artifact, "fit", "train")
    else:
        columnar.write_split(artifact, name, [columnar.as_lists(splits.split_table(con, plan, name))])


def _count(con: duckdb.DuckDBPyConnection, where: str) -> int:
    return int(splits.single(con, f"SELECT count(*) FROM marked WHERE {where}"))


def _refuse_empty(counts: Mapping[str, int], plan: SplitPlan, split: str) -> None:
    for name in ("train", "eval"):
        if counts[name] == 0:
            kind = {"train": "training", "eval": "evaluation"}[name]
            of_all = f"{counts['qualify']} of {counts['total']} rows qualify"
            raise ValueError(f"no {kind} rows: {of_all}; {_mend(plan, split)}")


def _mend(plan: SplitPlan, split: str) -> str:
    if plan.sample_percent < 100:
        return "use a larger sample"
    if split == "last":
        return "the last purchase of each customer is judged, and no customer has two: choose advanced.split = random"
    return "there are too few to learn from some and to be judged on others"


_PROTOCOL_FILES = {
    "products": """
        SELECT product_index::INTEGER AS product_index, products.product_id,
            count(*) FILTER (WHERE NOT is_eval AND in_sample)::INTEGER AS train_rows,
            count(*) FILTER (WHERE NOT is_eval)::INTEGER AS fit_rows,
            coalesce(bool_or(NOT is_eval), false) AS in_training
        FROM products LEFT JOIN marked USING (product_index) GROUP BY ALL ORDER BY product_index""",
    "customers": """
        SELECT customer_index::INTEGER AS customer_index, customers.customer_id,
            count(*) FILTER (WHERE NOT is_eval AND in_sample)::INTEGER AS train_rows
        FROM customers LEFT JOIN marked USING (customer_index) GROUP BY ALL ORDER BY customer_index""",
    "rows": """
        SELECT row_id, customer_index::INTEGER AS customer_index, product_index::INTEGER AS product_index,
            CASE WHEN is_eval THEN 'eval' ELSE 'train' END AS split
        FROM marked WHERE in_sample ORDER BY row_id""",
}


def write_protocol(con: duckdb.DuckDBPyConnection, found: splits.Found, counts: Mapping[str, int], uri: str) -> None:
    """What figures are computed from, beside the splits."""
    folder = os.path.join(uri, "protocol")
    tf.io.gfile.makedirs(folder)
    with tempfile.TemporaryDirectory() as scratch:
        for name, sql in _PROTOCOL_FILES.items():
            local = os.path.join(scratch, f"{name}.parquet")
            con.execute(f"COPY ({sql}) TO '{local}' (FORMAT parquet)")
            tf.io.gfile.copy(local, os.path.join(folder, f"{name}.parquet"), overwrite=True)
    with tf.io.gfile.GFile(os.path.join(folder, "summary.json"), "w") as file:
        file.write(json.dumps(_summary(con, found, counts), indent=1, sort_keys=True))


def _summary(con: duckdb.DuckDBPyConnection, found: splits.Found, counts: Mapping[str, int]) -> dict[str, Any]:
    eval_customers = splits.single(con, "SELECT count(DISTINCT customer_index) FROM marked WHERE is_eval AND in_sample")
    catalogue = splits.single(con, "SELECT count(*) FROM products")
    return {
        "schema": 1,
        "split": found.chosen.split,
        "reason": found.chosen.reason,
        "rows": {**counts, "eval_customers": eval_customers, "catalogue": catalogue},
        "unseen": {f"{kind}s": splits.unseen_share(con, kind) for kind in ("customer", "product")},
        "product_property": found.product_property,
    }
