"""Which protocols a prediction report compares."""

from __future__ import annotations

from marshmallow import Schema

from config_api.fields import Text


class PredictionSchema(Schema):
    """Protocol keys; those that share the most config versions when they are not named."""

    quick = Text(40, load_default=None)
    full = Text(40, load_default=None)
