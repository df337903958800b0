"""Where the tasks of a quick test run, and on what: chosen by the rows, from what the installation has to offer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Place(StrEnum):
    HERE = "here"  # in the task's own process
    DATAFLOW = "dataflow"  # as Beam, on workers of their own


@dataclass(frozen=True)
class Machine:
    """What a task's container gets at most. `accelerator` is one of Vertex AI's types, '' for none."""

    cpu: int = 4
    memory_gb: int = 16
    accelerator: str = ""
    accelerators: int = 0

    def __str__(self) -> str:
        of_these = f" and {self.accelerators} {self.accelerator}" if self.accelerators else ""
        return f"{self.cpu} CPUs, {self.memory_gb} GB{of_these}"

    @property
    def without_accelerators(self) -> Machine:
        return replace(self, accelerator="", accelerators=0)


@dataclass(frozen=True)
class Offer:
    """What an installation on Google Cloud says of its machines. Above `dataflow_rows` StatisticsGen and Transform run
    on Dataflow; 0: never. One process takes 1 GB for a million rows of seven columns (measured up to 1.5 million).
    `worker_image` is '' for the pipeline's own."""

    dataflow_rows: int = 10_000_000
    workers: int = 8
    worker_machine: str = "e2-standard-4"
    worker_image: str = ""
    trainer: Machine = field(default_factory=Machine)


@dataclass(frozen=True)
class Compute:
    """Where StatisticsGen and Transform run, on how many workers at most; what the tasks get that hold a test's rows in
    one process; and why. `trainer` is None on one machine, where all tasks share what there is."""

    beam: Place = Place.HERE
    workers: int = 0
    worker_machine: str = ""
    trainer: Machine | None = None
    reason: str = ""

    @property
    def worker_cores(self) -> int:
        """As the machine type's name has them: 4 for e2-standard-4, 8 for n2-custom-8-32768; 1 where it has none."""
        found = re.search(r"-(\d+)(-\d+)?$", self.worker_machine)
        return int(found[1]) if found else 1


HERE = Compute()


def choose(rows: int, offer: Offer | None) -> Compute:
    """The compute of a test of a dataset of so many rows; None: everything is on one machine."""
    if offer is None:
        return HERE
    if not 0 < offer.dataflow_rows < rows:
        return Compute(trainer=offer.trainer, reason=_why_here(rows, offer))
    return Compute(Place.DATAFLOW, offer.workers, offer.worker_machine, offer.trainer, _why_dataflow(rows, offer))


def _why_here(rows: int, offer: Offer) -> str:
    limit = f"up to {offer.dataflow_rows:,} rows" if offer.dataflow_rows else "whatever the rows"
    return f"{rows:,} rows: StatisticsGen and Transform run in their own containers {limit}. {_trains(offer)}"


def _why_dataflow(rows: int, offer: Offer) -> str:
    workers = f"up to {offer.workers} {offer.worker_machine}"
    limit = f"above {offer.dataflow_rows:,} rows"
    return f"{rows:,} rows: StatisticsGen and Transform run on Dataflow ({workers}) {limit}. {_trains(offer)}"


def _trains(offer: Offer) -> str:
    return f"The Trainer gets {offer.trainer}, as the settings say."
