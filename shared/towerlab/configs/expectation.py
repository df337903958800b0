"""What a config would compute, told from sketches of the training period before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from towerlab.configs import reference
from towerlab.configs.features import sources
from towerlab.configs.lists import Side
from towerlab.configs.outputs import FromCross, FromFeature, operand_name, outputs_of
from towerlab.configs.resolved import Feature, ResolvedConfig
from towerlab.domain.outputs import Bag, Dense, Ids, Output
from towerlab.domain.sketches import Purchase, Sketch, Sketches
from towerlab.transforms.arrays import Array
from towerlab.transforms.base import Produce, Source
from towerlab.transforms.fitted import Fitted, merged

At = Mapping[tuple[Side, str], Source]


@dataclass(frozen=True)
class Outlook:
    """What to expect of an output of ids, over all training and evaluation rows. `known` ids are in its vocabulary, or
    are all that its transform has; `used` of them occur in training rows. The rates are None without a vocabulary."""

    name: str
    side: Side
    column: str
    known: int
    used: int
    train_oov_rate: float | None
    oov_rate: float | None
    approximate: bool


@dataclass(frozen=True)
class Expectation:
    """`approximate` are the outputs, by their names in the generated code, of which an analysis is a guess."""

    fitted: Fitted
    approximate: frozenset[str]
    outlooks: tuple[Outlook, ...]


def expectation(resolved: ResolvedConfig, sketches: Sketches) -> Expectation:
    """Exact where the sketches hold every value of a column, otherwise near."""
    at = sources(resolved)
    found = [
        _Seen(tower.side, feature, at[tower.side, feature.column], sketches.columns[tower.side][feature.column])
        for tower in resolved.towers
        for feature in tower.features
    ]
    return Expectation(
        merged(seen.fitted for seen in found),
        frozenset(name for seen in found for name in seen.approximate),
        tuple(outlook for seen in found for outlook in seen.outlooks()),
    )


def computed(
    resolved: ResolvedConfig, expected: Expectation, purchase: Purchase
) -> Mapping[Side, list[dict[str, Any]]]:
    """A purchase as each tower gets it, output by output: {name, output, raw, values, ids, oov, approximate}. `output`
    is its name in the generated code, `raw` are the values that it comes from, by column; `oov` says of each id whether
    it is out of the vocabulary."""
    at, values = sources(resolved), {"query": purchase.query, "candidate": purchase.candidate}
    rows = {source.key: [values[side].get(column)] for (side, column), source in at.items()}
    outputs = reference.outputs(resolved, expected.fitted, rows)
    return {
        tower.side: [
            {
                "name": entry.shown,
                "output": entry.output.name,
                "raw": {column: values[tower.side].get(column) for column in _columns(entry)},
                **_shown(entry.output, outputs[entry.output.name][0], expected.fitted),
                "approximate": not expected.approximate.isdisjoint(_depends_on(entry, tower.side, at)),
            }
            for entry in outputs_of(tower, at)
        ]
        for tower in resolved.towers
    }


class _Seen:
    """A feature's column as its transforms meet it: each value with how many training and evaluation rows have it, what
    is missing last. Of a number with values left out its quantiles stand for all."""

    def __init__(self, side: Side, feature: Feature, source: Source, sketch: Sketch) -> None:
        self._side, self._feature, self._sketch = side, feature, sketch
        values, train, later = sketch.values, sketch.train, sketch.evaluation
        if sketch.points and feature.kind.reference([]).dtype != object:
            values, train, later = sketch.points, _spread(sum(train) + sketch.left_out[0], len(sketch.points)), ()
        self._rows = np.array([*train, sketch.missing[0]], np.int64)
        self._later = np.array([*(later or [0] * len(values)), sketch.missing[1]], np.int64)
        x = reference.prepared(feature, source, {source.key: [*values, None]})
        self._made = [
            (transform, step.params, transform.fit(source, step.params, x, self._rows))
            for step in feature.producing
            if isinstance(transform := step.transform, Produce)
        ]
        self._source, self._x = source, x

    @property
    def fitted(self) -> Fitted:
        return merged(fitted for _, _, fitted in self._made)

    @property
    def approximate(self) -> list[str]:
        return [output.name for transform, p, fitted in self._made for output in self._guesses(transform, p, fitted)]

    def _guesses(self, transform: Produce[Any], p: Any, fitted: Fitted) -> Iterator[Output]:
        """Outputs that what is left out could change."""
        if self._sketch.complete or fitted == Fitted():
            return
        for output in transform.outputs(self._source, p):
            file = output.vocabulary if isinstance(output, Ids) else None
            if file is None or len(fitted.vocabularies[file]) >= len(self._sketch.values):
                yield output

    def outlooks(self) -> Iterator[Outlook]:
        for transform, p, fitted in self._made:
            guesses = {output.name for output in self._guesses(transform, p, fitted)}
            made = transform.reference(self._source, p, fitted, self._x)
            for output in transform.outputs(self._source, p):
                if not isinstance(output, Dense):
                    name = transform.name(self._feature.column)
                    yield self._outlook(name, output, fitted, made[output.name], output.name in guesses)

    def _outlook(self, name: str, output: Ids | Bag, fitted: Fitted, ids: Array, guessed: bool) -> Outlook:
        column, of_file = self._feature.column, output.vocabulary
        known = (output.size or 0) if of_file is None else len(fitted.vocabularies[of_file])
        met = ids[self._rows > 0]
        used = len(np.unique(met[(met >= 0) & (met < known)]))
        left_out = self._sketch.left_out
        train, later = (
            None if of_file is None else _outside(ids, known, rows, beside)
            for rows, beside in ((self._rows, left_out[0]), (self._later, left_out[1]))
        )
        return Outlook(name, self._side, column, known, used, train, later, guessed)


def _spread(rows: int, values: int) -> list[int]:
    """So many rows over so many values, as evenly as whole numbers can be."""
    each, more = divmod(rows, values)
    return [each + (n < more) for n in range(values)]


def _outside(ids: Array, known: int, rows: Array, beside: int) -> float:
    """Share of ids that are out of the vocabulary; `beside` rows are, whose values are not listed."""
    per_id = np.broadcast_to(rows if ids.ndim == 1 else rows[:, np.newaxis], ids.shape)
    outside, every = int(per_id[ids >= known].sum()) + beside, int(per_id[ids >= 0].sum()) + beside
    return outside / every if every else 0.0


def _columns(entry: FromFeature | FromCross) -> list[str]:
    return [entry.feature.column] if isinstance(entry, FromFeature) else [part.column for part in entry.cross.operands]


def _depends_on(entry: FromFeature | FromCross, side: Side, at: At) -> list[str]:
    """Outputs whose analyses decide this one: its own, or those that a cross takes by their ids."""
    if isinstance(entry, FromFeature):
        return [entry.output.name]
    return [operand_name(part, at[side, part.column]) for part in entry.cross.operands if part.taken == "ids"]


def _shown(output: Output, value: Any, fitted: Fitted) -> dict[str, Any]:
    if isinstance(output, Dense):
        return {"values": [float(number) for number in value], "ids": None, "oov": None}
    ids = [int(value)] if isinstance(output, Ids) else [int(id) for id in value if id >= 0]
    known = None if output.vocabulary is None else len(fitted.vocabularies[output.vocabulary])
    return {"values": None, "ids": ids, "oov": None if known is None else [id >= known for id in ids]}
