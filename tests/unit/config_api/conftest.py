"""The public application over real adapters in a temporary folder, and a small retail file beside it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest
from config_api.app import create_internal, create_public
from flask.testing import FlaskClient
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

from tests.embedded import place
from tests.unit.config_api.calling import Caller
from tests.unit.indexed import with_indexes

TOKEN = "0123456789abcdef0123456789abcdef"
RETAIL = """
    SELECT 'c' || (i * 7919 % 41) AS customer_id, 'p' || (i * i % 23) AS product_id,
           CASE WHEN i % 50 = 0 THEN NULL ELSE 'city ' || (i * 7919 % 41 % 5) END AS city,
           'category ' || (i * i % 23 % 4) AS category, 'sub ' || (i * i % 23 % 9) AS subcategory,
           (i % 13 + 1)::DOUBLE * 1.5 AS revenue, CASE WHEN i % 40 = 0 THEN -1 ELSE i % 5 + 1 END AS quantity,
           TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS trans_date, i % 2 = 0 AS member
    FROM range(600) t(i)
"""


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    duckdb.connect().execute(f"COPY ({RETAIL}) TO '{folder / 'retail.parquet'}' (FORMAT parquet)")
    return folder


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> tuple[Deps, dict[str, Any]]:
    """An installation in which the retail file is registered, once for all tests: profiling takes a second."""
    deps = Deps(_settings(tmp_path_factory.mktemp("state"), data_folder))
    body = {"name": "Retail", "source": {"kind": "file", "uri": str(data_folder / "retail.parquet")}}
    return deps, Caller(create_public(deps).test_client()).made("/api/datasets/", body)


@pytest.fixture
def deps(installed: tuple[Deps, dict[str, Any]], tmp_path: Path, data_folder: Path) -> Deps:
    """The installation with documents and events of its own for each test; files are shared, for they never change."""
    template, _ = installed
    settings = _settings(tmp_path, data_folder)
    with sqlite3.connect(place(template).database) as source:
        source.execute("VACUUM INTO ?", (str(settings.place.database),))
    return with_indexes(Deps(settings, artifacts=template.artifacts, warehouse=template.warehouse))


@pytest.fixture
def dataset(installed: tuple[Deps, dict[str, Any]]) -> dict[str, Any]:
    return installed[1]


@pytest.fixture
def api(deps: Deps) -> Caller:
    return Caller(create_public(deps).test_client())


@pytest.fixture
def bus(deps: Deps) -> FlaskClient:
    return create_internal(deps).test_client()


@pytest.fixture
def config(api: Caller, dataset: dict[str, Any]) -> dict[str, Any]:
    return api.config(dataset)


def _settings(state: Path, data_folder: Path) -> Settings:
    services = {"codegen": "http://127.0.0.1:1", "quicktest-orchestrator": "http://127.0.0.1:2"}
    return Settings(Local(state, TOKEN, (data_folder,), services), stream_seconds=0)
