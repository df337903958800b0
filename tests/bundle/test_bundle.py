"""The bundle, outside the repository: verify.py agrees, and train.py ranks as the pipeline does."""

from __future__ import annotations

import io
import json
import os
import re
import runpy
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from codegen.generate import code_of
from config_api.app import create_public
from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.runtime import records
from towerlab.runtime.settings import Local, Settings
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import Caller

pytestmark = [pytest.mark.pipeline, pytest.mark.timeout(600)]

REPOSITORY = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("TOWERLAB_PIPELINE_PYTHON") or REPOSITORY / ".envs/pipeline/bin/python")
RETAIL = REPOSITORY / "data" / "online_retail.parquet"
AS_THE_PIPELINE = Path(__file__).with_name("as_the_pipeline.py")
FEW_CUSTOMERS = "('0x' || substr(md5('few' || CustomerID), 1, 8))::BIGINT % 100 < 4"


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few customers of the sample, under a name and in a folder that are none of the repository's."""
    path = tmp_path_factory.mktemp("data") / "retail.parquet"
    duckdb.connect().execute(f"COPY (SELECT * FROM '{RETAIL}' WHERE {FEW_CUSTOMERS}) TO '{path}' (FORMAT parquet)")
    return path


@pytest.fixture(scope="module")
def bundle(retail: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked bundle of a config with smart defaults, as the API gives it."""
    if not PYTHON.exists():
        pytest.skip(f"no pipeline environment at {PYTHON}: make it, or set TOWERLAB_PIPELINE_PYTHON")
    services = {"codegen": "http://127.0.0.1:1", "quicktest-orchestrator": "http://127.0.0.1:2"}
    state = tmp_path_factory.mktemp("state")
    deps = Deps(Settings(Local(state, "0" * 32, (retail.parent,), services)))
    api = Caller(create_public(deps).test_client())
    dataset = api.made("/api/datasets/", {"name": "Retail", "source": {"kind": "file", "uri": str(retail)}})
    config = api.config(dataset)
    generate_code(deps, f"{config['id']}.1", config["id"])
    answer = api.call("GET", f"/api/feature-configs/{config['id']}/versions/1/bundle/")
    folder = tmp_path_factory.mktemp("elsewhere")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        archive.extractall(folder)
    return folder / "config-001-v1"


def generate_code(deps: Deps, id: str, config_id: str) -> None:
    config = records.get(deps.documents, FeatureConfig, config_id).value
    code = code_of(deps.artifacts, config, records.get(deps.documents, ConfigVersion, id).value)
    deps.documents.commit([records.put(code, id, expect=None)])


def run(folder: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """In the pipeline's environment, with nothing else in the environment."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [PYTHON, *map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_nothing_in_it_needs_towerlab(bundle: Path) -> None:
    for script in bundle.glob("*.py"):
        assert not re.search(r"^\s*(import|from)\s+towerlab", script.read_text(), re.MULTILINE), script.name


def test_verify_agrees(bundle: Path) -> None:
    done = run(bundle, "verify.py")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "all outputs agree"


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        ("CustomerID", lambda rows: [rows[0] + 1, *rows[1:]], r"CustomerID +23 +1; row 0 is \d+ and should be \d+"),
        ("InvoiceDate_norm", lambda rows: [[x + 1e-4] for (x,) in rows], r"InvoiceDate_norm +23 +23; row 0 is .*"),
        ("StockCode", lambda rows: [*rows[:-1], None], r"StockCode +23 +1; row 22 is None and should be \d+"),
        ("Country", None, r"Country +23 +this output is not there"),
        ("more", lambda _: [1], r"more +is no output that was expected"),
    ],
)
def test_verify_tells_what_differs(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, change: Any, line: str
) -> None:
    found = json.loads((bundle / "golden_tensors.json").read_text())["outputs"]
    if change is None:
        del found[name]
    else:
        found[name] = change(found.get(name))
    verify = runpy.run_path(str(bundle / "verify.py"))
    monkeypatch.setitem(verify["main"].__globals__, "transformed", lambda _: found)
    assert verify["main"]() == 1
    printed = capsys.readouterr().out.splitlines()
    assert any(re.fullmatch(line, shown) for shown in printed)
    assert printed[-1].startswith("1 of ")


def test_train_ranks_as_the_pipeline_does(bundle: Path, retail: Path, tmp_path: Path) -> None:
    """But for rounding: Beam adds up a column in no fixed order, and a mean that differs in its last bit can swap two
    products of almost the same score."""
    options = ("--epochs", 2, "--batch-size", 512, "--seed", 3, "--sample-percent", 90, "--output", tmp_path / "alone")
    done = run(bundle, "train.py", retail, *options)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    printed = {
        int(k): float(recall) for k, recall in re.findall(r"^recall@(\d+) +([\d.]+)$", done.stdout, re.MULTILINE)
    }
    settings = json.dumps({"epochs": 2, "batch_size": 512, "seed": 3})
    theirs = subprocess.run(
        [PYTHON, AS_THE_PIPELINE, bundle, retail, "90", settings, tmp_path / "pipeline"],
        capture_output=True, text=True, check=False, env={**os.environ, "TF_USE_LEGACY_KERAS": "1"},
    )  # fmt: skip
    assert theirs.returncode == 0, theirs.stderr[-3000:]
    figures = ", ".join(f"avg((b.rank <= {k})::INT)" for k in printed)
    pairs = duckdb.execute(f"""
        SELECT count(*), count(*) FILTER (a.rank = b.rank), {figures}
        FROM '{tmp_path}/alone/run/ranks.parquet' a
        FULL JOIN '{tmp_path}/pipeline/model_run/ranks.parquet' b USING (row_id)""").fetchall()
    ((rows, equal, *recalls),) = pairs
    assert rows > 100
    assert equal >= 0.99 * rows
    assert printed.keys() == {10, 50, 100}
    assert list(printed.values()) == pytest.approx(recalls, abs=0.002)


def test_train_says_what_it_takes_and_what_a_file_lacks(bundle: Path, tmp_path: Path) -> None:
    said = run(bundle, "train.py", "--help").stdout
    for option in (
        "--customer",
        "--product",
        "--date",
        "--quantity",
        "--epochs",
        "--batch-size",
        "--seed",
        "--sample-percent",
    ):
        assert option in said
    other = tmp_path / "other.parquet"
    duckdb.connect().execute(f"COPY (SELECT 1 AS nothing) TO '{other}' (FORMAT parquet)")
    done = run(bundle, "train.py", other)
    assert done.returncode == 1
    assert "has no column 'Country', 'CustomerID'" in done.stderr
