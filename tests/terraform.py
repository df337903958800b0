"""Terraform configurations, read with python-hcl2: what a module declares, and what it refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import hcl2

from tests.stacks import REPOSITORY

ROOT = REPOSITORY / "deploy" / "terraform"
_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_LITERAL = re.compile(r'\\"')


@dataclass(frozen=True)
class Module:
    folder: Path

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.tf"))

    @cached_property
    def parsed(self) -> list[dict[str, Any]]:
        return [hcl2.loads(path.read_text("utf-8")) for path in self.files]

    @cached_property
    def text(self) -> str:
        whole = "\n".join(path.read_text("utf-8") for path in self.files)
        return _LITERAL.sub("'", _COMMENT.sub("", whole))

    def declared(self, kind: str) -> dict[str, dict[str, Any]]:
        """Blocks with one label, such as variable, output and module."""
        found = (block for document in self.parsed for block in document.get(kind, []))
        return {name.strip('"'): body for block in found for name, body in block.items() if not name.startswith("__")}

    @property
    def locals(self) -> dict[str, Any]:
        blocks = (block for document in self.parsed for block in document.get("locals", []))
        return {name: value for block in blocks for name, value in block.items() if not name.startswith("__")}

    @property
    def resources(self) -> set[str]:
        """As they are referred to: type.name."""
        return {name for kind in ("resource", "data", "ephemeral") for name in self._labelled(kind)}

    def referred(self, pattern: str) -> set[Any]:
        return set(re.findall(pattern, self.text))

    def _labelled(self, kind: str) -> Iterator[str]:
        prefix = "" if kind == "resource" else f"{kind}."
        for block in (block for document in self.parsed for block in document.get(kind, [])):
            for type, named in block.items():
                names = [] if type.startswith("__") else [name for name in named if not name.startswith("__")]
                yield from (prefix + f"{type}.{name}".replace('"', "") for name in names)


def modules() -> list[Module]:
    """The root first."""
    return [Module(ROOT), *(Module(folder) for folder in sorted((ROOT / "modules").iterdir()))]
