"""An installation on Google Cloud: Firestore, Pub/Sub, Cloud Storage, BigQuery and Vertex AI."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from towerlab.runtime.settings import Google, SettingsError

if TYPE_CHECKING:
    from google.cloud.firestore import Client

    from towerlab.adapters.bus_pubsub import PubsubBus
    from towerlab.adapters.firestore_outbox import FirestoreOutbox
    from towerlab.events.envelope import Event
    from towerlab.ports.artifacts import Artifacts
    from towerlab.ports.documents import Documents
    from towerlab.ports.identity import Identity
    from towerlab.ports.pipelines import Pipelines
    from towerlab.ports.tracking import Tracking
    from towerlab.ports.uploads import Uploads
    from towerlab.ports.warehouse import Warehouse
    from towerlab.runtime.wiring import Deps


class GoogleAdapters:
    def __init__(self, place: Google) -> None:
        self._place = place

    def documents(self, deps: Deps) -> Documents:
        from towerlab.adapters.documents_firestore import FirestoreDocuments
        from towerlab.runtime.records import LISTINGS

        def announce(events: Sequence[Event]) -> None:
            cast("PubsubBus", deps.bus).announce(events)  # made when there is something to tell: it reads the documents

        return FirestoreDocuments(self._firestore, LISTINGS, self._outbox(deps), announce)

    def bus(self, deps: Deps) -> PubsubBus:
        """Its subscriptions are part of the installation: the first of the accounts that may push is whom they name."""
        from towerlab.adapters.bus_pubsub import PubsubBus
        from towerlab.adapters.pubsub_subscriptions import Sender
        from towerlab.runtime.dead_letters import undelivered

        sender = Sender(self._place.push_accounts[0], self._place.push_audience)
        return PubsubBus(
            self._place.project, self._outbox(deps), lambda limit: undelivered(deps.documents, limit), sender
        )

    def artifacts(self, _: Deps) -> Artifacts:
        from towerlab.adapters.artifacts_storage import StorageArtifacts

        return StorageArtifacts(self._place.artifacts, [self._place.pipeline_root], self._place.project)

    def warehouse(self, _: Deps) -> Warehouse:
        from towerlab.adapters.bigquery_queries import client
        from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse

        return BigQueryWarehouse(client(self._place.project, self._place.region), self._place.snapshots)

    def uploads(self, _: Deps) -> Uploads:
        from towerlab.adapters.uploads_refused import RefusedUploads

        return RefusedUploads()

    def identity(self, deps: Deps) -> Identity:
        if not deps.settings.audiences:
            raise SettingsError("TOWERLAB_AUDIENCES is not set; it names the audiences of people's tokens")
        return self._known_by(deps.settings.audiences)

    def callers(self, _: Deps) -> Identity:
        return self._known_by([self._place.push_audience], self._place.push_accounts)

    def pipelines(self, deps: Deps) -> Pipelines:
        from towerlab.adapters.pipelines_vertex import VertexPipelines
        from towerlab.adapters.storage_holds import StorageHolds
        from towerlab.adapters.vertex_compute import Ground, changes
        from towerlab.adapters.vertex_job import Workload

        place, image, account = self._place, self._place.pipeline_image, self._place.pipeline_account
        lost = deps.settings.test_deadline_seconds
        workers = place.offer.worker_image or image
        ground = Ground(place.project, place.region, workers, account, place.pipeline_root, lost)
        return VertexPipelines(
            parent=f"projects/{place.project}/locations/{place.region}",
            template=deps.template,
            workload=Workload(account, image, place.pipeline_root),
            holds=StorageHolds(place.project),
            clock=deps.clock,
            tracking_uri=deps.settings.tracking_uri,
            endpoint=place.vertex_endpoint,
            containers=lambda compute: changes(compute, ground),
        )

    def tracking(self, deps: Deps) -> Tracking:
        """A server behind https:// wants to know who asks."""
        from towerlab.adapters.own_identity import OwnIdentity
        from towerlab.adapters.tracking_mlflow import MlflowTracking

        server = deps.settings.tracking_uri
        return MlflowTracking(server, OwnIdentity(server) if server.startswith("https://") else None)

    def _known_by(self, audiences: Sequence[str], accounts: Sequence[str] = ()) -> Identity:
        from towerlab.adapters.identity_google import OIDC, GoogleIdentity, Issuer

        oidc = Issuer(OIDC.names, self._place.token_certs) if self._place.token_certs else OIDC
        return GoogleIdentity(audiences, accounts=accounts, oidc=oidc)

    def _outbox(self, deps: Deps) -> FirestoreOutbox:
        from towerlab.adapters.firestore_outbox import FirestoreOutbox

        return FirestoreOutbox(self._firestore, deps.clock)

    @cached_property
    def _firestore(self) -> Client:
        from google.auth.exceptions import DefaultCredentialsError
        from google.cloud.firestore import Client

        try:
            return Client(project=self._place.project, database=self._place.database)
        except DefaultCredentialsError as error:
            raise SettingsError(f"Google Cloud's credentials are not found ({error})") from error
