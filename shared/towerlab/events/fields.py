"""What events carry: one meaning for each name, whichever type has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from towerlab.domain.quicktest import Phase

EXAMPLE_ID = "01k2m3n4p5q6r7s8t9v0w1x2y3"


@dataclass(frozen=True)
class Field:
    """`fits` is the JSON Schema of its values, `example` one of them."""

    about: str
    fits: Mapping[str, Any]
    example: str | int | float | Mapping[str, Any]


def _id(of: str) -> Field:
    return Field(f"The id of {of}.", {"type": "string", "minLength": 1, "maxLength": 200}, EXAMPLE_ID)


FIELDS: Mapping[str, Field] = {
    "registration_id": _id("the registration"),
    "dataset_id": _id("the dataset, as this installation gave it when the dataset was registered"),
    "snapshot_id": _id("the snapshot"),
    "config_id": _id("the feature config"),
    "test_id": _id("the quick test"),
    "training_id": _id("the full training"),
    "exploration_id": _id("the exploration"),
    "job_id": _id("the pipeline job"),
    "version": Field("The number of the config's version.", {"type": "integer", "minimum": 1}, 1),
    "config_hash": Field(
        "The hash of what the version computes.",
        {"type": "string", "minLength": 1, "maxLength": 64},
        "9f86d081884c7d65",
    ),
    "phase": Field(
        "How far the test or training is.",
        {"type": "string", "enum": [phase.value for phase in Phase]},
        Phase.COMPLETED.value,
    ),
    "code": Field(
        "The generated files by name.",
        {"type": "object", "additionalProperties": {"type": "object", "required": ["uri", "sha256"]}},
        {"trainer.py": {"uri": "gs://<artifacts>/code/<...>/trainer.py", "sha256": "<of the bytes there>"}},
    ),
    "snapshot": Field(
        "The immutable rows to train on.",
        {"type": "object", "required": ["id", "uri", "dataset"]},
        {"id": "<of its content>", "uri": "bigquery://<project>.<dataset>.<table>", "dataset": EXAMPLE_ID},
    ),
    "settings": Field(
        "Of the training, as a quick test has them; the page on handing over lists them.",
        {"type": "object", "required": ["data_sample_percent", "epochs", "batch_size", "seed"]},
        {"data_sample_percent": 100, "epochs": 20, "batch_size": 4096, "seed": 0},
    ),
    "progress": Field("Which share of the work is done.", {"type": "number", "minimum": 0, "maximum": 1}, 0.5),
}
