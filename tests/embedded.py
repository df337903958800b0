"""What only an installation on one machine has, for tests that look behind the ports."""

from __future__ import annotations

from towerlab.adapters.bus_embedded import EmbeddedBus
from towerlab.runtime.settings import Local
from towerlab.runtime.wiring import Deps


def place(deps: Deps) -> Local:
    assert isinstance(deps.settings.place, Local)
    return deps.settings.place


def bus(deps: Deps) -> EmbeddedBus:
    assert isinstance(deps.bus, EmbeddedBus)
    return deps.bus
