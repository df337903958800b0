"""BigQuery's client as the warehouse uses it: queries with limits, and what its errors mean."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from google.api_core import exceptions as api
from google.auth import credentials
from google.auth import exceptions as auth
from google.cloud import bigquery

from towerlab.adapters.table_engine import OutOfRange, Value
from towerlab.domain.errors import Invalid, Problem
from towerlab.ports.errors import Transient

EMULATOR = "BIGQUERY_EMULATOR_HOST"  # the client's own variable; no credentials go where it points
LABELS = {"application": "towerlab"}
_TYPES = {bool: "BOOL", int: "INT64", float: "FLOAT64", str: "STRING"}
_TOO_LARGE = frozenset(
    {"bytesBilledLimitExceeded", "resourcesExceeded", "responseTooLarge", "billingTierLimitExceeded"}
)
_BUSY = frozenset({"quotaExceeded", "rateLimitExceeded", "jobRateLimitExceeded"})
_OVERFLOW = ("overflow", "out of range", "floating point error")
_PASSING = (
    api.ServerError, api.TooManyRequests, api.RetryError, auth.TransportError, auth.RefreshError,
    requests.ConnectionError, requests.Timeout,
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Of one query."""

    bytes_billed: int = 2_000_000_000_000
    seconds: float = 600.0
    retry_seconds: float = 60.0


def client(project: str, location: str | None = None) -> bigquery.Client:
    anonymous = credentials.AnonymousCredentials() if os.environ.get(EMULATOR) else None  # type: ignore[no-untyped-call]
    return bigquery.Client(project=project, location=location, credentials=anonymous)


class Queries:
    def __init__(self, client: bigquery.Client, limits: Limits | None = None) -> None:
        self._client, self._limits = client, limits or Limits()
        self._retry = bigquery.DEFAULT_RETRY.with_timeout(self._limits.retry_seconds)

    def rows(self, sql: str, values: Mapping[str, Value] | None = None) -> list[tuple[Any, ...]]:
        """Raises OutOfRange, Invalid for what is too large, Transient, and Google's errors for what is not there or not
        allowed."""
        config = bigquery.QueryJobConfig(
            query_parameters=[
                bigquery.ScalarQueryParameter(name, _TYPES[type(value)], value)
                for name, value in (values or {}).items()
            ],
            maximum_bytes_billed=self._limits.bytes_billed,
            labels=LABELS,
        )
        with translated():
            job = self._client.query(sql, job_config=config, retry=self._retry)
            return [tuple(row) for row in self._result(job)]

    def table(self, name: str) -> bigquery.Table:
        """Raises Transient, and Google's NotFound and Forbidden."""
        with translated():
            return self._client.get_table(name, retry=self._retry)

    def drop(self, name: str) -> None:
        with translated():
            self._client.delete_table(name, retry=self._retry, not_found_ok=True)

    def _result(self, job: bigquery.QueryJob) -> Any:
        try:
            return job.result(timeout=self._limits.seconds, retry=self._retry)
        except TimeoutError as error:
            job.cancel(retry=self._retry)
            raise _too_large(f"the query took longer than {self._limits.seconds:.0f} seconds") from error


@contextmanager
def translated() -> Iterator[None]:
    """Google's errors as the port's, where they mean one whatever was asked for."""
    try:
        yield
    except (api.BadRequest, api.Forbidden) as error:
        reasons = {one.get("reason") for one in error.errors or ()}
        if reasons & _BUSY:
            raise Transient(f"BigQuery is busy: {error.message}") from error
        if reasons & _TOO_LARGE:
            raise _too_large(error.message) from error
        if isinstance(error, api.BadRequest) and any(word in error.message.lower() for word in _OVERFLOW):
            raise OutOfRange(error.message) from error
        raise
    except _PASSING as error:
        raise Transient(f"BigQuery cannot be asked now: {error}") from error


def _too_large(message: str) -> Invalid:
    return Invalid([Problem("/source/uri", "too_large", message, "Register a smaller extract.")])
