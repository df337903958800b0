"""The five tasks one after the other in this process, without runner and cache."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pipeline_jobs as jobs
import retail_config
from pipeline import columnar, example_gen, split_plan, statistics_gen, trainer, transform
from tfx.components.schema_gen.executor import Executor as SchemaGen
from tfx.types import standard_artifacts as kinds
from towerlab.configs.resolved import ResolvedConfig


def made(kind: type, uri: Path) -> list[Any]:
    """An artifact list as executors take it; the folder exists."""
    artifact = kind()
    artifact.uri = str(uri)
    uri.mkdir(parents=True, exist_ok=True)
    return [artifact]


def examples_and_schema(folder: Path, snapshot: Path, plan: Mapping[str, Any]) -> dict[str, list[Any]]:
    examples = made(kinds.Examples, folder / "examples")
    example_gen.write_examples(split_plan.parse(json.dumps(plan)), str(snapshot), examples[0])
    statistics = made(kinds.ExampleStatistics, folder / "statistics")
    statistics_gen.Executor().Do({"examples": examples}, {"statistics": statistics}, {})
    schema = made(kinds.Schema, folder / "schema")
    SchemaGen().Do({"statistics": statistics}, {"schema": schema}, {"infer_feature_shape": 0, "exclude_splits": "[]"})
    return {"examples": examples, "schema": schema}


def transformed(folder: Path, inputs: Mapping[str, Any], modules: retail_config.Modules) -> dict[str, list[Any]]:
    outputs = {
        "transform_graph": made(kinds.TransformGraph, folder / "transform_graph"),
        "transformed_examples": made(kinds.Examples, folder / "transformed_examples"),
    }
    transform.Executor().Do(inputs, outputs, {"module_file": jobs.module(modules.preprocessing)})
    return outputs


def trained(
    folder: Path, inputs: Mapping[str, Any], modules: retail_config.Modules, settings: Mapping[str, Any]
) -> Path:
    """The folder that has model and model_run."""
    outputs = {"model": made(kinds.Model, folder / "model"), "model_run": made(kinds.ModelRun, folder / "model_run")}
    properties = {
        "module_file": jobs.module(modules.trainer),
        "train_args": json.dumps({"splits": ["train"]}),
        "eval_args": json.dumps({"splits": ["eval"]}),
        "custom_config": json.dumps(settings),
    }
    given = {"examples": inputs["transformed_examples"], "transform_graph": inputs["transform_graph"]}
    trainer.Executor().Do({**given, "schema": inputs["schema"]}, outputs, properties)
    return folder


def before_training(
    folder: Path, snapshot: Path, plan: Mapping[str, Any], config: ResolvedConfig | None = None
) -> tuple[dict[str, list[Any]], retail_config.Modules]:
    """Everything that the Trainer takes."""
    modules = retail_config.write_modules(folder / "modules", config)
    inputs = examples_and_schema(folder, snapshot, plan)
    return {**inputs, **transformed(folder, inputs, modules)}, modules


def trained_again(source: Path, folder: Path, settings: Mapping[str, Any]) -> Path:
    """Another training, in `folder`, of what lies in `source`."""
    listed = {"transform_graph": kinds.TransformGraph, "transformed_examples": kinds.Examples, "schema": kinds.Schema}
    inputs = {name: made(kind, source / name) for name, kind in listed.items()}
    columnar.describe_splits(inputs["transformed_examples"][0], transform.TRANSFORMED)
    modules = retail_config.Modules(source / "modules/preprocessing.py", source / "modules/trainer.py")
    return trained(folder, inputs, modules, settings)


def whole(
    folder: Path,
    snapshot: Path,
    plan: Mapping[str, Any],
    settings: Mapping[str, Any],
    config: ResolvedConfig | None = None,
) -> Path:
    inputs, modules = before_training(folder, snapshot, plan, config)
    return trained(folder, inputs, modules, settings)
