"""Operations of explorations."""

from __future__ import annotations

from collections.abc import Mapping

from config_api.answers.explorations import ExplorationAnswer, ExplorationPage
from config_api.openapi.operation import Operation
from config_api.schemas.explorations import ExplorationSchema
from config_api.schemas.queries import PageSchema
from config_api.schemas.quick_tests import NothingSchema

_OF_DATASET = "/api/datasets/<id:dataset_id>/explorations/"
_EXPLORATION = "/api/explorations/<id:exploration_id>/"

EXPLORATIONS: Mapping[str, Operation] = {
    f"GET {_OF_DATASET}": Operation("Explorations, newest first", {200: ExplorationPage}, query=PageSchema),
    f"POST {_OF_DATASET}": Operation(
        "Try what is near a config, or fill empty cells of a heatmap, under a budget",
        {201: ExplorationAnswer},
        body=ExplorationSchema,
        example={"config": "01k2m3n4p5q6r7s8t9v0w1x2y3", "budget": {"tests": 12}},
        description="With `config`: changes that the statistics speak for are tested, those that helped are combined, "
        "and the best is tested again beside the start, with fresh seeds. With `cells` and `heatmap`: exactly the "
        "configs of these empty cells. What it makes are ordinary configs and quick tests.",
    ),
    f"GET {_EXPLORATION}": Operation("One exploration, with all that it has proposed", {200: ExplorationAnswer}),
    f"POST {_EXPLORATION}stop/": Operation(
        "Start nothing more and cancel what is on its way; safe to repeat",
        {200: ExplorationAnswer},
        body=NothingSchema,
        may_be_empty=True,
    ),
    f"POST {_EXPLORATION}resume/": Operation(
        "Go on with what is left of the budget; safe to repeat",
        {200: ExplorationAnswer},
        body=NothingSchema,
        may_be_empty=True,
    ),
}
