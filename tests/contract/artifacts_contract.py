"""What every artifact store promises."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod

import pytest
from towerlab.domain.errors import NotFound
from towerlab.ports.artifacts import Artifacts


class ArtifactsContract(ABC):
    @abstractmethod
    def raw(self) -> dict[str, bytes]:
        """Everything that is stored, by path, seen without the adapter."""

    @pytest.fixture
    @abstractmethod
    def artifacts(self) -> Artifacts: ...

    def test_what_was_put_is_read(self, artifacts: Artifacts) -> None:
        uri = artifacts.put_if_absent("code/ab12/trainer.py", b"x = 1\r\n\x00\xff")
        assert artifacts.read(uri) == b"x = 1\r\n\x00\xff"
        assert self.raw() == {"code/ab12/trainer.py": b"x = 1\r\n\x00\xff"}

    def test_a_put_gives_the_uri_of_its_path(self, artifacts: Artifacts) -> None:
        assert artifacts.put_if_absent("a/b", b"") == artifacts.uri("a/b")
        assert artifacts.uri("a/b").startswith(("file:///", "memory://", "gs://"))

    def test_what_is_there_stays(self, artifacts: Artifacts) -> None:
        first = artifacts.put_if_absent("a", b"1")
        assert artifacts.put_if_absent("a", b"2") == first
        assert artifacts.read(first) == b"1"

    def test_what_is_not_there_is_not_found(self, artifacts: Artifacts) -> None:
        assert not artifacts.exists(artifacts.uri("a"))
        with pytest.raises(NotFound):
            artifacts.read(artifacts.uri("a"))

    def test_a_folder_is_no_artifact(self, artifacts: Artifacts) -> None:
        artifacts.put_if_absent("a/b", b"1")
        assert not artifacts.exists(artifacts.uri("a"))
        with pytest.raises(NotFound):
            artifacts.read(artifacts.uri("a"))

    @pytest.mark.parametrize("path", ["", "/etc/passwd", "../a", "a/../../b", ".."])
    def test_a_path_stays_below_the_root(self, artifacts: Artifacts, path: str) -> None:
        with pytest.raises(ValueError, match="below"):
            artifacts.put_if_absent(path, b"")
        with pytest.raises(ValueError, match="below"):
            artifacts.uri(path)

    @pytest.mark.parametrize("name", ["a b", "a%20b", "a#b", "a?b", "é×", "[a]*"])
    def test_names_are_taken_as_they_are(self, artifacts: Artifacts, name: str) -> None:
        assert artifacts.read(artifacts.put_if_absent(f"x/{name}", b"1")) == b"1"
        assert list(self.raw()) == [f"x/{name}"]

    def test_of_many_puts_one_is_stored_whole(self, artifacts: Artifacts) -> None:
        contents = [bytes([n]) * 100_000 for n in range(6)]
        threads = [threading.Thread(target=artifacts.put_if_absent, args=("a", content)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(self.raw()) == ["a"]
        assert artifacts.read(artifacts.uri("a")) in contents
