"""What every artifact store promises."""

from __future__ import annotations

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

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
        assert artifacts.uri("a/b").startswith(("file:///", "gs://"))

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

    @pytest.mark.parametrize("name", ["a b", "a%20b", "a#b", "a#1", "a?b=c", "é×", "[a]*", "__a__", "+", "a&b"])
    def test_names_are_taken_as_they_are(self, artifacts: Artifacts, name: str) -> None:
        assert artifacts.read(artifacts.put_if_absent(f"x/{name}", b"1")) == b"1"
        assert list(self.raw()) == [f"x/{name}"]

    @pytest.mark.parametrize("size", [0, 8_000_000, 9_000_000])
    def test_a_file_may_be_empty_or_large(self, artifacts: Artifacts, size: int) -> None:
        content = random.Random(size).randbytes(size)
        assert artifacts.read(artifacts.put_if_absent("a", content)) == content
        assert self.raw() == {"a": content}

    def test_of_many_puts_one_is_stored_whole(self, artifacts: Artifacts) -> None:
        contents = [bytes([n]) * 100_000 for n in range(6)]
        together(*[partial(artifacts.put_if_absent, "a", content) for content in contents])
        assert list(self.raw()) == ["a"]
        assert artifacts.read(artifacts.uri("a")) in contents

    @pytest.mark.parametrize(("size", "rounds"), [(100_000, 20), (8_000_000, 3)])
    def test_two_puts_and_a_reader_see_one_winner(self, artifacts: Artifacts, size: int, rounds: int) -> None:
        for round_ in range(rounds):
            path, contents = f"rounds/{round_}", [b"1" * size, b"2" * size]
            seen: list[bytes] = []
            puts = [partial(artifacts.put_if_absent, path, content) for content in contents]
            together(*puts, partial(_read_when_there, artifacts, artifacts.uri(path), seen))
            seen.append(artifacts.read(artifacts.uri(path)))
            assert seen[0] in contents
            assert seen == [seen[0]] * len(seen)
            assert self.raw()[path] == seen[0]

    def test_it_is_known_by_identity(self, artifacts: Artifacts) -> None:
        assert {artifacts: 1}[artifacts] == 1


def _read_when_there(artifacts: Artifacts, uri: str, seen: list[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not artifacts.exists(uri):
        assert time.monotonic() < deadline, f"{uri} was never stored"
    seen.extend(artifacts.read(uri) for _ in range(3))


def together(*calls: Callable[[], object]) -> None:
    """All at once, each in its own thread; what one of them raises is raised here."""
    barrier = threading.Barrier(len(calls))

    def call(run: Callable[[], object]) -> None:
        barrier.wait(10)
        run()

    with ThreadPoolExecutor(len(calls)) as pool:
        for future in [pool.submit(call, run) for run in calls]:
            future.result()
