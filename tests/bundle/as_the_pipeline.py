"""The pipeline's own components over a bundle's file and modules; started in the pipeline's environment.

python as_the_pipeline.py <bundle> <data.parquet> <sample percent> <settings JSON> <folder for the artifacts>
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))

import chain
import pipeline_jobs as jobs
from retail_config import Modules


def main(bundle: Path, data: str, percent: int, settings: str, folder: Path) -> None:
    folder.mkdir()
    config = json.loads((bundle / "config.json").read_text())
    plan = jobs.plan(sample_percent=percent, roles=config["roles"]) | {"columns": config["inputs"]}
    snapshot = jobs.snapshot_of(f"'{data}'", folder / "snapshot.parquet")
    modules = Modules(bundle / "preprocessing.py", bundle / "trainer.py")
    inputs = chain.examples_and_schema(folder, snapshot, plan)
    chosen = {**config["trainer_settings"], **json.loads(settings)}
    chain.trained(folder, {**inputs, **chain.transformed(folder, inputs, modules)}, modules, chosen)


if __name__ == "__main__":
    bundle, data, percent, settings, folder = sys.argv[1:]
    main(Path(bundle), data, int(percent), settings, Path(folder))
    sys.stdout.flush()
    os._exit(0)  # TensorFlow's threads do not always survive a regular end of Python
