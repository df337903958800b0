"""The content types that an upload may have. None of them can be sent by a form of another site's page."""

from __future__ import annotations

from collections.abc import Mapping

ENDINGS: Mapping[str, str] = {
    "application/vnd.apache.parquet": ".parquet",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
}
ENDPOINT = "uploads.post_upload"
