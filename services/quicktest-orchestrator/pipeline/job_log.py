"""The runner's log: JSON lines with the job's correlation id, on stdout and in the job's log.txt."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

SERVICE = "pipeline-runner"


def now() -> str:
    """RFC 3339 UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JobLog:
    def __init__(self, path: Path | None, fields: Mapping[str, str], stdout: TextIO | None = None) -> None:
        self._path, self._fields, self._stdout = path, dict(fields), stdout or sys.stdout

    def write(self, message: str, level: str = "info", **more: str) -> None:
        more = {name: value for name, value in more.items() if value}
        entry = {"time": now(), "level": level, "service": SERVICE, **self._fields, **more, "event": message}
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        self._stdout.write(line)
        self._stdout.flush()
        if self._path is not None:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(line)


class TaskOutput:
    """What a task prints, line by line as it comes."""

    def __init__(self, path: Path) -> None:
        self._path, self._position, self._rest = path, 0, ""

    def new_lines(self) -> list[str]:
        if not self._path.exists():
            return []
        with open(self._path, "rb") as file:
            file.seek(self._position)
            block = file.read()
        self._position += len(block)
        *lines, self._rest = (self._rest + block.decode("utf-8", "replace")).split("\n")
        return [line for line in lines if line.strip()]

    def tail(self, lines: int = 40) -> str:
        if not self._path.exists():
            return ""
        text = self._path.read_bytes().decode("utf-8", "replace")
        return "\n".join(text.rstrip().split("\n")[-lines:])
