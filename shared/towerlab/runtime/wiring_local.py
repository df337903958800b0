"""An installation on one machine: SQLite, folders, DuckDB and the pipeline runner."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from towerlab.adapters.sqlite_file import SqliteFile
from towerlab.runtime.settings import Local
from towerlab.runtime.subscriptions import subscriptions

if TYPE_CHECKING:
    from towerlab.adapters.bus_embedded import EmbeddedBus
    from towerlab.ports.artifacts import Artifacts
    from towerlab.ports.bus import DeadLetter
    from towerlab.ports.clock import Clock
    from towerlab.ports.documents import Documents, Put
    from towerlab.ports.identity import Identity
    from towerlab.ports.pipelines import Pipelines
    from towerlab.ports.tracking import Tracking
    from towerlab.ports.uploads import Uploads
    from towerlab.ports.warehouse import Warehouse
    from towerlab.runtime.wiring import Deps


class LocalAdapters:
    def __init__(self, place: Local) -> None:
        self._place = place

    def documents(self, deps: Deps) -> Documents:
        from towerlab.adapters.documents_sqlite import SqliteDocuments
        from towerlab.runtime.records import LISTINGS

        _ = deps.bus  # the subscriptions must exist before the first event is recorded
        return SqliteDocuments(self._database, deps.clock, LISTINGS)

    def bus(self, deps: Deps) -> EmbeddedBus:
        """The installation's subscriptions are on record."""
        bus = embedded_bus(self._database, deps.clock, lambda: deps.documents)
        for subscription in subscriptions(self._place.services):
            bus.subscribe(subscription)
        return bus

    def artifacts(self, _: Deps) -> Artifacts:
        from towerlab.adapters.artifacts import FileArtifacts

        made_by_pipelines = [str(self._place.runner), str(self._place.snapshots)]
        return FileArtifacts(str(self._place.artifacts), also_readable=made_by_pipelines)

    def warehouse(self, _: Deps) -> Warehouse:
        from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse

        folders = tuple(dict.fromkeys((*self._place.data_folders, self._place.uploads)))
        return DuckdbWarehouse(folders, self._place.snapshots)

    def uploads(self, _: Deps) -> Uploads:
        from towerlab.adapters.uploads_folder import FolderUploads

        return FolderUploads(self._place.uploads)

    def identity(self, deps: Deps) -> Identity:
        if not deps.settings.audiences:
            from towerlab.adapters.identity_loopback import LoopbackIdentity

            return LoopbackIdentity()
        from towerlab.adapters.identity_google import GoogleIdentity

        return GoogleIdentity(deps.settings.audiences)

    def callers(self, _: Deps) -> Identity:
        from towerlab.adapters.identity_token import TokenIdentity

        return TokenIdentity(self._place.internal_token)

    def pipelines(self, deps: Deps) -> Pipelines:
        from towerlab.adapters.pipelines_local import LocalPipelines

        return LocalPipelines(self._place.runner, deps.template)

    def tracking(self, deps: Deps) -> Tracking:
        from towerlab.adapters.tracking_mlflow import MlflowTracking

        return MlflowTracking(deps.settings.tracking_uri)

    @cached_property
    def _database(self) -> SqliteFile:
        return SqliteFile(self._place.database)


def embedded_bus(file: SqliteFile, clock: Clock, documents: Callable[[], Documents]) -> EmbeddedBus:
    """A bus whose dead letters are documents, as where Pub/Sub brings them."""
    from towerlab.adapters.bus_embedded import EmbeddedBus
    from towerlab.runtime import dead_letters, records

    def bury(letter: DeadLetter) -> Put:
        kept = dead_letters.undelivered_letter(letter, clock.now())
        return records.put(kept, kept.id, expect=None)

    return EmbeddedBus(file, clock, bury, lambda limit: dead_letters.undelivered(documents(), limit))
