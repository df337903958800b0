"""What explorations find within twelve quick tests, on two real shops, through the HTTP API of a stack that is up.

    TOWERLAB_PORT=18400 make up
    .envs/pipeline/bin/python benchmarks/exploring.py --url http://127.0.0.1:18400

Registers each dataset, makes a config of its smart defaults, explores from it, and writes what came out after the line
'## Measured' of docs/explore.md, whatever it is. Takes about an hour on two cores. A dataset or an exploration that is
there already from an earlier call is taken up.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from datasets import JOURNEY, ROOT, SHARED, SHIPPED, is_there, source_of
from local_stack.client import Api

PAGE = ROOT / "docs/explore.md"
MARK = "## Measured\n"
COMMAND = ".envs/pipeline/bin/python benchmarks/exploring.py"
TESTS = 12  # all together, with the one that says what an exploration is to be judged by
PARQUET = {"Content-Type": "application/vnd.apache.parquet"}
EVERY = 5.0  # seconds
START = "Smart defaults"
Json = dict[str, Any]


@dataclass(frozen=True)
class Shop:
    """`settings` are those of a first test, which makes its protocol the one that the dataset is judged by; None leaves
    it to what is recommended for a dataset of that size."""

    title: str
    file: str
    settings: Mapping[str, int] | None


SHOPS = (
    Shop("Online Retail", SHIPPED, None),
    Shop("The Complete Journey", JOURNEY, {"data_sample_percent": 25, "epochs": 3, "batch_size": 2048}),
)


@dataclass
class Client:
    api: Api
    url: str

    def dataset(self, shop: Shop, source: Path) -> Json:
        found = next(
            (one for one in self.api.get("/api/datasets/?limit=100")["items"] if one["name"] == shop.title), None
        )
        return found or self._registered(shop, source)

    def config(self, dataset: Json) -> Json:
        path = f"/api/datasets/{dataset['id']}/feature-configs/"
        found = next((one for one in self.api.get(path + "?limit=100")["items"] if one["name"] == START), None)
        return found or self.api.post(path, {"name": START, "start_from": {"kind": "smart_defaults"}})

    def first_test(self, config: Json, shop: Shop) -> None:
        if shop.settings is not None:
            test = self.api.post(f"/api/feature-configs/{config['id']}/quick-test/", dict(shop.settings))
            ended = self._ended(f"/api/quick-tests/{test['id']}/", ("pending", "running"))
            if ended["status"] != "completed":
                raise SystemExit(f"the first test of {shop.title} ended {ended['phase']}: {ended['error']}")

    def explored(self, dataset: Json, config: Json, shop: Shop) -> Json:
        path = f"/api/datasets/{dataset['id']}/explorations/"
        there = self.api.get(path)["items"]
        tests = TESTS if shop.settings is None else TESTS - 1
        race = there[0] if there else self.api.post(path, {"config": config["id"], "budget": {"tests": tests}})
        return self._ended(f"/api/explorations/{race['id']}/", ("running",))

    def _registered(self, shop: Shop, source: Path) -> Json:
        with source.open("rb") as file:
            uploaded = requests.post(f"{self.url}/api/uploads/", data=file, headers=PARQUET, timeout=600)
        uploaded.raise_for_status()
        asked = {"name": shop.title, "source": {"kind": "file", "uri": uploaded.json()["uri"]}}
        made = self.api.post("/api/datasets/", asked)
        if "columns" not in made:
            made = self._ended(f"/api/registrations/{made['id']}/", ("pending", "running"))
        return next(one for one in self.api.get("/api/datasets/?limit=100")["items"] if one["name"] == shop.title)

    def _ended(self, path: str, going_on: tuple[str, ...]) -> Json:
        seen = ""
        while (found := self.api.get(path))["status"] in going_on:
            told = str(found.get("tests") or found.get("current_stage") or found["status"])
            if told != seen:
                print(f"  {path}: {told}", flush=True)
            seen = told
            time.sleep(EVERY)
        return dict(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="the front door of the stack (%(default)s)")
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder of the other datasets (%(default)s)")
    asked = parser.parse_args()
    client, parts = Client(Api(asked.url), asked.url), []
    for shop in SHOPS:
        source = source_of(shop.file, asked.shared)
        if is_there(shop.title, source):
            parts.append("\n".join(_part(client, shop, source)))
            _write(parts)


def _part(client: Client, shop: Shop, source: Path) -> Iterator[str]:
    print(shop.title, flush=True)
    dataset = client.dataset(shop, source)
    config = client.config(dataset)
    client.first_test(config, shop)
    race = client.explored(dataset, config, shop)
    yield f"### {shop.title}\n"
    yield f"{_how(race)}\n"
    yield f"> {race['why']}\n"
    yield "| tried | recall@100 | points from the start | why |"
    yield "|---|---|---|---|"
    tested = [one for one in race["proposals"] if one["recall_at_100"] is not None]
    for one in [race["start"], *sorted(tested, key=lambda one: -one["recall_at_100"])]:
        yield _line(one)
    yield from _confirmation(race)
    waiting = [one["name"].removeprefix("Explored: ") for one in race["proposals"] if one["state"] == "waiting"]
    if waiting:
        yield f"\nNot tried, in the order in which they would have come: {'; '.join(waiting)}.\n"


def _how(race: Json) -> str:
    settings, budget = race["settings"], race["budget"]
    first = "" if budget["amount"] == TESTS else f" {TESTS - budget['amount']:g} before it, of the start."
    return (
        f"{settings['data_sample_percent']} % of the customers, {settings['epochs']} epochs, batch "
        f"{settings['batch_size']}; {budget['spent']:g} of {budget['amount']:g} quick tests.{first} "
        f"{race['first_round']} proposals in the first round."
    )


def _line(one: Json) -> str:
    difference = "" if not one["difference"] else f"{100 * one['difference']:+.2f}"
    name = one["name"].removeprefix("Explored: ")
    return f"| {name} | {one['recall_at_100']:.4f} | {difference} | {one['reason']} |"


def _confirmation(race: Json) -> Iterator[str]:
    """Both sides with fresh seeds, and the difference to two digits."""
    for one in (race["start"], *race["proposals"]):
        for test in one["tests"]:
            if test["confirms"] and test["recall_at_100"] is not None:
                yield f"\nAgain with 3 fresh seeds, {one['name']}: {test['recall_at_100']:.4f}."
    outcome = race["outcome"]
    if outcome and outcome["difference_interval"]:
        low, high = (100 * end for end in outcome["difference_interval"])
        yield f"\nThe difference: {100 * outcome['difference']:+.2f} points, interval {low:+.2f} to {high:+.2f}."


def _write(parts: list[str]) -> None:
    before = PAGE.read_text("utf-8").partition(MARK)[0]
    command = f"Written by `{COMMAND}` on a stack that was up; differences of recall@100 in points.\n"
    PAGE.write_text(f"{before}{MARK}\n{command}\n" + "\n".join(parts), "utf-8")


if __name__ == "__main__":
    main()
