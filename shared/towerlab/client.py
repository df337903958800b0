"""The HTTP API as programs call it: JSON in and out, problems as exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests

SECONDS = 120.0
PAGE = 100  # items that a list gives at most at once


class ApiError(Exception):
    """A call has not done what it should; the message says what, where and how to mend it."""


class Refused(ApiError):
    """The API has answered with a problem (RFC 9457); `problem` is its JSON."""

    def __init__(self, call: str, status: int, problem: dict[str, Any]) -> None:
        self.status, self.problem = status, problem
        super().__init__(f"{call} answered {status}: {_in_words(problem)}")


class Unreachable(ApiError):
    """Nobody has answered who speaks this API."""


class Api:
    """`base` is the front door's URL; `token` is a person's, where one has to say who they are. Every method raises
    Refused and Unreachable."""

    def __init__(self, base: str, token: str = "") -> None:
        self._base = base
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: object) -> Any:
        return _json(self._call("GET", path, query=query))

    def read(self, path: str) -> tuple[Any, str]:
        """What is there, and the ETag that its change wants."""
        answer = self._call("GET", path)
        return _json(answer), answer.headers["ETag"]

    def items(self, path: str, **query: object) -> Iterator[Any]:
        """All items of a list, page by page; None stands for a filter that is not asked for."""
        cursor: str | None = None
        while True:
            page = self.get(path, **query, limit=PAGE, cursor=cursor)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return _json(self._call("POST", path, body))

    def put(self, path: str, body: dict[str, Any], etag: str) -> Any:
        return _json(self._call("PUT", path, body, {"If-Match": etag}))

    def delete(self, path: str, etag: str) -> None:
        self._call("DELETE", path, headers={"If-Match": etag})

    def _call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, query: Any = None
    ) -> requests.Response:
        try:
            answer = self._session.request(
                method, self._base + path, params=query, json=body, headers=headers, timeout=SECONDS
            )
        except requests.RequestException as error:
            why = getattr(error.args[0], "reason", error) if error.args else error
            raise Unreachable(f"{self._base} does not answer: {why}") from error
        if answer.ok:
            return answer
        raise Refused(f"{method} {path}", answer.status_code, _problem(answer))


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except requests.JSONDecodeError as error:
        raise Unreachable(f"{answer.url} answers, but not as this API does: {answer.text[:200]!r}") from error


def _problem(answer: requests.Response) -> dict[str, Any]:
    if "json" in answer.headers.get("Content-Type", ""):
        return dict(_json(answer))
    return {"detail": answer.text[:500]}  # of whatever stands before the API


def _in_words(problem: dict[str, Any]) -> str:
    detail = str(problem.get("detail") or problem.get("title", ""))
    return "\n  ".join([detail, *(_fault_line(fault, detail) for fault in problem.get("errors", []))])


def _fault_line(fault: dict[str, str], detail: str) -> str:
    where = f"{fault['pointer']}:" if fault["pointer"] else ""
    said = "" if fault["message"] == detail else fault["message"]
    return " ".join(part for part in (where, said, fault["remedy"]) if part)
