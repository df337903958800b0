"""The one pipeline definition, for this machine and for Vertex AI alike."""

from __future__ import annotations

from typing import Any

from tfx.components import SchemaGen, StatisticsGen, Trainer, Transform
from tfx.dsl.components.base import executor_spec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import trainer_pb2, transform_pb2

from pipeline import statistics_gen, trainer, transform
from pipeline.example_gen import ExampleGen

NAME = "quick-test"


def quick_test(pipeline_root: str) -> Pipeline:
    """ExampleGen, StatisticsGen, SchemaGen, Transform, Trainer; everything that differs between two quick tests is a
    runtime parameter."""
    examples = ExampleGen(snapshot_uri=_parameter("snapshot_uri"), split_plan=_parameter("split_plan"))
    statistics = _run_by(StatisticsGen(examples=examples.outputs["examples"]), statistics_gen.Executor)
    schema = SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=False)
    transformed = _run_by(_transform(examples, schema), transform.Executor)
    trained = _run_by(_trainer(transformed, schema), trainer.Executor)
    components = [examples, statistics, schema, transformed, trained]
    return Pipeline(pipeline_name=NAME, pipeline_root=pipeline_root, components=components, enable_cache=True)


def _transform(examples: Any, schema: Any) -> Transform:
    splits = transform_pb2.SplitsConfig(analyze=[transform.ANALYZED], transform=list(transform.TRANSFORMED))
    return Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        module_file=_parameter("preprocessing_module"),
        splits_config=splits,
        disable_analyzer_cache=True,
        disable_statistics=True,
    )


def _trainer(transformed: Any, schema: Any) -> Trainer:
    return Trainer(
        module_file=_parameter("trainer_module"),
        examples=transformed.outputs["transformed_examples"],
        transform_graph=transformed.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["eval"]),
        custom_config=_parameter("trainer_settings"),
    )


def _parameter(name: str) -> RuntimeParameter:
    return RuntimeParameter(name=name, ptype=str)


def _run_by(component: Any, executor: type) -> Any:
    component.executor_spec = executor_spec.ExecutorClassSpec(executor)
    return component
