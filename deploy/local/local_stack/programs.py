"""The processes of the stack, and the supervisord configuration that starts them."""

from __future__ import annotations

import configparser
import os
import shlex
from dataclasses import dataclass
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
    name: str
    command: tuple[str, ...]


def programs(layout: Layout) -> tuple[Program, ...]:
    """Every process of the stack, in the order of starting."""
    return (
        Program("mlflow", _mlflow(layout)),
        Program("pipeline-runner", (python("pipeline"), "-m", "pipeline.run", str(layout.runner))),
        Program("front-door", _gunicorn("config_api.app:create_public()", layout.port)),
        *(Program(name, _gunicorn(APPS[name], layout.ports[name])) for name in SERVICES),
        Program("bus", (python("services"), "-m", "local_stack.dispatcher")),
        Program("scheduler", (python("services"), "-m", "local_stack.scheduler")),
    )


def environment(layout: Layout) -> dict[str, str]:
    """What every program of the stack is told; nothing else of the shell's environment reaches them."""
    kept = {name: os.environ[name] for name in KEPT_FROM_THE_SHELL if name in os.environ}
    return kept | PYTHON_SETTINGS | MLFLOW_SETTINGS | layout.environment()


def python(environment: str) -> str:
    """The interpreter of one of the locked environments."""
    return str(REPOSITORY / ".envs" / environment / "bin" / "python")


def write_configuration(layout: Layout) -> Path:
    """The supervisord configuration of the stack; it is readable by its owner alone."""
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
    for program in programs(layout):
        parser[f"program:{program.name}"] = _section(layout, program)
    path = layout.state / "supervisord.conf"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        parser.write(file)
    return path


def _section(layout: Layout, program: Program) -> dict[str, str]:
    return {
        "command": _literal(shlex.join(program.command)),
        "directory": _literal(str(layout.state)),
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
