"""Configs that come as files."""

from __future__ import annotations

from typing import Any

from marshmallow import post_load

from config_api.exchange import FORMAT
from config_api.fields import Choice, Text, Whole
from config_api.schemas.configs import LISTS, LONGEST_DESCRIPTION, ListsSchema, NewConfig
from config_api.schemas.datasets import LONGEST_NAME


class ImportSchema(ListsSchema):
    """`version` and `config_hash` say where the file came from; the new config gets its own."""

    towerlab = Choice((FORMAT,), required=True)
    name = Text(LONGEST_NAME, required=True)
    description = Text(LONGEST_DESCRIPTION, blank=True, load_default="")
    version = Whole(1, 10**9)
    config_hash = Text(64)

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> NewConfig:
        lists = {name: loaded[name] for name in LISTS if name in loaded}
        return NewConfig(loaded["name"], loaded["description"], lists, None)
