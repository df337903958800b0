"""The Dockerfiles, read: stages, what they copy, the environment they set, and as whom they run."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deployment.services import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "images"
_ENV = re.compile(r'(\w+)=("[^"]*"|\S+)')


@dataclass
class Stage:
    """`base` is another stage or an image. `copies` are (from, to) of the build's own files."""

    name: str
    base: str
    copies: list[tuple[str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = ""
    command: tuple[str, ...] = ()
    healthcheck: bool = False


def stages(dockerfile: str, arguments: Mapping[str, str]) -> dict[str, Stage]:
    """The stages by name, in their order; $NAME of `arguments` stands for its value in FROM lines."""
    found: dict[str, Stage] = {}
    for word, rest in _instructions((FOLDER / dockerfile).read_text("utf-8")):
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            filled = re.sub(r"\$\{(\w+)\}", lambda match: arguments.get(match[1], match[0]), base)
            found[name] = Stage(name, filled)
        elif found:
            _add(found[next(reversed(found))], word, rest)
    return found


def image(dockerfile: str, arguments: Mapping[str, str]) -> Stage:
    """The last stage together with the stages that it is built on."""
    all_stages = stages(dockerfile, arguments)
    chain = [all_stages[next(reversed(all_stages))]]
    while chain[0].base in all_stages:
        chain.insert(0, all_stages[chain[0].base])
    whole = Stage(chain[-1].name, chain[0].base)
    for stage in chain:
        whole.copies += stage.copies
        whole.environment |= stage.environment
        whole.user = stage.user or whole.user
        whole.command = stage.command or whole.command
        whole.healthcheck |= stage.healthcheck
    return whole


def _add(stage: Stage, word: str, rest: str) -> None:
    match word:
        case "COPY" if not rest.startswith("--from="):
            source, target = rest.split()
            stage.copies.append((source, target))
        case "ENV":
            stage.environment |= {name: value.strip('"') for name, value in _ENV.findall(rest)}
        case "USER":
            stage.user = rest
        case "CMD":
            stage.command = tuple(json.loads(rest))
        case "HEALTHCHECK":
            stage.healthcheck = True


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        yield word, " ".join(rest.split())


def lay_out(stage: Stage, folder: Path) -> None:
    """Copy into `folder` what the image has in its working folder."""
    for source, target in stage.copies:
        wanted, whence = folder / target, REPOSITORY / source
        if whence.is_dir():
            shutil.copytree(whence, wanted, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            wanted.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(whence, wanted)
