"""Quick tests as they are looked at: each with its result, and with its place in the queue while it waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import Result
from towerlab.ports.documents import Documents
from towerlab.runtime import records

from config_api.representations.quick_tests import quick_test

MOST = 100  # open tests that are counted


def whole(documents: Documents, test: QuickTest) -> dict[str, Any]:
    result = records.find(documents, Result, test.id)
    return quick_test(test, result.value if result else None, _ahead(test, _opened(documents, [test])))


def wholes(documents: Documents, tests: Sequence[QuickTest]) -> list[dict[str, Any]]:
    """The same for many, in two reads."""
    results = records.get_many(documents, Result, [test.id for test in tests])
    opened = _opened(documents, tests)
    return [
        quick_test(test, results[test.id].value if test.id in results else None, _ahead(test, opened)) for test in tests
    ]


def _opened(documents: Documents, tests: Sequence[QuickTest]) -> Sequence[QuickTest]:
    """The open tests of the installation, which runs them one after the other; none when nobody waits."""
    if all(test.final for test in tests):
        return ()
    return records.query(documents, QuickTest, {"open": True}, ("created_at",), limit=MOST).values


def _ahead(test: QuickTest, opened: Sequence[QuickTest]) -> int | None:
    """Open tests that were asked for before it; 0 when its turn has come, None when it has ended."""
    if test.final:
        return None
    if any(stage.status != "pending" for stage in test.stages):
        return 0
    return sum((other.created_at, other.id) < (test.created_at, test.id) for other in opened)
