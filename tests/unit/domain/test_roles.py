"""Roles are guessed from names and types, with a reason; and a person's mapping is checked whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from towerlab.domain.columns import FIXED_ROLES, Availability, ColumnProfile, ColumnType
from towerlab.domain.role_names import FIXED, words
from towerlab.domain.roles import guess_mapping, is_role, mapping_faults

STRING, INTEGER, FLOAT = ColumnType.STRING, ColumnType.INTEGER, ColumnType.FLOAT
TIMESTAMP, DATE = ColumnType.TIMESTAMP, ColumnType.DATE
BEFORE, AT, AFTER = Availability


def guess(**types: ColumnType) -> dict[str, tuple[str | None, Availability]]:
    return {name: (entry.role, entry.availability) for name, entry in guess_mapping(profiles(types)).items()}


def profiles(types: dict[str, ColumnType]) -> list[ColumnProfile]:
    return [ColumnProfile(name, type, unique_count=1, exact=True, nulls=0) for name, type in types.items()]


def test_the_shipped_sample() -> None:
    assert guess(
        InvoiceNo=STRING,
        StockCode=STRING,
        Description=STRING,
        Quantity=INTEGER,
        InvoiceDate=TIMESTAMP,
        UnitPrice=FLOAT,
        CustomerID=STRING,
        Country=STRING,
    ) == {
        "InvoiceNo": (None, AFTER),
        "StockCode": ("product_id", BEFORE),
        "Description": ("product_description", BEFORE),
        "Quantity": ("quantity", AFTER),
        "InvoiceDate": ("transaction_date", AT),
        "UnitPrice": ("product_unit_price", BEFORE),
        "CustomerID": ("customer_id", BEFORE),
        "Country": ("customer_country", BEFORE),
    }


def test_the_columns_of_a_marketing_table() -> None:
    assert guess(
        customer_id=STRING,
        product_id=INTEGER,
        trans_date=TIMESTAMP,
        city=STRING,
        category=STRING,
        subcategory=STRING,
        revenue=FLOAT,
        product_name=STRING,
        quantity=INTEGER,
    ) == {
        "customer_id": ("customer_id", BEFORE),
        "product_id": ("product_id", BEFORE),
        "trans_date": ("transaction_date", AT),
        "city": ("customer_city", BEFORE),
        "category": ("category", BEFORE),
        "subcategory": ("subcategory", BEFORE),
        "revenue": ("revenue", AFTER),
        "product_name": ("product_name", BEFORE),
        "quantity": ("quantity", AFTER),
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CustomerID", "customer_id"),
        ("customer id", "customer_id"),
        ("Customer-Id", "customer_id"),
        ("SKU", "sku"),
        ("HTTPStatus", "http_status"),
        ("unitPrice2", "unit_price2"),
        ("", ""),
        ("é", ""),
    ],
)
def test_names_are_compared_as_words(name: str, expected: str) -> None:
    assert words(name) == expected


def test_of_two_likely_names_the_likelier_wins_and_the_other_says_why_not() -> None:
    guessed = guess_mapping(profiles({"user": STRING, "customer_id": STRING}))
    assert guessed["customer_id"].role == "customer_id"
    assert guessed["user"].role is None
    assert "another column" in guessed["user"].reason


def test_a_type_that_does_not_fit_is_told() -> None:
    guessed = guess_mapping(profiles({"customer_id": FLOAT, "timestamp": INTEGER, "revenue": STRING}))
    assert [entry.role for entry in guessed.values()] == [None, None, None]
    assert "INTEGER or STRING" in guessed["customer_id"].reason


def test_the_only_time_is_the_purchases() -> None:
    assert guess(when=DATE)["when"] == ("transaction_date", AT)
    assert guess(first_seen=DATE, last_seen=DATE)["first_seen"] == (None, BEFORE)
    assert guess(delivered_on=DATE)["delivered_on"] == (None, AFTER)


@given(
    st.dictionaries(
        st.sampled_from([n for names in FIXED.values() for n in names]) | st.text(max_size=9),
        st.sampled_from(ColumnType),
    )
)
def test_every_guess_is_a_mapping_that_passes_with_a_reason_for_every_column(types: dict[str, ColumnType]) -> None:
    guessed = guess_mapping(profiles(types))
    assert not mapping_faults({name: entry.role for name, entry in guessed.items()}, types)
    assert list(guessed) == list(types)
    assert all(entry.reason.endswith(".") for entry in guessed.values())


def faults(mapping: dict[str, str | None], columns: dict[str, ColumnType]) -> list[tuple[str, str]]:
    found = mapping_faults(mapping, columns)
    assert all(problem.remedy for problem in found)
    return [(problem.pointer, problem.code) for problem in found]


def test_every_fault_of_a_mapping_is_told() -> None:
    columns = {"a": STRING, "b/c": STRING, "d": FLOAT, "e": STRING}
    mapping = {"a": "customer_id", "b/c": "customer_id", "d": "product_id", "e": "buyer", "gone": None}
    assert faults({**mapping}, columns) == [
        ("/a/role", "role_given_twice"),
        ("/b~1c/role", "role_given_twice"),
        ("/d/role", "role_type"),
        ("/e/role", "unknown_role"),
        ("/gone", "unknown_column"),
    ]


def test_properties_may_be_given_twice_and_columns_left_out() -> None:
    roles = {"a": "customer_city", "b": "customer_city"}
    assert not mapping_faults(roles, {"a": STRING, "b": STRING, "c": STRING})


def test_roles_are_the_fixed_ones_and_properties() -> None:
    assert all(is_role(role) for role in (*FIXED_ROLES, "customer_x", "product_x"))
    assert not any(is_role(role) for role in ("", "customer_", "product", "buyer_x"))
