"""A dataset's training period in short: enough to say, before any training, about what an analysis will find there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LISTED = 20_000  # values of a column that are kept one by one
QUANTILES = 2_000  # points of a number that has more values than these
EXAMPLES = 50  # purchases to compute a preview from

Side = str  # query: each row's own value; candidate: its product's one value


@dataclass(frozen=True)
class Sketch:
    """A column's values on one side of the model, as the pipeline carries them: text, numbers, flags as text, times as
    epoch seconds. `values` are those of training rows, the most frequent first (ties: descending), with `train` rows
    and `evaluation` rows each. What is missing, and what `values` leaves out, is counted as [training, evaluation]
    rows; `points` are then the training rows' quantiles from the least to the greatest, of numbers and times."""

    values: Sequence[Any] = ()
    train: Sequence[int] = ()
    evaluation: Sequence[int] = ()
    left_out: Sequence[int] = (0, 0)
    missing: Sequence[int] = (0, 0)
    points: Sequence[float] = ()
    complete: bool = True  # no value of a training row is left out


@dataclass(frozen=True)
class Purchase:
    """One row that qualifies for training: by column its own values, and those of its product."""

    customer: str
    product: str
    query: Mapping[str, Any]
    candidate: Mapping[str, Any]


@dataclass(frozen=True)
class Sketches:
    """By side and column, under one choice of roles; `train` and `evaluation` rows, judged `customers`, of all data."""

    split: str = ""
    train: int = 0
    evaluation: int = 0
    customers: int = 0
    columns: Mapping[Side, Mapping[str, Sketch]] = field(default_factory=dict)
    examples: Sequence[Purchase] = ()
    schema: int = 1
