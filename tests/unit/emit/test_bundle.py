"""A bundle: safe names, the same bytes for the same config, golden rows that are what they are called."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from towerlab.configs.checks import resolve
from towerlab.configs.lists import ConfigLists
from towerlab.emit.bundle import BundledFrom, bundle_files, zipped
from towerlab.emit.golden import golden
from towerlab.emit.package import generate

from tests.unit.configs.building import COLUMNS, configs, lists, number, text, time, wizard_example

FILES = {
    "README.md", "config.json", "golden_rows.json", "golden_tensors.json", "preprocessing.py", "requirements.txt",
    "sample_query.sql", "train.py", "trainer.py", "verify.py",
}  # fmt: skip
ROLES = {"customer_id": "customer_id", "product_id": "product_id", "transaction_date": "trans_date"}


def table(rows: int = 100) -> list[dict[str, Any]]:
    """Rows as the warehouse shows them; some values are missing."""
    return [
        {
            "customer_id": f"c{n % 9}",
            "city": None if n % 5 == 0 else f"city {n % 3}",
            "country": "NL",
            "revenue": n * 1.5 if n % 7 else None,
            "quantity": n % 4,
            "trans_date": f"2024-01-{n % 28 + 1:02}T10:00:00.123000Z",
            "birthday": "1990-05-17",
            "product_id": n % 11,
            "category": f"k{n % 2}",
            "subcategory": f"s{n % 6}",
            "product_name": f"p {n % 11}",
            "organic": n % 2 == 0,
        }
        for n in range(rows)
    ]


def made(config: ConfigLists | None = None, **changes: Any) -> dict[str, bytes]:
    resolved = resolve(config or wizard_example(), COLUMNS)
    package = generate(resolved, "Rich", 1, "0" * 64)
    given: dict[str, Any] = {
        "package": package,
        "roles": ROLES,
        "snapshot_id": "s",
        "rows": table(),
        "requirements": "a\n",
    }
    return bundle_files(BundledFrom(resolved=resolved, **{**given, **changes}))


def test_it_has_these_files_and_no_other() -> None:
    assert made().keys() == FILES


def test_equal_contents_give_equal_bytes_in_one_folder_with_a_fixed_date() -> None:
    first, second = zipped("config-001-v1", made()), zipped("config-001-v1", dict(reversed(made().items())))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == sorted(f"config-001-v1/{name}" for name in FILES)
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None


@pytest.mark.parametrize(
    "name", ["../up.py", "/etc/passwd", "a b.py", "a\n.py", "", ".hidden", "café.py", "-rf.py", "con"]
)
def test_a_file_name_that_could_mean_something_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name for a file"):
        zipped("folder", {name: b""})


def test_the_config_says_what_train_needs_to_know() -> None:
    body = json.loads(made()["config.json"])
    assert body["roles"] == ROLES
    assert body["trainer_settings"]["customer_key"] == "customer_id"
    assert body["trainer_settings"]["product_key"] == "product_id"
    assert {entry["key"] for entry in body["inputs"]} >= {"customer_id", "city", "trans_date"}


def test_golden_rows_are_real_then_missing_then_unknown_then_awkward() -> None:
    found = golden(resolve(wizard_example(), COLUMNS), table())
    rows = found.rows["rows"]
    assert [row["what"] for row in rows[20:]] == ["missing values", "unknown values", "awkward values"]
    assert rows[0]["values"]["trans_date"] == 1_704_103_200
    assert rows[1]["values"]["customer_id"] == "c5"
    assert set(rows[20]["values"].values()) == {None}
    assert max(found.rows["fit"]) == 20
    outputs = found.tensors["outputs"]
    assert outputs["revenue_bucket"][20] == 100
    assert outputs["trans_date_cyclical"][20] == [0.0] * 6
    assert all(len(values) == 23 for values in outputs.values())


def test_golden_vocabularies_know_some_values_and_not_others() -> None:
    config = lists([text("customer_id", min_frequency=7)], [text("category")])
    found = golden(resolve(config, COLUMNS), table())
    values = [row["values"]["customer_id"] for row in found.rows["rows"]]
    ids = dict(zip(values, found.tensors["outputs"]["customer_id"], strict=True))
    known = {values[place] for place in found.rows["fit"] if found.rows["fit"].count(place) > 1}
    assert len({ids[value] for value in known}) == len(known)
    assert max(ids[value] for value in known) == len(known) - 1
    assert ids["a value that no row has"] >= len(known)


@settings(max_examples=25, deadline=None)
@given(configs(least=1))
def test_every_config_has_golden_tensors_that_json_can_hold(config: ConfigLists) -> None:
    found = golden(resolve(config, COLUMNS), table(5))
    json.dumps(found.tensors, allow_nan=False)
    assert all(np.isfinite(np.array(values)).all() for values in found.tensors["outputs"].values())


def test_times_that_no_calendar_has_are_left_out() -> None:
    rows = [{**row, "trans_date": "12024-01-01T00:00:00Z"} for row in table(3)] + table(2)
    config = lists([time("trans_date"), number("revenue")], [text("category")])
    assert len(golden(resolve(config, COLUMNS), rows).rows["rows"]) == 2 + 3


def test_a_dataset_without_rows_that_can_be_shown_still_has_edge_rows() -> None:
    assert len(golden(resolve(wizard_example(), COLUMNS), []).rows["rows"]) == 3
