"""What can be said of a quick test before it is paid for, from statistics alone."""

from __future__ import annotations

from typing import Any

from towerlab.configs.cross_advice import collisions
from towerlab.configs.expectation import Expectation, Outlook
from towerlab.configs.known import Known
from towerlab.configs.lists import MODEL
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.certainty import smallest_difference
from towerlab.domain.quicktest import SAMPLE_PERCENTS
from towerlab.domain.sketches import Sketches

OOV_LIMIT = 0.05  # of evaluation rows; above it is a warning


def forecast(resolved: ResolvedConfig, known: Known, expected: Expectation, sketched: Sketches) -> dict[str, Any]:
    """Vocabularies and their OOV rates, used and dead ids, crowded crosses, and what a test could tell apart."""
    return {
        "split": sketched.split,
        "rows": {"train": sketched.train, "evaluation": sketched.evaluation},
        "customers": sketched.customers,
        "features": [_feature(outlook) for outlook in expected.outlooks],
        "crosses": _crosses(resolved, known),
        "smallest_detectable_difference": {
            str(percent): round(smallest_difference(sketched.customers * percent / 100, 1), 4)
            for percent in SAMPLE_PERCENTS
        },
    }


def _feature(outlook: Outlook) -> dict[str, Any]:
    return {
        "name": outlook.name,
        "model": MODEL[outlook.side],
        "column": outlook.column,
        "known": outlook.known,
        "used": outlook.used,
        "train_oov_rate": outlook.train_oov_rate,
        "oov_rate": outlook.oov_rate,
        "status": "warning" if (outlook.oov_rate or 0) > OOV_LIMIT else "good",
        "approximate": outlook.approximate,
    }


def _crosses(resolved: ResolvedConfig, known: Known) -> list[dict[str, Any]]:
    found = []
    for tower in resolved.towers:
        for cross in tower.crosses:
            observed = known.pairs[frozenset(operand.output for operand in cross.operands)]
            found.append(
                {
                    "name": cross.name,
                    "model": MODEL[tower.side],
                    "hash_bucket_size": cross.hash_bucket_size,
                    "observed": observed,
                    "expected_collisions": collisions(observed, cross.hash_bucket_size),
                }
            )
    return found
