"""Artifacts in any file system that fsspec knows: a folder here, a bucket in the cloud."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from upath import UPath

from towerlab.domain.errors import NotFound
from towerlab.ports.errors import Transient

_LOCAL = ("", "file", "local")


class FileArtifacts:
    """Writes below `root` alone; reads below `root` and the folders `also_readable` (URIs, or absolute local paths).

    A local URI is 'file://' and the path as it is, without percent signs: so fsspec, DuckDB and TFX read it.
    """

    def __init__(self, root: str, also_readable: Sequence[str] = ()) -> None:
        self._root = _resolved(root)
        self._readable = (self._root, *map(_resolved, also_readable))

    def uri(self, path: str) -> str:
        return _uri(self._target(path))

    def put_if_absent(self, path: str, content: bytes) -> str:
        target = self._target(path)
        with _failures(_uri(target)):
            if target.protocol in _LOCAL:
                _link_into_place(Path(target.path), content)
            else:
                _create(target, content)
        return _uri(target)

    def read(self, uri: str) -> bytes:
        source = self._source(uri)
        if source is None:
            raise NotFound("artifact", uri)
        with _failures(uri):
            return bytes(source.read_bytes())

    def exists(self, uri: str) -> bool:
        source = self._source(uri)
        with _failures(uri):
            return source is not None and bool(source.is_file())

    def _target(self, path: str) -> UPath:
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts:
            raise ValueError(f"{path!r} is no path below the artifact root")
        return self._root.joinpath(*parts)

    def _source(self, uri: str) -> UPath | None:
        """Where `uri` leads once links are followed; None when it climbs ('..') or ends outside of the folders."""
        if ".." in PurePosixPath(uri).parts:
            return None
        source = _resolved(uri)
        return source if any(_is_below(source, folder) for folder in self._readable) else None


def _resolved(uri: str) -> UPath:
    path = UPath(uri)
    return UPath(os.path.realpath(path.path)) if path.protocol in _LOCAL else path


def _uri(path: UPath) -> str:
    return f"file://{path.path}" if path.protocol in _LOCAL else str(path)


def _is_below(path: UPath, folder: UPath) -> bool:
    local = path.protocol in _LOCAL and folder.protocol in _LOCAL
    return (local or path.protocol == folder.protocol) and path.path.startswith(folder.path.rstrip("/") + "/")


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


def _create(target: UPath, content: bytes) -> None:
    try:
        target.fs.pipe_file(target.path, content, mode="create")
    except FileExistsError:
        return


@contextmanager
def _failures(uri: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise NotFound("artifact", uri) from error
    except OSError as error:
        raise Transient(f"artifact {uri}: {error}") from error
