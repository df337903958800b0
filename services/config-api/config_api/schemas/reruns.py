"""When a config is tested again."""

from __future__ import annotations

from marshmallow import Schema
from towerlab.domain.reruns import WHEN

from config_api.fields import Choice, Text


class RerunPlanSchema(Schema):
    when = Choice(WHEN, required=True)


class DriftSchema(Schema):
    """A protocol but for its snapshot, as `GET drift/` names it; that with the most tests when none is named."""

    protocol = Text(40, load_default=None)
