"""Structured logs on stdout, each line with the service and the correlation id of what it belongs to."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

HEADER = "X-Correlation-Id"
_correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
_process = {"service": ""}  # who writes here; loggers are kept, so they ask each time
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")


def correlation_id() -> str:
    """The id that binds together everything done for one request, '' outside of any."""
    return _correlation_id.get()


@contextmanager
def correlated(id: str) -> Iterator[None]:
    """Inside, log lines and new events carry `id`."""
    token = _correlation_id.set(id)
    try:
        yield
    finally:
        _correlation_id.reset(token)


def bind_correlation(id: str) -> None:
    """From here on in this thread or request, log lines and new events carry `id`."""
    _correlation_id.set(id)


def accepted(id: str | None, otherwise: str) -> str:
    """A caller's correlation id when it may stand in logs and labels, else `otherwise`."""
    return id if id and _WELL_FORMED.fullmatch(id) else otherwise


def configure(service: str, style: str = "json") -> None:
    """Send structlog's and the standard library's records to stdout, one JSON object a line (or readable: 'pretty')."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _add_owner,
    ]
    _process["service"] = service
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(style)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("urllib3").setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose calls take a short event text and key-value pairs."""
    log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return log


def _add_owner(_: Any, __: str, line: EventDict) -> EventDict:
    line["service"] = _process["service"]
    line["correlation_id"] = correlation_id()
    return line


def _ending(style: str) -> list[Processor]:
    if style == "pretty":
        return [structlog.dev.ConsoleRenderer(timestamp_key="time", colors=sys.stdout.isatty())]
    return [structlog.processors.format_exc_info, _severity, structlog.processors.JSONRenderer()]


def _severity(_: Any, __: str, line: EventDict) -> EventDict:
    """Cloud Logging's names for the level and the text."""
    line["severity"] = line.pop("level").upper()
    line["message"] = line.pop("event")
    return line
