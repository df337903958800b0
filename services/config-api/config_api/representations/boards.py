"""What leaderboards, heatmaps and comparisons show of a test, of a protocol, and of two tests side by side."""

from __future__ import annotations

from typing import Any

from towerlab.configs.config import FeatureConfig
from towerlab.domain.scores import Score
from towerlab.domain.standings import Table
from towerlab.domain.verdict import BETTER, CANNOT_TELL, SEEDS, WORSE, Compared

from config_api.boards import Board
from config_api.pairing import Side
from config_api.representations.numbers import by_k, points

_WORDS = {
    BETTER: "It is better than {other}",
    WORSE: "It is worse than {other}",
    CANNOT_TELL: "It cannot be told from {other}",
}


def score(found: Score, config: FeatureConfig | None) -> dict[str, Any]:
    """A test with its figures; `config` is None when it is not there any more."""
    return {
        "test": found.test_id,
        "feature_config": found.config_id,
        "number": config.number if config else None,
        "name": config.name if config else "",
        "status": config.status.value if config else None,
        "version": found.version,
        **by_k(found.at),
        "intervals": by_k(found.interval),
        "seeds": [int(run["seed"]) for run in found.runs],
        "after_request": found.after_request,
        "completed_at": found.completed_at,
    }


def protocols(board: Board) -> list[dict[str, Any]]:
    """All that something was tested under; those with the most configs first."""
    found = sorted(board.tables.values(), key=lambda table: (-len(table.tests_of), table.protocol_key))
    return [protocol(board, table) for table in found]


def protocol(board: Board, table: Table) -> dict[str, Any]:
    """What was the same in all its tests."""
    return {
        **board.protocols.get(table.protocol_key, {}),
        "key": table.protocol_key,
        "reference": table.protocol_key == board.reference,
        "configs": len(table.tests_of),
        "tests": len(table.scores),
    }


def beside(found: Side, other: str) -> dict[str, Any]:
    """A test against another one, which `other` names; all null where they cannot be compared."""
    nothing = dict.fromkeys(("difference", "difference_interval", "verdict", "seeds_known"))
    if found.by_k is None:
        return {"comparable": False, **nothing, "reason": f"Not compared with {other}: {found.reason}."}
    decisive = found.by_k["100"]
    return {
        "comparable": True,
        "difference": by_k({k: one.difference for k, one in found.by_k.items()}),
        "difference_interval": by_k({k: one.interval for k, one in found.by_k.items()}),
        "verdict": decisive.verdict,
        "seeds_known": decisive.seeds_known,
        "reason": why(decisive, "100", other),
    }


def why(found: Compared, k: str, other: str) -> str:
    """The verdict in words, and what would settle it."""
    advice = "" if found.seeds_known else f" Run {SEEDS} seeds of each config."
    return f"{_WORDS[found.verdict].format(other=other)}: {measured(found, k)}.{advice}"


def measured(found: Compared, k: str) -> str:
    """The difference with its interval, and what that covers."""
    low, high = map(points, found.interval)
    covers = "customers and seeds" if found.seeds_known else "customers alone: how much seeds differ is not known"
    return f"{points(found.difference)} points of recall@{k} ({low} to {high}, over {covers})"
