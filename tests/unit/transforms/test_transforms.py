"""What holds for every transform, whatever it does."""

from __future__ import annotations

import ast
import json

import pytest
from towerlab.domain.outputs import Dense
from towerlab.transforms.base import Prepare, Produce, Source, Transform
from towerlab.transforms.expr import const, item
from towerlab.transforms.graph import needed_by, source_of, tf
from towerlab.transforms.registry import feature_types, metadata, transforms, transforms_of

SOURCE = Source("Städte", "city", "city_of_product")
SPECIFIED = ("vocabulary", "log1p", "normalize", "bucketize", "cyclical")
EXAMPLES = [(found, p) for found in transforms() for p in found.examples]


def test_the_transforms_are_found_in_their_order() -> None:
    keys = [found.key for found in transforms()]
    assert [key for key in keys if key in SPECIFIED] == list(SPECIFIED)
    assert {"string_embedding", "numeric", "timestamp"} <= set(feature_types())


@pytest.mark.parametrize("found", transforms(), ids=lambda found: found.key)
def test_a_transform_describes_itself(found: Transform[object]) -> None:
    assert found.examples
    assert found.label
    assert type(found).__doc__
    for entry in found.params():
        assert entry.label
        assert entry.type is not int or (entry.low is not None and entry.high is not None)
        if entry.type is int and entry.low is not None and entry.high is not None:
            assert entry.low <= entry.default <= entry.high
        assert entry.choices is None or entry.default in entry.choices


@pytest.mark.parametrize("kind", feature_types().values(), ids=lambda kind: kind.key)
def test_the_parameters_of_a_feature_type_have_places_of_their_own(kind) -> None:  # type: ignore[no-untyped-def]
    places = [entry.path for found in transforms_of(kind) for entry in found.params()]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(("found", "p"), EXAMPLES)
def test_every_output_has_one_expression_named_after_its_input(found: Transform[object], p: object) -> None:
    assert found.active(p)
    if isinstance(found, Prepare):
        assert isinstance(found.prepare(p, item("inputs", "x")), ast.expr)
        return
    assert isinstance(found, Produce)
    outputs, emitted = found.outputs(SOURCE, p), found.emit(SOURCE, p, item("inputs", SOURCE.key))
    assert [output.name for output in outputs] == list(emitted.outputs)
    assert all(output.name.startswith(SOURCE.key) for output in outputs)
    files = {output.vocabulary for output in outputs if not isinstance(output, Dense) and output.vocabulary}
    assert files == set(emitted.fitted)


def test_the_metadata_is_json_with_the_specs_defaults() -> None:
    described = {kind["type"]: kind for kind in json.loads(json.dumps(metadata()))}
    string = described["string_embedding"]["transforms"][0]
    assert {entry["path"]: entry["default"] for entry in string["parameters"]} == {
        "/embedding_dim": 32,
        "/vocab_settings/max_size": 100_000,
        "/vocab_settings/oov_buckets": 10,
        "/vocab_settings/min_frequency": 5,
    }
    numeric = {entry["path"]: entry for kind in described["numeric"]["transforms"] for entry in kind["parameters"]}
    assert numeric["/transforms/normalize/range"]["choices"] == [[0, 1], [-1, 1]]
    assert numeric["/transforms/bucketize/buckets"]["default"] == 100
    assert numeric["/transforms/log_transform"]["type"] == "boolean"


def test_graph_functions_come_with_those_that_they_call() -> None:
    assert needed_by(ast.parse("cyclical(x, ['weekly'])")) == ["calendar", "cyclical"]
    assert source_of("calendar").startswith("def calendar(")


def test_tensorflow_is_elsewhere() -> None:
    with pytest.raises(RuntimeError, match=r"tensorflow\.abs"):
        tf.abs(1)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_no_literal(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        const(value)


def test_an_object_is_no_literal() -> None:
    with pytest.raises(TypeError):
        const(object())  # type: ignore[arg-type]
