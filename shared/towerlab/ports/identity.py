"""Who sends a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Identity(Protocol):
    def who(self, headers: Mapping[str, str]) -> str:
        """The person or service account behind a request with these headers (names as HTTP has them, in any case).
        Raises Unidentified for a caller who does not prove who they are, and Transient."""
