"""What old jobs have made (examples, transforms, models) goes; the newest jobs' and the best ones' stays."""

from __future__ import annotations

import time

from towerlab.ports.pipelines import JobTask

from pipeline.mailbox import Mailbox
from pipeline.room import RECENT
from pipeline.task_cache import TaskCache

NEWEST = 20  # jobs whose outputs stay, whatever came of them
PATHS = "file://"


def clean(mailbox: Mailbox, cache: TaskCache) -> list[str]:
    """Forget the computations that only jobs beyond the NEWEST have used, unless somebody asked to keep those jobs, or
    they were used a moment ago; the names of those that are gone."""
    jobs = mailbox.with_outputs()
    kept = [
        job_id
        for place, job_id in enumerate(jobs)
        if place < NEWEST or mailbox.keep_asked(job_id) or not mailbox.has_ended(job_id)
    ]
    used = {name for job_id in kept for name in _computations(mailbox, cache, job_id)}
    gone = []
    for job_id in jobs:
        if job_id in kept:
            continue
        stale = _computations(mailbox, cache, job_id) - used
        old = {name for name in stale if time.time() - cache.last_use(name) > RECENT}
        for name in sorted(old):
            cache.forget(name)
        gone += sorted(old)
        if old == stale:
            mailbox.note_cleaned(job_id)
    return gone


def _computations(mailbox: Mailbox, cache: TaskCache, job_id: str) -> set[str]:
    """Those of the job that are still there."""
    job = mailbox.state(job_id)
    tasks: tuple[JobTask, ...] = job.tasks if job else ()
    uris = [uri.removeprefix(PATHS) for task in tasks for uri in task.outputs.values()]
    return {name for uri in uris if (name := cache.computation_of(uri)) is not None}
