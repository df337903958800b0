"""Requests to other services of the installation, signed as the service account that this process runs as."""

from __future__ import annotations

from threading import Lock

from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from requests import PreparedRequest
from requests.auth import AuthBase

from towerlab.ports.errors import Transient


class OwnIdentity(AuthBase):
    """Adds a token that Google signs for `audience`, the base URL of a Cloud Run service; kept until it expires. A
    request without credentials of Google's anywhere raises Transient."""

    def __init__(self, audience: str) -> None:
        self._audience, self._lock, self._credentials = audience.rstrip("/"), Lock(), None

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        try:
            request.headers["Authorization"] = f"Bearer {self._token()}"
        except GoogleAuthError as error:
            raise Transient(f"no token for {self._audience}: {error}") from error
        return request

    def _token(self) -> str:
        with self._lock:
            if self._credentials is None:
                self._credentials = id_token.fetch_id_token_credentials(self._audience)
            if not self._credentials.valid:
                self._credentials.refresh(Request())
            return str(self._credentials.token)
