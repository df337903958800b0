"""The calendar and the string hashes, in numpy and in the TensorFlow graph, against Python and against each other."""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.configs.checks import resolve
from towerlab.domain.columns import ColumnType
from towerlab.emit.module import preprocessing_module
from towerlab.emit.plan import plan
from towerlab.transforms.cross import hash_input
from towerlab.transforms.cyclical import calendar_turns
from towerlab.transforms.fingerprints import fingerprint, siphash

from tests.parity.making import DAY, FIRST, LAST
from tests.parity.running import Array, start
from tests.unit.configs.building import lists, time

CYCLES = ("annual", "quarterly", "monthly", "weekly", "daily")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HUGE = 2**62 + 1  # a number of buckets that hides nothing of a hash


def every_day() -> Array:
    """Every day from 1900 to 2200, each at another second of the day, midnight and the last second among them."""
    days = np.arange(FIRST, LAST, DAY, dtype=np.int64)
    return np.concatenate([days + np.arange(len(days)) * 7919 % DAY, days, days + DAY - 1])


def by_python(seconds: int) -> list[float]:
    moment = EPOCH + timedelta(seconds=seconds)
    month = moment.month - 1
    return [month // 3 / 4, month % 3 / 3, (moment.day - 1) / 31, moment.weekday() / 7, moment.hour / 24]


@pytest.fixture(scope="module")
def expected() -> Array:
    return np.array([by_python(second) for second in every_day().tolist()])


def byte_strings() -> list[bytes]:
    """Every length up to 300 several times, over all branches of both hashes."""
    draw = random.Random(3)
    return [draw.randbytes(length) for length in range(300) for _ in range(3)]


@pytest.fixture(scope="module")
def in_tensorflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Array]:
    folder = tmp_path_factory.mktemp("calendar")
    config = resolve(lists([time("t", cyclical=dict.fromkeys(CYCLES, True))]), {"t": ColumnType.TIMESTAMP})
    (folder / "calendar_case.py").write_text(preprocessing_module(plan(config)))
    np.save(folder / "seconds.npy", every_day())
    (folder / "texts.json").write_text(json.dumps([text.hex() for text in byte_strings()]))
    _, said = start(str(folder)).communicate()
    assert (folder / "hashes.npz").exists(), said[-3000:]
    hashes = np.load(folder / "hashes.npz")
    return {"waves": np.load(folder / "waves.npy"), "strong": hashes["strong"], "fast": hashes["fast"]}


def test_the_references_calendar_is_pythons(expected: Array) -> None:
    turns = calendar_turns(every_day())
    np.testing.assert_array_equal(np.stack([turns[cycle] for cycle in CYCLES], axis=1), expected)


@pytest.mark.pipeline
def test_the_graphs_calendar_is_pythons(in_tensorflow: dict[str, Array], expected: Array) -> None:
    angles = 2 * math.pi * expected
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(len(angles), -1)
    np.testing.assert_allclose(in_tensorflow["waves"], waves, atol=1e-6)


@pytest.mark.pipeline
def test_the_hashes_are_tensorflows(in_tensorflow: dict[str, Array]) -> None:
    assert [siphash(text, (42, 4242)) % HUGE for text in byte_strings()] == in_tensorflow["strong"].tolist()
    assert [fingerprint(text) % HUGE for text in byte_strings()] == in_tensorflow["fast"].tolist()


def test_siphash_gives_its_authors_example() -> None:
    key = int.from_bytes(bytes(range(8)), "little"), int.from_bytes(bytes(range(8, 16)), "little")
    assert siphash(bytes(range(15)), key) == 0xA129CA6149BE45E5


PARTS = st.one_of(st.binary(max_size=6), st.text("0123456789:", max_size=6).map(str.encode), st.integers(-99, 10**6))


@given(st.integers(2, 3).flatmap(lambda n: st.lists(st.tuples(*[PARTS] * n), max_size=8, unique_by=as_bytes)))
def test_different_combinations_never_share_a_hash_input(rows: list[tuple[Any, ...]]) -> None:
    assert len({hash_input(row) for row in rows}) == len(rows)


def as_bytes(row: Sequence[bytes | int]) -> tuple[bytes, ...]:
    """An id and its decimal digits are one value: a column is crossed by one of the two, never by both."""
    return tuple(part if isinstance(part, bytes) else b"%d" % part for part in row)


def test_no_short_combination_imitates_another() -> None:
    words = [b"".join(word) for size in range(4) for word in itertools.product([b"1", b":", b"a"], repeat=size)]
    pairs = [hash_input(pair) for pair in itertools.product(words, repeat=2)]
    assert len(set(pairs)) == len(words) ** 2
