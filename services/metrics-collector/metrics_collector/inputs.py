"""What a finished job left behind: the files that figures are computed from, parsed and checked at the edge."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from towerlab.domain.errors import NotFound
from towerlab.ports.artifacts import Artifacts
from towerlab.ports.pipelines import Job

SUPPORTED_SCHEMA = 1
TABLES = ("products", "customers", "rows")


class Unusable(Exception):
    """The job's outputs cannot be made into a result, and trying again will not help."""

    def __init__(self, message: str, stage: str = "Trainer", remedy: str = "") -> None:
        self.message, self.stage, self.remedy = message, stage, remedy
        super().__init__(message)


@dataclass(frozen=True)
class Replicate:
    number: int
    seed: int
    loss: tuple[float, ...]  # per training row, by epoch
    steps: int
    distinct_in_top10: int  # products in the first ten of any row


@dataclass(frozen=True)
class Vocabulary:
    vocab_size: int
    oov_rate: float
    train_oov_rate: float


@dataclass(frozen=True)
class Training:
    replicates: tuple[Replicate, ...]
    vocabulary: Mapping[str, Vocabulary]
    embeddings: tuple[str, ...]  # outputs whose learned vectors were written


@dataclass(frozen=True)
class Summary:
    """How the splits came out; `product_property` is the share of rows that agree with their product's one value."""

    split: str
    rows: Mapping[str, int]
    unseen: Mapping[str, float]
    product_property: Mapping[str, float]


@dataclass(frozen=True)
class JobOutputs:
    """`tables` holds Parquet bytes by name: ranks, recommendations, products, customers, rows. `fitted_uri` is '' where
    the analysis left no account of what it found; `embedding_uris` go by output."""

    tables: Mapping[str, bytes]
    training: Training
    summary: Summary
    run_id: str
    fitted_uri: str
    embedding_uris: Mapping[str, str]


def read_outputs(artifacts: Artifacts, job: Job) -> JobOutputs:
    """Everything the collector needs of a job that succeeded. Raises Unusable and Transient."""
    examples = _output(job, "ExampleGen", "examples")
    model_run = _output(job, "Trainer", "model_run")
    tables = {name: _read(artifacts, f"{examples}/protocol/{name}.parquet", "ExampleGen") for name in TABLES}
    tables |= {
        name: _read(artifacts, f"{model_run}/{name}.parquet", "Trainer") for name in ("ranks", "recommendations")
    }
    training = _training(_read_json(artifacts, f"{model_run}/training.json", "Trainer"))
    fitted_uri = f"{_output(job, 'Transform', 'transform_graph')}/fitted.json"
    return JobOutputs(
        tables=tables,
        training=training,
        fitted_uri=fitted_uri if artifacts.exists(fitted_uri) else "",
        embedding_uris={name: f"{model_run}/embeddings/{name}.npy" for name in training.embeddings},
        summary=_summary(_read_json(artifacts, f"{examples}/protocol/summary.json", "ExampleGen")),
        run_id=_run_id(artifacts, f"{model_run}/tracking.json"),
    )


def _output(job: Job, task: str, key: str) -> str:
    uri = next((t.outputs[key] for t in job.tasks if t.name == task and key in t.outputs), None)
    if uri is None:
        raise Unusable(f"{task} ended without its output '{key}'", stage=task)
    return uri.rstrip("/")


def _read(artifacts: Artifacts, uri: str, stage: str) -> bytes:
    try:
        return artifacts.read(uri)
    except NotFound as error:
        raise Unusable(f"{stage} left no {uri.rsplit('/', 1)[-1]} behind", stage=stage) from error


def _read_json(artifacts: Artifacts, uri: str, stage: str) -> Mapping[str, Any]:
    content = _read(artifacts, uri, stage)
    name = uri.rsplit("/", 1)[-1]
    try:
        body = json.loads(content)
    except ValueError as error:
        raise Unusable(f"{name} is not JSON ({error})", stage=stage) from error
    if not isinstance(body, dict) or body.get("schema") != SUPPORTED_SCHEMA:
        raise Unusable(f"{name} is not of schema {SUPPORTED_SCHEMA}", stage=stage)
    return body


def _run_id(artifacts: Artifacts, uri: str) -> str:
    """The tracked run's id; '' when the trainer could not reach the tracking server."""
    try:
        return str(json.loads(artifacts.read(uri))["run_id"])
    except NotFound:
        return ""
    except (ValueError, KeyError, TypeError) as error:
        raise Unusable(f"tracking.json names no run ({error!r})") from error


def _training(body: Mapping[str, Any]) -> Training:
    try:
        replicates = tuple(
            Replicate(
                int(r["replicate"]),
                int(r["seed"]),
                tuple(map(float, r["loss"])),
                int(r["steps"]),
                int(r["distinct_in_top10"]),
            )
            for r in body["replicates"]
        )
        vocabulary = {
            column: Vocabulary(int(v["vocab_size"]), float(v["oov_rate"]), float(v["train_oov_rate"]))
            for column, v in body["vocabulary"].items()
        }
        embeddings = tuple(map(str, body["embeddings"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unusable(f"training.json is not as expected ({error!r})") from error
    _check_losses(replicates)
    return Training(replicates, vocabulary, embeddings)


def _check_losses(replicates: tuple[Replicate, ...]) -> None:
    if not replicates or not all(r.loss for r in replicates):
        raise Unusable("training.json holds no training loss")
    if not all(math.isfinite(value) for r in replicates for value in r.loss):
        raise Unusable(
            "the training loss is not finite",
            remedy="Lower the learning rate, or look for a feature with extreme values (log transform, buckets).",
        )


def _summary(body: Mapping[str, Any]) -> Summary:
    try:
        return Summary(
            split=str(body["split"]),
            rows={name: int(count) for name, count in body["rows"].items()},
            unseen={name: float(share) for name, share in body["unseen"].items()},
            product_property={c: float(p["rows_share"]) for c, p in body["product_property"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unusable(f"summary.json is not as expected ({error!r})", stage="ExampleGen") from error
