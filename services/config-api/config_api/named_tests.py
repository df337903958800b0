"""The tests that a comparison names, or the best tests of the configs that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from towerlab.configs.config import FeatureConfig
from towerlab.domain.best import most_tested
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.quicktest import QuickTest
from towerlab.domain.results import BestMetrics, BestTest, Result
from towerlab.ports.documents import Documents
from towerlab.runtime import records

from config_api.comparing import NAMED

LEAST, MOST = 2, 20
ByProtocol = Mapping[str, BestTest]


@dataclass(frozen=True)
class Tested:
    """A completed test with its result."""

    test: QuickTest
    result: Result


def split(text: str | None) -> list[str]:
    """Names with commas between them."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def named_tests(documents: Documents, tests: str | None, configs: str | None) -> list[Tested]:
    """In the order in which they are named. Raises Invalid with every fault."""
    if (tests is None) == (configs is None):
        remedy = "Name tests=a,b or configs=a,b."
        raise Invalid([Problem("", "one_of_two", "a comparison is of tests or of configs", remedy)])
    at, names = ("/configs", split(configs)) if tests is None else ("/tests", split(tests))
    _refuse_number(at, names)
    return _read(documents, at, _best_tests(documents, names) if tests is None else names)


def _refuse_number(at: str, names: Sequence[str]) -> None:
    faults = [
        Problem(at, "duplicate", f"{name!r} is named twice", "Name it once.")
        for name, count in Counter(names).items()
        if count > 1
    ]
    if not LEAST <= len(names) <= MOST:
        message = f"a comparison is of {LEAST} to {MOST}, these are {len(names)}"
        faults.append(Problem(at, "wrong_number", message, "Leave some out." if len(names) > MOST else "Name another."))
    if faults:
        raise Invalid(faults)


def _read(documents: Documents, at: str, ids: Sequence[str]) -> list[Tested]:
    tests = records.get_many(documents, QuickTest, ids)
    results = records.get_many(documents, Result, ids)
    faults = [fault for id in ids if (fault := _fault(at, id, tests, results))]
    if faults:
        raise Invalid(faults)
    return [Tested(tests[id].value, results[id].value) for id in ids]


def _fault(at: str, id: str, tests: Collection[str], results: Collection[str]) -> Problem | None:
    if id not in tests:
        return Problem(at, "not_found", f"no quick test with id {id!r}", "Ids come from a config's quick tests.")
    if id not in results:
        return Problem(at, "not_completed", f"{id!r} has no result", "Wait until it has completed, or leave it out.")
    return None


def _best_tests(documents: Documents, names: Sequence[str]) -> list[str]:
    """The best test of each config or version, under the protocol that most of them are tested under where they are."""
    parts = [(found[1], found[2]) if (found := NAMED.fullmatch(name)) else ("", None) for name in names]
    ids = [id for id, _ in parts]
    configs = records.get_many(documents, FeatureConfig, ids)
    bests = records.get_many(documents, BestMetrics, ids)
    known = [_by_protocol(bests[id].value, version) if id in bests else {} for id, version in parts]
    faults = [_untested(name, id in configs) for name, id, found in zip(names, ids, known, strict=True) if not found]
    if faults:
        raise Invalid(faults)
    shared = _shared(known)
    return [found[_under(found, shared)].test_id for found in known]


def _by_protocol(best: BestMetrics, version: str | None) -> ByProtocol:
    if version is None:
        return {key: under.best for key, under in best.by_protocol.items()}
    return {key: under.by_version[version] for key, under in best.by_protocol.items() if version in under.by_version}


def _untested(name: str, is_there: bool) -> Problem:
    if not is_there:
        return Problem("/configs", "not_found", f"no feature config {name!r}", "Give a config's id, or id@version.")
    return Problem("/configs", "not_tested", f"{name!r} has no completed test", "Run a quick test, or leave it out.")


def _shared(known: Sequence[ByProtocol]) -> str | None:
    tests = [(key, test.sample_percent) for found in known for key, test in found.items()]
    return most_tested(Counter(key for key, _ in tests), dict(tests))


def _under(known: ByProtocol, shared: str | None) -> str:
    """That protocol, else the one of its own with the largest sample."""
    if shared is not None and shared in known:
        return shared
    return max(known, key=lambda key: (known[key].sample_percent, known[key].completed_at, key))
