"""An installation on Google Cloud: Firestore, Pub/Sub, Cloud Storage, BigQuery and Vertex AI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from towerlab.runtime.settings import Google, SettingsError

if TYPE_CHECKING:
    from towerlab.ports.artifacts import Artifacts
    from towerlab.ports.bus import Bus
    from towerlab.ports.documents import Documents
    from towerlab.ports.identity import Identity
    from towerlab.ports.pipelines import Pipelines
    from towerlab.ports.uploads import Uploads
    from towerlab.ports.warehouse import Warehouse
    from towerlab.runtime.wiring import Deps


class GoogleAdapters:
    def __init__(self, place: Google) -> None:
        self._place = place

    def documents(self, deps: Deps) -> Documents:
        raise NotImplementedError

    def bus(self, deps: Deps) -> Bus:
        raise NotImplementedError

    def artifacts(self, _: Deps) -> Artifacts:
        raise NotImplementedError

    def warehouse(self, _: Deps) -> Warehouse:
        raise NotImplementedError

    def uploads(self, _: Deps) -> Uploads:
        raise NotImplementedError

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

    def _known_by(self, audiences: Sequence[str], accounts: Sequence[str] = ()) -> Identity:
        from towerlab.adapters.identity_google import OIDC, GoogleIdentity, Issuer

        oidc = Issuer(OIDC.names, self._place.token_certs) if self._place.token_certs else OIDC
        return GoogleIdentity(audiences, accounts=accounts, oidc=oidc)
