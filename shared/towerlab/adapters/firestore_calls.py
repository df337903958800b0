"""Calls to Firestore: how long they may take, which are tried again, and which failures are worth another try later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from google.api_core.exceptions import (
    Aborted,
    Cancelled,
    GatewayTimeout,
    InternalServerError,
    ResourceExhausted,
    RetryError,
    ServerError,
    ServiceUnavailable,
    TooManyRequests,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import RefreshError, TransportError
from google.cloud.firestore import WriteBatch
from google.cloud.firestore_v1.types import WriteResult

from towerlab.ports.errors import Transient

SECONDS = 10.0  # for one attempt
PATIENCE = 10.0  # seconds for all attempts together
READ_AGAIN = Retry(
    if_exception_type(ServiceUnavailable, InternalServerError, GatewayTimeout, ResourceExhausted, Aborted),
    initial=0.05,
    maximum=1.0,
    multiplier=2.0,
    timeout=PATIENCE,
)
# A commit that broke off on the way may have been done: a second attempt would meet the first one's own revision.
COMMIT_AGAIN = Retry(
    if_exception_type(Aborted, ResourceExhausted), initial=0.02, maximum=0.5, multiplier=2.0, timeout=PATIENCE
)
_PASSING = (ServerError, Aborted, Cancelled, TooManyRequests, RetryError, TransportError, RefreshError)


@contextmanager
def passing_failures() -> Iterator[None]:
    """Raises Transient for what may be gone the next time."""
    try:
        yield
    except _PASSING as error:
        raise Transient(f"the document store: {error}") from error


def commit(batch: WriteBatch) -> Sequence[WriteResult]:
    """What came of each write, in their order; all are done or none. Raises AlreadyExists, FailedPrecondition and
    NotFound of Google's with nothing written, and Transient."""
    if not len(batch):
        return []
    with passing_failures():
        return batch.commit(retry=COMMIT_AGAIN, timeout=SECONDS)


def reading() -> dict[str, Any]:
    """What a call that reads is given besides what it asks for."""
    return {"retry": READ_AGAIN, "timeout": SECONDS}
