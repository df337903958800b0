"""Whatever the document allows or forbids, no answer is the server's fault and none breaks its schema.

TOWERLAB_API_CASES raises the number of cases: 10000 is the acceptance figure, CI makes do with what one round gives.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from config_api.app import create_public
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from towerlab.runtime.wiring import Deps

from tests.unit.config_api.calling import Caller

CASES = int(os.environ.get("TOWERLAB_API_CASES", "1"))
FUZZED_EACH = 3  # per operation, beside the cases that the document itself suggests
REFUSED = ["400", "403", "404", "405", "406", "409", "412", "413", "415", "422", "428"]


@pytest.mark.timeout(7200)
def test_no_answer_breaks_the_document(
    deps: Deps, api: Caller, dataset: dict[str, Any], config: dict[str, Any]
) -> None:
    known = {"dataset_id": dataset["id"], "config_id": config["id"], "test_id": api.start(config).get_json()["id"]}
    known["type"] = "dataset.updated"
    app, run, fuzzed = create_public(deps), 0, FUZZED_EACH
    while run < CASES:
        recorders = list(_round(app, _config(known, fuzzed, seed=run)))
        faults = sorted({fault for recorder in recorders for fault in _faults(recorder)})
        assert not faults, "\n\n".join(faults)
        run += sum(len(recorder.cases) for recorder in recorders)
        fuzzed = 100
    print(f"{run} cases")


def _round(app: Flask, config: SchemathesisConfig) -> Iterator[ScenarioRecorder]:
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=config)
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            yield event.recorder
        elif isinstance(event, events.NonFatalError):
            raise AssertionError(f"{event.label}: {event.value!r}") from event.value
        elif isinstance(event, events.FatalError):
            raise event.exception


def _faults(recorder: ScenarioRecorder) -> Iterator[str]:
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                found = check.failure_info.failure
                told = (f"{recorder.label} {check.name}: {found.title}", found.message, check.failure_info.code_sample)
                yield "\n".join(told)


def _config(known: dict[str, str], fuzzed: int, seed: int) -> SchemathesisConfig:
    """All checks on. A body that fits its schema may still be refused, for what its dataset or its state says."""
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "continue-on-failure": True,
            "generation": {"max-examples": fuzzed, "no-shrink": fuzzed == FUZZED_EACH, "database": "none"},
            "dictionaries": {name: {"values": [id, "nothing"]} for name, id in known.items()}
            | {"etags": {"values": ["*"]}, "versions": {"values": [1]}},
            "parameters": {f"path.{name}": {"dictionary": name, "probability": 0.9} for name in known}
            | {"path.number": {"dictionary": "versions", "probability": 0.8}}
            | {"header.If-Match": {"dictionary": "etags", "probability": 0.8}},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", *REFUSED]},
                "negative_data_rejection": {"expected-statuses": REFUSED},
                "missing_required_header": {"expected-statuses": REFUSED},
            },
        }
    )
