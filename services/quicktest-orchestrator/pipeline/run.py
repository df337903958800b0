"""The pipeline runner: carries out submitted jobs on this machine, one after the other, as Vertex AI would.

`python -m pipeline.run <folder>` may be killed at any moment: started again, it goes on with the first job that has not
ended, and finds the tasks that had finished in its cache.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from pipeline import retention
from pipeline.forks import Zygote
from pipeline.job_log import JobLog
from pipeline.job_run import JobRun, Workshop
from pipeline.mailbox import Mailbox
from pipeline.room import free_beside
from pipeline.task_cache import TaskCache, code_fingerprint

IDLE_SECONDS = 0.2


def run_forever(workshop: Workshop) -> NoReturn:
    workshop.zygote.warm_up()
    JobLog(None, {}).write("the pipeline runner is ready for jobs")
    while True:
        waiting = workshop.mailbox.open_jobs()
        if waiting:
            JobRun(workshop, waiting[0]).run()
            for name in retention.clean(workshop.mailbox, workshop.cache):
                JobLog(None, {}).write(f"{name} was cleaned away: only old jobs used it")
        else:
            time.sleep(IDLE_SECONDS)


def lock(folder: Path) -> int:
    """Only one runner works on a folder. The lock lives as long as the descriptor."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit(f"another pipeline runner works on {folder}") from None
    return descriptor


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m pipeline.run <runner_folder>")
    folder = Path(sys.argv[1]).resolve()
    descriptor = lock(folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    zygote = Zygote(folder / "zygote.log")
    cache = TaskCache(folder, code_fingerprint())
    try:
        tracking_uri = os.environ.get("TOWERLAB_TRACKING_URI", "")
        run_forever(Workshop(Mailbox(folder), cache, zygote, tracking_uri, free_beside(folder)))
    finally:
        zygote.close()
        os.close(descriptor)


if __name__ == "__main__":
    main()
