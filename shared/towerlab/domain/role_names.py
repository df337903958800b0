"""Names that columns of purchase tables go by, and what they usually mean; names are compared as words: see `words`."""

from __future__ import annotations

import re

FIXED: dict[str, tuple[str, ...]] = {  # the likeliest name first
    "customer_id": (
        "customer_id", "customerid", "cust_id", "customer_no", "customer_number", "customer_key", "user_id", "userid",
        "client_id", "buyer_id", "shopper_id", "member_id", "visitor_id", "account_id", "household_id", "household_key",
        "customer", "user", "client", "buyer",
    ),
    "product_id": (
        "product_id", "productid", "item_id", "itemid", "stock_code", "stockcode", "sku", "sku_id", "article_id",
        "product_code", "product_no", "product_key", "item_code", "item_no", "movie_id", "asin", "isbn", "upc", "ean",
        "gtin", "product", "item", "article",
    ),
    "transaction_date": (
        "transaction_date", "trans_date", "transaction_time", "transaction_timestamp", "invoice_date", "order_date",
        "purchase_date", "order_time", "order_timestamp", "purchase_time", "purchased_at", "ordered_at", "sale_date",
        "sales_date", "event_time", "event_timestamp", "timestamp", "datetime", "date", "t_dat", "time", "created_at",
    ),
    "revenue": (
        "revenue", "sales", "sales_amount", "amount", "total", "total_amount", "line_total", "total_price", "turnover",
        "spend", "gross_amount", "net_amount", "transaction_amount", "order_value",
    ),
    "quantity": ("quantity", "qty", "units", "order_quantity", "item_quantity", "quantity_sold", "num_units", "pieces"),
    "category": ("category", "product_category", "item_category", "category_name", "main_category", "category_id"),
    "subcategory": ("subcategory", "sub_category", "product_subcategory", "subcategory_name", "subcategory_id"),
}  # fmt: skip

CUSTOMER_WORDS = frozenset({
    "country", "city", "state", "region", "province", "zip", "zip_code", "postcode", "postal_code", "gender", "sex",
    "age", "age_group", "segment", "occupation", "income", "marital_status", "loyalty_tier", "club_member_status",
})  # fmt: skip
PRODUCT_WORDS = frozenset({
    "description", "name", "title", "brand", "department", "color", "colour", "size", "unit_price", "price",
    "list_price", "genre", "genres", "manufacturer", "vendor", "supplier", "author", "artist", "publisher", "material",
    "weight", "style", "model", "style_name",
})  # fmt: skip
CUSTOMER_PREFIXES = ("customer_", "cust_", "user_", "client_", "buyer_", "member_")
PRODUCT_PREFIXES = ("product_", "prod_", "item_", "article_", "stock_", "sku_", "movie_")

ORDER_KEYS = frozenset({
    "invoice", "invoice_no", "invoice_id", "invoice_number", "order", "order_id", "order_no", "order_number",
    "transaction_id", "trans_id", "basket_id", "receipt_id", "receipt_no", "cart_id", "session_id", "purchase_id",
})  # fmt: skip
AFTER_WORDS = frozenset({
    "discount", "profit", "margin", "tax", "rating", "review", "score", "refund", "returned", "payment", "shipping",
    "shipped", "delivery", "delivered", "cost",
})  # fmt: skip


def words(name: str) -> str:
    """'CustomerID', 'customer id' and 'Customer-Id' are all 'customer_id'."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")
