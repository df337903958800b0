"""What old jobs have made (examples, transforms, models) goes; the newest jobs' and the best ones' stays."""

from __future__ import annotations

import time
from collections.abc import Iterable

from towerlab.ports.pipelines import JobTask

from pipeline.mailbox import Mailbox
from pipeline.room import RECENT
from pipeline.task_cache import TaskCache

NEWEST = 20  # jobs whose outputs stay, whatever came of them
PATHS = "file://"


def clean(mailbox: Mailbox, cache: TaskCache) -> list[str]:
    """Forget the computations that only jobs beyond the NEWEST have used, unless somebody asked to keep those jobs, and
    those that came to nothing; none that was used a moment ago. The names of those that are gone. For a runner that is
    between two jobs: no computation is under way."""
    jobs = mailbox.with_outputs()
    kept = [
        job_id
        for place, job_id in enumerate(jobs)
        if place < NEWEST or mailbox.keep_asked(job_id) or not mailbox.has_ended(job_id)
    ]
    used = _of_jobs(mailbox, cache, kept)
    gone = _forgotten(cache, cache.unfinished())
    for job_id in jobs:
        if job_id not in kept:
            stale = _computations(mailbox, cache, job_id) - used
            old = _forgotten(cache, stale)
            gone += old
            if len(old) == len(stale):
                mailbox.note_cleaned(job_id)
    return gone


def to_be_kept(mailbox: Mailbox, cache: TaskCache) -> set[str]:
    """The computations of jobs that somebody asked to keep."""
    return _of_jobs(mailbox, cache, filter(mailbox.keep_asked, mailbox.with_outputs()))


def _forgotten(cache: TaskCache, names: Iterable[str]) -> list[str]:
    old = sorted(name for name in names if time.time() - cache.last_use(name) > RECENT)
    for name in old:
        cache.forget(name)
    return old


def _of_jobs(mailbox: Mailbox, cache: TaskCache, job_ids: Iterable[str]) -> set[str]:
    return {name for job_id in job_ids for name in _computations(mailbox, cache, job_id)}


def _computations(mailbox: Mailbox, cache: TaskCache, job_id: str) -> set[str]:
    """Those of the job that are still there."""
    job = mailbox.state(job_id)
    tasks: tuple[JobTask, ...] = job.tasks if job else ()
    uris = [uri.removeprefix(PATHS) for task in tasks for uri in task.outputs.values()]
    return {name for uri in uris if (name := cache.computation_of(uri)) is not None}
