"""The first guess for Google Cloud follows the compute that was chosen."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.cloud_durations import CONTAINER_SECONDS, WORKERS_SECONDS
from towerlab.domain.compute import Compute, Machine, Offer, choose
from towerlab.domain.durations import Work

VALUES = st.floats(1e3, 1e11)
OFFER = Offer(dataflow_rows=1, workers=8, worker_machine="e2-standard-4", trainer=Machine(2, 16))
HERE_IN_CONTAINERS, ON_DATAFLOW = choose(1, OFFER), choose(2, OFFER)


def work(values: float, compute: Compute) -> Work:
    return Work(values, values, values, 300, compute)


@given(VALUES)
def test_every_stage_waits_for_its_container(values: float) -> None:
    here, cloud = Work(values, values, values, 300).first_guess, work(values, HERE_IN_CONTAINERS).first_guess
    assert all(cloud[stage] == here[stage] + CONTAINER_SECONDS for stage in here)


@given(VALUES)
def test_dataflow_waits_for_its_workers_and_is_faster_with_more_of_them(values: float) -> None:
    few = work(values, ON_DATAFLOW).first_guess
    many = work(values, replace(ON_DATAFLOW, workers=80)).first_guess
    for stage in ("StatisticsGen", "Transform"):
        assert few[stage] > many[stage] > CONTAINER_SECONDS + WORKERS_SECONDS
    assert few["ExampleGen"] == many["ExampleGen"]


@given(VALUES)
def test_a_larger_machine_trains_faster(values: float) -> None:
    larger = replace(ON_DATAFLOW, trainer=Machine(16, 64))
    assert work(values, larger).first_guess["Trainer"] < work(values, ON_DATAFLOW).first_guess["Trainer"]


def test_dataflow_is_taken_for_its_room_it_is_faster_with_very_many_cores_only() -> None:
    """The stock executors take sixty times the CPU seconds of those that keep all in one process."""
    here = work(1e9, HERE_IN_CONTAINERS).first_guess["Transform"]
    few, many = (work(1e9, replace(ON_DATAFLOW, workers=workers)).first_guess["Transform"] for workers in (8, 80))
    assert many < here < few


def test_cores_are_in_a_machine_types_name() -> None:
    cores = {"e2-standard-4": 4, "n2-custom-8-32768": 8, "e2-medium": 1, "": 1}
    assert {name: Compute(worker_machine=name).worker_cores for name in cores} == cores
