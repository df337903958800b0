"""The generated trainer: the template with this config's constants in place of its own."""

from __future__ import annotations

import ast
from typing import Any

from towerlab.domain.outputs import Bag, Dense, tower_width
from towerlab.emit.plan import Plan, PlannedOutput, PlannedTower
from towerlab.emit.verify import template_parts, with_value
from towerlab.emit.written import Formatter, as_written, checked
from towerlab.transforms.expr import literal


def trainer_module(plan: Plan, name: str, version: int, config_hash: str, formatter: Formatter = as_written) -> str:
    """Source of trainer.py. Only the constants go through the formatter: the template is in its layout already. Raises
    UnsafeModule."""
    widths = [tower_width(planned.output for planned in tower.outputs) for tower in plan.towers]
    values = (name, version, config_hash, *widths, *map(tower_constants, plan.towers))
    template = template_parts()
    meant = [with_value(node, literal(value)) for node, value in zip(template.constants, values, strict=True)]
    written = formatter("".join(map(_statement, template.constants, values)))
    return template.before + checked(written, meant).text + template.after


def tower_constants(tower: PlannedTower) -> tuple[dict[str, Any], ...]:
    """What the trainer needs to know of each output, in tower order."""
    return tuple(_constants(planned) for planned in tower.outputs)


def _constants(planned: PlannedOutput) -> dict[str, Any]:
    output, place = planned.output, {"column": planned.column, "key": planned.key}
    if isinstance(output, Dense):
        return {"name": output.name, "kind": "dense", "width": output.width, **place}
    sizes = {"vocabulary": output.vocabulary, "size": output.size, "oov": output.oov, "dim": output.embedding_dim}
    if isinstance(output, Bag):
        return {"name": output.name, "kind": "bag", "slots": output.slots, **sizes, **place}
    return {"name": output.name, "kind": "ids", **sizes, **place}


def _statement(node: ast.AnnAssign, value: object) -> str:
    """The constant with its value as Python writes plain data; `checked` compares it with the tree that is meant."""
    return f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)} = {value!r}\n"
