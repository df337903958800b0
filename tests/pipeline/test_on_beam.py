"""The same compiled pipeline with Beam arguments: StatisticsGen and Transform run on workers of their own, in other
processes, and a quick test comes to the same end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pipeline_jobs as jobs
import pyarrow.parquet as pq
import pytest
import tensorflow_transform as tft
from bench import TEMPLATE, Bench, states
from google.protobuf import text_format
from pipeline import columnar
from tensorflow_metadata.proto.v0 import schema_pb2
from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.pipelines_local import LocalPipelines
from towerlab.ports.pipelines import Job, JobState

ON_BEAM = ("StatisticsGen", "Transform")
WORKERS = ["--runner=DirectRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2"]


@pytest.fixture(scope="module")
def both(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, Job]:
    """The same test in process and on Beam."""
    template = json.loads(TEMPLATE.read_text())
    for task in ON_BEAM:
        template["pipelineSpec"]["deploymentSpec"]["executors"][f"{task}_executor"]["container"]["args"] += WORKERS
    changed = tmp_path_factory.mktemp("template") / "on_beam.json"
    changed.write_text(json.dumps(template))
    bench.submit("qt-in-process", snapshot_id="beam")
    parameters = jobs.parameters(
        bench.snapshot,
        bench.modules.preprocessing,
        bench.modules.trainer,
        split_plan=jobs.plan(snapshot_id="beam"),
        trainer_settings=jobs.settings(batch_size=64, epochs=1),
    )
    LocalPipelines(bench.folder, StoredTemplate(str(changed))).submit("qt-on-beam", parameters, {})
    here, beam = bench.wait("qt-in-process"), bench.wait("qt-on-beam", 600)
    assert here.state is JobState.SUCCEEDED, here.error
    assert beam.state is JobState.SUCCEEDED, beam.error
    assert states(beam)["Transform"] == states(beam)["StatisticsGen"] == "succeeded"
    return here, beam


def output(job: Job, task: str, key: str) -> Path:
    uri = next(found.outputs[key] for found in job.tasks if found.name == task)
    return Path(uri.removeprefix("file://"))


def test_the_schema_is_the_same(both: tuple[Job, Job]) -> None:
    here, beam = (_schema(output(job, "SchemaGen", "schema") / "schema.pbtxt") for job in both)
    assert here == beam
    assert {feature.name for feature in here.feature} >= {"CustomerID", "StockCode", "row_id"}


def _schema(path: Path) -> schema_pb2.Schema:
    """With its features, and the values of its domains, in the order of their names: Beam has none."""
    schema = text_format.Parse(path.read_text(), schema_pb2.Schema())
    schema.feature.sort(key=lambda feature: feature.name)
    schema.string_domain.sort(key=lambda domain: domain.name)
    for domain in schema.string_domain:
        domain.value.sort()
    return schema


def test_what_was_fitted_is_the_same(both: tuple[Job, Job]) -> None:
    here, beam = (json.loads((output(job, "Transform", "transform_graph") / "fitted.json").read_text()) for job in both)
    assert here["vocabularies"] == beam["vocabularies"]
    assert here["vocabularies"]
    for kind in ("numbers", "boundaries"):
        assert here[kind].keys() == beam[kind].keys()
        for name, value in here[kind].items():
            np.testing.assert_allclose(beam[kind][name], value, rtol=1e-6, err_msg=name)


def test_nothing_else_is_left_beside_the_transform_graph(both: tuple[Job, Job]) -> None:
    here, beam = (output(job, "Transform", "transform_graph") for job in both)
    assert {path.name for path in beam.iterdir()} == {path.name for path in here.iterdir()}
    specs = [tft.TFTransformOutput(str(graph)).transformed_feature_spec() for graph in (here, beam)]
    assert specs[0] == specs[1]


def test_workers_write_no_arrow_files_and_the_products_are_there(both: tuple[Job, Job]) -> None:
    here, beam = (output(job, "Transform", "transformed_examples") for job in both)
    for split in ("train", "eval", "catalogue"):
        assert columnar.has_arrow(str(here), split)
        assert not columnar.has_arrow(str(beam), split)
        assert list((beam / f"Split-{split}").iterdir())
    assert (beam / "protocol/products.parquet").read_bytes() == (here / "protocol/products.parquet").read_bytes()


def test_the_ranks_are_the_same(both: tuple[Job, Job]) -> None:
    """Rows come back in their order; what Beam fits differs in the seventh digit, so a tie may fall the other way."""
    frames = [pq.read_table(output(job, "Trainer", "model_run") / "ranks.parquet").to_pandas() for job in both]
    here, beam = (frame.sort_values(["replicate", "row_id"], ignore_index=True) for frame in frames)
    identity = ["row_id", "customer_index", "product_index", "replicate"]
    assert here[identity].equals(beam[identity])
    assert (here["rank"] == beam["rank"]).mean() >= 0.99
    assert (here["rank"] - beam["rank"]).abs().max() <= 1


def test_the_losses_are_the_same(both: tuple[Job, Job]) -> None:
    reports = [json.loads((output(job, "Trainer", "model_run") / "training.json").read_text()) for job in both]
    here, beam = ([replicate["loss"] for replicate in report["replicates"]] for report in reports)
    np.testing.assert_allclose(beam, here, rtol=1e-5)
