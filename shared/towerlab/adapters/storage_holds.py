"""Objects of Cloud Storage that a lifecycle rule must spare: under a temporary hold while somebody keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Client

KEEPER = "kept-"  # begins the metadata entry that names one who keeps the object
AT_ONCE = 8
SECONDS = 30.0


class StorageHolds:
    """Lifecycle rules delete no object under a hold. An object that several jobs share (a task's outputs that later
    jobs took from the cache) names each that keeps it in its metadata, and is under a hold while one is named.

    Raises what google.api_core raises; PreconditionFailed when another writer was faster: try again.
    """

    def __init__(self, project: str) -> None:
        self._project = project

    def keep(self, folder: str, keeper: str) -> None:
        self._each(folder, partial(_keep, entry=KEEPER + keeper))

    def release(self, folder: str, keeper: str) -> None:
        self._each(folder, partial(_release, entry=KEEPER + keeper))

    def read_named(self, folder: str, name: str) -> Mapping[str, bytes]:
        """The content of each object of that name below the folder, by its path."""
        return {
            str(blob.name): blob.download_as_bytes(timeout=SECONDS)
            for blob in self._below(folder)
            if str(blob.name).endswith(f"/{name}")
        }

    def _each(self, folder: str, change: Callable[[Blob], None]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(change, self._below(folder)))

    def _below(self, folder: str) -> list[Blob]:
        bucket, _, path = folder.removeprefix("gs://").partition("/")
        return list(self._client.list_blobs(bucket, prefix=f"{path.rstrip('/')}/", timeout=SECONDS))

    @cached_property
    def _client(self) -> Client:
        from google.cloud.storage import Client

        return Client(project=self._project)


def _keep(blob: Blob, entry: str) -> None:
    if entry not in (blob.metadata or {}):
        _patch(blob, {entry: "true"}, held=True)


def _release(blob: Blob, entry: str) -> None:
    keepers = {name for name in blob.metadata or {} if name.startswith(KEEPER)}
    if entry in keepers:
        _patch(blob, {entry: None}, held=keepers != {entry})


def _patch(blob: Blob, metadata: Mapping[str, str | None], held: bool) -> None:
    found = blob.metageneration
    blob.metadata = metadata
    blob.temporary_hold = held
    blob.patch(if_metageneration_match=found, timeout=SECONDS)
