"""Callers with tokens signed by Google: IAP's assertion, or an OIDC bearer token."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport import Request, Response
from google.oauth2 import id_token

from towerlab.domain.errors import NotAllowed, Unidentified
from towerlab.ports.errors import Transient

Fetch = Callable[..., Response]  # (url, method=...), one of google-auth's transports
KEEP_SECONDS = 3600.0
_BEARER = "Bearer "


@dataclass(frozen=True)
class Issuer:
    """`names` may stand in a token's `iss`; its keys are at `certs`."""

    names: frozenset[str]
    certs: str


IAP = Issuer(frozenset({"https://cloud.google.com/iap"}), "https://www.gstatic.com/iap/verify/public_key")
OIDC = Issuer(
    frozenset({"https://accounts.google.com", "accounts.google.com"}), "https://www.googleapis.com/oauth2/v1/certs"
)


class GoogleIdentity:
    """Takes tokens for one of `audiences`, with a verified email address; of `accounts` alone, where some are named.
    `fetch` gets the keys that `oidc` tokens are signed with."""

    def __init__(
        self,
        audiences: Sequence[str],
        fetch: Fetch | None = None,
        accounts: Collection[str] = (),
        oidc: Issuer = OIDC,
    ) -> None:
        if not audiences:
            raise ValueError("without audiences the token of any Google customer would do")
        self._audiences, self._oidc = list(audiences), oidc
        self._accounts = frozenset(account.lower() for account in accounts)
        self._fetch = Kept(fetch or _over_http())

    def who(self, headers: Mapping[str, str]) -> str:
        given = {name.lower(): value for name, value in headers.items()}
        if assertion := given.get("x-goog-iap-jwt-assertion"):
            return self._admitted(_person(self._claims(assertion, IAP), verified=True))
        bearer = given.get("authorization", "")
        if not bearer.startswith(_BEARER):
            raise Unidentified("send a Google-signed token: Authorization: Bearer ...")
        claims = self._claims(bearer.removeprefix(_BEARER), self._oidc)
        return self._admitted(_person(claims, verified=claims.get("email_verified") is True))

    def _admitted(self, account: str) -> str:
        if self._accounts and account not in self._accounts:
            raise NotAllowed(f"{account} is none of the accounts that may call this")
        return account

    def _claims(self, token: str, issuer: Issuer) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = id_token.verify_token(
                token, self._fetch, audience=self._audiences, certs_url=issuer.certs
            )
        except TransportError as error:
            raise Transient(f"Google's keys cannot be read: {error}") from error
        except (GoogleAuthError, ValueError) as error:
            raise Unidentified(f"this token is not taken: {str(error)[:200]}") from error
        if claims.get("iss") not in issuer.names:
            raise Unidentified("this token was not issued by Google")
        return claims


class Kept(Request):
    """A transport that asks for the same keys once an hour."""

    def __init__(self, fetch: Fetch, now: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._now = fetch, now
        self._known: dict[str, tuple[float, Response]] = {}

    def __call__(
        self, url: Any, method: Any = "GET", body: Any = None, headers: Any = None, timeout: Any = None, **more: Any
    ) -> Response:
        at, answer = self._known.get(url, (float("-inf"), None))
        if answer is None or self._now() - at > KEEP_SECONDS:
            answer = self._fetch(url, method=method, body=body, headers=headers, timeout=timeout, **more)
            if answer.status == 200:
                self._known[url] = (self._now(), answer)
        return answer


def _person(claims: Mapping[str, Any], *, verified: bool) -> str:
    email = claims.get("email")
    if not isinstance(email, str) or not email or not verified:
        raise Unidentified("this token names no verified email address")
    return email.lower()


def _over_http() -> Fetch:
    from google.auth.transport.requests import Request as RequestsTransport

    return RequestsTransport()
