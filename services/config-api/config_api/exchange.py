"""Configs as YAML files: written so that they can be read back, read so that they can do no harm."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml
from towerlab.configs.config import ConfigVersion, FeatureConfig
from towerlab.domain.errors import Invalid, Problem
from towerlab.runtime import records
from werkzeug.exceptions import RequestEntityTooLarge

from config_api.bodies import sent_object
from config_api.faults import Sent

FORMAT = 1
MAX_BYTES = 400_000
_PLAIN = ("null", "bool", "int", "float")  # what JSON has; a date stays the text that it is


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


class _Loader(yaml.SafeLoader):
    """JSON's values only: no aliases, no tags of its own, no key twice, no dates."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in found if tag.rpartition(":")[2] in _PLAIN]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not taken")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        if len(found) < len(node.value) or not all(isinstance(key, str) for key in found):
            raise yaml.MarkedYAMLError(problem="keys are texts, each once", problem_mark=node.start_mark)
        return found


def exported(config: FeatureConfig, version: ConfigVersion) -> str:
    """The config's current version as a YAML document that `imported` takes."""
    lists: dict[str, Any] = records.to_json(version.lists)
    document = {
        "towerlab": FORMAT,
        "name": config.name,
        "description": config.description,
        "version": version.version,
        "config_hash": version.config_hash,
        **lists,
    }
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


def imported(content: bytes) -> Sent:
    """The object in a YAML document. Raises Invalid, and HTTP 413 for one that is too large."""
    if len(content) > MAX_BYTES:
        raise RequestEntityTooLarge(f"A config has at most {MAX_BYTES:,} bytes of YAML.")
    try:
        loaded = yaml.load(content.decode("utf-8"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise _not_yaml(f"not UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise _not_yaml("nested too deeply") from error
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise _not_yaml(" ".join(str(error).split())[:300]) from error
    return sent_object(loaded)


def _not_yaml(why: str) -> Invalid:
    return Invalid(
        [Problem("", "not_yaml", f"this is no YAML that is taken here: {why}", "Export a config to see one.")]
    )
