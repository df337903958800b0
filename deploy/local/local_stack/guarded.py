"""Holds the state folder's lock for as long as supervisord runs: two stacks never share a folder.

Run as a process of its own; exits with 3 when the folder is taken.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

FOLDER_TAKEN = 3


def main(lock: str, *command: str) -> int:
    with Path(lock).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return FOLDER_TAKEN
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
