"""Query strings of leaderboards, heatmaps and comparisons."""

from __future__ import annotations

from marshmallow import Schema
from towerlab.domain.results import KS

from config_api.fields import Choice, Text
from config_api.schemas.queries import PageSchema

LONGEST_AXIS = 1_000
PROTOCOL = {"description": "A protocol key; the one that most configs are tested under, unless it is named"}
GROUPING = {
    "description": "embedding_dims, crosses, buckets (those that differ), or the name of one axis: "
    "`buyer.customer_id.embedding_dim`, `product_tensor_dim`; the answer lists them",
}
LIST = {"description": "Ids with commas between them"}


class LeaderboardSchema(PageSchema):
    protocol = Text(64, load_default=None, metadata=PROTOCOL)


class HeatmapSchema(Schema):
    metric = Choice([f"recall_at_{k}" for k in KS], load_default="recall_at_100")
    group_by = Text(LONGEST_AXIS, load_default="embedding_dims", metadata=GROUPING)
    rows = Text(LONGEST_AXIS, load_default="crosses", metadata=GROUPING)
    protocol = Text(64, load_default=None, metadata=PROTOCOL)


class CompareSchema(Schema):
    tests = Text(2_000, load_default=None, metadata=LIST)
    configs = Text(2_000, load_default=None, metadata={"description": LIST["description"] + ", each id or id@version"})
