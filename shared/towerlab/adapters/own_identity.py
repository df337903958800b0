"""Requests to other services of the installation, signed as the service account that this process runs as."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Any

from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from requests import PreparedRequest
from requests.auth import AuthBase

from towerlab.ports.errors import Transient


class OwnIdentity(AuthBase):
    """Adds a token that Google signs for `audience`, the base URL of a Cloud Run service."""

    def __init__(self, audience: str) -> None:
        self._audience, self._lock = audience.rstrip("/"), Lock()

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Raises Transient."""
        request.headers["Authorization"] = f"Bearer {self.token()}"
        return request

    def token(self) -> str:
        """The same until it expires. Raises Transient where no credentials of Google's are."""
        try:
            with self._lock:
                if not self._credentials.valid:
                    self._credentials.refresh(Request())
                return str(self._credentials.token)
        except GoogleAuthError as error:
            raise Transient(f"no token for {self._audience}: {error}") from error

    @cached_property
    def _credentials(self) -> Any:
        return id_token.fetch_id_token_credentials(self._audience)  # type: ignore[no-untyped-call]
