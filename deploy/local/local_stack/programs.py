"""The processes of the stack, and the supervisord configuration that starts them."""

from __future__ import annotations

import configparser
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_stack.layout import LOOPBACK, REPOSITORY, SERVICES, Layout

APPS = {
    "config-api": "config_api.app:create_internal()",
    "codegen": "codegen.app:create()",
    "quicktest-orchestrator": "quicktest_orchestrator.app:create()",
    "metrics-collector": "metrics_collector.app:create()",
}
KEPT_FROM_THE_SHELL = ("PATH", "HOME", "LANG", "TMPDIR", "TZ")
PYTHON_SETTINGS = {"PYTHONUNBUFFERED": "1"}
MLFLOW_SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


@dataclass(frozen=True)
class Program:
    """`ready_url` answers 2xx once the program is of use; one without holds nothing up. `settings` is what this one is
    told besides what all are told, or otherwise."""

    name: str
    command: tuple[str, ...]
    ready_url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Blueprint:
    """A stack before it is started: where it lives, and its programs in the order of starting."""

    layout: Layout
    programs: tuple[Program, ...]


def embedded(layout: Layout) -> Blueprint:
    """Everything on one machine."""
    bus = Program("bus", (python("services"), "-m", "local_stack.dispatcher"))
    return Blueprint(layout, (mlflow(layout), runner(layout), *services(layout), bus, scheduler()))


def services(layout: Layout) -> tuple[Program, ...]:
    """The four services, and the public side of the first."""
    front_door = _service("front-door", "config_api.app:create_public()", layout)
    return (front_door, *(_service(name, APPS[name], layout) for name in SERVICES))


def mlflow(layout: Layout) -> Program:
    return Program("mlflow", _mlflow(layout), f"{layout.tracking_url}/health")


def runner(layout: Layout) -> Program:
    return Program("pipeline-runner", (python("pipeline"), "-m", "pipeline.run", str(layout.runner)))


def scheduler(**settings: str) -> Program:
    return Program("scheduler", (python("services"), "-m", "local_stack.scheduler"), settings=settings)


def environment(layout: Layout) -> dict[str, str]:
    """What every program of the stack is told; nothing else of the shell's environment reaches them."""
    kept = {name: os.environ[name] for name in KEPT_FROM_THE_SHELL if name in os.environ}
    return kept | PYTHON_SETTINGS | MLFLOW_SETTINGS | layout.environment()


def _service(name: str, app: str, layout: Layout) -> Program:
    port = layout.ports[name]
    return Program(name, _gunicorn(app, port), f"http://{LOOPBACK}:{port}/readyz")


def python(environment: str) -> str:
    """The interpreter of one of the locked environments."""
    return str(REPOSITORY / ".envs" / environment / "bin" / "python")


def write_configuration(blueprint: Blueprint) -> Path:
    """The supervisord configuration of the stack; it is readable by its owner alone."""
    layout = blueprint.layout
    parser = configparser.RawConfigParser()
    parser["unix_http_server"] = {"file": _literal(str(layout.control_socket)), "chmod": "0700"}
    parser["supervisord"] = {
        "nodaemon": "true",
        "logfile": _literal(str(layout.logs / "supervisord.log")),
        "pidfile": _literal(str(layout.state / "supervisord.pid")),
        "childlogdir": _literal(str(layout.logs)),
        "minfds": "1024",
    }
    parser["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    parser["supervisorctl"] = {"serverurl": f"unix://{layout.control_socket}"}
    for program in blueprint.programs:
        parser[f"program:{program.name}"] = _section(layout, program)
    path = layout.state / "supervisord.conf"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        parser.write(file)
    return path


def _section(layout: Layout, program: Program) -> dict[str, str]:
    return {
        "command": _literal(shlex.join(program.command)),
        "directory": _literal(str(layout.state)),
        "environment": ",".join(f"{name}={_quoted(value)}" for name, value in program.settings.items()),
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "1000",
        "stopasgroup": "true",
        "killasgroup": "true",
        "stopwaitsecs": "10",
        "redirect_stderr": "true",
        "stdout_logfile": _literal(str(layout.logs / f"{program.name}.log")),
        "stdout_logfile_maxbytes": "20MB",
        "stdout_logfile_backups": "2",
    }


def _quoted(value: str) -> str:
    """A value among others in one supervisord value: there is no escape, so its quotes are of the other kind."""
    quote = "'" if '"' in value else '"'
    return f"{quote}{_literal(value)}{quote}"


def _literal(text: str) -> str:
    """A supervisord value as it stands: there, a lone % starts an expansion."""
    return text.replace("%", "%%")


def _gunicorn(app: str, port: int) -> tuple[str, ...]:
    return (
        python("services"), "-m", "gunicorn", app,
        "--bind", f"{LOOPBACK}:{port}", "--worker-class", "gthread", "--threads", "8",
        "--limit-request-line", "8190", "--graceful-timeout", "5", "--timeout", "120", "--log-level", "warning",
    )  # fmt: skip


def _mlflow(layout: Layout) -> tuple[str, ...]:
    tracking = layout.state / "mlflow"
    return (
        python("tracking"), "-m", "mlflow", "server", "--host", LOOPBACK, "--port", str(layout.ports["mlflow"]),
        "--backend-store-uri", f"sqlite:///{tracking / 'mlflow.db'}",
        "--artifacts-destination", str(tracking / "artifacts"), "--workers", "1",
    )  # fmt: skip
