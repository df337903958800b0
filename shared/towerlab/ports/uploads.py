"""Where files that people bring are kept until they are registered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Upload:
    """`uri` is what a dataset's source names; the same content under the same ending has the same one."""

    uri: str
    sha256: str
    bytes: int


class Uploads(Protocol):
    def store(self, content: BinaryIO, ending: str) -> Upload:
        """Keep what `content` gives, read block by block; a reader never sees half of it, and nothing is left of one
        that breaks off. `ending` is one of '.parquet', '.csv', '.tsv'. Raises Invalid for an empty file, for one that
        says it is Parquet and is not, and for any where none are kept; and Transient."""
