"""Why a task failed, in words a person can act on."""

from __future__ import annotations

import re
import signal

from pipeline.job_log import TaskOutput

_ERROR_LINE = re.compile(r"^[A-Za-z_][\w.]*: (?P<what>.+)$")  # 'package.SomeError: what happened' ends a traceback
LINES_SEARCHED = 400


class TaskFailed(Exception):
    def __init__(self, task: str, message: str, log_tail: str) -> None:
        super().__init__(message)
        self.task, self.message, self.log_tail = task, message, log_tail


def failed(task: str, code: int, output: TaskOutput) -> TaskFailed:
    """A task that ended with `code` (negative: the signal that ended it)."""
    if code < 0:
        name = signal.Signals(-code).name
        return TaskFailed(task, f"{task} was stopped by {name}; the machine may be short of memory", output.tail())
    errors = [match["what"] for line in output.tail(LINES_SEARCHED).split("\n") if (match := _ERROR_LINE.match(line))]
    reason = f"{task} failed: {errors[-1]}" if errors else f"{task} failed with exit code {code}"
    return TaskFailed(task, reason, output.tail())


def never_ran(task: str, attempts: int, last_words: str) -> TaskFailed:
    """A task whose warm process died at every attempt."""
    reason = f"{task} could not be run: the process that runs tasks died {attempts} times"
    return TaskFailed(task, f"{reason}; the machine may be short of memory", last_words)
