"""The main job on real data: register the sample, make a config, run a quick test, show the recall on its ruler."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.live import Live
from towerlab.client import Api, ApiError

from local_stack.display import progress_view, result_view
from local_stack.layout import REPOSITORY, Layout
from local_stack.programs import Blueprint
from local_stack.stack import up

DATASET = "Online Retail sample"
SAMPLE = REPOSITORY / "data" / "online_retail.parquet"
AtTheEnd = Callable[[dict[str, Any], dict[str, Any]], None]
SAMPLE_FILE = {"kind": "file", "uri": str(SAMPLE)}
SETTINGS = {"data_sample_percent": 100, "epochs": 3, "batch_size": 2048}
FINAL = ("completed", "failed", "cancelled")


def run(blueprint: Blueprint, source: Mapping[str, str], console: Console) -> int:
    """0 only if a quick test went through all services and ended with a recall measured on stored ranks."""
    with console.status("starting the stack"):
        up(blueprint)
    layout = blueprint.layout
    return journey(
        Api(layout.public_url), source, console, lambda config, test: _say_where_next(layout, config, test, console)
    )


def journey(api: Api, source: Mapping[str, str], console: Console, at_the_end: AtTheEnd) -> int:
    """The same on a stack that is up; `at_the_end` is given the config and its finished test."""
    dataset = _dataset(api, source, console)
    config = _config(api, dataset, console)
    test = _watch(api, _start(api, config, console), console)
    if test["status"] != "completed":
        error = test["error"] or {}
        console.print(f"[red]the quick test ended {test['phase']}[/] in {error.get('stage')}: {error.get('message')}")
        console.print(error.get("log_tail") or "", markup=False)
        return 1
    console.print(result_view(test))
    at_the_end(config, test)
    return 0 if _really_happened(test) else 1


def _dataset(api: Api, source: Mapping[str, str], console: Console) -> dict[str, Any]:
    known = next((d for d in api.get("/api/datasets/")["items"] if d["name"] == DATASET), None)
    if known is None:
        with console.status("registering the sample: snapshot, profile of every column"):
            known = api.post("/api/datasets/", {"name": DATASET, "source": dict(source)})
    left_out = known["training_rows"]
    console.print(
        f"[bold]Dataset[/] {known['name']}: {known['rows']:,} rows; {left_out['qualify']:,} qualify for training"
    )
    for reason, words in (
        ("no_customer", "no customer"),
        ("no_product", "no product"),
        ("not_bought", "quantity of zero or less (returns)"),
    ):
        if left_out.get(reason):
            console.print(f"        left out: {left_out[reason]:>7,} rows, {words}")
    return dict(known)


def _config(api: Api, dataset: dict[str, Any], console: Console) -> dict[str, Any]:
    path = f"/api/datasets/{dataset['id']}/feature-configs/"
    count = len(api.get(path + "?limit=100")["items"])
    body = {
        "name": "Smart defaults" if not count else f"Smart defaults, demo run {count + 1}",
        "description": "Made by make demo; outcomes of the purchase are left out",
        "start_from": {"kind": "smart_defaults", "outcomes": "exclude"},
    }
    config = api.post(path, body)
    console.print(
        f"[bold]Config[/]  config-{config['number']:03d} {config['name']}: "
        f"BuyerModel {config['buyer_tensor_dim']}D, ProductModel {config['product_tensor_dim']}D"
    )
    for tower, features in (("BuyerModel", "buyer_model_features"), ("ProductModel", "product_model_features")):
        console.print(f"        {tower}: {', '.join(f['column'] for f in config[features])}")
    return dict(config)


def _start(api: Api, config: dict[str, Any], console: Console) -> str:
    # Another seed for each further run: it trains again instead of being answered from the task cache.
    body = {**SETTINGS, "seed": config["number"] - 1}
    test = api.post(f"/api/feature-configs/{config['id']}/quick-test/", body)
    console.print(
        f"[bold]Test[/]    {test['id']}: {test['data_sample_percent']}% of the data, {test['epochs']} epochs, "
        f"batch {test['batch_size']}, seed {test['seed']}"
    )
    return str(test["id"])


def _watch(api: Api, test_id: str, console: Console) -> dict[str, Any]:
    """The finished test. A front door that is being restarted is waited for."""
    path, unanswered = f"/api/quick-tests/{test_id}/", 0
    test = api.get(path)
    with Live(progress_view(test), console=console, refresh_per_second=4) as live:
        while test["status"] not in FINAL:
            time.sleep(0.5)
            try:
                test, unanswered = api.get(path), 0
            except ApiError:
                unanswered += 1
                if unanswered > 120:
                    raise
                continue
            live.update(progress_view(test))
    return dict(test)


def _really_happened(test: dict[str, Any]) -> bool:
    stages_ran = all(stage["status"] in ("completed", "cached") for stage in test["stages"])
    return stages_ran and len(test["stages"]) == 5 and test["recall_at_100"] is not None


def _say_where_next(layout: Layout, config: dict[str, Any], test: dict[str, Any], console: Console) -> None:
    console.print("[bold]Where to look next[/]")
    console.print(f"  the page     {layout.public_url}/datasets/{config['dataset']}/configs", soft_wrap=True)
    console.print(f"  the test     {layout.public_url}/api/quick-tests/{test['id']}/", soft_wrap=True)
    console.print(
        f"  its code     {layout.public_url}/api/feature-configs/{config['id']}/versions/{test['version']}/code/",
        soft_wrap=True,
    )
    console.print(f"  MLflow       {test['mlflow_url'] or layout.tracking_url}", soft_wrap=True)
    console.print("  the stack    make status · make down")
