"""One stack for all end-to-end tests, a small real dataset in it, and a config of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.stacks import REPOSITORY, Stack, running_stack

SAMPLE = REPOSITORY / "data" / "online_retail.parquet"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with running_stack() as running:
        yield running


@pytest.fixture(scope="session")
def cut(stack: Stack) -> Path:
    """A small real sample: the purchases of one customer in ten, dirt included."""
    path = stack.state / "uploads" / "retail_cut.parquet"
    duckdb.connect().execute(
        f"""COPY (SELECT * FROM read_parquet('{SAMPLE}')
            WHERE CustomerID IS NULL AND InvoiceNo LIKE '%0'
               OR ('0x' || substr(md5('s|' || CustomerID), 1, 8))::BIGINT % 10000 < 1000)
            TO '{path}' (FORMAT parquet)"""
    )
    return path


@pytest.fixture(scope="session")
def dataset(stack: Stack, cut: Path) -> dict[str, Any]:
    return dict(stack.post("/api/datasets/", {"name": "Retail cut", "source": {"kind": "file", "uri": str(cut)}}))


@pytest.fixture
def config(stack: Stack, dataset: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """A config of its own for each test, from smart defaults."""
    body = {"name": request.node.name, "start_from": {"kind": "smart_defaults", "outcomes": "exclude"}}
    return dict(stack.post(f"/api/datasets/{dataset['id']}/feature-configs/", body))


def start_test(stack: Stack, config: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A quick test that is small enough for a test run: all of the small sample, one epoch."""
    body = {"data_sample_percent": 100, "epochs": 1, "batch_size": 2048} | settings
    return dict(stack.post(f"/api/feature-configs/{config['id']}/quick-test/", body))
