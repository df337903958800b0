"""HTTP calls to the stack's internal endpoints, with the installation's token."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import requests

CONNECT_SECONDS = 2.0
_sessions = threading.local()


def post(url: str, token: str, body: Mapping[str, Any], seconds: float, correlation_id: str = "") -> str:
    """POST `body` as JSON; '' when the answer is 2xx, else why not. A connection is kept per thread."""
    headers = {"Authorization": f"Bearer {token}"}
    if correlation_id:
        headers["X-Correlation-Id"] = correlation_id
    try:
        answer = _session().post(
            url, json=body, headers=headers, timeout=(CONNECT_SECONDS, seconds), allow_redirects=False
        )
    except requests.RequestException as error:
        return f"{type(error).__name__}: {error}"[:300]
    return "" if answer.ok and answer.status_code < 300 else f"{answer.status_code}: {answer.text[:300]}"


def _session() -> requests.Session:
    if not hasattr(_sessions, "session"):
        _sessions.session = requests.Session()
        _sessions.session.trust_env = False  # no proxy stands between processes of one machine
    session: requests.Session = _sessions.session
    return session
