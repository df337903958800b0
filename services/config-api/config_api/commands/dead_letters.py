"""Sending again what was set aside, and giving it up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from towerlab.domain.audit import Change
from towerlab.runtime import inbox, records
from towerlab.runtime.records import DeadLetter, Held, Received
from towerlab.runtime.wiring import Deps

from config_api.concurrency import demand, retried, revision_of
from config_api.letters import to_be_replayed
from config_api.recording import Caller, commit


def letter_revision(letter: DeadLetter) -> str:
    return revision_of(letter.id, letter.at)


def replay(deps: Deps, by: Caller, id: str) -> DeadLetter:
    """Publish its event once more; its consumer forgets that it set it aside, and the letter is gone. The others know
    the event by its id, and so does who had handled it before the bus gave up on its answer. What fails again is a dead
    letter again. Raises NotFound, and Conflict for a letter that cannot be sent again."""
    return retried(lambda: _replay(deps, by, id))


def discard(deps: Deps, by: Caller, id: str, seen: Collection[str] | None) -> None:
    """Raises NotFound and Stale."""
    retried(lambda: _discard(deps, by, id, seen))


def _replay(deps: Deps, by: Caller, id: str) -> DeadLetter:
    held = records.get(deps.documents, DeadLetter, id)
    event = to_be_replayed(held.value)
    set_aside = held.value.attempts == 0
    note = records.find(deps.documents, Received, inbox.note_id(held.value.consumer, event)) if set_aside else None
    writes = [records.delete(one) for one in (held, note) if one is not None]
    again = replace(event, replay=deps.ids.new())
    return commit(deps, by, held.value, writes, [again], [_change("replayed", held, event.id)])


def _discard(deps: Deps, by: Caller, id: str, seen: Collection[str] | None) -> None:
    held = records.get(deps.documents, DeadLetter, id)
    demand(letter_revision(held.value), seen)
    commit(deps, by, None, [records.delete(held)], (), [_change("discarded", held)])


def _change(action: str, held: Held[DeadLetter], event_id: str | None = None) -> Change:
    letter = held.value
    detail = {"consumer": letter.consumer, "type": letter.type, "event": event_id, "reason": letter.reason}
    return Change("dead_letter", held.id, "", action, None, None, detail)
