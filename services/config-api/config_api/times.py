"""Moments as the API and the documents write them: RFC 3339, UTC, one length, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(moment: datetime) -> str:
    """Such as 2026-11-23T09:00:00.000000Z."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
