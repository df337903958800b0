"""Uploads in a folder, named by their content."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from towerlab.domain.errors import Invalid, Problem
from towerlab.ports.errors import Transient
from towerlab.ports.uploads import Upload

_BLOCK = 1 << 20
_MAGIC = b"PAR1"  # a Parquet file begins and ends with it


class FolderUploads:
    """URIs are file names below `folder`, which the warehouse has among its data folders."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def store(self, content: BinaryIO, ending: str) -> Upload:
        try:
            return self._keep(content, ending)
        except OSError as error:
            raise Transient(f"the upload could not be kept: {error.strerror}") from error

    def _keep(self, content: BinaryIO, ending: str) -> Upload:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{secrets.token_hex(8)}.draft"
        try:
            digest, size = _copy(content, draft)
            _check(draft, size, ending)
            name = f"{digest}{ending}"
            os.replace(draft, self._folder / name)
        finally:
            draft.unlink(missing_ok=True)
        return Upload(name, digest, size)


def _copy(content: BinaryIO, draft: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with draft.open("xb") as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            size += len(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _check(draft: Path, size: int, ending: str) -> None:
    if size == 0:
        raise Invalid([Problem("", "empty", "the file is empty", "Send a file with rows.")])
    if ending == ".parquet" and not _is_parquet(draft, size):
        message = "this is no Parquet file: it does not begin and end with PAR1"
        raise Invalid([Problem("", "not_a_table", message, "Send the whole file, or CSV as text/csv.")])


def _is_parquet(draft: Path, size: int) -> bool:
    with draft.open("rb") as file:
        begins = file.read(len(_MAGIC)) == _MAGIC
        file.seek(max(0, size - len(_MAGIC)))
        return begins and size > 2 * len(_MAGIC) and file.read() == _MAGIC
