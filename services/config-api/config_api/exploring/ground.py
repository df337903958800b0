"""What an exploration stands on: the protocol that it races under, and what is known of the config it starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from towerlab.configs.checks import resolve
from towerlab.configs.config import ConfigStatus, ConfigVersion, FeatureConfig
from towerlab.configs.ideas.crosses import counts, with_new_pairs
from towerlab.configs.ideas.idea import Told
from towerlab.domain.contestants import Contestant, Trial, TrialState
from towerlab.domain.datasets import Dataset
from towerlab.domain.protocol import protocol_of, roles_of
from towerlab.domain.quicktest import QuickTest, TestSettings
from towerlab.domain.sketches import Sketches
from towerlab.domain.standings import Standing, Table
from towerlab.ports.documents import Documents
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import boards, profiles, reading, sketches
from config_api.estimates import recommended_settings
from config_api.knowing import expected, known

JUDGED_BY = "100"


@dataclass(frozen=True)
class Ground:
    """`settings` are those of the protocol that the dataset is judged by, `table` its results on today's snapshot and
    roles: None where a test of now would be of another protocol."""

    settings: TestSettings
    table: Table | None

    @property
    def protocol_key(self) -> str | None:
        return self.table.protocol_key if self.table else None


def ground(deps: Deps, dataset: Dataset, protocol_key: str | None = None) -> Ground:
    """The reference protocol unless one is named; without any the settings that are recommended for a dataset of this
    size. Raises Invalid for a protocol that nothing was tested under."""
    board = boards.board(deps.documents, dataset.id)
    table = board.table(protocol_key)
    if table is None:
        return Ground(recommended_settings(dataset), None)
    test = records.get(deps.documents, QuickTest, table.example.test_id).value
    settings = replace(test.settings, seed=TestSettings().seed, replicates=1)
    split = str(board.protocols[table.protocol_key]["split"])
    of_now = protocol_of(dataset.snapshot.id, settings, roles_of(dataset), split)
    return Ground(settings, table if of_now.key == table.protocol_key else None)


def told(deps: Deps, dataset: Dataset, version: ConfigVersion) -> Told:
    """Combinations of columns that nobody has asked for before are counted now."""
    resolved = resolve(version.lists, dataset.columns)
    counted = counts(profiles.of(deps.artifacts, dataset), dataset.column_of("product_id"))
    outlook, sketched = expected(deps, dataset, resolved), sketches.of(deps, dataset)
    crossed = resolve(with_new_pairs(resolved, counted), dataset.columns)
    facts = known(deps, dataset, crossed, outlook)
    if outlook is None or sketched is None:
        return Told(version.lists, resolved, facts)
    return Told(version.lists, resolved, facts, outlook.outlooks, sketched.split, _missing(sketched))


def _missing(sketched: Sketches) -> dict[tuple[str, str], float]:
    columns = [(side, name, sketch) for side, of_side in sketched.columns.items() for name, sketch in of_side.items()]
    return {(side, name): sketch.missing[0] / sketched.train for side, name, sketch in columns}


def judged_customers(deps: Deps, dataset: Dataset) -> int:
    """On all data; 0 when nobody can be told from anybody."""
    sketched = sketches.of(deps, dataset)
    return sketched.customers if sketched else 0


def raced(contestant: Contestant, table: Table | None, top: int) -> Contestant:
    """With the result that its version has under the protocol already: it costs nothing."""
    standing = table.standings.get((contestant.config_id, contestant.version)) if table else None
    return replace(contestant, trials=(_known(standing, top),)) if standing else contestant


def new_or_raced(
    documents: Documents, dataset: Dataset, found: Iterable[Contestant], table: Table | None, top: int
) -> tuple[list[Contestant], list[Contestant]]:
    """Those that no config of the dataset computes; and those that one does, and that have a result already. What is
    there and was not tested is somebody's draft, and left alone."""
    new, known = [], []
    for contestant in found:
        twin = version_of(documents, dataset.id, contestant.config_hash)
        if twin is None:
            new.append(contestant)
        elif _is_alive(documents, twin):
            ran = raced(replace(contestant, config_id=twin.config_id, version=twin.version), table, top)
            known += [ran] if ran.trials else []
    return new, known


def version_of(documents: Documents, dataset_id: str, config_hash: str) -> ConfigVersion | None:
    """A version of any config of the dataset that computes this; one that has been deleted or put away too."""
    where: reading.Where = {"dataset_id": dataset_id, "config_hash": config_hash}
    found = records.query(documents, ConfigVersion, where, limit=1).values
    return found[0] if found else None


def _is_alive(documents: Documents, version: ConfigVersion) -> bool:
    config = records.get(documents, FeatureConfig, version.config_id).value
    return config.deleted_at is None and config.status is not ConfigStatus.ARCHIVED


def _known(standing: Standing, top: int) -> Trial:
    best = standing.best(JUDGED_BY)
    return Trial(best.test_id, top, state=TrialState.COMPLETED, recall=standing.mean(JUDGED_BY))
