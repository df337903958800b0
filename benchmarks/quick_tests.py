"""Quick tests as the product runs them: generated modules, the compiled pipeline, a pipeline runner with its cache."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
from metrics_collector.figures import Figures, compute
from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.pipelines_local import LocalPipelines
from towerlab.configs.features import feature_keys
from towerlab.configs.resolved import ResolvedConfig
from towerlab.emit.package import generate
from towerlab.ports.pipelines import Job, JobState

TEMPLATE = Path(__file__).parents[1] / "services/quicktest-orchestrator/pipeline/quick_test.json"
ENDED = {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}
LONGEST = 3600  # seconds

DEFAULTS: dict[str, Any] = {
    "schema": 1,
    "epochs": 3,
    "batch_size": 2048,
    "seed": 1,
    "replicates": 1,
    "output_dim": 32,
    "hidden_layers": [],
    "optimizer": "adagrad",
    "learning_rate": 0.1,
    "warmup_steps": 20,
    "logq": True,
    "prior": True,
    "oov_dropout": 0.1,
    "exclude_seen": False,
}


@dataclass(frozen=True)
class Sample:
    """What is trained on: a snapshot with row_id, the roles of its columns, and how it is cut."""

    snapshot: Path
    roles: Mapping[str, str]
    split: str
    percent: int = 100


@dataclass(frozen=True)
class Outcome:
    """`ranks` has one line per replicate and one place per evaluation row, `train_rows` one per product; `tables` are
    the Parquet files that the product computes its figures from: ranks, products, customers, rows, recommendations."""

    ranks: np.ndarray
    train_rows: np.ndarray
    true_products: np.ndarray
    report: Mapping[str, Any]
    summary: Mapping[str, Any]
    job: Job
    tables: Mapping[str, Path]

    def figures(self, has_customers: bool = True, ranks: Path | None = None) -> Figures:
        """As the product computes them, with its ruler; `ranks` of another model are refused (Unusable) unless they are
        those of the very same evaluation rows."""
        tables = {**self.tables, **({"ranks": ranks} if ranks else {})}
        return compute({name: path.read_bytes() for name, path in tables.items()}, has_customers)

    def recall(self, k: int) -> np.ndarray:
        """By replicate."""
        return np.asarray((self.ranks <= k).mean(axis=1))

    def popularity(self, k: int) -> float:
        """Recall of the list by training rows; ties count against it, as they do against models."""
        ordered = np.sort(self.train_rows)
        ranks = len(ordered) - np.searchsorted(ordered, self.train_rows[self.true_products], side="left")
        return float(np.mean(ranks <= k))


def snapshot_of(source: str, target: Path) -> Path:
    """A snapshot of what DuckDB reads as `source`: its rows in their order, with a row_id."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"""
            COPY (SELECT row_number() OVER () - 1 AS row_id, * FROM {source}) TO '{target}' (FORMAT parquet)""")
    return target


class Runner:
    """A pipeline runner of its own, in `folder`; what one quick test computed is not computed again by the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._pipelines = LocalPipelines(self._folder / "runner", StoredTemplate(str(TEMPLATE)))

    def __enter__(self) -> Runner:
        (self._folder / "runner").mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pipeline.run", str(self._folder / "runner")]
        with open(self._folder / "runner.log", "ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait(20)

    def run(self, config: ResolvedConfig, sample: Sample, **settings: Any) -> Outcome:
        """The quick test of `config` with the default settings but for `settings`."""
        parameters = self.parameters(config, sample, settings)
        job_id = "benchmark-" + hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()[:16]
        self._pipelines.submit(job_id, parameters, {})
        self._pipelines.keep(job_id, True)  # a benchmark looks at all of its runs when the last has ended
        return _outcome(self._ended(job_id))

    def parameters(self, config: ResolvedConfig, sample: Sample, settings: Mapping[str, Any]) -> dict[str, str]:
        """What the job of that quick test is given; the modules that it names are written."""
        keys = feature_keys(config)
        columns = [
            {"column": column, "type": config.columns[column].value, "key": key, "side": side}
            for (side, column), key in keys.items()
        ]
        plan = {
            "schema": 1,
            "snapshot_id": sample.snapshot.name,
            "sample_percent": sample.percent,
            "split": sample.split,
            "roles": dict(sample.roles),
            "columns": columns,
        }
        identity = {
            "customer_key": keys.get(("query", sample.roles["customer_id"])),
            "product_key": keys.get(("candidate", sample.roles["product_id"])),
        }
        files = generate(config, "benchmark", 1, "0" * 64)
        return {
            "snapshot_uri": sample.snapshot.resolve().as_uri(),
            "split_plan": _canonical(plan),
            "preprocessing_module": self._module(files, "preprocessing.py"),
            "trainer_module": self._module(files, "trainer.py"),
            "trainer_settings": _canonical({**DEFAULTS, **identity, **settings}),
        }

    def _module(self, files: Mapping[str, bytes], name: str) -> str:
        digest = hashlib.sha256(files[name]).hexdigest()
        path = self._folder / "modules" / digest / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name])
        return f"{path.as_uri()}#sha256={digest}"

    def _ended(self, job_id: str) -> Job:
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            job = self._pipelines.describe(job_id)
            if job and job.state in ENDED:
                if job.state is not JobState.SUCCEEDED:
                    raise RuntimeError(f"the quick test ended as {job.state}: {job.error}")
                return job
            if self._process.poll() is not None:
                raise RuntimeError(f"the pipeline runner ended: see {self._folder / 'runner.log'}")
            time.sleep(0.2)
        raise TimeoutError(f"the quick test took more than {LONGEST} s")


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _outcome(job: Job) -> Outcome:
    outputs = {task.name: task.outputs for task in job.tasks}
    examples, run = (
        _folder(outputs[task][key]) for task, key in (("ExampleGen", "examples"), ("Trainer", "model_run"))
    )
    tables = {name: examples / f"protocol/{name}.parquet" for name in ("products", "customers", "rows")}
    tables |= {name: run / f"{name}.parquet" for name in ("ranks", "recommendations")}
    ranks = pq.read_table(tables["ranks"]).to_pandas().sort_values(["replicate", "row_id"])
    replicates = ranks["replicate"].nunique()
    return Outcome(
        ranks=ranks["rank"].to_numpy().reshape(replicates, -1),
        train_rows=pq.read_table(tables["products"])["train_rows"].to_numpy(),
        true_products=ranks[ranks["replicate"] == 0]["product_index"].to_numpy(),
        report=json.loads((run / "training.json").read_text()),
        summary=json.loads((examples / "protocol/summary.json").read_text()),
        job=job,
        tables=tables,
    )


def _folder(uri: str) -> Path:
    return Path(uri.removeprefix("file://"))
