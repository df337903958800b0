"""towerlab prediction-report: whether quick tests order configs as the full data does."""

from __future__ import annotations

from typing import Any

import click
from towerlab.client import Api

from towerlab_cli.failures import Failed
from towerlab_cli.showing import json_option, print_json, print_lines, print_table

Report = dict[str, Any]


@click.command("prediction-report", short_help="Whether quick tests predict the full data.")
@click.argument("dataset")
@click.option("--quick", metavar="PROTOCOL", help="The key of the quick tests' protocol; the best known one otherwise.")
@click.option("--full", metavar="PROTOCOL", help="The key of the protocol that is predicted.")
@json_option
@click.pass_obj
def prediction_report(api: Api, dataset: str, quick: str | None, full: str | None, as_json: bool) -> None:
    """Say how well quick tests of DATASET (an id or a name) predict its full data.

    Tau is 1 where both put all configs in the same order, 0 where one says nothing of the other.
    """
    found = _dataset(api, dataset)
    report = api.get(f"/api/datasets/{found['id']}/prediction-report/", quick=quick, full=full)
    if as_json:
        print_json(report)
    else:
        _show(found["name"], report)


def _dataset(api: Api, wanted: str) -> dict[str, Any]:
    """By id, else by name."""
    known = list(api.items("/api/datasets/"))
    found = [one for one in known if one["id"] == wanted] or [one for one in known if one["name"] == wanted]
    if not found:
        names = ", ".join(repr(one["name"]) for one in known) or "none"
        raise Failed(f"no dataset is called {wanted!r}. There are: {names}.")
    if len(found) > 1:
        raise Failed(f"several datasets are called {wanted!r}. Say which: {', '.join(one['id'] for one in found)}.")
    return dict(found[0])


def _show(name: str, report: Report) -> None:
    print_lines(
        f"Do quick tests of {name} predict its full data?",
        "",
        f"quick  {_protocol(report['quick'])}",
        f"full   {_protocol(report['full'])}",
        f"tau    {_tau(report)}",
        "",
        report["reason"],
        "",
    )
    ranks = sorted((item["quick_recall_at_100"] for item in report["items"]), reverse=True)
    rows = [(str(place), *_row(item, ranks)) for place, item in enumerate(report["items"], 1)]
    columns = ("full rank", "quick rank", "config", "version", "full recall@100", "quick recall@100", "runs")
    print_table(columns, rows, numbers=tuple(one for one in columns if one != "config"))


def _protocol(known: dict[str, Any]) -> str:
    settings = f"{known['sample_percent']} % of the data, {known['epochs']} epochs, batch {known['batch_size']}"
    return f"{settings} (protocol {known['key']}, {known['configs']} configs)"


def _tau(report: Report) -> str:
    if report["tau"] is None:
        return "unknown: on one side all are equal"
    low, high = report["tau_interval"]
    return f"{report['tau']:.2f} [{low:.2f}, {high:.2f}] over {report['configs']} configs"


def _row(item: dict[str, Any], ranks: list[float]) -> tuple[str, ...]:
    quick = item["quick_recall_at_100"]
    return (
        str(ranks.index(quick) + 1),
        item["name"] + (" (sees what is known only after the purchase)" if item["after_request"] else ""),
        str(item["version"]),
        f"{item['full_recall_at_100']:.3f}",
        f"{quick:.3f}",
        f"{item['quick_runs']} + {item['full_runs']}",
    )
