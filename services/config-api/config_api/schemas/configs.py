"""Requests about feature configs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from towerlab.configs.defaults import Outcomes
from towerlab.configs.templates import BY_KEY

from config_api.faults import fault
from config_api.fields import Anything, Choice, Items, Text
from config_api.schemas.datasets import LONGEST_NAME

LONGEST_DESCRIPTION = 10_000
LISTS = ("buyer_model_features", "product_model_features", "buyer_model_crosses", "product_model_crosses")
FEATURE = {"description": "{column, type, ...}: GET /api/transforms/ has every type with its parameters"}
CROSS = {"description": "{features: [two or three outputs of the model's features], hash_bucket_size, embedding_dim}"}


@dataclass(frozen=True)
class StartFrom:
    kind: str  # blank | smart_defaults | clone | template
    outcomes: Outcomes = "exclude"
    config_id: str = ""
    key: str = ""


@dataclass(frozen=True)
class NewConfig:
    """`lists` holds those of the four lists that were given; `start_from` stands when none was."""

    name: str
    description: str
    lists: Mapping[str, list[Any]]
    start_from: StartFrom | None


@dataclass(frozen=True)
class ConfigChange:
    """What a PUT says; None and a list that is not in `lists` stay as they are."""

    name: str | None
    description: str | None
    lists: Mapping[str, list[Any]]


class StartFromSchema(Schema):
    kind = Choice(("blank", "smart_defaults", "clone", "template"), required=True)
    outcomes = Choice(("exclude", "include"))
    config_id = Text(40)
    key = Choice(tuple(BY_KEY))

    @validates_schema(skip_on_field_errors=True)
    def belongs_together(self, loaded: dict[str, Any], **_: Any) -> None:
        kind = loaded["kind"]
        faults: dict[str, Any] = {}
        if kind == "clone" and "config_id" not in loaded:
            faults["config_id"] = fault("required", "which config is to be cloned", "Give its id.").messages
        if kind == "template" and "key" not in loaded:
            faults["key"] = fault("required", f"which template: {', '.join(BY_KEY)}", "Name one.").messages
        for field, owner in (("outcomes", "smart_defaults"), ("config_id", "clone"), ("key", "template")):
            if field in loaded and kind != owner:
                faults[field] = fault("not_allowed", f"goes with kind {owner!r} only", "Leave it out.").messages
        if faults:
            raise ValidationError(faults)

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> StartFrom:
        return StartFrom(**loaded)


class ListsSchema(Schema):
    """The four lists; what stands in them is judged by the configs' own checks."""

    buyer_model_features = Items(Anything(allow_none=True, metadata=FEATURE), 2000)
    product_model_features = Items(Anything(allow_none=True, metadata=FEATURE), 2000)
    buyer_model_crosses = Items(Anything(allow_none=True, metadata=CROSS), 2000)
    product_model_crosses = Items(Anything(allow_none=True, metadata=CROSS), 2000)


class NewConfigSchema(ListsSchema):
    name = Text(LONGEST_NAME, required=True)
    description = Text(LONGEST_DESCRIPTION, blank=True, load_default="")
    start_from = fields.Nested(StartFromSchema)

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def has_one_beginning(self, _: dict[str, Any], original: Mapping[str, Any], **__: Any) -> None:
        given = [name for name in LISTS if name in original]
        if given and "start_from" in original:
            message = fault("not_allowed", f"{given[0]} is given as well", "Send start_from or lists, not both.")
            raise ValidationError({"start_from": message.messages})
        if not given and "start_from" not in original:
            message = fault("required", "say what the config starts from", 'Send {"kind": "blank"} or the four lists.')
            raise ValidationError({"start_from": message.messages})

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> NewConfig:
        return NewConfig(loaded["name"], loaded["description"], _lists(loaded), loaded.get("start_from"))


class ConfigChangeSchema(ListsSchema):
    name = Text(LONGEST_NAME)
    description = Text(LONGEST_DESCRIPTION, blank=True)

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> ConfigChange:
        return ConfigChange(loaded.get("name"), loaded.get("description"), _lists(loaded))


class CloneSchema(Schema):
    name = Text(LONGEST_NAME, load_default=None)

    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> str | None:
        name: str | None = loaded["name"]
        return name


class PreviewSchema(ListsSchema):
    @post_load
    def made(self, loaded: dict[str, Any], **_: Any) -> Mapping[str, list[Any]]:
        return _lists(loaded)


def _lists(loaded: Mapping[str, Any]) -> Mapping[str, list[Any]]:
    return {name: loaded[name] for name in LISTS if name in loaded}
