"""Starting, stopping and looking at the stack."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from xmlrpc.client import ServerProxy

import requests
from supervisor.xmlrpc import SupervisorTransport

from local_stack.guarded import FOLDER_TAKEN
from local_stack.layout import LOOPBACK, Layout
from local_stack.programs import Blueprint, environment, write_configuration

READY_WITHIN_SECONDS = 240


class StackError(Exception):
    """The stack cannot be started or used; the message says why and what to do."""


def is_up(layout: Layout) -> bool:
    return layout.control_socket.exists() and bool(_program_states(layout))


def up(blueprint: Blueprint) -> None:
    """Start the stack in the background and return when every part of it is ready. Raises StackError."""
    layout = blueprint.layout
    if is_up(layout):
        _wait_until_ready(blueprint)
        return
    _prepare(layout)
    _refuse_taken_ports(layout)
    guard = _start_guarded(layout, write_configuration(blueprint))
    _wait_until_ready(blueprint, guard)


def down(layout: Layout) -> bool:
    """Stop the stack; False when it was not running."""
    if not is_up(layout):
        return False
    _supervisor(layout).supervisor.shutdown()
    _until(lambda: not layout.control_socket.exists(), 60, "the stack did not stop within a minute")
    return True


def remove_state(layout: Layout) -> bool:
    """Delete the state folder; False when there is none. Raises StackError for a folder that is not a stack's state."""
    if not layout.state.exists():
        return False
    if not layout.marker.exists():
        raise StackError(f"{layout.state} was not made by `make up`; remove it by hand if you are sure")
    shutil.rmtree(layout.state)
    return True


def program_table(layout: Layout) -> list[dict[str, str]]:
    """One row per program: name, state, port, pid, log file."""
    states = {state["name"]: state for state in _program_states(layout)}
    return [
        {
            "name": name,
            "state": state["statename"].lower(),
            "port": str(layout.ports.get(name, "")),
            "pid": str(state["pid"] or ""),
            "log": state["stdout_logfile"],
        }
        for name, state in states.items()
    ]


def _prepare(layout: Layout) -> None:
    if layout.state.exists() and any(layout.state.iterdir()) and not layout.marker.exists():
        raise StackError(f"TOWERLAB_STATE is {layout.state}, which holds something else; name an empty or new folder")
    for folder in ("", "logs", "uploads", "mlflow", "runner", "artifacts"):
        (layout.state / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    layout.marker.write_text("This folder holds the state of a Towerlab stack; `make clean` removes it.\n")
    if not layout.token_file.exists():
        with open(os.open(layout.token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))


def _refuse_taken_ports(layout: Layout) -> None:
    taken = [f"{port} ({name})" for name, port in layout.ports.items() if not _is_free(port)]
    if taken:
        raise StackError(
            f"in use by another program: port {', '.join(taken)}. Stop it, or choose other ports: "
            f"TOWERLAB_PORT={layout.port + 100} make up"
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _start_guarded(layout: Layout, configuration: Path) -> subprocess.Popen[bytes]:
    supervisord = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
    with (layout.logs / "supervisord.out").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "local_stack.guarded", str(layout.lock), *supervisord],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(layout),
            start_new_session=True,
        )


def _wait_until_ready(blueprint: Blueprint, guard: subprocess.Popen[bytes] | None = None) -> None:
    layout = blueprint.layout

    def ready() -> bool:
        if guard is not None and guard.poll() == FOLDER_TAKEN:
            raise StackError(f"another stack uses the state folder {layout.state}; `make down` stops it")
        if guard is not None and guard.poll() is not None:
            raise StackError(f"supervisord ended at once; see {layout.logs / 'supervisord.out'}")
        return not not_ready(blueprint)

    _until(ready, READY_WITHIN_SECONDS, f"not ready in time; see the logs in {layout.logs}")


def not_ready(blueprint: Blueprint) -> list[str]:
    """The programs that do not answer yet."""
    asked = [program for program in blueprint.programs if program.ready_url]
    return [program.name for program in asked if not _answers(program.ready_url)]


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False  # not listening yet: that is what is being asked


def _until(condition, seconds: float, message: str) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise StackError(message)
        time.sleep(0.2)


def _supervisor(layout: Layout) -> ServerProxy:
    transport = SupervisorTransport(None, None, f"unix://{layout.control_socket}")
    return ServerProxy("http://127.0.0.1", transport=transport)


def _program_states(layout: Layout) -> list[dict[str, str]]:
    try:
        return list(_supervisor(layout).supervisor.getAllProcessInfo())  # type: ignore[arg-type]
    except OSError:
        return []  # a socket file left by a supervisord that was killed
