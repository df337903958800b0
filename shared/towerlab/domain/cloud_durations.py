"""How long the stages of a quick test take on Google Cloud: a first guess, none of it measured there."""

from __future__ import annotations

from collections.abc import Mapping

from towerlab.domain.compute import Compute, Place

CONTAINER_SECONDS = 60.0  # until a task's machine is there and has its image
WORKERS_SECONDS = 240.0  # until Dataflow's workers have theirs
CORES_MEASURED = 2  # that the guess for one machine is of
CPU_SECONDS_A_VALUE = {"StatisticsGen": 9e-6, "Transform": 4.2e-5}  # of the stock executors: 240,000 rows, 7 columns
TRAINER = "Trainer"


def in_the_cloud(here: Mapping[str, float], values: float, compute: Compute) -> dict[str, float]:
    """Seconds by stage, from the guess for one machine. `values` are those of the whole snapshot: on Dataflow all are
    analysed. Accelerators are not reckoned with."""
    guess = dict(here)
    if compute.trainer is not None:
        guess[TRAINER] *= CORES_MEASURED / compute.trainer.cpu
    if compute.beam is Place.DATAFLOW:
        cores = max(compute.workers * compute.worker_cores, 1)
        guess |= {stage: WORKERS_SECONDS + each * values / cores for stage, each in CPU_SECONDS_A_VALUE.items()}
    return {stage: CONTAINER_SECONDS + seconds for stage, seconds in guess.items()}
