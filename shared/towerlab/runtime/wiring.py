"""What a service works with, made when it is first used; wiring_local and wiring_google name the adapters."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict, Unpack

from towerlab.adapters.clock import SortableIds, SystemClock
from towerlab.runtime.settings import Local, Settings, SettingsError, load, stop

if TYPE_CHECKING:
    from towerlab.adapters.pipeline_template import StoredTemplate
    from towerlab.ports.artifacts import Artifacts
    from towerlab.ports.bus import Bus
    from towerlab.ports.clock import Clock, Ids
    from towerlab.ports.documents import Documents
    from towerlab.ports.identity import Identity
    from towerlab.ports.pipelines import Pipelines
    from towerlab.ports.tracking import Tracking
    from towerlab.ports.uploads import Uploads
    from towerlab.ports.warehouse import Warehouse


class Members(TypedDict, total=False):
    """What a test may give instead of the real thing."""

    documents: Documents
    bus: Bus
    artifacts: Artifacts
    warehouse: Warehouse
    uploads: Uploads
    identity: Identity
    pipelines: Pipelines
    tracking: Tracking
    clock: Clock
    ids: Ids


class Adapters(Protocol):
    """Which adapter stands behind which port in one kind of installation. Each imports what it names when it is asked
    for it, so that a service imports only what it needs."""

    def documents(self, deps: Deps) -> Documents: ...
    def bus(self, deps: Deps) -> Bus: ...
    def artifacts(self, deps: Deps) -> Artifacts: ...
    def warehouse(self, deps: Deps) -> Warehouse: ...
    def uploads(self, deps: Deps) -> Uploads: ...
    def identity(self, deps: Deps) -> Identity: ...
    def callers(self, deps: Deps) -> Identity: ...
    def pipelines(self, deps: Deps) -> Pipelines: ...


class Deps:
    """The ports. Raises SettingsError for a member that the settings do not tell enough of."""

    def __init__(self, settings: Settings, service: str = "towerlab", **given: Unpack[Members]) -> None:
        self.settings = settings
        self.service = service  # stands in events as their source
        self.__dict__.update(given)  # what is given stands in the place of the cached property

    @cached_property
    def documents(self) -> Documents:
        return self._adapters.documents(self)

    @cached_property
    def bus(self) -> Bus:
        return self._adapters.bus(self)

    @cached_property
    def artifacts(self) -> Artifacts:
        return self._adapters.artifacts(self)

    @cached_property
    def warehouse(self) -> Warehouse:
        return self._adapters.warehouse(self)

    @cached_property
    def uploads(self) -> Uploads:
        return self._adapters.uploads(self)

    @cached_property
    def identity(self) -> Identity:
        """Of people."""
        return self._adapters.identity(self)

    @cached_property
    def callers(self) -> Identity:
        """Of whoever calls an internal endpoint."""
        return self._adapters.callers(self)

    @cached_property
    def pipelines(self) -> Pipelines:
        return self._adapters.pipelines(self)

    @cached_property
    def template(self) -> StoredTemplate:
        """The compiled pipeline that jobs are made of."""
        from towerlab.adapters.pipeline_template import StoredTemplate

        if not self.settings.pipeline_template:
            raise SettingsError("TOWERLAB_PIPELINE_TEMPLATE is not set; it names the compiled pipeline")
        return StoredTemplate(self.settings.pipeline_template)

    @cached_property
    def tracking(self) -> Tracking:
        from towerlab.adapters.tracking_mlflow import MlflowTracking

        return MlflowTracking(self.settings.tracking_uri)

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    @cached_property
    def ids(self) -> Ids:
        return SortableIds(self.clock)

    @cached_property
    def _adapters(self) -> Adapters:
        place = self.settings.place
        if isinstance(place, Local):
            from towerlab.runtime.wiring_local import LocalAdapters

            return LocalAdapters(place)
        from towerlab.runtime.wiring_google import GoogleAdapters

        return GoogleAdapters(place)


Needed = Literal["identity", "template"]


def begin(service: str, *needed: Needed) -> Deps:
    """The real thing under this process's settings. Says in one line what is missing for what is `needed`
    and ends the process when it cannot be made."""
    deps = Deps(load(), service)
    try:
        for name in needed:
            getattr(deps, name)
    except SettingsError as error:
        stop(str(error))
    return deps
