"""An installation on Google Cloud: Firestore, Pub/Sub, Cloud Storage, BigQuery and Vertex AI."""

from __future__ import annotations

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
        from towerlab.adapters.bigquery_queries import client
        from towerlab.adapters.warehouse_bigquery import BigQueryWarehouse

        return BigQueryWarehouse(client(self._place.project, self._place.region), self._place.snapshots)

    def uploads(self, _: Deps) -> Uploads:
        from towerlab.adapters.uploads_refused import RefusedUploads

        return RefusedUploads()

    def identity(self, deps: Deps) -> Identity:
        from towerlab.adapters.identity_google import GoogleIdentity

        if not deps.settings.audiences:
            raise SettingsError("TOWERLAB_AUDIENCES is not set; it names the audiences of people's tokens")
        return GoogleIdentity(deps.settings.audiences)

    def callers(self, _: Deps) -> Identity:
        from towerlab.adapters.identity_google import OIDC, GoogleIdentity, Issuer

        oidc = Issuer(OIDC.names, self._place.token_certs) if self._place.token_certs else OIDC
        return GoogleIdentity([self._place.push_audience], accounts=self._place.push_accounts, oidc=oidc)

    def pipelines(self, deps: Deps) -> Pipelines:
        raise NotImplementedError
