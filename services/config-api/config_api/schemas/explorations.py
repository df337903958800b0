"""Requests about explorations: from a config, or of empty cells of a heatmap, under a budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from towerlab.domain.exploration import DOLLARS, MINUTES, TESTS, UNITS, Budget

from config_api.faults import fault
from config_api.fields import Items, Number, Text, Whole
from config_api.schemas.boards import HeatmapSchema

MOST_CELLS = 100
RATE = "dollars_per_hour"
PRICE = {"description": "What an hour of quick tests costs you; the installation has no price list"}
CELLS = {"description": "config_hash of each `empty[].run` of the heatmap that is to be filled"}


@dataclass(frozen=True)
class ExplorationRequest:
    """From the config, or of `cells` of the heatmap that is asked for with `heatmap`."""

    budget: Budget
    config_id: str | None
    cells: tuple[str, ...]
    heatmap: Mapping[str, Any]


class BudgetSchema(Schema):
    """One of tests, minutes (of tests, added up) or dollars."""

    tests = Whole(1, 1_000)
    minutes = Number(0, 100_000)
    dollars = Number(0, 1_000_000)
    dollars_per_hour = Number(0, 1_000_000, metadata=PRICE)

    @validates_schema(skip_on_field_errors=True)
    def is_one(self, loaded: dict[str, Any], **_: Any) -> None:
        given = [unit for unit in UNITS if unit in loaded]
        if len(given) != 1:
            told = fault("one_of_three", "a budget is in tests, minutes or dollars", 'Give one: {"tests": 12}.')
            raise ValidationError(told.messages)
        if (given == [DOLLARS]) != (RATE in loaded):
            remedy = "Give both, or a budget in tests or minutes: on your own machine tests cost nothing."
            told = fault("belongs_together", f"{DOLLARS} and {RATE} go together", remedy)
            raise ValidationError({RATE: told.messages})

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> Budget:
        unit = next(unit for unit in (TESTS, MINUTES, DOLLARS) if unit in loaded)
        return Budget(unit, float(loaded[unit]), loaded.get(RATE, 0.0))


class ExplorationSchema(Schema):
    config = Text(40)
    cells = Items(Text(64), MOST_CELLS, metadata=CELLS)
    heatmap = fields.Nested(HeatmapSchema)
    budget = fields.Nested(BudgetSchema, required=True)

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def has_one_beginning(self, _: dict[str, Any], original: Mapping[str, Any], **__: Any) -> None:
        if not isinstance(original, Mapping):
            return
        faults: dict[str, Any] = {}
        if ("config" in original) == ("cells" in original):
            told = fault("one_of_two", "an exploration is from a config or of cells", "Give config or cells.")
            faults["config"] = told.messages
        if ("cells" in original) != ("heatmap" in original):
            told = fault("belongs_together", "cells and heatmap go together", "Name the heatmap that has the cells.")
            faults["heatmap"] = told.messages
        if original.get("cells") == []:
            faults["cells"] = fault("required", "there are no cells", "Name at least one.").messages
        if faults:
            raise ValidationError(faults)

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> ExplorationRequest:
        cells = tuple(dict.fromkeys(loaded.get("cells", ())))
        return ExplorationRequest(loaded["budget"], loaded.get("config"), cells, loaded.get("heatmap", {}))
