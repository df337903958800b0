"""From cases to what TFT makes of them, a few runs for all."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from towerlab.configs import reference
from towerlab.domain.columns import ColumnType
from towerlab.emit.module import preprocessing_module
from towerlab.emit.plan import plan
from towerlab.emit.verify import verify_preprocessing
from towerlab.transforms.fitted import Fitted

from tests.parity.making import ROWS, Case

REPOSITORY = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("TOWERLAB_PIPELINE_PYTHON") or REPOSITORY / ".envs/pipeline/bin/python")
RUNNER = Path(__file__).with_name("run_cases.py")
KINDS = {ColumnType.STRING: "string", ColumnType.BOOLEAN: "string", ColumnType.FLOAT: "float32"}

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Ran:
    """A case, what TFT fitted and what it put out; `exact` is what it should have fitted."""

    case: Case
    exact: Fitted
    fitted: Fitted
    outputs: Mapping[str, Array]


def write(folder: Path, cases: Sequence[Case]) -> None:
    folder.mkdir(parents=True)
    inputs: dict[str, Any] = {
        name: {"kind": "int64", "values": list(range(ROWS))} for name in ("row_id", "customer_index", "product_index")
    }
    names: list[str] = []
    for n, case in enumerate(cases):
        source = preprocessing_module(plan(case.resolved))
        verify_preprocessing(source)
        (folder / f"case_{n:04d}.py").write_text(source, "utf-8")
        for key, values in case.rows.items():
            written = [str(v).lower() if isinstance(v, bool) else v for v in values]
            inputs[key] = {"kind": KINDS.get(case.types[key], "int64"), "values": written}
        names += reference.fit(case.resolved, case.rows).vocabularies
    (folder / "inputs.json").write_text(json.dumps(inputs))
    (folder / "vocabularies.json").write_text(json.dumps(names))


def start(*arguments: str) -> subprocess.Popen[str]:
    if not PYTHON.exists():
        pytest.skip(f"no pipeline environment at {PYTHON}: make it, or set TOWERLAB_PIPELINE_PYTHON")
    command = [PYTHON, "-W", "ignore", RUNNER, *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def run(folder: Path, cases: Sequence[Case], chunk: int, processes: int) -> list[Ran]:
    """All cases through TFT, `chunk` of them side by side in one run. Only the results count, not the exit code: this
    stack may crash at interpreter shutdown after right work."""
    parts = {folder / f"{at:05d}": cases[at : at + chunk] for at in range(0, len(cases), chunk)}
    for place, part in parts.items():
        write(place, part)
    shares = [[str(place) for place in list(parts)[at::processes]] for at in range(processes)]
    started = [start(*share) for share in shares if share]
    said = "".join(process.communicate()[1][-3000:] for process in started)
    return [ran for place, part in parts.items() for ran in read(place, part, said)]


def read(folder: Path, cases: Sequence[Case], said: str) -> list[Ran]:
    assert (folder / "result.npz").exists(), said
    with np.load(folder / "result.npz") as stored:
        found = {name: stored[name] for name in stored.files}
    fitted = json.loads((folder / "fitted.json").read_text())
    return [_ran(case, found, fitted["analyses"], fitted["vocabularies"]) for case in cases]


def _ran(case: Case, found: Mapping[str, Array], analyses: Mapping[str, Any], known: Mapping[str, Any]) -> Ran:
    exact = reference.fit(case.resolved, case.rows)
    fitted = Fitted(
        {name: analyses[name][0] for name in exact.numbers},
        {name: tuple(analyses[name]) for name in exact.boundaries},
        {name: tuple(known[name]) for name in exact.vocabularies},
    )
    return Ran(case, exact, fitted, found)
