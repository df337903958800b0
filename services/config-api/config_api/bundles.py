"""The bundle of a config version, made when it is asked for from what is stored."""

from __future__ import annotations

from dataclasses import dataclass

from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigVersion
from towerlab.domain.datasets import Dataset
from towerlab.domain.errors import Conflict
from towerlab.domain.protocol import roles_of
from towerlab.emit.bundle import BundledFrom, bundle_files, zipped
from towerlab.emit.record import CodeRecord
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps
from werkzeug.exceptions import NotFound

from config_api import reading
from config_api.refusals import no_product_role

ROWS = 400  # the first rows of the snapshot, of which a few are taken


@dataclass(frozen=True)
class Bundle:
    """A zip; `name` is also the folder inside of it."""

    name: str
    content: bytes


def bundle(deps: Deps, config_id: str, number: int) -> Bundle:
    """Equal stored state gives equal bytes. Raises NotFound (no such version, or its code is not there yet), Conflict
    (it cannot become code, or does not fit its dataset any more) and Transient."""
    config = reading.config(deps.documents, config_id).value
    version = reading.version(deps.documents, config_id, number)
    code = code_of(deps, config_id, number)
    dataset = reading.dataset(deps.documents, version.dataset_id).value
    roles = _roles(dataset)
    _refuse_changed_columns(version, dataset)
    made_from = BundledFrom(
        resolved=resolve(version.lists, version.columns),
        package={name: deps.artifacts.read(file.uri) for name, file in code.files.items()},
        roles=roles,
        snapshot_id=dataset.snapshot.id,
        rows=deps.warehouse.rows(dataset.snapshot.uri, ROWS),
        requirements=deps.settings.pipeline_lock.read_text("utf-8"),
    )
    name = f"config-{config.number:03d}-v{number}"
    return Bundle(name, zipped(name, bundle_files(made_from)))


def code_of(deps: Deps, config_id: str, number: int) -> CodeRecord:
    """The code of a version. Raises NotFound while there is none, Conflict when there never will be any."""
    held = records.find(deps.documents, CodeRecord, reading.version_id(config_id, number))
    if held is None:
        raise NotFound(f"The code of version {number} is not generated yet; ask again in a few seconds.")
    if not held.value.files:
        raise Conflict(held.value.error, "no_code", "Change the config: a new version gets new code.")
    return held.value


def _roles(dataset: Dataset) -> dict[str, str]:
    roles = roles_of(dataset)
    if "product_id" not in roles:
        raise no_product_role()
    return roles


def _refuse_changed_columns(version: ConfigVersion, dataset: Dataset) -> None:
    """A refresh may have taken columns away, or given them other types."""
    changed = [name for name, type in version.columns.items() if dataset.columns.get(name) != type]
    if changed:
        named = ", ".join(map(repr, changed))
        raise Conflict(f"the dataset has changed: {named}", "columns_changed", "Save the config as a new version.")
