"""Does the leak probe tell leaks from honest columns? The warehouse's own probe on two shops, with columns planted.

    .envs/pipeline/bin/python benchmarks/leak_probe.py [complete_journey.parquet]

Writes docs/leak-probe.md. Exits with 1 when a column that gives the product away is not red, or an honest one is. The
grocery purchases ("The Complete Journey") are not part of this project. They come from the file named, else from
shared/data/complete_journey.parquet beside this checkout.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb
from towerlab.adapters.warehouse_duckdb import DuckdbWarehouse
from towerlab.domain.leak_probe import RED_FROM, LeakProbe, Probes, judge

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = "data/online_retail.parquet"
BESIDE = ROOT.parent / "shared" / "data" / "complete_journey.parquet"
PAGE = "docs/leak-probe.md"
COMMAND = ".envs/pipeline/bin/python benchmarks/leak_probe.py"


class Kind(StrEnum):
    """What a column is, whatever the probe says of it."""

    LEAK = "leak"
    HONEST = "honest"
    OPEN = "open"  # weak, or between the two: reported, not demanded


@dataclass(frozen=True)
class Expected:
    """`recall_at_100` was measured before there was a probe, by another program (pandas): exact values of a column, the
    newest tenth of the rows. None where it was not."""

    kind: Kind
    recall_at_100: float | None = None


@dataclass(frozen=True)
class Shop:
    """Purchases, and what is known of their columns. `planted` are SQL columns that the file has not."""

    name: str
    roles: Mapping[str, str]
    planted: Mapping[str, str]
    popularity: float
    expected: Mapping[str, Expected]


@dataclass(frozen=True)
class Line:
    """One column: what the probe says, beside what was expected."""

    column: str
    expected: Expected
    found: LeakProbe

    @property
    def times(self) -> float:
        return self.found.times_popularity or 0.0

    @property
    def is_as_expected(self) -> bool:
        is_red = self.found.verdict == "red"
        return self.expected.kind is Kind.OPEN or is_red == (self.expected.kind is Kind.LEAK)

    @property
    def difference(self) -> float | None:
        before = self.expected.recall_at_100
        return None if before is None else self.found.recall_at_100 - before


def leak(recall_at_100: float | None = None) -> Expected:
    return Expected(Kind.LEAK, recall_at_100)


def honest(recall_at_100: float | None = None) -> Expected:
    return Expected(Kind.HONEST, recall_at_100)


def undecided(recall_at_100: float | None = None) -> Expected:
    return Expected(Kind.OPEN, recall_at_100)


def times_of(column: str) -> dict[str, str]:
    parts = {"hour": f"hour({column})", "weekday": f"dayofweek({column})", "month": f"month({column})"}
    return {**parts, "date": f"CAST({column} AS DATE)"}


ONLINE_RETAIL = Shop(
    name="Online Retail, the shipped sample",
    roles={
        "customer_id": "CustomerID",
        "product_id": "StockCode",
        "transaction_date": "InvoiceDate",
        "quantity": "Quantity",
    },
    planted={"revenue": "round(Quantity * UnitPrice, 2)", **times_of("InvoiceDate")},
    popularity=0.173,
    expected={
        "Description": leak(0.989),
        "UnitPrice": leak(0.830),
        "revenue": leak(0.793),
        "Quantity": undecided(0.303),
        "CustomerID": honest(0.315),
        "month": honest(0.196),
        "Country": honest(0.179),
        "InvoiceNo": honest(0.173),
        "InvoiceDate": honest(),
        "date": honest(0.170),
        "weekday": honest(0.169),
        "hour": honest(0.168),
    },
)
COMPLETE_JOURNEY = Shop(
    name="The Complete Journey, a year of groceries",
    roles={
        "customer_id": "customer_id",
        "product_id": "product_id",
        "transaction_date": "trans_date",
        "quantity": "quantity",
    },
    planted={"unit_price": "round(revenue / nullif(quantity, 0), 2)", **times_of("trans_date")},
    popularity=0.141,
    expected={
        "subcategory": leak(0.942),
        "category": leak(0.770),
        "package_size": leak(0.702),
        "unit_price": leak(0.462),
        "revenue": leak(0.426),
        "discount": undecided(0.304),
        "manufacturer_id": undecided(),
        "department": undecided(0.261),
        "brand": undecided(0.182),
        "quantity": undecided(0.153),
        "customer_id": honest(0.289),
        "customer_age": honest(),
        "customer_income": honest(),
        "customer_household_size": honest(),
        "store_id": honest(0.162),
        "basket_id": honest(0.141),
        "trans_date": honest(),
        "month": honest(0.141),
        "date": honest(0.140),
        "weekday": honest(0.140),
        "hour": honest(0.139),
    },
)


def planted_file(shop: Shop, source: Path, target: Path) -> Path:
    """The source's rows with the planted columns."""
    columns = ", ".join(f'{sql} AS "{name}"' for name, sql in shop.planted.items())
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"COPY (SELECT *, {columns} FROM '{source}') TO '{target}' (FORMAT parquet)")
    return target


