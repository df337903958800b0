"""The files that a run carries in MLflow, so that its pages are of use alone. No customer's id is in any of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from towerlab.configs import reference
from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigVersion
from towerlab.configs.features import sources
from towerlab.configs.resolved import Feature, ResolvedConfig
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import NotFound
from towerlab.domain.quicktest import QuickTest
from towerlab.emit.record import CodeRecord
from towerlab.ports.artifacts import Artifacts
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from towerlab.transforms.base import Produce, Source

from metrics_collector.inputs import JobOutputs

CUSTOMER = "customer_id"
FINDINGS = ("numbers", "boundaries", "vocabularies")
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
        files["fitted.json"] = _without_findings(files["fitted.json"], version, customer)
    if "statistics.json" in files:
        files["statistics.json"] = _without_values(files["statistics.json"], customer)
    return {**files, **{f"{name}.parquet": outputs.tables[name] for name in ("ranks", "products")}}


def _read(artifacts: Artifacts, uri: str) -> bytes | None:
    try:
        return artifacts.read(uri) if uri else None
    except NotFound:
        return None


def _without_findings(fitted: bytes, version: ConfigVersion, customer: str | None) -> bytes:
    """What was found, but for what was found in the column that names customers."""
    hidden = _found_in(resolve(version.lists, version.columns), customer)
    found = json.loads(fitted)
    shown = {
        kind: {name: value for name, value in found.get(kind, {}).items() if name not in hidden} for kind in FINDINGS
    }
    return json.dumps(found | shown).encode()


def _found_in(resolved: ResolvedConfig, column: str | None) -> set[str]:
    """The names of what the transforms of a column find."""
    at = sources(resolved)
    return {
        name
        for tower in resolved.towers
        for feature in tower.features
        if feature.column == column
        for name in _names(feature, at[tower.side, feature.column])
    }


def _names(feature: Feature, source: Source) -> Iterator[str]:
    """A column without values gives the same names as one with them."""
    nothing = reference.prepared(feature, source, {source.key: [None]})
    for step in feature.producing:
        if isinstance(transform := step.transform, Produce):
            fitted = transform.fit(source, step.params, nothing)
            yield from (name for kind in FINDINGS for name in getattr(fitted, kind))


def _without_values(profiles: bytes, customer: str | None) -> bytes:
    """The same of the columns' statistics: the customers' column keeps its counts."""
    body = json.loads(profiles)
    columns = [
        {name: value for name, value in column.items() if name in COUNTS} if column["name"] == customer else column
        for column in body["columns"]
    ]
    return json.dumps(body | {"columns": columns}).encode()
