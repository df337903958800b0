"""Operations that move a config or tell of changes: status, audit, listing of templates, comparisons."""

from __future__ import annotations

from collections.abc import Mapping

from config_api.answers import audit as audit_answers
from config_api.answers import comparing
from config_api.answers import configs as config_answers
from config_api.answers import datasets as dataset_answers
from config_api.answers import recommending as advice
from config_api.openapi.operation import Operation
from config_api.schemas import comparing as comparing_queries
from config_api.schemas import queries, quick_tests
from config_api.schemas.recommending import CrossSchema

_DATASET = "/api/datasets/<id:dataset_id>/"
_CONFIG = "/api/feature-configs/<id:config_id>/"


def _move(summary: str) -> Operation:
    return Operation(
        summary,
        {200: config_answers.ConfigAnswer},
        body=quick_tests.NothingSchema,
        may_be_empty=True,
        etag=True,
        may_match=True,
    )


_CROSS = {"model": "buyer", "features": ["CustomerID", "Country"]}
_YAML = {"type": "string"}
_FILE = "towerlab: 1\nname: From a file\nbuyer_model_features: []\n"
MOVES: Mapping[str, Operation] = {
    f"POST {_CONFIG}promote/": _move("Promote a config whose current version has a completed test"),
    f"POST {_CONFIG}archive/": _move("Put a config away; its results stay"),
    f"POST {_CONFIG}restore/": _move("Bring back what was archived or, within 30 days, deleted"),
    "GET /api/feature-configs/templates/": Operation("What a config can start from", {200: advice.TemplatePage}),
    f"GET {_DATASET}embedding-recommendations/": Operation(
        "How wide each column's embedding should be, and why", {200: advice.EmbeddingPage}
    ),
    f"POST {_DATASET}cross-recommendation/": Operation(
        "How large a cross should be, from the combinations in the data",
        {200: advice.CrossAnswer},
        body=CrossSchema,
        example=_CROSS,
    ),
    "GET /api/diff/": Operation(
        "What one config or version computes that another does not",
        {200: comparing.DiffAnswer},
        query=comparing_queries.DiffSchema,
    ),
    f"GET {_CONFIG}quick-test/estimate/": Operation(
        "What a quick test will take and be able to tell",
        {200: comparing.EstimateAnswer},
        query=comparing_queries.EstimateSchema,
    ),
    f"GET {_CONFIG}export/": Operation(
        "The config as a YAML file", {200: {"type": "object"}}, content="application/yaml"
    ),
    f"POST {_DATASET}import/": Operation(
        "Make a config of a YAML file",
        {201: config_answers.ConfigAnswer},
        body=_YAML,
        body_contents=("application/yaml",),
        example=_FILE,
        etag=True,
    ),
    f"POST {_DATASET}refresh/": Operation(
        "A new snapshot of the same source; the same content stays the same snapshot",
        {200: dataset_answers.DatasetAnswer},
        body=quick_tests.NothingSchema,
        may_be_empty=True,
        etag=True,
    ),
    f"DELETE {_DATASET}": Operation(
        "Delete a dataset: its configs are archived, its tests cancelled", {204: None}, if_match=True
    ),
    "GET /api/audit/": Operation("Changes, newest first", {200: audit_answers.AuditPage}, query=queries.AuditSchema),
}