def probed(shop: Shop, source: Path, folder: Path) -> tuple[Probes, float]:
    """What the warehouse finds, and the seconds it took."""
    planted = planted_file(shop, source, folder / f"{source.stem}.parquet")
    warehouse = DuckdbWarehouse([folder], folder / "snapshots")
    snapshot = warehouse.snapshot(planted.name)
    started = time.monotonic()
    return warehouse.probes(snapshot.uri, shop.roles), time.monotonic() - started


def lines_of(shop: Shop, probes: Probes) -> list[Line]:
    """The strongest column first. Raises KeyError for a column of which nothing is expected."""
    role_of = {column: role for role, column in shop.roles.items()}
    judged = {column: judge(column, role_of.get(column), probes) for column in probes.columns}
    lines = [Line(column, shop.expected[column], found) for column, found in judged.items() if found]
    if missing := shop.expected.keys() - {line.column for line in lines}:
        raise ValueError(f"{shop.name}: no probe of {sorted(missing)}")
    return sorted(lines, key=lambda line: line.found.recall_at_100, reverse=True)


def section(shop: Shop, probes: Probes, lines: list[Line]) -> Iterator[str]:
    yield f"\n## {shop.name}\n"
    yield f"Popularity finds {probes.popularity:.3f} (measured before: {shop.popularity:.3f}).\n"
    yield "| column | it is | recall@100 | times popularity | verdict | measured before | difference | |"
    yield "|---|---|---|---|---|---|---|---|"
    yield from (row(shop, line) for line in lines)
    compared = [(abs(line.difference), line.column) for line in lines if line.difference is not None]
    largest, column = max(compared)
    yield f"\nThe largest difference from what was measured before: {largest:.3f} ({column})."


def row(shop: Shop, line: Line) -> str:
    name = f"{line.column} (planted)" if line.column in shop.planted else line.column
    before = "" if line.expected.recall_at_100 is None else f"{line.expected.recall_at_100:.3f}"
    difference = "" if line.difference is None else f"{line.difference:+.3f}"
    found = f"{line.found.recall_at_100:.3f} | {line.times:.2f} | {line.found.verdict}"
    remark = "" if line.is_as_expected else "**WRONG**"
    return f"| {name} | {line.expected.kind} | {found} | {before} | {difference} | {remark} |"


def introduction() -> str:
    return f"""# The leak probe, measured

Written by `{COMMAND}` (data: `{SHIPPED}`, and a year of grocery purchases that is not part of this project).
For each column alone: the 100 most frequent training products of every value, filled up with the most popular of all,
and the recall of that list on the newest 10 % of rows. Red from {RED_FROM} times popularity; the customer is exempt.

A *leak* is a price, an amount paid or a product's own attribute, which in the query tower gives the product away: it
has to be red. An *honest* column is known before the purchase, or never comes back: it must not be red. *Open* is an
outcome or an attribute too weak for a threshold, near it, or not measured before: reported, not demanded. What was
measured before comes from another program, with an order of its own among equally frequent products."""


def main() -> int:
    parser = argparse.ArgumentParser(description="the leak probe on columns that are known to leak or not to")
    parser.add_argument("groceries", nargs="?", type=Path, default=BESIDE, help="Parquet file (default: %(default)s)")
    asked = parser.parse_args()
    if not asked.groceries.is_file():
        raise SystemExit(f"there is no file {asked.groceries}; name complete_journey.parquet")
    page, wrong = [introduction()], []
    for shop, source in ((ONLINE_RETAIL, ROOT / SHIPPED), (COMPLETE_JOURNEY, asked.groceries)):
        with tempfile.TemporaryDirectory() as scratch:
            probes, seconds = probed(shop, source, Path(scratch))
        lines = lines_of(shop, probes)
        wrong += [f"{shop.name}: {line.column}" for line in lines if not line.is_as_expected]
        page += section(shop, probes, lines)
        page.append(f"{len(lines)} columns took {seconds:.1f} s.")
    (ROOT / PAGE).write_text("\n".join(page) + "\n")
    print("\n".join(page))
    print(f"\nwrote {PAGE}; {'not as expected: ' + ', '.join(wrong) if wrong else 'every verdict is as expected'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
