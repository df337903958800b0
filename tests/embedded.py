"""What only an installation on one machine has, for tests that look behind the ports."""

from __future__ import annotations

from towerlab.adapters.bus_embedded import EmbeddedBus
from towerlab.adapters.documents_sqlite import SqliteDocuments
from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.ports.clock import Clock
from towerlab.runtime.records import LISTINGS
from towerlab.runtime.settings import Local
from towerlab.runtime.wiring import Deps
from towerlab.runtime.wiring_local import embedded_bus


def place(deps: Deps) -> Local:
    assert isinstance(deps.settings.place, Local)
    return deps.settings.place


def bus(deps: Deps) -> EmbeddedBus:
    assert isinstance(deps.bus, EmbeddedBus)
    return deps.bus


def bus_on(file: SqliteFile, clock: Clock) -> EmbeddedBus:
    """A bus of its own, without an installation."""
    documents = SqliteDocuments(file, clock, LISTINGS)
    return embedded_bus(file, clock, lambda: documents)
