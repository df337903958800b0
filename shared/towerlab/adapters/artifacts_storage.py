"""Artifacts as objects in Cloud Storage. STORAGE_EMULATOR_HOST, where it is set, is where Google's client looks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

import requests
import urllib3
from google.api_core import exceptions as google
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Client
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY

from towerlab.adapters.artifacts import parts_below_root
from towerlab.domain.errors import NotFound
from towerlab.ports.errors import Transient

SCHEME = "gs://"
DEADLINE = 60.0  # seconds, of a call with all its tries
TIMEOUT = (5.0, 30.0)  # seconds, of one try: to connect, and between two arrivals of bytes
RETRY = DEFAULT_RETRY.with_delay(initial=0.2, maximum=5.0).with_timeout(DEADLINE)
ABSENT = 0  # the generation of an object that is not there

# else the client asks for the bucket too, for traces that nobody takes, with a permission that nothing else needs
os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")

_FAILURES = (
    google.GoogleAPIError,
    GoogleAuthError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    DataCorruption,
    InvalidResponse,
    OSError,
)


class StorageArtifacts:
    """Writes below `root` alone; reads below `root` and the folders `also_readable`; all are 'gs://bucket/folder'.

    A URI is 'gs://', the bucket and the object's name as it is, without percent signs, as fsspec and TensorFlow take
    it. Whoever may create but not list is told 'forbidden' where nothing is stored: accounts need both permissions.
    """

    def __init__(self, root: str, also_readable: Sequence[str] = (), project: str | None = None) -> None:
        self._root = root.rstrip("/")
        self._readable = tuple(f"{folder.rstrip('/')}/" for folder in (root, *also_readable))
        self._project = project

    def uri(self, path: str) -> str:
        return "/".join((self._root, *parts_below_root(path)))

    def put_if_absent(self, path: str, content: bytes) -> str:
        uri = self.uri(path)
        with _failures(uri):
            try:
                self._create(uri, content)
            except google.NotFound as error:
                raise Transient(f"artifact {uri}: there is no such bucket") from error
        return uri

    def read(self, uri: str) -> bytes:
        if not self._is_readable(uri):
            raise NotFound("artifact", uri)
        with _failures(uri):
            try:
                return bytes(self._blob(uri).download_as_bytes(timeout=TIMEOUT, retry=RETRY))
            except google.NotFound as error:
                raise NotFound("artifact", uri) from error

    def exists(self, uri: str) -> bool:
        with _failures(uri):
            return self._is_readable(uri) and self._is_stored(uri)

    def _create(self, uri: str, content: bytes) -> None:
        """An upload becomes an object at once and whole, under the condition that none has the name. Trying again is
        safe: at worst the object is the one that an earlier try made."""
        try:
            self._blob(uri).upload_from_string(
                content,
                content_type="application/octet-stream",
                if_generation_match=ABSENT,
                timeout=TIMEOUT,
                retry=RETRY,
            )
        except google.PreconditionFailed:
            return
        except google.Forbidden:  # also said of a name that is taken, to an account that may not delete
            if not self._is_stored(uri):
                raise

    def _is_stored(self, uri: str) -> bool:
        return bool(self._blob(uri).exists(timeout=TIMEOUT, retry=RETRY))

    def _is_readable(self, uri: str) -> bool:
        climbs = ".." in uri.split("/")
        return not climbs and not uri.endswith("/") and uri.startswith(self._readable)

    def _blob(self, uri: str) -> Blob:
        bucket, _, name = uri.removeprefix(SCHEME).partition("/")
        return self._client.bucket(bucket).blob(name)

    @cached_property
    def _client(self) -> Client:
        return Client(project=self._project)


@contextmanager
def _failures(uri: str) -> Iterator[None]:
    try:
        yield
    except google.Forbidden as error:
        raise Transient(f"artifact {uri}: this service's account is not allowed to ({error.message})") from error
    except _FAILURES as error:
        raise Transient(f"artifact {uri}: {error}") from error
