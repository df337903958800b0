"""An installation that takes no files: its tables are in BigQuery."""

from __future__ import annotations

from typing import BinaryIO, NoReturn

from towerlab.domain.errors import Invalid, Problem

MESSAGE = "this installation keeps no files: its datasets are tables of BigQuery"
REMEDY = "Load the file into BigQuery, then register the table as project.dataset.table with kind bigquery."


class RefusedUploads:
    """Nothing of what is sent is read."""

    def store(self, content: BinaryIO, ending: str) -> NoReturn:  # noqa: ARG002
        raise Invalid([Problem("", "not_here", MESSAGE, REMEDY)])
