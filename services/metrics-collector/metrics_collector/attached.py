"""The files that a run carries in MLflow, so that its pages are of use alone. No customer's id is in any of them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigVersion
from towerlab.configs.features import sources
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import NotFound
from towerlab.domain.quicktest import QuickTest
from towerlab.emit.record import CodeRecord
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from metrics_collector.inputs import JobOutputs

CUSTOMER = "customer_id"
COUNTS = frozenset({"name", "type", "unique_count", "exact", "nulls"})


def attached(
    deps: Deps, test: QuickTest, version: ConfigVersion, dataset: Dataset, outputs: JobOutputs
) -> Mapping[str, bytes]:
    """By name: the generated package, what the analysis found, the columns' statistics, and ranks by evaluation row
    with the splits' own numbers of customers. What is not there any more is left out. Raises Transient."""
    code = records.find(deps.documents, CodeRecord, f"{version.config_id}.{version.version}")
    stored = {f"package/{name}": file.uri for name, file in code.value.files.items()} if code else {}
    stored["fitted.json"] = outputs.fitted_uri
    if test.snapshot_id == dataset.snapshot.id:
        stored["statistics.json"] = dataset.snapshot.profile_uri
    read = {name: _read(deps.artifacts, uri) for name, uri in stored.items()}
    files = {name: content for name, content in read.items() if content}
    customer = test.roles.get(CUSTOMER)
    if "fitted.json" in files:
        files["fitted.json"] = _without_vocabularies(files["fitted.json"], version, customer)
    if "statistics.json" in files:
        files["statistics.json"] = _without_values(files["statistics.json"], customer)
    return {**files, **{f"{name}.parquet": outputs.tables[name] for name in ("ranks", "products")}}


def _read(artifacts: Artifacts, uri: str) -> bytes | None:
    try:
        return artifacts.read(uri) if uri else None
    except NotFound:
        return None


def _without_vocabularies(fitted: bytes, version: ConfigVersion, customer: str | None) -> bytes:
    """What was found, but for the values of the column that names customers."""
    found = json.loads(fitted)
    at = sources(resolve(version.lists, version.columns))
    hidden = tuple(f"{source.slug}_vocab_" for (_, column), source in at.items() if column == customer)
    shown = {name: entries for name, entries in found.get("vocabularies", {}).items() if not name.startswith(hidden)}
    return json.dumps(found | {"vocabularies": shown}).encode()


def _without_values(profiles: bytes, customer: str | None) -> bytes:
    """The same of the columns' statistics: the customers' column keeps its counts."""
    body = json.loads(profiles)
    columns = [
        {name: value for name, value in column.items() if name in COUNTS} if column["name"] == customer else column
        for column in body["columns"]
    ]
    return json.dumps(body | {"columns": columns}).encode()
