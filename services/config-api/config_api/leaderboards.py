"""The best test of each config of a dataset under one protocol, best first, each held against the first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from towerlab.configs.config import FeatureConfig
from towerlab.domain.errors import Invalid, Problem
from towerlab.domain.scores import Score
from towerlab.domain.standings import Table
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import boards, reading
from config_api.pairing import Side, pairs
from config_api.representations import boards as shown

FIRST = "the first"


def leaderboard(deps: Deps, dataset_id: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """One page. Raises NotFound, and Invalid for an unknown protocol or a cursor of another list."""
    reading.dataset(deps.documents, dataset_id)
    board = boards.board(deps.documents, dataset_id)
    table = board.table(asked["protocol"])
    common = {"protocol": shown.protocol(board, table) if table else None, "protocols": shown.protocols(board)}
    if table is None:
        return {"items": [], "next_cursor": None, "total": 0, **common}
    behind = table.leaders_after(_last(table, asked["cursor"])) if asked["cursor"] else table.leaders
    page = behind[: asked["limit"]]
    more = len(behind) > len(page)
    return {
        "items": _items(deps, board, table, page, len(table.leaders) - len(behind)),
        "next_cursor": page[-1].test_id if more else None,
        "total": len(table.leaders),
        **common,
    }


def _last(table: Table, cursor: str) -> Score:
    """The last test of the page before: no test leaves a table, so its place can always be found."""
    if cursor not in table.scores:
        remedy = "Start again without a cursor, or repeat the query that gave it."
        raise Invalid([Problem("/cursor", "cursor", "this cursor does not belong to this list", remedy)])
    return table.scores[cursor]


def _items(deps: Deps, board: boards.Board, table: Table, page: Sequence[Score], before: int) -> list[dict[str, Any]]:
    first = table.leaders[0]
    against = pairs(deps.artifacts, [(score, first) for score in page if score is not first], board.seed_variance)
    sides = dict(zip((score.test_id for score in page if score is not first), against, strict=True))
    configs = records.get_many(deps.documents, FeatureConfig, [score.config_id for score in page])
    return [
        {
            "rank": rank,
            **shown.score(score, configs[score.config_id].value if score.config_id in configs else None),
            "tests": table.tests_of[score.config_id],
            "against_first": _against(sides.get(score.test_id)),
        }
        for rank, score in enumerate(page, start=before + 1)
    ]


def _against(side: Side | None) -> dict[str, Any] | None:
    """None of the first itself."""
    return shown.beside(side, FIRST) if side else None
