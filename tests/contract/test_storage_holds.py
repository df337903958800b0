"""What somebody keeps outlives the bucket's lifecycle rule, and what nobody keeps does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.api_core.exceptions import PreconditionFailed
from towerlab.adapters.storage_holds import StorageHolds

from tests.cloud.holding_bucket import Bucket, holding_bucket

SHARED, OWN = "runs/1/qt-1/First_1/model", "runs/1/qt-2/Trainer_2/model"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    with holding_bucket() as (url, bucket):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        bucket.add(f"{SHARED}/a", f"{SHARED}/deep/b", f"{SHARED}-too/c", f"{OWN}/d")
        yield bucket


@pytest.fixture
def holds(bucket: Bucket) -> StorageHolds:  # noqa: ARG001 - must be there before the client is
    return StorageHolds("some-project")


def test_what_is_kept_is_spared_and_nothing_beside_it(bucket: Bucket, holds: StorageHolds) -> None:
    holds.keep(f"gs://bucket/{SHARED}", "qt-1")
    bucket.expire()
    assert sorted(bucket.objects) == [f"{SHARED}/a", f"{SHARED}/deep/b"]


def test_what_is_kept_no_longer_goes(bucket: Bucket, holds: StorageHolds) -> None:
    holds.keep(f"gs://bucket/{SHARED}", "qt-1")
    holds.release(f"gs://bucket/{SHARED}", "qt-1")
    bucket.expire()
    assert bucket.objects == {}


def test_what_two_jobs_share_stays_until_both_are_done_with_it(bucket: Bucket, holds: StorageHolds) -> None:
    for job in ("qt-1", "qt-2"):
        holds.keep(f"gs://bucket/{SHARED}", job)
    holds.release(f"gs://bucket/{SHARED}", "qt-1")
    bucket.expire()
    assert len(bucket.objects) == 2
    holds.release(f"gs://bucket/{SHARED}", "qt-2")
    bucket.expire()
    assert bucket.objects == {}


def test_saying_it_again_changes_nothing(bucket: Bucket, holds: StorageHolds) -> None:
    holds.keep(f"gs://bucket/{OWN}", "qt-2")
    first = dict(bucket.objects[f"{OWN}/d"])
    holds.keep(f"gs://bucket/{OWN}", "qt-2")
    holds.release(f"gs://bucket/{OWN}", "qt-never-kept-it")
    assert bucket.objects[f"{OWN}/d"] == first


def test_a_faster_writer_is_noticed(bucket: Bucket, holds: StorageHolds) -> None:
    holds.keep(f"gs://bucket/{OWN}", "qt-1")

    def kept_by_another(found: dict[str, Any]) -> None:
        found["metadata"] = {**found["metadata"], "kept-qt-2": "true"}
        found["metageneration"] = str(int(found["metageneration"]) + 1)

    bucket.meddler = kept_by_another
    with pytest.raises(PreconditionFailed):
        holds.release(f"gs://bucket/{OWN}", "qt-1")
    holds.release(f"gs://bucket/{OWN}", "qt-1")
    bucket.expire()
    assert f"{OWN}/d" in bucket.objects
