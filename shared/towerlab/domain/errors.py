"""Faults that a person can mend: what, where, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fault. `pointer` is an RFC 6901 JSON pointer into the request body, '' for the whole of it."""

    pointer: str
    code: str
    message: str
    remedy: str = ""


class TowerlabError(Exception):
    """Base of every error that has a place in runtime/problems.py."""


class Invalid(TowerlabError):
    """The request cannot be carried out as it stands; carries every fault found, never only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer}: {p.message}" for p in self.problems))


class NotFound(TowerlabError):
    """No object of that kind and id."""

    def __init__(self, kind: str, id: str) -> None:
        self.kind, self.id = kind, id
        super().__init__(f"no {kind.replace('_', ' ')} with id {id!r}")


class Conflict(TowerlabError):
    """The object is in a state that does not allow this; the message says which state and what to do instead."""

    def __init__(self, message: str, code: str = "conflict", remedy: str = "") -> None:
        self.code, self.remedy = code, remedy
        super().__init__(message)


class NotAllowed(TowerlabError):
    """The caller may not do this."""


class Unidentified(NotAllowed):
    """The caller does not prove who they are."""


def pointer(*parts: str | int) -> str:
    """The RFC 6901 JSON pointer of a path: pointer('a/b', 0) == '/a~1b/0'."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
