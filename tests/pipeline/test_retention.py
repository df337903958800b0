"""Outputs of old jobs go, those of the newest and of the ones to be kept stay."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from bench import PARAMETERS, TEMPLATE
from pipeline import retention
from pipeline.mailbox import Mailbox
from pipeline.room import NEEDED, RECENT, make_room
from pipeline.task_cache import KEPT_OF_KEY, TaskCache
from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.pipelines_local import LocalPipelines
from towerlab.ports.pipelines import Job, JobState, JobTask

LONG_AGO = time.time() - 2 * RECENT


@pytest.fixture(autouse=True)
def two_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "NEWEST", 2)


class Shelf:
    """A runner's folder; jobs are submitted one a second."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.jobs = folder, 0
        self.mailbox, self.cache = Mailbox(folder), TaskCache(folder, "code")
        self.pipelines = LocalPipelines(folder, StoredTemplate(str(TEMPLATE)))

    def job(self, *computations: str, state: JobState = JobState.SUCCEEDED) -> str:
        """One that has used these computations, long ago."""
        self.jobs += 1
        job_id = f"qt-{self.jobs}"
        self.pipelines.submit(job_id, dict.fromkeys(PARAMETERS, "x"), {})
        os.utime(self.mailbox.folder(job_id) / "job.json", (LONG_AGO + self.jobs,) * 2)
        tasks = tuple(
            JobTask(f"Task{n}", "succeeded", outputs={"out": self.made(c)}) for n, c in enumerate(computations)
        )
        self.mailbox.record(Job(job_id, state, tasks))
        return job_id

    def made(self, letter: str) -> str:
        key = letter * 64
        folder = self.folder / "outputs" / f"Trainer-{key[:KEPT_OF_KEY]}"
        (folder / "out").mkdir(parents=True, exist_ok=True)
        uri = str(folder / "out")
        self.cache.store(key, {"out": {"artifacts": [{"uri": uri}]}})
        for path in (folder, self.folder / "cache" / f"{key}.json"):
            os.utime(path, (LONG_AGO,) * 2)
        return f"file://{uri}"

    def left(self) -> str:
        """The letters of the computations that are still there."""
        return "".join(sorted(path.name.rpartition("-")[2][0] for path in (self.folder / "outputs").iterdir()))

    def clean(self) -> None:
        retention.clean(self.mailbox, self.cache)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_what_only_old_jobs_used_goes(shelf: Shelf) -> None:
    for computations in ("ax", "bx", "cx", "dx"):
        shelf.job(*computations)
    shelf.clean()
    assert shelf.left() == "cdx"
    assert shelf.cache.find("a" * 64) is None
    assert shelf.cache.find("x" * 64) is not None


def test_a_job_to_be_kept_stays_until_it_is_no_longer(shelf: Shelf) -> None:
    best = shelf.job("a")
    for letter in "bcd":
        shelf.job(letter)
    shelf.pipelines.keep(best, True)
    shelf.clean()
    assert shelf.left() == "acd"
    shelf.pipelines.keep(best, False)
    shelf.clean()
    assert shelf.left() == "cd"
    shelf.pipelines.keep("qt-unknown", True)
    assert not shelf.mailbox.folder("qt-unknown").exists()


def test_a_job_that_has_not_ended_keeps_what_it_uses(shelf: Shelf) -> None:
    shelf.job("a", state=JobState.RUNNING)
    for letter in "bcd":
        shelf.job(letter)
    shelf.clean()
    assert shelf.left() == "acd"


def test_what_was_used_a_moment_ago_goes_later(shelf: Shelf) -> None:
    for letter in "abcd":
        shelf.job(letter)
    shelf.cache.find("a" * 64)
    shelf.clean()
    assert shelf.left() == "acd"
    os.utime(shelf.folder / "cache" / f"{'a' * 64}.json", (LONG_AGO,) * 2)
    shelf.clean()
    assert shelf.left() == "cd"
    assert shelf.mailbox.with_outputs() == ["qt-4", "qt-3"]


def test_what_came_to_nothing_goes_too(shelf: Shelf) -> None:
    for name, age in (("Transform-failed", 2 * RECENT), ("Transform-stopped-lately", 0)):
        folder = shelf.folder / "outputs" / name
        folder.mkdir()
        os.utime(folder, (time.time() - age,) * 2)
    shelf.clean()
    assert [path.name for path in (shelf.folder / "outputs").iterdir()] == ["Transform-stopped-lately"]


def test_a_full_disk_takes_what_is_to_be_kept_last(shelf: Shelf) -> None:
    best = shelf.job("a")
    shelf.job("b")
    shelf.pipelines.keep(best, True)
    kept = retention.to_be_kept(shelf.mailbox, shelf.cache)
    free = iter([0, 0, NEEDED])  # one has to go
    make_room(shelf.cache, lambda: next(free), kept)
    assert shelf.left() == "a"
