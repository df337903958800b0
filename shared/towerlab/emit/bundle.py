"""The bundle of a config version: all that is needed to check and to train it anywhere, as one zip."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from towerlab.configs.features import feature_keys
from towerlab.configs.resolved import ResolvedConfig
from towerlab.domain.quicktest import TestSettings
from towerlab.emit.golden import golden
from towerlab.emit.package import CONFIG
from towerlab.emit.sample_query import sample_query
from towerlab.emit.split_plan import PlannedColumn, SplitPlan
from towerlab.emit.trainer_settings import trainer_settings

SCRIPTS = ("verify.py", "train.py")
_SCRIPTS_FOLDER = Path(__file__).with_name("bundled")
_SAFE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\.[a-z]{2,4}")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name


@dataclass(frozen=True)
class BundledFrom:
    """What a bundle is made of: the generated package, the roles of the dataset's columns and its first rows as the
    warehouse shows them, and the lock of the pipeline's environment."""

    resolved: ResolvedConfig
    package: Mapping[str, bytes]
    roles: Mapping[str, str]
    snapshot_id: str
    rows: Sequence[Mapping[str, Any]]
    requirements: str


def bundle_files(made_from: BundledFrom) -> dict[str, bytes]:
    """The files by name."""
    resolved, roles = made_from.resolved, made_from.roles
    examples = golden(resolved, made_from.rows)
    settings = trainer_settings(TestSettings(), roles, feature_keys(resolved))
    run = {"roles": dict(roles), "snapshot_id": made_from.snapshot_id, "trainer_settings": settings}
    return {
        **made_from.package,
        **{name: _SCRIPTS_FOLDER.joinpath(name).read_bytes() for name in SCRIPTS},
        CONFIG: _json({**json.loads(made_from.package[CONFIG]), **run}, indent=2),
        "sample_query.sql": sample_query(split_plan(resolved, roles, made_from.snapshot_id)).script.encode(),
        "golden_rows.json": _json(examples.rows),
        "golden_tensors.json": _json(examples.tensors),
        "requirements.txt": made_from.requirements.encode(),
    }


def split_plan(resolved: ResolvedConfig, roles: Mapping[str, str], snapshot_id: str) -> SplitPlan:
    """The sample that a quick test of this config with default settings has, but of all customers."""
    columns = [
        PlannedColumn(column, resolved.columns[column], key, side)
        for (side, column), key in feature_keys(resolved).items()
    ]
    return SplitPlan(
        snapshot_id=snapshot_id,
        sample_percent=100,
        split=TestSettings().advanced.split,
        product=roles["product_id"],
        customer=roles.get("customer_id"),
        date=roles.get("transaction_date"),
        quantity=roles.get("quantity"),
        columns=tuple(columns),
    )


def zipped(folder: str, files: Mapping[str, bytes]) -> bytes:
    """The files in one folder of a zip; equal arguments give equal bytes. Raises ValueError for a name that could mean
    something to a shell or a file system."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in sorted(files.items()):
            if not _SAFE_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name for a file of a bundle")
            entry = zipfile.ZipInfo(f"{folder}/{name}", _LONG_AGO)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            target.writestr(entry, content)
    return archive.getvalue()


def _json(value: Mapping[str, Any], indent: int | None = None) -> bytes:
    return (json.dumps(value, indent=indent, ensure_ascii=True, allow_nan=False) + "\n").encode()
