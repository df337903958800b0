"""Tests, quick and full, as they are looked at: each with its result, and its place in the queue while it waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from towerlab.domain.quicktest import RUN_BY_PIPELINE, QuickTest
from towerlab.domain.results import RESULTS
from towerlab.ports.documents import Documents
from towerlab.runtime import records

from config_api.representations.quick_tests import quick_test

MOST = 100  # open tests of a kind that are counted


def whole(documents: Documents, test: QuickTest) -> dict[str, Any]:
    result = records.find(documents, RESULTS[type(test)], test.id)
    return quick_test(test, result.value if result else None, _ahead(test, _opened(documents, [test])))


def wholes(documents: Documents, of: type[QuickTest], tests: Sequence[QuickTest]) -> list[dict[str, Any]]:
    """The same for many of a kind, in few reads."""
    results = records.get_many(documents, RESULTS[of], [test.id for test in tests])
    opened = _opened(documents, tests)
    return [
        quick_test(test, results[test.id].value if test.id in results else None, _ahead(test, opened)) for test in tests
    ]


def _opened(documents: Documents, tests: Sequence[QuickTest]) -> Sequence[QuickTest]:
    """The open tests of the installation, which runs all kinds one after the other; none when nobody waits."""
    if all(test.final for test in tests):
        return ()
    pages = [records.query(documents, of, {"open": True}, ("created_at",), limit=MOST) for of in RUN_BY_PIPELINE]
    return [test for page in pages for test in page.values]


def _ahead(test: QuickTest, opened: Sequence[QuickTest]) -> int | None:
    """Open tests that were asked for before it; 0 when its turn has come, None when it has ended."""
    if test.final:
        return None
    if any(stage.status != "pending" for stage in test.stages):
        return 0
    return sum((other.created_at, other.id) < (test.created_at, test.id) for other in opened)
