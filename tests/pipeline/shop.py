"""A small shop with the sample's columns and every kind of dirt, made from a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 1500


def shop_rows(seed: int = 7) -> pd.DataFrame:
    """Purchases in no order: unknown customers and products, returns, a product only the newest rows have."""
    rng = np.random.default_rng(seed)
    product = rng.zipf(1.5, ROWS) % 40
    customer = rng.integers(0, 60, ROWS)
    when = pd.Timestamp("2011-01-01") + pd.to_timedelta(rng.integers(0, 300 * 86400, ROWS), unit="s")
    price = np.round(product + rng.choice([0.0, 0.0, 0.5, np.nan], ROWS), 2)
    frame = pd.DataFrame(
        {
            "row_id": np.arange(ROWS),
            "CustomerID": [None if rng.random() < 0.05 else f"c{c}" for c in customer],
            "StockCode": [None if rng.random() < 0.02 else f"p{p}" for p in product],
            "Description": [rng.choice(["", "red ", "blue "]) + f"thing {p}" for p in product],
            "Quantity": rng.integers(-1, 5, ROWS),
            "InvoiceDate": when,
            "UnitPrice": price,
            "Country": rng.choice(["UK", "France", None], ROWS, p=[0.8, 0.15, 0.05]),
        }
    )
    newest = frame["InvoiceDate"].nlargest(20).index
    frame.loc[newest[:6], ["StockCode", "Description", "CustomerID", "Quantity"]] = ["pnew", "new thing", "cnew", 1]
    return frame


def shop_snapshot(target: Path) -> Path:
    shop_rows().to_parquet(target, index=False)
    return target
