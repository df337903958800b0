"""Cloud Scheduler's jobs, from the ticks of the stack on one machine; a minute is the least that they can wait."""

from __future__ import annotations

from local_stack.scheduler import TICKS, Tick


def schedule() -> dict[str, dict[str, str]]:
    return {
        f"{tick.service}.{tick.path.rpartition('/')[2]}": {
            "service": tick.service,
            "path": tick.path,
            "schedule": _cron(tick),
        }
        for tick in TICKS
    }


def _cron(tick: Tick) -> str:
    minutes = max(1, round(tick.seconds / 60))
    return "* * * * *" if minutes == 1 else f"*/{minutes} * * * *"
