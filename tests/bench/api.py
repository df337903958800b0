"""The public API over a full store, under the server that the stack uses: latencies, and processor time per request
beside that of a bare Flask route."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

import requests
from config_api.commands.registering import register
from config_api.recording import Caller
from config_api.schemas.datasets import NewDataset
from towerlab.domain.datasets import Dataset, Source
from towerlab.domain.results import KS
from towerlab.runtime import records
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

from tests.bench.filling import CONFIGS, TESTS_EACH, Filling, test_id, wizard_lists
from tests.embedded import place
from tests.stacks import REPOSITORY, free_ports, until

BATCH = 100
TOKEN = "0123456789abcdef0123456789abcdef"


def measure(runs: int) -> dict[str, Mapping[str, float]]:
    """Milliseconds of requests one after the other, and the server's processor time per request beside that of a bare
    Flask route, which is asked in turn with each."""
    with tempfile.TemporaryDirectory() as folder:
        deps = _deps(Path(folder))
        started = time.perf_counter()
        dataset = register(deps, Caller("bench"), NewDataset("Sample", Source("file", str(_SAMPLE)), "UTC"))
        assert isinstance(dataset, Dataset)
        fill(deps, dataset)
        print(f"  {CONFIGS:,} configs, {CONFIGS * TESTS_EACH:,} tests: {time.perf_counter() - started:.0f} s to make")
        with (
            served("tests.bench.bare:app", deps) as bare,
            served("config_api.app:create_public()", deps) as url,
            requests.Session() as session,
        ):
            route = _Server(bare, lambda at: session.get(at + "/"))
            return {
                name: _beside(_Server(url, call), route, 4 * runs)
                for name, call in _calls(session, dataset.id, _ids()).items()
            }


_SAMPLE = REPOSITORY / "data" / "online_retail.parquet"


def fill(deps: Deps, dataset: Dataset) -> None:
    """The configs with a version, a summary and some completed tests each, in commits of many documents."""
    filled = Filling(deps, dataset)
    made = (write for n in range(1, CONFIGS + 1) for write in filled.of_config(n))
    while writes := list(islice(made, 5_000)):
        deps.documents.commit(writes)


def _calls(
    session: requests.Session, dataset_id: str, ids: list[str]
) -> Mapping[str, Callable[[str], requests.Response]]:
    of = f"/api/datasets/{dataset_id}/"
    lists = records.to_json(wizard_lists())
    turn = iter(range(10**9))
    pages = cycle(test_id(n, 0) for n in range(1, CONFIGS, 50))
    return {
        "get a config": lambda url: session.get(f"{url}/api/feature-configs/{ids[0]}/"),
        "get one of many configs": lambda url: session.get(f"{url}/api/feature-configs/{ids[next(turn) % len(ids)]}/"),
        "list, 50 of 10,000": lambda url: session.get(f"{url}{of}feature-configs/"),
        "list by name, searched": lambda url: session.get(f"{url}{of}feature-configs/?sort=name&q=config+many"),
        "a config's tests": lambda url: session.get(f"{url}/api/feature-configs/{ids[7]}/quick-tests/"),
        "preview of the wizard's config": lambda url: session.post(f"{url}{of}preview/", json=lists),
        "smart defaults": lambda url: session.get(f"{url}{of}smart-defaults/"),
        "leaderboard of 50,000 tests": lambda url: session.get(f"{url}{of}leaderboard/"),
        "leaderboard, one page of many": lambda url: session.get(f"{url}{of}leaderboard/?cursor={next(pages)}"),
        "heatmap of 50,000 tests": lambda url: session.get(f"{url}{of}heatmap/"),
        "heatmap, one grouping of many": lambda url: session.get(f"{url}{of}heatmap/?{HEATMAPS[next(turn) % 12]}"),
        "heatmap.csv": lambda url: session.get(f"{url}{of}heatmap.csv?group_by=buckets"),
        "compare 20 configs": lambda url: session.get(f"{url}/api/compare/?configs={','.join(ids[:20])}"),
    }


HEATMAPS = [
    f"metric=recall_at_{k}&group_by={columns}&rows={rows}"
    for k in KS
    for columns in ("embedding_dims", "buyer.CustomerID.embedding_dim")
    for rows in ("crosses", "buckets")
]


def _ids() -> list[str]:
    return [f"c{n:06d}" for n in range(1, CONFIGS, 37)]


@contextmanager
def served(app: str, deps: Deps) -> Iterator[str]:
    """The application under gunicorn as the stack runs it; gives its URL."""
    port = free_ports()
    python = REPOSITORY / ".envs" / "services" / "bin" / "python"
    command = [
        str(python), "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
        "--threads", "8", "--log-level", "warning",
    ]  # fmt: skip
    environment = os.environ | {
        "TOWERLAB_STATE": str(place(deps).state),
        "TOWERLAB_DATA_FOLDERS": str(REPOSITORY / "data"),
        "TOWERLAB_LOG": "json",
    }
    process = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url), 30, f"{app} did not start")
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return requests.get(url + "/", timeout=5).status_code < 500
    except requests.ConnectionError:
        return False


class _Server:
    """A server and what it is asked."""

    def __init__(self, url: str, call: Callable[[str], requests.Response]) -> None:
        self._url, self._call = url, call
        self._worker = _worker_of(int(url.rpartition(":")[2]))

    def ask(self) -> tuple[list[float], float]:
        """Milliseconds of each of BATCH requests, and of processor time per request."""
        before, waited = _cpu_seconds(self._worker), []
        for _ in range(BATCH):
            started = time.perf_counter()
            answer = self._call(self._url)
            waited.append(1000 * (time.perf_counter() - started))
            assert answer.ok, answer.text
        return waited, 1000 * (_cpu_seconds(self._worker) - before) / BATCH


def _beside(server: _Server, bare: _Server, rounds: int) -> dict[str, float]:
    """The first round, which loads and caches, is not counted."""
    server.ask()
    waited, own, ratios = [], [], []
    for _ in range(rounds):
        _, least = bare.ask()
        milliseconds, cpu = server.ask()
        waited += milliseconds
        own.append(cpu)
        ratios.append(cpu / least)
    return {
        "median_ms": statistics.median(waited),
        "p95_ms": sorted(waited)[int(0.95 * len(waited))],
        "cpu_ms": statistics.median(own),
        "cpu_to_bare": statistics.median(ratios),
    }


def _worker_of(port: int) -> int:
    """The process that serves: the child of the one that was started with that address."""
    listening = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if f"127.0.0.1:{port}".encode() in _read(path)
    ]
    return max(listening, key=_started)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _stat(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()


def _started(process: int) -> int:
    return int(_stat(process)[19])


def _cpu_seconds(process: int) -> float:
    """Of all its threads, from the scheduler, which counts nanoseconds."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(_read(thread).split()[0]) for thread in threads) / 1e9


def _deps(folder: Path) -> Deps:
    (folder / "token").write_text(TOKEN)
    settings = Settings(Local(folder, TOKEN, (REPOSITORY / "data",)))
    return Deps(settings)
