"""When the disk fills up, what has not been used for longest makes room; what may still be read stays."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import pipeline_jobs as jobs
import pytest
from bench import TEMPLATE
from pipeline.job_run import JobRun, Workshop
from pipeline.mailbox import Mailbox
from pipeline.room import NEEDED, RECENT, NoRoom, make_room
from pipeline.task_cache import KEPT_OF_KEY, TaskCache
from towerlab.adapters.pipeline_template import StoredTemplate
from towerlab.adapters.pipelines_local import LocalPipelines
from towerlab.ports.pipelines import JobState

EACH = NEEDED // 3


@dataclass
class Disk:
    """One on which every computation takes a third of what a job needs, and other things leave `left` bytes."""

    folder: Path
    left: int

    def free(self) -> int:
        return self.left - EACH * sum(1 for _ in (self.folder / "outputs").iterdir())


def computed(folder: Path, *hours: float) -> list[str]:
    """Finished computations, last used so many hours ago; their keys."""
    keys = []
    for n, age in enumerate(hours):
        key = f"{n:x}" * 64
        output = folder / "outputs" / f"Trainer-{key[:KEPT_OF_KEY]}"
        output.mkdir(parents=True)
        (output / "model").write_text("learned")
        TaskCache(folder, "code").store(key, {"model": {"artifacts": [{"uri": str(output / "model")}]}})
        for path in (output, folder / "cache" / f"{key}.json"):
            os.utime(path, (time.time() - 3600 * age,) * 2)
        keys.append(key)
    return keys


def left(folder: Path, keys: list[str]) -> list[bool]:
    cache = TaskCache(folder, "code")
    return [cache.find(key) is not None for key in keys]


def test_only_as_much_goes_as_is_needed_and_the_oldest_first(tmp_path: Path) -> None:
    keys = computed(tmp_path, 2, 50, 3, 40)
    disk = Disk(tmp_path, left=NEEDED + 2 * EACH)
    gone = make_room(TaskCache(tmp_path, "code"), disk.free)
    assert gone == [f"Trainer-{keys[n][:KEPT_OF_KEY]}" for n in (1, 3)]
    assert left(tmp_path, keys) == [True, False, True, False]
    assert make_room(TaskCache(tmp_path, "code"), disk.free) == []


def test_what_was_found_again_lately_stays(tmp_path: Path) -> None:
    keys = computed(tmp_path, 50, 40)
    TaskCache(tmp_path, "code").find(keys[0])
    make_room(TaskCache(tmp_path, "code"), Disk(tmp_path, left=NEEDED + EACH).free)
    assert left(tmp_path, keys) == [True, False]


def test_what_may_still_be_read_is_kept_and_the_job_fails_in_plain_words(tmp_path: Path) -> None:
    keys = computed(tmp_path, 0.5 * RECENT / 3600, 2)
    disk = Disk(tmp_path, left=EACH)
    with pytest.raises(NoRoom):
        make_room(TaskCache(tmp_path, "code"), disk.free)
    assert left(tmp_path, keys) == [True, False]

    module = tmp_path / "module.py"
    module.write_text("pass")
    parameters = jobs.parameters(
        tmp_path / "snapshot", module, module, split_plan=jobs.plan(), trainer_settings=jobs.settings()
    )
    pipelines, mailbox = LocalPipelines(tmp_path, StoredTemplate(str(TEMPLATE))), Mailbox(tmp_path)
    pipelines.submit("qt-full", parameters, {})
    workshop = Workshop(mailbox, TaskCache(tmp_path, "code"), zygote=None, tracking_uri="", free=disk.free)  # type: ignore[arg-type]
    JobRun(workshop, mailbox.open_jobs()[0]).run()
    job = pipelines.describe("qt-full")
    assert job is not None
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert "no space left" in job.error.message
