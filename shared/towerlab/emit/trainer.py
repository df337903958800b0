"""The generated trainer: the template with this config's constants in place of its own."""

from __future__ import annotations

import ast
from typing import Any

from towerlab.domain.outputs import Dense
from towerlab.emit.layout import statement
from towerlab.emit.plan import Plan, PlannedOutput, PlannedTower
from towerlab.emit.verify import CONSTANTS, constant_of, trainer_template
from towerlab.transforms.expr import literal


def trainer_module(plan: Plan, name: str, version: int, config_hash: str) -> str:
    """Source of trainer.py."""
    values = (name, version, config_hash, tower_constants(plan.query), tower_constants(plan.candidate))
    return _filled(trainer_template(), dict(zip(CONSTANTS, values, strict=True)))


def tower_constants(tower: PlannedTower) -> tuple[dict[str, Any], ...]:
    """What the trainer needs to know of each output, in tower order."""
    return tuple(_constants(planned) for planned in tower.outputs)


def _constants(planned: PlannedOutput) -> dict[str, Any]:
    output, place = planned.output, {"column": planned.column, "key": planned.key}
    if isinstance(output, Dense):
        return {"name": output.name, "kind": "dense", "width": output.width, **place}
    sizes = {"vocabulary": output.vocabulary, "size": output.size, "oov": output.oov, "dim": output.embedding_dim}
    return {"name": output.name, "kind": "ids", **sizes, **place}


def _filled(template: str, values: dict[str, Any]) -> str:
    """The template with the value of each constant replaced, from the last to the first so that lines stay put."""
    lines = template.splitlines(keepends=True)
    for node in reversed(ast.parse(template).body):
        name = constant_of(node)
        if name is None:
            continue
        assert isinstance(node, ast.AnnAssign), "the template's constants are annotated"
        target = f"{name}: {ast.unparse(node.annotation)}"
        lines[node.lineno - 1 : node.end_lineno] = [statement(target, literal(values[name]), "")]
    return "".join(lines)
