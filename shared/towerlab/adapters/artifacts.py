"""Artifacts as files in a folder of this machine."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from towerlab.domain.errors import NotFound
from towerlab.ports.errors import Transient

SCHEME = "file://"


class FileArtifacts:
    """Writes below `root` alone; reads below `root` and the folders `also_readable` (absolute paths).

    A URI is 'file://' and the path as it is, without percent signs: so fsspec, DuckDB and TFX read it. What is read may
    be named by its path alone.
    """

    def __init__(self, root: str, also_readable: Sequence[str] = ()) -> None:
        self._root = _resolved(root)
        self._readable = (self._root, *map(_resolved, also_readable))

    def uri(self, path: str) -> str:
        return f"{SCHEME}{self._target(path)}"

    def put_if_absent(self, path: str, content: bytes) -> str:
        target = self._target(path)
        uri = f"{SCHEME}{target}"
        with _failures(uri):
            _link_into_place(target, content)
        return uri

    def read(self, uri: str) -> bytes:
        source = self._source(uri)
        if source is None:
            raise NotFound("artifact", uri)
        with _failures(uri):
            return source.read_bytes()

    def exists(self, uri: str) -> bool:
        source = self._source(uri)
        with _failures(uri):
            return source is not None and source.is_file()

    def _target(self, path: str) -> Path:
        return self._root.joinpath(*parts_below_root(path))

    def _source(self, uri: str) -> Path | None:
        """Where `uri` leads once links are followed; None when it climbs ('..') or ends outside of the folders."""
        path = uri.removeprefix(SCHEME)
        if not path.startswith("/") or ".." in PurePosixPath(path).parts:
            return None
        source = _resolved(path)
        return source if any(folder in source.parents for folder in self._readable) else None


def parts_below_root(path: str) -> tuple[str, ...]:
    """Raises ValueError for a path that is not below the root."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise ValueError(f"{path!r} is no path below the artifact root")
    return parts


def _resolved(path: str) -> Path:
    return Path(os.path.realpath(path))


def _link_into_place(target: Path, content: bytes) -> None:
    """A hard link appears whole or not at all, and never over a file that is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{secrets.token_hex(8)}.draft")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, target)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _failures(uri: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound("artifact", uri) from error
    except OSError as error:
        raise Transient(f"artifact {uri}: {error}") from error
