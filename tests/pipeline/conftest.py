"""A small shop's snapshot and a warm pipeline runner, for the whole session."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pipeline.forks import ALWAYS

if TYPE_CHECKING:
    from bench import Bench

# what the runner gives its tasks: with oneDNN, say, figures differ in their last bits
os.environ.update(ALWAYS)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

if importlib.util.find_spec("tfx") is None:  # these tests belong to the pipeline environment
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from shop import shop_snapshot

    return shop_snapshot(tmp_path_factory.mktemp("shop") / "snapshot.parquet")


@pytest.fixture(scope="session")
def trained_shop(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all artifacts of a test with two replicates."""
    import chain
    import pipeline_jobs as jobs

    settings = jobs.settings(batch_size=64, epochs=1, replicates=2)
    return chain.whole(tmp_path_factory.mktemp("trained"), shop, jobs.plan(), settings)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[Bench]:
    """One warm runner for all tests; tests that kill it start it again."""
    import retail_config
    from bench import Bench

    folder = tmp_path_factory.mktemp("bench")
    (folder / "runner").mkdir()
    modules = retail_config.write_modules(folder / "modules")
    bench = Bench(folder / "runner", shop, modules, {"AWS_SECRET_ACCESS_KEY": "secret", "MY_TOKEN": "secret"})
    bench.start()
    yield bench
    assert bench.process
    bench.process.terminate()
    bench.process.wait(10)
