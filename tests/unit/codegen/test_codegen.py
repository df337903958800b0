"""A new config version becomes stored code and its announcement, once."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import codegen.generate
import pytest
from codegen.app import create
from towerlab.emit.record import CodeRecord
from towerlab.emit.verify import UnsafeModule
from towerlab.events.envelope import Event
from towerlab.runtime import records

from tests.unit.worlds import World


def created(world: World, config_id: str = "c1", version: int = 1) -> Event:
    return world.event("feature-config.version-created", config_id=config_id, version=version, config_hash="h")


def code(world: World, id: str = "c1.1") -> CodeRecord:
    return records.get(world.deps.documents, CodeRecord, id).value


def test_a_version_gets_code_that_lies_where_its_record_says(world: World) -> None:
    version = world.config()
    assert world.push(create(world.deps), created(world)) == 204
    record = code(world)
    assert record.status == "generated"
    assert set(record.files) == {"preprocessing.py", "trainer.py", "config.json", "README.md"}
    for name, file in record.files.items():
        assert hashlib.sha256(world.deps.artifacts.read(file.uri)).hexdigest() == file.sha256
        assert file.uri.endswith(f"code/{version.config_hash}/{file.sha256}/{name}")
    (told,) = world.told("transform-code.generated")
    assert told.data == {"config_id": "c1", "version": 1, "config_hash": version.config_hash}


def test_the_same_event_twice_and_another_event_for_the_same_version_change_nothing(world: World) -> None:
    world.config()
    app, first = create(world.deps), created(world)
    for event in (first, first, created(world)):
        assert world.push(app, event) == 204
    assert len(world.told()) == 1


def test_code_that_another_release_wrote_is_written_anew_when_it_is_asked_for(world: World) -> None:
    world.config()
    old = world.code(written_by="another release")
    needed = world.event("transform-code.requested", config_id="c1", version=1, config_hash="h")
    app = create(world.deps)
    assert world.push(app, needed) == 204
    assert code(world).generator != old.generator
    assert code(world).files != old.files
    again = world.event("transform-code.requested", config_id="c1", version=1, config_hash="h")
    assert world.push(app, again) == 204
    assert len(world.told("transform-code.generated")) == 1


def test_configs_of_equal_hash_and_name_share_their_files(world: World) -> None:
    world.config("c1", "Same")
    world.config("c2", "Same")
    app = create(world.deps)
    world.push(app, created(world, "c1"))
    world.push(app, created(world, "c2"))
    assert code(world, "c1.1").files == code(world, "c2.1").files


def test_a_config_that_cannot_become_code_fails_in_plain_words(world: World) -> None:
    version = world.config()
    world.write(replace(version, lists=replace(version.lists, product_model_features=())), "c1.1")
    assert world.push(create(world.deps), created(world)) == 204
    record = code(world)
    assert (record.status, dict(record.files)) == ("failed", {})
    assert "ProductModel has no features" in record.error
    assert [event.type for event in world.told()] == ["transform-code.failed"]


def test_code_that_fails_its_own_check_is_never_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsafe(*_: object) -> dict[str, bytes]:
        raise UnsafeModule("line 3: imports os")

    monkeypatch.setattr(codegen.generate, "generate", unsafe)
    world.config()
    world.push(create(world.deps), created(world))
    assert "line 3: imports os" in code(world).error
    assert not (world.folder / "artifacts").exists()


def test_an_event_for_a_version_that_is_not_there_becomes_a_dead_letter(world: World) -> None:
    assert world.push(create(world.deps), created(world, "nobody")) == 204
    assert records.count(world.deps.documents, records.DeadLetter) == 1
    assert world.told() == []
