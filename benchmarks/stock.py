"""Stock TFX as its users write it: CsvExampleGen, StatisticsGen, SchemaGen, Transform and Trainer under LocalDagRunner.

.envs/pipeline/bin/python benchmarks/stock.py FOLDER     (FOLDER has csv/, preprocessing.py and settings.json)
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

from tfx import v1 as tfx


def pipeline(folder: Path) -> tfx.dsl.Pipeline:
    split = tfx.proto.SplitConfig
    nine_to_one = split(splits=[split.Split(name="train", hash_buckets=9), split.Split(name="eval", hash_buckets=1)])
    output = tfx.proto.Output(split_config=nine_to_one)
    examples = tfx.components.CsvExampleGen(input_base=str(folder / "csv"), output_config=output)
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=False)
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        module_file=str(folder / "preprocessing.py"),
    )
    trainer = tfx.components.Trainer(
        module_file=str(Path(__file__).with_name("stock_trainer.py")),
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=tfx.proto.TrainArgs(splits=["train"]),
        eval_args=tfx.proto.EvalArgs(splits=["eval"]),
        custom_config=json.loads((folder / "settings.json").read_text()),
    )
    return tfx.dsl.Pipeline(
        pipeline_name="stock",
        pipeline_root=str(folder / "root"),
        components=[examples, statistics, schema, transform, trainer],
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(folder / "metadata.db")
        ),
    )


if __name__ == "__main__":
    tfx.orchestration.LocalDagRunner().run(pipeline(Path(sys.argv[1]).resolve()))
    sys.stdout.flush()
    os._exit(0)  # some of Beam's threads do not survive a regular end of Python
