"""Files that outlive a process: snapshots, profiles, generated code, ranks. Named by URI."""

from __future__ import annotations

from typing import Protocol


class Artifacts(Protocol):
    def uri(self, path: str) -> str:
        """The absolute URI of a relative path such as 'code/ab12/trainer.py'. Raises ValueError for a path that is not
        below the root."""

    def put_if_absent(self, path: str, content: bytes) -> str:
        """Store `content` unless something is stored at `path` (that is success too); its URI. A reader never sees
        half a file. Raises Transient."""

    def read(self, uri: str) -> bytes:
        """The content. What lies outside of the readable folders is not found. Raises NotFound and Transient."""

    def exists(self, uri: str) -> bool:
        """Whether a file is stored there. Raises Transient."""

    def __hash__(self) -> int:
        """By identity: what was read of a file may be kept, for no file ever changes."""
