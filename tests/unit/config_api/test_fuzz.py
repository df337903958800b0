"""Whatever JSON comes in, the answer is never the server's fault, and a refusal is always a problem."""

from __future__ import annotations

import json
from typing import Any

from config_api.app import create_public
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import BASE, BUYER_LISTS, CUSTOMER, Caller

KNOWN_NAMES = [
    *BUYER_LISTS, "name", "description", "start_from", "kind", "outcomes", "config_id", "source", "uri", "time_zone",
    "column", "type", "embedding_dim", "vocab_settings", "max_size", "transforms", "normalize", "enabled", "range",
    "bucketize", "buckets", "log_transform", "cyclical", "weekly", "features", "hash_bucket_size", "role",
    "availability", "customer_id", "product_id", "trans_date", "epochs", "batch_size", "data_sample_percent", "seed",
    "replicates", "version", "force", "advanced", "split", "hidden_layers", "learning_rate", "_schema", "schema",
]  # fmt: skip
KNOWN_VALUES = [
    "file", "bigquery", "blank", "smart_defaults", "clone", "exclude", "string_embedding", "numeric", "timestamp",
    "customer_id", "product_id", "trans_date", "revenue", "revenue_bucket", "a" * 300 + ".csv", "/etc/passwd.csv",
    "~/x.parquet", "file:///x.csv", "\x00.csv", 10, 2, 4096, 0, -1, 2**63, 2**70, 1e308, 0.1, [-1, 1], True,
]  # fmt: skip
names = st.sampled_from(KNOWN_NAMES) | st.text(max_size=8)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
values = st.recursive(
    leaves | st.sampled_from(KNOWN_VALUES),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
    max_leaves=20,
)
features = st.dictionaries(st.sampled_from(KNOWN_NAMES), values, max_size=3).map(lambda more: CUSTOMER | more)
near = st.fixed_dictionaries({}, optional={name: st.lists(features | values, max_size=3) for name in BUYER_LISTS})
bodies = values | st.dictionaries(names, values, max_size=8) | near | near.map(lambda lists: {"name": "x", **lists})
QUERIES = [
    "limit", "cursor", "sort", "status", "outcomes", "x", "protocol", "metric", "group_by", "rows", "tests", "configs",
]  # fmt: skip
FUZZ = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def judge(caller: Caller, method: str, path: str, content: bytes) -> None:
    answer = caller.call(method, path, content, If_Match="*")
    assert answer.status_code < 500, (path, content, answer.text)
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
        problem = answer.get_json()
        assert problem["errors"], path
        assert all(set(error) == {"pointer", "code", "message", "remedy"} for error in problem["errors"])
    if answer.content_type.endswith("json"):
        json.loads(answer.data, parse_constant=no_number)


def no_number(text: str) -> None:
    raise AssertionError(f"{text} is not JSON")


def doors(dataset: dict[str, Any], config: dict[str, Any], test_id: str) -> list[tuple[str, str]]:
    of_dataset, of_config = f"/api/datasets/{dataset['id']}/", f"/api/feature-configs/{config['id']}/"
    return [
        ("POST", "/api/datasets/"),
        ("PUT", of_dataset + "column-mapping/"),
        ("POST", of_dataset + "preview/"),
        ("POST", of_dataset + "feature-configs/"),
        ("PUT", of_config),
        ("POST", of_config + "clone/"),
        ("POST", of_config + "quick-test/"),
        ("POST", f"/api/quick-tests/{test_id}/cancel/"),
    ]


@FUZZ
@given(body=bodies)
def test_any_json_is_answered(deps: Deps, dataset: dict[str, Any], config: dict[str, Any], body: Any) -> None:
    caller = Caller(create_public(deps).test_client())
    for method, path in doors(dataset, config, "none"):
        judge(caller, method, path, json.dumps(body).encode())


@FUZZ
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_answered(deps: Deps, dataset: dict[str, Any], config: dict[str, Any], content: bytes) -> None:
    caller = Caller(create_public(deps).test_client())
    for method, path in doors(dataset, config, "none"):
        judge(caller, method, path, content)


@FUZZ
@given(query=st.dictionaries(st.sampled_from(QUERIES), st.text()))
def test_any_query_is_answered(deps: Deps, dataset: dict[str, Any], config: dict[str, Any], query: Any) -> None:
    caller = Caller(create_public(deps).test_client())
    of_dataset, of_config = f"/api/datasets/{dataset['id']}/", f"/api/feature-configs/{config['id']}/"
    for path in (
        "/api/datasets/",
        of_dataset + "feature-configs/",
        of_dataset + "smart-defaults/",
        of_config + "versions/",
        of_dataset + "leaderboard/",
        of_dataset + "heatmap/",
        of_dataset + "heatmap.csv",
        "/api/compare/",
    ):
        answer = caller.client.get(path, query_string=query, base_url=BASE)
        assert answer.status_code in (200, 422), (query, answer.text)


@FUZZ
@given(tag=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40))
def test_any_if_match_is_answered(deps: Deps, config: dict[str, Any], tag: str) -> None:
    caller = Caller(create_public(deps).test_client())
    answer = caller.call("PUT", f"/api/feature-configs/{config['id']}/", {"name": "x"}, If_Match=tag)
    assert answer.status_code in (200, 412, 428)
