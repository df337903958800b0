"""Which adapter stands behind which port: the only place that names adapters."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypedDict, Unpack

from towerlab.adapters.clock import SortableIds, SystemClock
from towerlab.runtime.settings import Settings, SettingsError
from towerlab.runtime.subscriptions import subscriptions

if TYPE_CHECKING:
    from towerlab.adapters.bus_embedded import EmbeddedBus
    from towerlab.adapters.sqlite_file import SqliteFile
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


class Deps:
    """What a service works with. A member is made when it is first used, so a service imports only what it needs."""

    def __init__(self, settings: Settings, service: str = "towerlab", **given: Unpack[Members]) -> None:
        self.settings = settings
        self.service = service  # stands in events as their source
        self.__dict__.update(given)  # what is given stands in the place of the cached property

    @cached_property
    def documents(self) -> Documents:
        from towerlab.adapters.documents_sqlite import SqliteDocuments
        from towerlab.runtime.records import LISTINGS

        _ = self.bus  # the subscriptions must exist before the first event is recorded
        return SqliteDocuments(self._database, self.clock, LISTINGS)

    @cached_property
    def bus(self) -> Bus:
        return self.embedded_bus

    @cached_property
    def embedded_bus(self) -> EmbeddedBus:
        """The bus with the side that the dispatcher needs; the installation's subscriptions are on record."""
        from towerlab.adapters.bus_embedded import EmbeddedBus

        bus = EmbeddedBus(self._database, self.clock)
        for subscription in subscriptions(self.settings.services):
            bus.subscribe(subscription)
        return bus

    @cached_property
    def artifacts(self) -> Artifacts:
        from towerlab.adapters.artifacts import FileArtifacts

        made_by_pipelines = [str(self.settings.runner), str(self.settings.snapshots)]
        return FileArtifacts(str(self.settings.artifacts), also_readable=made_by_pipelines)

    @cached_property
    def warehouse(self) -> Warehouse:
        from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse

        folders = tuple(dict.fromkeys((*self.settings.data_folders, self.settings.uploads)))
        return DuckdbWarehouse(folders, self.settings.snapshots)

    @cached_property
    def uploads(self) -> Uploads:
        from towerlab.adapters.uploads_folder import FolderUploads

        return FolderUploads(self.settings.uploads)

    @cached_property
    def identity(self) -> Identity:
        if not self.settings.audiences:
            from towerlab.adapters.identity_loopback import LoopbackIdentity

            return LoopbackIdentity()
        from towerlab.adapters.identity_google import GoogleIdentity

        return GoogleIdentity(self.settings.audiences)

    @cached_property
    def pipelines(self) -> Pipelines:
        from towerlab.adapters.pipelines_local import LocalPipelines

        template = self.settings.pipeline_template
        if template is None:
            raise SettingsError("TOWERLAB_PIPELINE_TEMPLATE is not set; it names the compiled pipeline")
        return LocalPipelines(self.settings.runner, template)

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
    def _database(self) -> SqliteFile:
        from towerlab.adapters.sqlite_file import SqliteFile

        return SqliteFile(self.settings.database)


def deps_from(settings: Settings, service: str) -> Deps:
    """The real thing under `settings`, for the service of that name."""
    return Deps(settings, service)
