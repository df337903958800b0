"""Datasets, their columns, and what can be said of four lists before they are saved."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import Blueprint, Response, request
from towerlab.configs.defaults import smart_defaults
from towerlab.domain.datasets import Dataset
from towerlab.domain.registration import Registration
from towerlab.runtime import records

from config_api import judging, previews, probes, profiles, reading
from config_api.bodies import json_object
from config_api.commands.dataset_life import delete_dataset, refresh
from config_api.commands.datasets import put_column_mapping
from config_api.commands.registering import register
from config_api.http import Answer, actor, answer, body, caller, deps, if_match, once, query
from config_api.recording import nothing_to_write
from config_api.representations.datasets import (
    column,
    column_mapping,
    dataset_line,
    dataset_revision,
    dataset_whole,
    mapping_revision,
    registration,
)
from config_api.representations.numbers import finite
from config_api.schemas import datasets as schemas
from config_api.schemas.configs import PreviewSchema
from config_api.schemas.queries import OutcomesSchema, PageSchema, PurchaseSchema, RowsSchema
from config_api.schemas.quick_tests import NothingSchema

routes = Blueprint("datasets", __name__, url_prefix="/api/datasets")
NOT_DELETED = {"deleted": False}


@routes.get("/")
def datasets() -> Answer:
    page = query(PageSchema())
    only = deps().settings.access.datasets_of(actor())
    if only is not None:
        return answer(_granted(only))
    listed = records.query(
        deps().documents, Dataset, NOT_DELETED, ("-updated_at",), limit=page["limit"], cursor=page["cursor"]
    )
    items = [dataset_line(dataset) for dataset in listed.values]
    total = records.count(deps().documents, Dataset, NOT_DELETED)
    return answer({"items": items, "next_cursor": listed.next_cursor, "total": total})


@routes.post("/")
def post_dataset() -> Answer:
    new = body(schemas.NewDatasetSchema(), judging.of_new_dataset(deps()))
    return once(_registered, lambda by: register(deps(), by, new))


@routes.get("/<id:dataset_id>/")
def dataset(dataset_id: str) -> Answer:
    found = _dataset(dataset_id)
    return answer(dataset_whole(found), revision=dataset_revision(found))


@routes.delete("/<id:dataset_id>/")
def remove_dataset(dataset_id: str) -> Response:
    delete_dataset(deps(), caller(), dataset_id, if_match())
    return Response(status=204)


@routes.post("/<id:dataset_id>/refresh/")
def refresh_dataset(dataset_id: str) -> Answer:
    body(NothingSchema(), optional=True)
    return once(_refreshed, lambda by: refresh(deps(), by, dataset_id))


@routes.get("/<id:dataset_id>/columns/")
def columns(dataset_id: str) -> Answer:
    found = _dataset(dataset_id)
    probed = probes.of(deps(), found)
    items = [column(profile, found.mapping, probed) for profile in profiles.of(deps().artifacts, found)]
    return answer({"items": items, "next_cursor": None, "total": len(items)})


@routes.get("/<id:dataset_id>/column-mapping/")
def mapping(dataset_id: str) -> Answer:
    found = _dataset(dataset_id)
    return answer(column_mapping(found), revision=mapping_revision(found))


@routes.put("/<id:dataset_id>/column-mapping/")
def put_mapping(dataset_id: str) -> Answer:
    seen = if_match()
    roles = schemas.column_mapping(json_object(request), _dataset(dataset_id).columns)
    changed = put_column_mapping(deps(), caller(), dataset_id, roles, seen)
    return answer(column_mapping(changed), revision=mapping_revision(changed))


@routes.get("/<id:dataset_id>/rows/")
def rows(dataset_id: str) -> Answer:
    limit = query(RowsSchema())["limit"]
    found = _dataset(dataset_id)
    items = [finite(row) for row in deps().warehouse.rows(found.snapshot.uri, limit)]
    return answer({"items": items, "next_cursor": None, "total": found.snapshot.rows})


@routes.get("/<id:dataset_id>/smart-defaults/")
def defaults(dataset_id: str) -> Answer:
    outcomes = query(OutcomesSchema())["outcomes"]
    found = _dataset(dataset_id)
    chosen = smart_defaults(profiles.of(deps().artifacts, found), found.mapping, outcomes)
    lists: dict[str, Any] = records.to_json(chosen.lists)
    return answer({**lists, "outcomes": outcomes, "reasons": finite(records.to_json(chosen.reasons))})


@routes.post("/<id:dataset_id>/preview/")
def preview(dataset_id: str) -> Answer:
    lists, asked = body(PreviewSchema(), judging.of_new_config(deps(), dataset_id)), query(PurchaseSchema())
    shown = previews.preview(deps(), lists, _dataset(dataset_id), asked)
    return once(answer, lambda by: nothing_to_write(deps(), by, shown))


def _dataset(dataset_id: str) -> Dataset:
    return reading.dataset(deps().documents, dataset_id).value


def _refreshed(dataset: Dataset) -> Answer:
    return answer(dataset_whole(dataset), revision=dataset_revision(dataset))


def _registered(made: Dataset | Registration) -> Answer:
    if isinstance(made, Registration):
        return answer(registration(made), 202, location=f"/api/registrations/{made.id}/")
    return answer(dataset_whole(made), 201, revision=dataset_revision(made), location=f"/api/datasets/{made.id}/")


def _granted(ids: Collection[str]) -> dict[str, Any]:
    """The list of one who may see these datasets alone; nobody is granted so many that it needs pages."""
    found = [held.value for held in records.get_many(deps().documents, Dataset, ids).values()]
    seen = sorted((one for one in found if one.deleted_at is None), key=lambda one: one.updated_at, reverse=True)
    return {"items": [dataset_line(dataset) for dataset in seen], "next_cursor": None, "total": len(seen)}
