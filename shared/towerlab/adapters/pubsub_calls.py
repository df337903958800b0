"""Calls to Pub/Sub: which failures are worth another try later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError

from towerlab.ports.errors import Transient


@contextmanager
def passing_failures() -> Iterator[None]:
    """Raises Transient for whatever Pub/Sub answers but success: a missing topic and a missing permission are mended
    from outside too, and what waits goes out then."""
    try:
        yield
    except (GoogleAPIError, GoogleAuthError) as error:
        raise Transient(f"the event bus: {error}") from error
