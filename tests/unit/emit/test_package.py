"""What is generated: the same bytes for the same config, with nothing of a person's in it but constants."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from codegen.formatting import ruff_format
from hypothesis import given, settings
from towerlab.configs.checks import resolve
from towerlab.configs.dimensions import total
from towerlab.configs.hashing import config_hash
from towerlab.configs.lists import ConfigLists
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.errors import Invalid
from towerlab.emit.package import generate
from towerlab.emit.verify import CONSTANTS

from tests.unit.configs.building import COLUMNS, configs, cross, lists, text, wizard_example

GOLDEN = Path(__file__).parents[2] / "golden"


def generated(resolved: ResolvedConfig, name: str = "Rich", version: int = 1) -> dict[str, str]:
    files = generate(resolved, name, version, config_hash(resolved))
    return {name: content.decode() for name, content in files.items()}


def formatted(resolved: ResolvedConfig) -> dict[str, str]:
    """As code generation makes it."""
    files = generate(resolved, "Rich", 1, config_hash(resolved), ruff_format)
    return {name: content.decode() for name, content in files.items()}


def constants(trainer: str) -> dict[str, Any]:
    assigned = [node for node in ast.parse(trainer).body if isinstance(node, ast.AnnAssign)]
    named = [node for node in assigned if isinstance(node.target, ast.Name) and node.target.id in CONSTANTS]
    return {node.target.id: ast.literal_eval(node.value) for node in named}  # type: ignore[union-attr,arg-type]


@pytest.mark.parametrize("name", ["preprocessing.py", "README.md", "config.json"])
def test_the_wizards_example_gives_the_golden_files(name: str) -> None:
    """After a wanted change: write the new text to the file and read the difference."""
    files = formatted(resolve(wizard_example(), COLUMNS))
    assert files[name] == (GOLDEN / f"wizard_example_{name}.txt").read_text("utf-8")


@settings(max_examples=10, deadline=None)
@given(configs(least=1))
def test_the_formatter_leaves_nothing_to_do_and_changes_nothing_that_is_said(config: ConfigLists) -> None:
    resolved = resolve(config, COLUMNS)
    plain, laid_out = generated(resolved), formatted(resolved)
    assert laid_out == formatted(resolved), "equal configs give equal bytes"
    for name in ("preprocessing.py", "trainer.py"):
        assert ast.dump(ast.parse(plain[name])) == ast.dump(ast.parse(laid_out[name]))
        assert ruff_format(laid_out[name]) == laid_out[name]


@settings(max_examples=40, deadline=None)
@given(configs(least=1))
def test_every_function_of_the_module_is_called_and_takes_what_it_reads(config: ConfigLists) -> None:
    tree = ast.parse(generated(resolve(config, COLUMNS))["preprocessing.py"])
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert functions.keys() - called == {"preprocessing_fn"}
    for function in functions.values():
        read = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        assert {argument.arg for argument in function.args.args} <= read


def test_nothing_that_is_generated_imports_towerlab() -> None:
    for name in ("preprocessing.py", "trainer.py"):
        tree = ast.parse(generated(resolve(wizard_example(), COLUMNS))[name])
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not [node for node in imports if "towerlab" in ast.unparse(node)]


@settings(max_examples=40, deadline=None)
@given(configs(least=1))
def test_every_config_generates_modules_that_agree_with_its_dimensions(config: ConfigLists) -> None:
    resolved = resolve(config, COLUMNS)
    files = generated(resolved)
    filled = constants(files["trainer.py"])
    for tower, name in zip(resolved.towers, ("QUERY_OUTPUTS", "CANDIDATE_OUTPUTS"), strict=True):
        assert sum(output.get("dim") or output["width"] for output in filled[name]) == total(tower)
    names = [output["name"] for side in ("QUERY_OUTPUTS", "CANDIDATE_OUTPUTS") for output in filled[side]]
    assert len(set(names)) == len(names)
    assert all(f"'{name}': " in files["preprocessing.py"] for name in names)


def test_the_order_of_features_and_crosses_changes_nothing_that_is_computed() -> None:
    features, other = [text("customer_id"), text("city")], [text("category")]
    one = lists(features, other, [cross("city", "customer_id")])
    two = lists(features[::-1], other, [cross("customer_id", "city")])
    files, again = generated(resolve(one, COLUMNS)), generated(resolve(two, COLUMNS))
    assert (files["preprocessing.py"], files["trainer.py"]) == (again["preprocessing.py"], again["trainer.py"])


def test_names_and_embedding_dimensions_do_not_touch_the_preprocessing() -> None:
    one = resolve(wizard_example(), COLUMNS)
    wider = replace(wizard_example(), buyer_model_crosses=(cross("customer_id", "city", dim=64),))
    two = resolve(wider, COLUMNS)
    assert generated(one)["preprocessing.py"] == generated(two, "Other", 7)["preprocessing.py"]
    assert generated(one)["trainer.py"] != generated(two)["trainer.py"]


def test_both_towers_share_a_vocabulary_exactly_when_its_settings_are_equal() -> None:
    equal = lists([text("city", 16, oov_buckets=5)], [text("city", 8, oov_buckets=9)])
    module = generated(resolve(equal, COLUMNS))["preprocessing.py"]
    assert module.count(": vocabulary(") == 1
    assert ": vocabulary(text(inputs['city']), max_size" in module
    different = lists([text("city", 16, min_frequency=1)], [text("city", 16, min_frequency=2)])
    assert generated(resolve(different, COLUMNS))["preprocessing.py"].count(": vocabulary(") == 2


def test_the_trainer_knows_every_output() -> None:
    filled = constants(generated(resolve(wizard_example(), COLUMNS), 'A "name"\n# --', 3)["trainer.py"])
    assert (filled["CONFIG_NAME"], filled["CONFIG_VERSION"]) == ('A "name"\n# --', 3)
    assert (filled["BUYER_TENSOR_DIM"], filled["PRODUCT_TENSOR_DIM"]) == (136, 104)
    by_name = {output["name"]: output for output in filled["QUERY_OUTPUTS"]}
    assert by_name["customer_id"] == {
        "name": "customer_id",
        "kind": "ids",
        "vocabulary": "customer_id_vocab_100000_5",
        "size": None,
        "oov": 10,
        "dim": 64,
        "column": "customer_id",
        "key": "customer_id",
    }
    assert by_name["revenue_bucket"]["size"] == 100
    assert by_name["revenue_bucket"]["oov"] == 1
    assert by_name["trans_date_cyclical"]["width"] == 6
    assert by_name["city_x_customer_id"]["oov"] == 0


def test_the_config_document_can_be_read_back() -> None:
    resolved = resolve(wizard_example(), COLUMNS)
    body = json.loads(generated(resolved)["config.json"])
    fields = ("buyer_model_features", "product_model_features", "buyer_model_crosses", "product_model_crosses")
    assert resolve(ConfigLists(*(tuple(body[field]) for field in fields)), COLUMNS) == resolved
    assert body["buyer_tensor_dim"] == 136
    assert {"column": "city", "type": "STRING", "key": "city", "side": "query"} in body["inputs"]


def test_a_config_with_an_empty_model_generates_nothing() -> None:
    with pytest.raises(Invalid, match="ProductModel has no features"):
        generated(resolve(lists([text("city")]), COLUMNS))
