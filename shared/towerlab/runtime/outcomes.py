"""What a handler may answer to an event."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from towerlab.events.envelope import Event
from towerlab.ports.documents import Delete, Put
from towerlab.runtime.wiring import Deps


@dataclass(frozen=True)
class Done:
    """The effects of the event; the runtime commits them together with the note that the event was handled."""

    writes: Sequence[Put | Delete] = ()
    events: Sequence[Event] = ()


@dataclass(frozen=True)
class Duplicate:
    """Nothing is left to do: the event's effects are there already, or it is stale."""


@dataclass(frozen=True)
class Reject:
    """The event can never be handled; it is kept as a dead letter for a person to look at."""

    reason: str


@dataclass(frozen=True)
class Retry:
    """Not now: something outside was not reachable. The bus delivers the event again later."""

    reason: str


Outcome = Done | Duplicate | Reject | Retry
Handler = Callable[[Deps, Event], Outcome]
