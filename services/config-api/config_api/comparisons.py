"""Several tests side by side: figures with paired differences, settings, what their configs differ in, curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from towerlab.configs.axes import Axis, choices
from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.configs.grouping import side_by_side
from towerlab.domain.scores import score_of
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import boards, reading
from config_api.named_tests import Tested, named_tests
from config_api.pairing import pairs
from config_api.representations import boards as shown
from config_api.representations.numbers import finite

OTHER = "the other"
Flat = Mapping[str, Any]


def compared(deps: Deps, tests: str | None, configs: str | None) -> dict[str, Any]:
    """Raises Invalid with every fault. Figures of different protocols stand beside each other, but are not compared:
    the answer says so, and in what the protocols differ."""
    found = named_tests(deps.documents, tests, configs)
    held = records.get_many(deps.documents, ConfigVersion, {_id(one) for one in found})
    versions = [held[_id(one)].value for one in found]
    body = {
        "items": _items(deps, found, versions),
        "comparable": len({one.result.protocol_key for one in found}) == 1,
        "pairs": _pairs(deps, found),
        "settings": _table([_settings(one) for one in found]),
        "protocols": _table([one.result.protocol for one in found]),
        "config_differences": [_difference(*line) for line in side_by_side([choices(one) for one in versions])],
    }
    return finite(body)  # type: ignore[no-any-return]


def _id(one: Tested) -> str:
    return reading.version_id(one.result.config_id, one.result.version)


def _items(deps: Deps, found: Sequence[Tested], versions: Sequence[ConfigVersion]) -> list[dict[str, Any]]:
    configs = records.get_many(deps.documents, FeatureConfig, {one.result.config_id for one in found})
    return [
        {
            **shown.score(score_of(one.result), configs[one.result.config_id].value),
            "dataset": one.result.dataset_id,
            "protocol_key": one.result.protocol_key,
            "config_hash": version.config_hash,
            "buyer_tensor_dim": version.buyer_tensor_dim,
            "product_tensor_dim": version.product_tensor_dim,
            "loss": one.result.loss,
            "metrics": one.result.metrics,
            "replicate_results": list(one.result.replicate_results),
            "curve": list(one.result.curve),
            "duration_seconds": one.result.duration_seconds,
            "cost_usd": one.result.cost_usd,
        }
        for one, version in zip(found, versions, strict=True)
    ]


def _pairs(deps: Deps, found: Sequence[Tested]) -> list[dict[str, Any]]:
    """Each test against each one that is named before it."""
    scores = [score_of(one.result) for one in found]
    known = {id: boards.board(deps.documents, id) for id in {score.dataset_id for score in scores}}
    wanted = [(ours, theirs) for theirs, ours in combinations(scores, 2)]
    sides = pairs(deps.artifacts, wanted, lambda score, k: known[score.dataset_id].seed_variance(score, k))
    return [
        {"test": ours.test_id, "other": theirs.test_id, **shown.beside(side, OTHER)}
        for (ours, theirs), side in zip(wanted, sides, strict=True)
    ]


def _settings(one: Tested) -> Flat:
    return dict(_leaves(records.to_json(one.test.settings)))


def _leaves(value: Flat) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from ((f"{name}.{below}", leaf) for below, leaf in _leaves(inner))
        else:
            yield name, inner


def _table(columns: Sequence[Flat]) -> dict[str, Any]:
    """What all have alike, once; and what they have not, a value for each."""
    names = dict.fromkeys(name for column in columns for name in column)
    lines = {name: [column.get(name) for column in columns] for name in names}
    same = {name: values[0] for name, values in lines.items() if all(value == values[0] for value in values)}
    return {"same": same, "differing": {name: values for name, values in lines.items() if name not in same}}


def _difference(axis: Axis, values: list[Any]) -> dict[str, Any]:
    return {"path": axis.name, "model": axis.model, "kind": axis.kind, "of": axis.of, "field": axis.field,
            "values": values}  # fmt: skip
