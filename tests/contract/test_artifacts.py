"""Artifacts in a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from towerlab.adapters.artifacts import FileArtifacts
from towerlab.domain.errors import NotFound
from towerlab.ports.artifacts import Artifacts
from towerlab.ports.errors import Transient

from tests.contract.artifacts_contract import ArtifactsContract


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "artifacts"


@pytest.fixture
def local(root: Path) -> FileArtifacts:
    return FileArtifacts(str(root))


class TestInAFolder(ArtifactsContract):
    @pytest.fixture
    def artifacts(self, root: Path, local: FileArtifacts) -> Artifacts:
        self._root = root
        return local

    def raw(self) -> dict[str, bytes]:
        files = sorted(path for path in self._root.rglob("*") if path.is_file())
        return {str(path.relative_to(self._root)): path.read_bytes() for path in files}


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_reads_are_confined(root: Path, local: FileArtifacts, prefix: str) -> None:
    outside = root.parent / "secret"
    outside.write_text("s")
    local.put_if_absent("a", b"1")
    (root / "link").symlink_to(outside)
    (root.parent / "artifacts-too").mkdir()
    (root.parent / "artifacts-too" / "b").write_text("s")
    for path in (outside, root / "link", f"{root}/../secret", root.parent / "artifacts-too" / "b", "/etc/passwd", root):
        assert not local.exists(f"{prefix}{path}")
        with pytest.raises(NotFound):
            local.read(f"{prefix}{path}")
    for path in (f"{root}/x/../a", "a", "gs://x/a", f"gs://{root}/a"):
        with pytest.raises(NotFound):
            local.read(path)
    assert local.read(f"{prefix}{root}/a") == b"1"


def test_other_folders_may_be_readable_too(root: Path) -> None:
    made = root.parent / "runner" / "jobs" / "ranks.parquet"
    made.parent.mkdir(parents=True)
    made.write_bytes(b"PAR1")
    artifacts = FileArtifacts(str(root), also_readable=[str(root.parent / "runner")])
    assert artifacts.read(str(made)) == artifacts.read(f"file://{made}") == b"PAR1"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_transient(root: Path, local: FileArtifacts) -> None:
    root.mkdir(mode=0o500)
    with pytest.raises(Transient):
        local.put_if_absent("a", b"")


def test_a_full_disk_is_transient_and_leaves_nothing(
    root: Path, local: FileArtifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Transient):
        local.put_if_absent("a", b"1")
    assert list(root.iterdir()) == []
