"""The prediction report of a dataset: quick tests and full data, from every result under two protocols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.configs.config import FeatureConfig
from towerlab.domain.errors import Conflict, Invalid, Problem
from towerlab.domain.prediction import Pair, agreement
from towerlab.domain.standings import Table, Version
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import boards, reading
from config_api.boards import Board
from config_api.representations import predictions

FULL = 100  # percent of the data
OF_A_QUICK_TEST = ("sample_percent", "epochs", "batch_size")  # what is made smaller to have a result sooner


def report(deps: Deps, dataset_id: str, quick: str | None, full: str | None) -> Mapping[str, Any]:
    """How well `quick` predicts `full` (protocol keys; see _chosen without one). Raises NotFound, Invalid for a key
    that nothing was tested under, Conflict when fewer than two versions have both."""
    reading.dataset(deps.documents, dataset_id)
    board = boards.board(deps.documents, dataset_id)
    _check(board, quick=quick, full=full)
    chosen = _chosen(board, quick, full)
    if chosen is None:
        raise Conflict(
            "fewer than two config versions have been tested both quickly and on the full data",
            "too_few",
            "Test some configs with 100 % of the data too, with the same advanced settings.",
        )
    of = {at: Pair(*(table.standings[at].mean("100") for table in chosen)) for at in _shared(*chosen)}
    configs = records.get_many(deps.documents, FeatureConfig, {config for config, _ in of})
    names = {id: held.value for id, held in configs.items()}
    return predictions.report(board, chosen, of, agreement(list(of.values())), names)


def _check(board: Board, **asked: str | None) -> None:
    faults = [
        Problem(f"/{name}", "unknown_protocol", "nothing was tested under this protocol", "See 'protocols'.")
        for name, key in asked.items()
        if key is not None and key not in board.tables
    ]
    if faults:
        raise Invalid(faults)


def _chosen(board: Board, quick: str | None, full: str | None) -> tuple[Table, Table] | None:
    """Of those that share the most versions the ones with the same epochs and batches, then with the larger sample,
    then with more epochs."""
    tables = board.tables.values()
    candidates = [(a, b) for a in tables for b in tables if _fits(board, a, b, quick, full) and len(_shared(a, b)) >= 2]
    return max(candidates, key=lambda pair: _preference(board, *pair), default=None)


def _fits(board: Board, a: Table, b: Table, quick: str | None, full: str | None) -> bool:
    """Two that are both named are taken as they are; else nothing may differ but what makes a test quick."""
    is_quick = a.protocol_key == quick if quick else a.example.sample_percent < FULL
    is_full = b.protocol_key == full if full else b.example.sample_percent == FULL
    return a is not b and is_quick and is_full and (None not in (quick, full) or _alike(board, a, b))


def _alike(board: Board, a: Table, b: Table) -> bool:
    left, right = (
        {name: value for name, value in _settings(board, table).items() if name not in (*OF_A_QUICK_TEST, "key")}
        for table in (a, b)
    )
    return left == right


def _preference(board: Board, a: Table, b: Table) -> tuple[int, bool, int, int]:
    quick, full = _settings(board, a), _settings(board, b)
    same = all(quick.get(name) == full.get(name) for name in ("epochs", "batch_size"))
    return len(_shared(a, b)), same, a.example.sample_percent, int(full.get("epochs", 0))


def _settings(board: Board, table: Table) -> Mapping[str, Any]:
    return board.protocols[table.protocol_key]


def _shared(a: Table, b: Table) -> set[Version]:
    return a.standings.keys() & b.standings.keys()
