"""Requests for recommendations."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, validates
from towerlab.configs.crosses import MAX_OPERANDS, MIN_OPERANDS

from config_api.faults import fault
from config_api.fields import Choice, Items, Text


class CrossSchema(Schema):
    model = Choice(("buyer", "product"), required=True)
    features = Items(Text(300), MAX_OPERANDS, required=True)

    @validates("features")
    def are_enough(self, features: list[str], **_: Any) -> None:
        if len(features) < MIN_OPERANDS:
            raise fault("wrong_number", "a cross has 2 or 3 features", "Name two or three features of one model.")
