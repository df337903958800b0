"""What every warehouse promises. Tables are given as DuckDB SELECTs; `table` makes a source of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from statistics import median

import pytest
from towerlab.domain.columns import ColumnProfile, ColumnType
from towerlab.domain.errors import Invalid, NotFound
from towerlab.domain.leak_probe import Probes, judge
from towerlab.domain.sketches import EXAMPLES, LISTED, QUANTILES, Sketches
from towerlab.ports.warehouse import Warehouse

PURCHASES = """SELECT * FROM (VALUES
    ('c1', 'p1', 2, 1.5::DOUBLE, TIMESTAMP '2024-01-01 10:00:00', DATE '2024-01-01', true),
    ('c1', 'p1', 2, 1.5::DOUBLE, TIMESTAMP '2024-01-01 10:00:00', DATE '2024-01-01', true),
    ('c2', 'p2', -1, 4.0, TIMESTAMP '2024-01-03 10:00:00.25', DATE '2024-01-03', false),
    (NULL, 'p2', 1, 'NaN', NULL, NULL, NULL),
    ('', 'p2', 1, 'inf', NULL, NULL, NULL),
    ('c3', NULL, 1, NULL, NULL, NULL, NULL),
    ('c3', 'p3', NULL, NULL, NULL, NULL, NULL)
    ) AS t(customer, product, quantity, price, bought, day, member)"""
ROLES = {"customer_id": "customer", "product_id": "product", "quantity": "quantity"}


VISITS = """SELECT 'c' || (i * 7919 % 97) AS customer, 'p' || k AS product, 1 AS quantity, bought, hour(bought) AS hour,
        dayofweek(bought) AS weekday, ['UK', 'UK', 'UK', 'FR', 'DE'][i * 7919 % 97 % 5 + 1] AS country,
        (k % 89 + 1) * (1 + hash(i) % 3) * 1.5 AS revenue, 'c' || (k % 10) AS category, hash(i) % 40 AS often
    FROM (SELECT i, (hash(i * 3 + 1) % 900 * (hash(i * 5 + 2) % 900) // 900)::BIGINT AS k,
                 TIMESTAMP '2024-01-01' + INTERVAL (i * 13) MINUTE AS bought FROM range(20000) t(i))"""
VISIT_ROLES = {**ROLES, "transaction_date": "bought"}

# An hour apart; every tenth row is a return; c2 never bought p9.
SHOP = """SELECT 'c' || (i % 50) AS customer, product, CASE WHEN i % 10 = 0 THEN -1 ELSE 1 END AS quantity,
        TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS bought, 100000 + i AS number, (i // 3 % 3 + 1)::DOUBLE AS price,
        CASE WHEN i >= 900 THEN 'new' || i WHEN i % 7 = 0 THEN NULL WHEN i % 3 = 0 THEN 'a' ELSE 'b' END AS shelf,
        CASE WHEN i % 4 = 0 THEN 'other' ELSE 'label of ' || product END AS label
    FROM (SELECT i, CASE WHEN i % 50 = 5 THEN 'p9' ELSE 'p' || (i % 3) END AS product FROM range(1000) t(i))"""
SOLD = [i for i in range(1000) if i % 10]
BEFORE, AFTER = [i for i in SOLD if i < 900], [i for i in SOLD if i >= 900]  # the newest tenth of what was sold


def product_of(i: int) -> str:
    return "p9" if i % 50 == 5 else f"p{i % 3}"


class WarehouseContract(ABC):
    NAMES = (
        'a"b',
        "a'b",
        "a;--",
        "é×",
        "a b",
        "__x__",
        "select",
        "a.b",
        "*",
        "{x}",
        "~",
        "%s",
        "?",
        "$x",
        "snapshot",
        "v",
        "n",
        "product",
    )  # of columns; fmt: skip

    @abstractmethod
    def table(self, select: str) -> str:
        """A source URI of that table."""

    @pytest.fixture
    @abstractmethod
    def warehouse(self) -> Warehouse: ...

    def profile(self, warehouse: Warehouse, select: str) -> dict[str, ColumnProfile]:
        return {one.name: one for one in warehouse.profile(warehouse.snapshot(self.table(select)))}

    def test_a_snapshot_has_the_six_types_in_the_tables_order(self, warehouse: Warehouse) -> None:
        table = warehouse.snapshot(self.table(PURCHASES))
        assert table.rows == 7
        assert list(table.columns.items()) == [
            ("customer", ColumnType.STRING),
            ("product", ColumnType.STRING),
            ("quantity", ColumnType.INTEGER),
            ("price", ColumnType.FLOAT),
            ("bought", ColumnType.TIMESTAMP),
            ("day", ColumnType.DATE),
            ("member", ColumnType.BOOLEAN),
        ]

    def test_a_source_says_about_how_many_values_it_has_before_it_is_read(self, warehouse: Warehouse) -> None:
        few, many = (
            warehouse.source_values(self.table(f"SELECT i AS a, i % 7 AS b, 'x' || i % 5 AS c FROM range({rows}) t(i)"))
            for rows in (1_000, 100_000)
        )
        assert 1_000 < few < 10_000 < 100_000 < many < 1_000_000

    def test_the_same_content_is_the_same_snapshot(self, warehouse: Warehouse) -> None:
        first = warehouse.snapshot(self.table(PURCHASES))
        assert warehouse.snapshot(self.table(PURCHASES)) == first
        assert warehouse.snapshot(self.table(PURCHASES + " LIMIT 6")).id != first.id

    def test_rows_keep_their_order_and_duplicates(self, warehouse: Warehouse) -> None:
        table = warehouse.snapshot(self.table("SELECT (i * 7919) % 150000 AS n, 'same' AS s FROM range(150000) t(i)"))
        rows = warehouse.rows(table.uri, 130_000)
        assert [row["n"] for row in rows] == [(i * 7919) % 150_000 for i in range(130_000)]

    def test_rows_are_json_values(self, warehouse: Warehouse) -> None:
        rows = warehouse.rows(warehouse.snapshot(self.table(PURCHASES)).uri, 4)
        assert rows[2] == {
            "customer": "c2", "product": "p2", "quantity": -1, "price": 4.0,
            "bought": "2024-01-03T10:00:00.250000Z", "day": "2024-01-03", "member": False,
        }  # fmt: skip
        assert rows[3]["price"] is None
        assert rows[0]["bought"] == "2024-01-01T10:00:00Z"

    def test_training_rows_are_counted_by_their_first_reason(self, warehouse: Warehouse) -> None:
        table = warehouse.snapshot(self.table(PURCHASES))
        counts = {"total": 7, "qualify": 2, "no_customer": 2, "no_product": 1, "not_bought": 2}
        assert warehouse.training_rows(table.uri, ROLES) == counts

    def test_a_role_that_no_column_has_leaves_nothing_out(self, warehouse: Warehouse) -> None:
        counts = warehouse.training_rows(warehouse.snapshot(self.table(PURCHASES)).uri, {})
        assert (counts["qualify"], counts["total"]) == (7, 7)

    def test_roles_must_name_columns_that_fit(self, warehouse: Warehouse) -> None:
        table = warehouse.snapshot(self.table(PURCHASES))
        with pytest.raises(Invalid) as raised:
            warehouse.training_rows(table.uri, {"customer_id": "nobody", "quantity": "product"})
        assert [(p.pointer, p.code) for p in raised.value.problems] == [
            ("/nobody", "unknown_column"),
            ("/product", "type"),
        ]

    def test_profiles_come_in_the_tables_order_without_row_id(self, warehouse: Warehouse) -> None:
        names = ["customer", "product", "quantity", "price", "bought", "day", "member"]
        assert list(self.profile(warehouse, PURCHASES)) == names

    def test_numbers_are_summed_up_over_all_rows(self, warehouse: Warehouse) -> None:
        quantity = self.profile(warehouse, PURCHASES)["quantity"]
        assert (quantity.unique_count, quantity.exact, quantity.nulls) == (3, True, 1)
        assert (quantity.min, quantity.max, quantity.median) == (-1, 2, 1)
        assert quantity.mean == pytest.approx(1.0)
        assert quantity.std == pytest.approx(1.0954, abs=1e-4)
        assert sum(bin["count"] for bin in quantity.histogram) == 6
        assert (quantity.histogram[0]["low"], quantity.histogram[-1]["high"]) == (-1, 2)

    def test_what_is_not_finite_counts_as_missing(self, warehouse: Warehouse) -> None:
        price = self.profile(warehouse, PURCHASES)["price"]
        assert (price.nulls, price.unique_count, price.max) == (4, 2, 4.0)

    def test_times_are_summed_up_in_epoch_seconds(self, warehouse: Warehouse) -> None:
        bought = self.profile(warehouse, PURCHASES)["bought"]
        assert (bought.min, bought.max) == (1704103200.0, 1704276000.25)
        assert bought.sample_values == ("2024-01-01T10:00:00Z", "2024-01-03T10:00:00.250000Z")
        assert bought.top_values[0] == {"value": "2024-01-01T10:00:00Z", "count": 2}

    def test_texts_show_their_most_frequent_values(self, warehouse: Warehouse) -> None:
        product = self.profile(warehouse, PURCHASES)["product"]
        assert (product.unique_count, product.nulls, product.mean, product.histogram) == (3, 1, None, ())
        assert product.top_values == (
            {"value": "p2", "count": 3},
            {"value": "p1", "count": 2},
            {"value": "p3", "count": 1},
        )

    def test_a_column_without_values_has_none(self, warehouse: Warehouse) -> None:
        column = self.profile(warehouse, "SELECT NULL::INTEGER AS x, NULL::VARCHAR AS s FROM range(3)")
        assert (column["x"].nulls, column["x"].unique_count, column["x"].min, column["x"].mean) == (3, 0, None, None)
        assert (column["s"].top_values, column["s"].sample_values) == ((), ())

    def test_a_constant_column_has_one_bin(self, warehouse: Warehouse) -> None:
        column = self.profile(warehouse, "SELECT 5 AS x FROM range(3)")["x"]
        assert column.histogram == ({"low": 5.0, "high": 5.0, "count": 3},)
        assert column.std == 0

    def test_extreme_numbers_lose_only_what_cannot_be_computed(self, warehouse: Warehouse) -> None:
        select = "SELECT * FROM (VALUES (1.7e308), (-1.7e308), (1.0)) t(x)"
        column = self.profile(warehouse, select)["x"]
        assert (column.min, column.max, column.std, column.histogram) == (-1.7e308, 1.7e308, None, ())

    def test_any_column_name_is_taken(self, warehouse: Warehouse) -> None:
        names = list(self.NAMES)
        columns = ", ".join(f'{n} AS "{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(names))
        table = warehouse.snapshot(self.table(f"SELECT {columns}"))
        assert list(table.columns) == names
        assert [profile.name for profile in warehouse.profile(table)] == names
        assert warehouse.rows(table.uri, 1) == [{name: n for n, name in enumerate(names)}]

    def test_a_column_called_row_id_is_invalid(self, warehouse: Warehouse) -> None:
        assert self.fault(warehouse, "SELECT 1 AS Row_ID") == "reserved_name"

    def test_more_than_two_thousand_columns_are_invalid(self, warehouse: Warehouse) -> None:
        columns = ", ".join(f"{n} AS c{n}" for n in range(2_001))
        assert self.fault(warehouse, f"SELECT {columns}") == "too_many_columns"

    def test_a_table_without_rows_is_invalid(self, warehouse: Warehouse) -> None:
        assert self.fault(warehouse, "SELECT 1 AS a WHERE false") == "empty"

    def test_combinations_are_counted_by_value_and_by_quantile(self, warehouse: Warehouse) -> None:
        table = warehouse.snapshot(self.table(PURCHASES))
        by_value = warehouse.combinations(table.uri, {"customer": None, "product": None})
        assert (by_value.observed, by_value.distinct) == (4, {"customer": 4, "product": 3})
        numbers = warehouse.snapshot(self.table("SELECT i AS i, i * 0.5 AS x, i % 2 AS odd FROM range(1000) t(i)"))
        by_bucket = warehouse.combinations(numbers.uri, {"x": 10, "odd": None})
        assert (by_bucket.observed, by_bucket.distinct) == (20, {"x": 10, "odd": 2})
        with pytest.raises(Invalid):
            warehouse.combinations(table.uri, {"nowhere": None, "product": None})

    def test_an_unknown_snapshot_is_not_found(self, warehouse: Warehouse) -> None:
        for uri in ("file:///etc/passwd", "", warehouse.snapshot(self.table(PURCHASES)).uri + "x"):
            with pytest.raises(NotFound):
                warehouse.rows(uri, 1)
            with pytest.raises(NotFound):
                warehouse.training_rows(uri, {})

    def fault(self, warehouse: Warehouse, select: str) -> str:
        with pytest.raises(Invalid) as raised:
            warehouse.snapshot(self.table(select))
        (problem,) = raised.value.problems
        assert problem.pointer == "/source/uri"
        assert problem.remedy
        return problem.code

    def test_a_leak_probe_finds_what_gives_the_product_away_and_nothing_else(self, warehouse: Warehouse) -> None:
        probes = warehouse.probes(warehouse.snapshot(self.table(VISITS)).uri, VISIT_ROLES)
        assert "product" not in probes.columns
        verdicts = {name: judge(name, None, probes) for name in probes.columns}
        red = {name for name, probe in verdicts.items() if probe is not None and probe.verdict == "red"}
        assert red == {"revenue", "category"}
        for honest in ("hour", "weekday", "country", "often"):
            assert probes.columns[honest].recall_at_100 < 1.2 * probes.popularity

    def test_a_leak_probe_tells_whether_a_column_is_a_property_of_the_product(self, warehouse: Warehouse) -> None:
        probes = warehouse.probes(warehouse.snapshot(self.table(VISITS)).uri, VISIT_ROLES)
        assert (probes.columns["category"].rows_share, probes.columns["category"].products_share) == (1.0, 1.0)
        assert (probes.columns["hour"].rows_share or 1) < 0.5

    def test_a_leak_probe_looks_at_qualifying_rows_only(self, warehouse: Warehouse) -> None:
        probes = warehouse.probes(warehouse.snapshot(self.table(PURCHASES)).uri, ROLES)
        assert probes == Probes()

    def test_times_with_a_zone_stand_on_the_clocks_of_the_datasets_zone(self, warehouse: Warehouse) -> None:
        source = self.table(
            "SELECT TIMESTAMPTZ '2024-07-01 22:30:00Z' AS zoned, TIMESTAMP '2024-07-01 22:30:00' AS plain"
        )
        there, here = warehouse.snapshot(source, "Europe/Berlin"), warehouse.snapshot(source)
        assert there.id != here.id
        assert warehouse.rows(here.uri, 1) == [{"zoned": "2024-07-01T22:30:00Z", "plain": "2024-07-01T22:30:00Z"}]
        assert warehouse.rows(there.uri, 1) == [{"zoned": "2024-07-02T00:30:00Z", "plain": "2024-07-01T22:30:00Z"}]

    def test_a_sketch_counts_values_in_training_and_evaluation_rows(self, warehouse: Warehouse) -> None:
        found = warehouse.sketches(warehouse.snapshot(self.table(SHOP)).uri, VISIT_ROLES)
        assert (found.split, found.train, found.evaluation) == ("time", len(BEFORE), len(AFTER))
        assert found.customers == len({i % 50 for i in AFTER})
        shelf = found.columns["query"]["shelf"]
        assert (list(shelf.values), shelf.complete, list(shelf.points)) == (["b", "a"], True, [])
        assert list(shelf.train) == [len([i for i in BEFORE if i % 7 and (i % 3 == 0) == (v == "a")]) for v in "ba"]
        assert list(shelf.missing) == [len([i for i in BEFORE if i % 7 == 0]), 0]
        assert list(shelf.left_out) == [0, len(AFTER)]  # they are on shelves of their own
        assert list(found.columns["query"]["number"].values[:2]) == [100_899, 100_898]  # ties: the larger one first
        assert found.columns["query"]["bought"].values[0] == 1704067200 + 899 * 3600

    def test_a_sketch_of_the_product_side_has_each_products_one_value(self, warehouse: Warehouse) -> None:
        """A product's price is the median of its own rows of the training period, its label the most frequent one."""
        found = warehouse.sketches(warehouse.snapshot(self.table(SHOP)).uri, VISIT_ROLES).columns["candidate"]
        rows = Counter(product_of(i) for i in BEFORE)
        assert dict(zip(found["label"].values, found["label"].train, strict=True)) == {
            f"label of {product}": count for product, count in rows.items()
        }
        prices = {product: median(i // 3 % 3 + 1 for i in BEFORE if product_of(i) == product) for product in rows}
        assert set(found["price"].values) == set(prices.values())

    def test_of_many_values_a_sketch_keeps_the_most_frequent_and_quantiles_of_numbers(
        self, warehouse: Warehouse
    ) -> None:
        select = """SELECT 'p' || i % 3 AS product, i AS number, 'n' || i AS text FROM range(30000) t(i)
                    UNION ALL SELECT 'p', 7, 'n7' FROM range(50)"""
        found = warehouse.sketches(warehouse.snapshot(self.table(select)).uri, {"product_id": "product"})
        assert found.split == "random"
        number, text = found.columns["query"]["number"], found.columns["query"]["text"]
        assert (number.values[0], text.values[0], number.complete, len(number.values)) == (7, "n7", False, LISTED)
        assert sum(number.train) + number.left_out[0] == found.train
        assert (len(number.points), len(text.points)) == (QUANTILES + 1, 0)
        assert list(number.points) == sorted(number.points)
        assert number.points[QUANTILES // 2] == pytest.approx(15_000, rel=0.05)

    def test_examples_are_purchases_with_what_both_sides_see(self, warehouse: Warehouse) -> None:
        uri = warehouse.snapshot(self.table(SHOP)).uri
        found = warehouse.sketches(uri, VISIT_ROLES).examples
        assert len(found) == EXAMPLES
        assert all(one.query["quantity"] == 1 and one.query["product"] == one.product for one in found)
        assert all(one.candidate["label"] == f"label of {one.product}" for one in found)
        assert found == warehouse.sketches(uri, VISIT_ROLES).examples

    def test_a_purchase_is_the_newest_of_those_who_are_asked_for(self, warehouse: Warehouse) -> None:
        uri = warehouse.snapshot(self.table(SHOP)).uri
        newest = max(i for i in SOLD if i % 50 == 7)
        assert warehouse.purchase(uri, VISIT_ROLES, {"customer": "c7"}).query["number"] == 100_000 + newest
        together = warehouse.purchase(uri, VISIT_ROLES, {"customer": "c7", "product": "p1"})
        newest = max(i for i in SOLD if i % 50 == 7 and product_of(i) == "p1")
        assert together.query["number"] == 100_000 + newest
        apart = warehouse.purchase(uri, VISIT_ROLES, {"customer": "c2", "product": "p9"})
        assert (apart.customer, apart.query["customer"], apart.product) == ("c2", "c2", "p9")
        assert apart.candidate["label"] == "label of p9"

    def test_a_purchase_of_one_who_bought_nothing_is_invalid(self, warehouse: Warehouse) -> None:
        uri = warehouse.snapshot(self.table(SHOP)).uri
        with pytest.raises(Invalid) as raised:
            warehouse.purchase(uri, VISIT_ROLES, {"customer": "nobody' OR 1=1--", "product": "p1"})
        assert [problem.pointer for problem in raised.value.problems] == ["/customer"]

    def test_no_sketch_is_made_of_rows_that_nobody_can_train_on(self, warehouse: Warehouse) -> None:
        select = "SELECT NULL::VARCHAR AS product, 1 AS x"
        assert warehouse.sketches(warehouse.snapshot(self.table(select)).uri, {"product_id": "product"}) == Sketches()

    def test_a_product_is_called_what_most_of_its_rows_call_it(self, warehouse: Warehouse) -> None:
        select = """SELECT * FROM (VALUES (1, 'b'), (1, 'a'), (1, 'a'), (2, 'd'), (2, 'c'), (3, NULL), (NULL, 'x'))
                    t("the product", label)"""
        uri = warehouse.snapshot(self.table(select)).uri
        assert warehouse.labels(uri, "the product", "label") == {"1": "a", "2": "c"}
        with pytest.raises(Invalid):
            warehouse.labels(uri, "the product", "nowhere")
