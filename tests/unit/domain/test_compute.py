"""Where a test runs follows from its rows and the installation's settings alone, and is said in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.compute import HERE, Machine, Offer, Place, choose

ROWS = st.integers(0, 10**12)
OFFERS = st.builds(
    Offer,
    dataflow_rows=st.one_of(st.just(0), ROWS),
    workers=st.integers(1, 1000),
    worker_machine=st.sampled_from(["e2-standard-4", "n2-highmem-16"]),
    trainer=st.builds(Machine, st.integers(1, 96), st.integers(1, 624)),
)


@given(ROWS)
def test_on_one_machine_there_is_no_choice_and_nothing_to_say(rows: int) -> None:
    assert choose(rows, None) == HERE
    assert HERE.reason == ""


@given(ROWS, OFFERS)
def test_above_the_row_count_and_only_there_it_is_dataflow(rows: int, offer: Offer) -> None:
    chosen = choose(rows, offer)
    above = offer.dataflow_rows > 0 and rows > offer.dataflow_rows
    assert chosen.beam is (Place.DATAFLOW if above else Place.HERE)
    assert (chosen.workers, chosen.worker_machine) == ((offer.workers, offer.worker_machine) if above else (0, ""))


@given(ROWS, OFFERS)
def test_the_trainer_is_the_settings_one_whatever_the_rows(rows: int, offer: Offer) -> None:
    assert choose(rows, offer).trainer == offer.trainer


@given(ROWS, ROWS, OFFERS)
def test_more_rows_never_come_back_from_dataflow(rows: int, more: int, offer: Offer) -> None:
    if choose(rows, offer).beam is Place.DATAFLOW:
        assert choose(rows + more, offer).beam is Place.DATAFLOW


@given(ROWS, OFFERS)
def test_the_reason_names_the_rows_the_limit_and_the_machines(rows: int, offer: Offer) -> None:
    chosen = choose(rows, offer)
    assert chosen.reason.startswith(f"{rows:,} rows")
    assert str(offer.trainer) in chosen.reason
    if offer.dataflow_rows:
        assert f"{offer.dataflow_rows:,} rows" in chosen.reason
    assert ("Dataflow" in chosen.reason) == (chosen.beam is Place.DATAFLOW)


def test_a_machine_reads_as_a_person_says_it() -> None:
    assert str(Machine(8, 52, "NVIDIA_TESLA_T4", 1)) == "8 CPUs, 52 GB and 1 NVIDIA_TESLA_T4"
    assert str(Machine(8, 52, "NVIDIA_TESLA_T4", 1).without_accelerators) == "8 CPUs, 52 GB"
