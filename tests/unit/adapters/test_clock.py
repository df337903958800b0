"""Ids are short, well formed, never given twice, and sort by the time of their making."""

from __future__ import annotations

import re
import threading

from towerlab.adapters.clock import SortableIds, SystemClock

from tests.contract.building import HandClock


def test_ids_are_well_formed() -> None:
    assert re.fullmatch("[0-9a-z]{26}", SortableIds(SystemClock()).new())


def test_ids_sort_by_time_even_within_a_millisecond() -> None:
    clock = HandClock()
    ids = SortableIds(clock)
    made = []
    for _ in range(200):
        made += [ids.new(), ids.new()]
        clock.move(0.001)
    assert made == sorted(made)


def test_a_clock_that_steps_back_does_not_disorder_them() -> None:
    clock = HandClock()
    ids = SortableIds(clock)
    first = ids.new()
    clock.move(-100)
    assert ids.new() > first


def test_threads_never_get_the_same_id() -> None:
    ids = SortableIds(HandClock())
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(ids.new() for _ in range(500))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2_000


def test_the_time_is_utc() -> None:
    assert SystemClock().now().utcoffset() is not None
