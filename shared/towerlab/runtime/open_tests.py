"""Every open test, quick or full, one after the other: look at it, decide, commit. Shared by who moves them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from towerlab.domain.quicktest import RUN_BY_PIPELINE, Fact, QuickTest, advance
from towerlab.events.envelope import Event
from towerlab.ports.documents import Scalar
from towerlab.ports.errors import RevisionConflict, Transient
from towerlab.runtime import announce, records
from towerlab.runtime.announce import CALLED
from towerlab.runtime.logs import correlated, logger
from towerlab.runtime.outcomes import Done, Handler, Outcome, Reject
from towerlab.runtime.records import Held
from towerlab.runtime.wiring import Deps

ATTEMPTS = 5
Look = Callable[[Deps, Held[QuickTest]], Done]
_log = logger(__name__)


def handler(of: type[QuickTest], look: Look) -> Handler:
    """Looks at the test of that kind that an event is about."""

    def handle(deps: Deps, event: Event) -> Outcome:
        id = str(event.data[CALLED[of].id])
        held = records.find(deps.documents, of, id)
        return Reject(f"there is no {of.kind} {id!r}") if held is None else look(deps, held)

    return handle


def look_at_all(deps: Deps, look: Look) -> None:
    """Look at every open test and commit what comes of it. One whose look fails does not keep the others waiting; its
    error is raised at the end, one that is not Transient first."""
    failed: list[Exception] = []
    for held in list(open_tests(deps)):
        try:
            look_at_one(deps, held, look)
        except Exception as error:  # noqa: BLE001 - raised below, once the others had their turn
            _log.warning("put off", test_id=held.id, reason=repr(error))
            failed.append(error)
    for failure in sorted(failed, key=lambda one: isinstance(one, Transient)):
        raise failure


def look_at_one(deps: Deps, found: Held[QuickTest], look: Look) -> None:
    """Look at the test as it stands now and commit; when another writer was faster, look again. Raises Transient."""
    for _ in range(ATTEMPTS):
        held = records.get(deps.documents, type(found.value), found.id)
        with correlated(held.value.correlation_id):
            try:
                done = look(deps, held)
                if done.writes or done.events:
                    deps.documents.commit(done.writes, done.events)
                return
            except RevisionConflict:
                _log.info("another writer was faster", test_id=held.id)
    raise Transient(f"{found.value.kind} {found.id} kept changing")


def open_tests(deps: Deps, **where: Scalar) -> Iterator[Held[QuickTest]]:
    """The open tests with these index fields: quick tests, then full trainings, of each the oldest first."""
    wanted: Mapping[str, Scalar] = {"open": True, **where}
    for of in RUN_BY_PIPELINE:
        yield from _open(deps, of, wanted)


def _open(deps: Deps, of: type[QuickTest], wanted: Mapping[str, Scalar]) -> Iterator[Held[QuickTest]]:
    cursor: str | None = None
    while True:
        page = records.query(deps.documents, of, wanted, ("created_at",), cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def moved(deps: Deps, held: Held[QuickTest], fact: Fact, *events: Event) -> Done:
    """The test after `fact`, with the news of it; nothing when the fact changes nothing."""
    test = advance(held.value, fact)
    if test == held.value:
        return Done()
    told = [*events, finished(deps, test)] if test.final else events
    return Done([records.put(test, test.id, held.revision)], told)


def finished(deps: Deps, test: QuickTest) -> Event:
    return announce.of_test(
        deps, test, "finished", config_id=test.config_id, version=test.version, phase=test.phase.value
    )
