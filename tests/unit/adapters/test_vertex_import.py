"""The API's library is imported when it is first needed, by whichever threads need it first."""

from __future__ import annotations

import subprocess
import sys

AT_ONCE = """
import threading
from towerlab.adapters import pipelines_vertex
start, found = threading.Barrier(8), []
def use():
    start.wait()
    api = pipelines_vertex._api()
    found.append((api.PipelineJob, api.PipelineServiceClient))
threads = [threading.Thread(target=use) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
assert len(set(found)) == 1 and len(found) == 8, found
"""


def test_threads_that_need_it_at_the_same_time_all_get_the_whole_of_it() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", AT_ONCE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
