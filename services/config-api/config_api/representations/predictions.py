"""What a prediction report shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from towerlab.configs.config import FeatureConfig
from towerlab.domain.prediction import APART, Agreement, Pair
from towerlab.domain.standings import Standing, Table, Version

from config_api.boards import Board
from config_api.representations.boards import protocol, protocols

Configs = Mapping[str, FeatureConfig]


def report(
    board: Board, chosen: tuple[Table, Table], of: Mapping[Version, Pair], found: Agreement, configs: Configs
) -> dict[str, Any]:
    """`of` has recall@100 of each version by both tables; `configs` those that are still there."""
    return {
        "quick": protocol(board, chosen[0]),
        "full": protocol(board, chosen[1]),
        "configs": found.configs,
        "tau": found.tau,
        "tau_interval": list(found.interval),
        "apart": APART,
        "pairs": found.pairs,
        "pairs_in_order": found.in_order,
        "share_in_order": found.in_order / found.pairs if found.pairs else None,
        "winner_loses": found.winner_loses,
        "reason": _in_words(found),
        "items": _items(chosen, of, configs),
        "protocols": protocols(board),
    }


def _in_words(found: Agreement) -> str:
    apart = f"at least {100 * APART:g} point of recall@100 apart on the full data"
    pairs = f"Of {found.pairs} pairs of configs {apart}, {found.in_order} stand in that order by the quick test."
    order = f"{pairs} " if found.pairs else f"No two configs are {apart}. "
    return f"{order}Who takes its winner loses {100 * found.winner_loses:.1f} points on the full data."


def _items(chosen: tuple[Table, Table], of: Mapping[Version, Pair], configs: Configs) -> list[dict[str, Any]]:
    """Best on the full data first."""
    ordered = sorted(of, key=lambda at: (-of[at].full, at))
    return [_item(at, of[at], configs.get(at[0]), *(table.standings[at] for table in chosen)) for at in ordered]


def _item(at: Version, pair: Pair, config: FeatureConfig | None, quick: Standing, full: Standing) -> dict[str, Any]:
    return {
        "feature_config": at[0],
        "number": config.number if config else None,
        "name": config.name if config else "",
        "version": at[1],
        "after_request": any(score.after_request for score in (*quick.scores, *full.scores)),
        "quick_recall_at_100": pair.quick,
        "full_recall_at_100": pair.full,
        "quick_runs": _runs(quick),
        "full_runs": _runs(full),
    }


def _runs(standing: Standing) -> int:
    """Trainings that its mean is over."""
    return sum(len(score.recalls("100")) for score in standing.scores)
