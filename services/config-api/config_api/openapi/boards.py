"""Operations with many tests side by side."""

from __future__ import annotations

from collections.abc import Mapping

from config_api.answers import boards
from config_api.openapi.operation import Operation
from config_api.schemas.boards import CompareSchema, HeatmapSchema, LeaderboardSchema

_DATASET = "/api/datasets/<id:dataset_id>/"

BOARDS: Mapping[str, Operation] = {
    f"GET {_DATASET}leaderboard/": Operation(
        "The best test of each config under one protocol, best first, each held against the first",
        {200: boards.LeaderboardAnswer},
        query=LeaderboardSchema,
        description="Only tests under the same protocol key are ranked together: the one that most configs were "
        "tested under, unless another one of `protocols` is named. A config that has none under it is not listed.",
    ),
    f"GET {_DATASET}heatmap/": Operation(
        "Tests in rows and columns, by what their configs have chosen",
        {200: boards.HeatmapAnswer},
        query=HeatmapSchema,
        description="`group_by` makes the columns, `rows` the rows. The best cell has a star only when it can be told "
        "from the others, on the same customers; else it and those that cannot be told from it are a tie. An empty "
        "cell says which tested config it is one change away from, and what a test of that took.",
    ),
    f"GET {_DATASET}heatmap.csv": Operation(
        "The cells of the heatmap that have tests, safe to open in a spreadsheet",
        {200: {"type": "string"}},
        query=HeatmapSchema,
        content="text/csv",
    ),
    "GET /api/compare/": Operation(
        "Two to twenty tests, or the best tests of configs, with paired differences",
        {200: boards.ComparisonAnswer},
        query=CompareSchema,
        description="Name `tests` or `configs`. Configs are compared under the protocol that most of them were tested "
        "under. Tests under different protocols stand beside each other without a difference.",
    ),
}
