"""Tags in one text: split, looked up, and entering the tower as a bag."""

from __future__ import annotations

import pytest
from towerlab.configs.checks import resolve
from towerlab.configs.dimensions import breakdown
from towerlab.configs.lists import ConfigLists
from towerlab.domain.columns import ColumnType
from towerlab.domain.errors import Invalid
from towerlab.domain.outputs import Bag
from towerlab.emit.module import preprocessing_module
from towerlab.emit.plan import plan
from towerlab.emit.trainer import tower_constants
from towerlab.emit.verify import verify_preprocessing
from towerlab.transforms.arrays import texts
from towerlab.transforms.base import Source
from towerlab.transforms.multi_hot import MultiHot, split

COLUMNS = {"genres": ColumnType.STRING, "price": ColumnType.FLOAT}
FEATURE = {"column": "genres", "type": "multi_hot", "separator": "|", "embedding_dim": 8}
SOURCE = Source("genres", "genres", "genres")


def config(feature: dict[str, object], other: dict[str, object] | None = None) -> ConfigLists:
    return ConfigLists((feature,), (other,) if other else (), (), ())


def test_tags_are_split_trimmed_and_never_empty() -> None:
    assert split(b" Action | Comedy||", "|") == [b"Action", b"Comedy"]
    assert split(b"a::b", "::") == [b"a", b"b"]
    assert split(b"", "|") == split(b"  ", "|") == []
    assert split("é😀é".encode(), "😀") == ["é".encode(), "é".encode()]


def test_a_row_has_each_of_its_tags_once_and_minus_one_for_the_rest() -> None:
    p = MultiHot.Params(max_tags=3, min_frequency=1, oov_buckets=1)
    x = texts([b"a|b|a", b"a", b"", b"b|c|new|a"])
    fitted = MultiHot().fit(SOURCE, p, texts([b"a|b", b"a|c", b"a|b"]))
    assert fitted.vocabularies == {"genres_tags_7c_100000_1": ("a", "b", "c")}
    (ids,) = MultiHot().reference(SOURCE, p, fitted, x).values()
    assert ids.tolist() == [[1, 0, -1], [0, -1, -1], [-1, -1, -1], [3, 2, 1]]


def test_the_tower_gets_a_bag() -> None:
    resolved = resolve(config(FEATURE), COLUMNS)
    assert breakdown(resolved.query)[0]["dim"] == 8
    (constants,) = tower_constants(plan(resolved).query)
    assert (constants["kind"], constants["slots"], constants["dim"], constants["oov"]) == ("bag", 16, 8, 10)
    assert isinstance(plan(resolved).query.features[0].output, Bag)


@pytest.mark.parametrize("separator", ["|", '"); import os; (', "'", "\\", "\n", "\x00", "\u202e", "{x}", "名前"])
def test_any_separator_stands_in_the_module_as_a_literal(separator: str) -> None:
    resolved = resolve(config({**FEATURE, "separator": separator}), COLUMNS)
    source = preprocessing_module(plan(resolved))
    verify_preprocessing(source)
    compile(source, "module.py", "exec")


@pytest.mark.parametrize("separator", ["", "x" * 17, "\ud800", 5, None, ["|"], True])
def test_what_is_no_separator_is_refused_at_its_place(separator: object) -> None:
    with pytest.raises(Invalid) as caught:
        resolve(config({**FEATURE, "separator": separator}), COLUMNS)
    (problem,) = caught.value.problems
    assert (problem.pointer, problem.code) == ("/buyer_model_features/0/separator", "not_a_text")
    assert "1 to 16 characters" in problem.remedy


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"column": "price"}, "/type"),
        ({"embedding_dim": 3}, "/embedding_dim"),
        ({"max_tags": 1}, "/max_tags"),
        ({"vocab_settings": {"min_frequency": 0}}, "/vocab_settings/min_frequency"),
        ({"hash_bucket_size": 100}, "/hash_bucket_size"),
    ],
)
def test_what_does_not_fit_is_refused(changed: dict[str, object], pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        resolve(config({**FEATURE, **changed}), COLUMNS)
    assert [problem.pointer for problem in caught.value.problems] == [f"/buyer_model_features/0{pointer}"]


def test_towers_share_a_vocabulary_exactly_when_settings_and_separator_are_equal() -> None:
    def fitted_with(separator: str) -> int:
        return len(plan(resolve(config(FEATURE, {**FEATURE, "separator": separator}), COLUMNS)).fitted)

    assert fitted_with("|") == 1
    assert fitted_with(",") == 2
