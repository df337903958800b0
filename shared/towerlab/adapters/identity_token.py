"""Callers that carry the installation's token: the programs of one machine."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from towerlab.domain.errors import Unidentified

CALLER = "this installation"


class TokenIdentity:
    def __init__(self, token: str) -> None:
        self._expected = f"Bearer {token}".encode()

    def who(self, headers: Mapping[str, str]) -> str:
        given = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
        if not hmac.compare_digest(given.encode(), self._expected):
            raise Unidentified("this endpoint is internal: send the installation's token as bearer")
        return CALLER
