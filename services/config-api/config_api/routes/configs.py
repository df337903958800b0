"""Feature configs, their versions and the code generated for them."""

from __future__ import annotations

from flask import Blueprint, Response
from towerlab.configs.config import ConfigSummary, ConfigVersion, FeatureConfig
from towerlab.domain.datasets import Dataset
from towerlab.emit.record import CodeRecord
from towerlab.runtime import records
from werkzeug.exceptions import NotFound

from config_api import reading
from config_api.commands import configs as commands
from config_api.commands.configs import edit_revision
from config_api.http import Answer, actor, answer, body, deps, if_match, query
from config_api.representations import configs as shown
from config_api.schemas.configs import CloneSchema, ConfigChangeSchema, NewConfigSchema
from config_api.schemas.queries import SORTS, ConfigListSchema, PageSchema

routes = Blueprint("configs", __name__, url_prefix="/api")


@routes.get("/datasets/<id:dataset_id>/feature-configs/")
def configs(dataset_id: str) -> Answer:
    asked = query(ConfigListSchema())
    documents = deps().documents
    records.get(documents, Dataset, dataset_id)
    where: reading.Where = {"dataset_id": dataset_id, "deleted": False, **_filter(asked["status"])}
    order = SORTS[asked["sort"]]
    page = records.query(documents, ConfigSummary, where, order, limit=asked["limit"], cursor=asked["cursor"])
    configs = records.get_many(documents, FeatureConfig, [summary.id for summary in page.values])
    items = [
        shown.config_line(configs[summary.id].value, summary, edit_revision(configs[summary.id].value))
        for summary in page.values
    ]
    total = records.count(documents, ConfigSummary, where)
    return answer({"items": items, "next_cursor": page.next_cursor, "total": total})


@routes.post("/datasets/<id:dataset_id>/feature-configs/")
def post_config(dataset_id: str) -> Answer:
    config = commands.create(deps(), actor(), dataset_id, body(NewConfigSchema()))
    return _whole(config, 201)


@routes.get("/feature-configs/<id:config_id>/")
def config(config_id: str) -> Answer:
    return _whole(reading.config(deps().documents, config_id).value)


@routes.put("/feature-configs/<id:config_id>/")
def put_config(config_id: str) -> Answer:
    seen = if_match()
    return _whole(commands.update(deps(), actor(), config_id, body(ConfigChangeSchema()), seen))


@routes.delete("/feature-configs/<id:config_id>/")
def delete_config(config_id: str) -> Response:
    commands.delete(deps(), config_id, if_match())
    return Response(status=204)


@routes.post("/feature-configs/<id:config_id>/clone/")
def clone_config(config_id: str) -> Answer:
    name = body(CloneSchema(), optional=True)
    return _whole(commands.clone(deps(), actor(), config_id, name), 201)


@routes.get("/feature-configs/<id:config_id>/versions/")
def versions(config_id: str) -> Answer:
    asked = query(PageSchema())
    documents = deps().documents
    reading.config(documents, config_id)
    where = {"config_id": config_id}
    page = records.query(documents, ConfigVersion, where, ("-version",), limit=asked["limit"], cursor=asked["cursor"])
    items = [shown.config_version(version) for version in page.values]
    total = records.count(documents, ConfigVersion, where)
    return answer({"items": items, "next_cursor": page.next_cursor, "total": total})


@routes.get("/feature-configs/<id:config_id>/versions/<count:number>/")
def version(config_id: str, number: int) -> Answer:
    reading.config(deps().documents, config_id)
    return answer(shown.config_version(reading.version(deps().documents, config_id, number)))


@routes.get("/feature-configs/<id:config_id>/versions/<count:number>/code/")
def code(config_id: str, number: int) -> Answer:
    reading.config(deps().documents, config_id)
    reading.version(deps().documents, config_id, number)
    record = records.find(deps().documents, CodeRecord, reading.version_id(config_id, number))
    if record is None:
        raise NotFound(f"The code of version {number} is not generated yet; ask again in a few seconds.")
    files = record.value.files
    contents = {name: deps().artifacts.read(file.uri).decode() for name, file in files.items()}
    return answer(shown.code(record.value, contents))


def _filter(status: str | None) -> reading.Where:
    return {"status": status} if status else {}


def _whole(config: FeatureConfig, status: int = 200) -> Answer:
    documents = deps().documents
    version = reading.version(documents, config.id, config.version)
    summary = reading.summary(documents, config.id).value
    revision = edit_revision(config)
    whole = shown.config_whole(config, version, summary, revision, reading.twin(documents, config))
    location = f"/api/feature-configs/{config.id}/" if status == 201 else ""
    return answer(whole, status, revision=revision, location=location)
