"""Configs and quick tests of a running stack, over HTTP; those that it has already are found again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from datasets import SHIPPED
from local_stack.client import Api
from spread import SPREADS, Variant

LISTS = ("buyer_model_features", "product_model_features", "buyer_model_crosses", "product_model_crosses")
ENDED = ("completed", "failed", "cancelled")
FULL = 100  # percent of the customers


@dataclass(frozen=True)
class Tested:
    """A config, by percent of the customers its quick tests, one a seed."""

    variant: Variant
    config: Mapping[str, Any]
    tests: Mapping[int, list[Mapping[str, Any]]]

    def recalls(self, percent: int) -> list[float]:
        """recall@100 by seed."""
        return [test["recall_at_100"] for test in self.tests[percent]]


class Experiment:
    """A dataset of its own for `source`, whose configs are tested on `percent` of the customers and on all."""

    def __init__(self, url: str, source: Path, percent: int) -> None:
        self._url, self._api, self.percent = url, Api(url), percent
        self.dataset = self._dataset(source)
        self.tested = [
            Tested(variant, self._config(variant), {percent: [], FULL: []}) for variant in SPREADS[source.name]
        ]
        first = self.tested[0].config["id"]
        recommended = self._api.get(f"/api/feature-configs/{first}/quick-test/estimate/")["recommended"]
        self.settings = {name: recommended[name] for name in ("epochs", "batch_size")}

    def run(self, seeds: int) -> Iterator[str]:
        """Test after test, the first seed of all configs before the second of any; says what was found."""
        for seed in range(1, seeds + 1):
            for tested in self.tested:
                for percent in (self.percent, FULL):
                    test = self._test(tested.config, {**self.settings, "data_sample_percent": percent, "seed": seed})
                    tested.tests[percent].append(test)
                    yield f"seed {seed}, {tested.variant.name}, {percent} %: {test['recall_at_100']:.4f}"

    def report(self) -> Mapping[str, Any]:
        """What the product says of them."""
        quick, full = (self.tested[0].tests[percent][0]["protocol"]["key"] for percent in (self.percent, FULL))
        path = f"/api/datasets/{self.dataset['id']}/prediction-report/?quick={quick}&full={full}"
        found: Mapping[str, Any] = self._api.get(path)
        return found

    def _dataset(self, source: Path) -> Mapping[str, Any]:
        name = f"Prediction: {source.name}"
        known = next((one for one in self._api.get("/api/datasets/?limit=100")["items"] if one["name"] == name), None)
        if known is None:
            known = self._api.post("/api/datasets/", {"name": name, "source": self._uploaded(source)})
        if "step" in known:  # a large one is registered after the answer
            known = self._registered(known["id"])
        return dict(known)

    def _registered(self, registration: str) -> Mapping[str, Any]:
        found = self._ended(f"/api/registrations/{registration}/")
        return dict(self._api.get(f"/api/datasets/{found['dataset']}/"))

    def _uploaded(self, source: Path) -> Mapping[str, str]:
        if source.name == SHIPPED:
            return {"kind": "file", "uri": str(source)}
        kind = {"Content-Type": "application/vnd.apache.parquet"}
        with source.open("rb") as file:
            answer = requests.post(f"{self._url}/api/uploads/", data=file, headers=kind, timeout=600)
        answer.raise_for_status()
        return {"kind": "file", "uri": answer.json()["uri"]}

    def _config(self, variant: Variant) -> Mapping[str, Any]:
        path = f"/api/datasets/{self.dataset['id']}/feature-configs/"
        known = {config["name"]: config for config in self._api.get(f"{path}?limit=100")["items"]}
        if variant.name in known:
            return dict(known[variant.name])
        defaults = self._api.get(f"/api/datasets/{self.dataset['id']}/smart-defaults/")
        body = variant.body({name: defaults[name] for name in LISTS})
        return dict(self._api.post(path, {"name": variant.name, "description": "", **body}))

    def _test(self, config: Mapping[str, Any], settings: Mapping[str, int]) -> Mapping[str, Any]:
        started = self._api.post(f"/api/feature-configs/{config['id']}/quick-test/", dict(settings))
        return self._ended(f"/api/quick-tests/{started['id']}/")

    def _ended(self, path: str) -> Mapping[str, Any]:
        """What completed there; raises RuntimeError when it did not."""
        found = self._api.get(path)
        while found["status"] not in ENDED:
            time.sleep(1)
            found = self._api.get(path)
        if found["status"] != "completed":
            raise RuntimeError(f"{path} ended as {found}")
        return dict(found)
