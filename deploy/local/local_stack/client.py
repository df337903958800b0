"""The HTTP API as the demo uses it: JSON in and out, problems as exceptions."""

from __future__ import annotations

from typing import Any

import requests


class ApiError(Exception):
    """The API refused; the message says what, where and how to mend it."""


class Api:
    """`base` is the front door's URL; `token` is a person's, where one has to say who they are."""

    def __init__(self, base: str, token: str = "") -> None:
        self._base = base
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("POST", path, body)

    def put(self, path: str, body: dict[str, Any], etag: str) -> Any:
        return self._call("PUT", path, body, {"If-Match": etag})

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
        answer = self._session.request(method, self._base + path, json=body, headers=headers, timeout=120)
        if answer.ok:
            return answer.json()
        raise ApiError(f"{method} {path} answered {answer.status_code}: {_in_words(answer)}")


def _in_words(answer: requests.Response) -> str:
    if "json" not in answer.headers.get("Content-Type", ""):
        return answer.text[:500]
    problem = answer.json()
    detail = str(problem.get("detail") or problem.get("title", ""))
    return detail + "".join(map(_fault_line, problem.get("errors", [])))


def _fault_line(fault: dict[str, str]) -> str:
    return f"\n  {fault.get('pointer') or '(body)'}: {fault.get('message')} {fault.get('remedy', '')}"
