"""towerlab dead-letters."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from towerlab.runtime.wiring import Deps

from tests.unit.cli.conftest import Run
from tests.unit.config_api.calling import Caller, recorded
from tests.unit.config_api.test_dead_letters import ids, push_malformed, told
from tests.unit.config_api.test_reactions import push


@pytest.fixture
def letters(api: Caller, deps: Deps, bus: FlaskClient) -> list[str]:
    """Two of dataset.updated and one of dataset.deleted, newest first."""
    for type in ("dataset.deleted", "dataset.updated", "dataset.updated"):
        assert push(bus, told(deps, type=type)).status_code == 204
    return ids(api)


def test_the_list_has_every_id_and_reason_in_full(run: Run, letters: list[str]) -> None:
    shown = run("dead-letters", "list")
    assert shown.exit_code == 0
    for id in letters:
        assert f"{id}  " in shown.stdout
    assert shown.stdout.count("no dataset with id 'nothing'") == 2
    assert run("dead-letters", "list", "--type", "dataset.deleted").stdout.count("config-api.") == 1


def test_no_dead_letters_is_said(run: Run) -> None:
    assert run("dead-letters", "list").stdout == "no dead letters\n"


def test_json_is_what_the_api_gives(run: Run, api: Caller, letters: list[str]) -> None:
    listed = json.loads(run("dead-letters", "list", "--json", "--limit", "2").stdout)
    assert listed["items"] == api.get("/api/dead-letters/")["items"][:2]
    shown = json.loads(run("dead-letters", "show", letters[0], "--json").stdout)
    assert shown == api.get(f"/api/dead-letters/{letters[0]}/")


def test_one_is_shown_with_its_event(run: Run, letters: list[str]) -> None:
    shown = run("dead-letters", "show", letters[0]).stdout
    assert "no dataset with id 'nothing'" in shown
    assert json.loads(shown[shown.index("{") :])["data"] == {"dataset_id": "nothing"}


def test_those_named_are_sent_again(run: Run, api: Caller, deps: Deps, letters: list[str]) -> None:
    done = run("dead-letters", "replay", *letters[:2])
    assert (done.exit_code, done.stdout) == (0, "".join(f"{id}: sent again\n" for id in letters[:2]))
    assert ids(api) == letters[2:]
    assert [one.type for one in recorded(deps)[-2:]] == ["dataset.updated"] * 2


def test_all_of_a_type_are_sent_again(run: Run, api: Caller, letters: list[str]) -> None:
    assert run("dead-letters", "replay", "--all", "--type", "dataset.updated").exit_code == 0
    assert ids(api) == letters[2:]
    assert run("dead-letters", "replay", "--all", "--type", "dataset.updated").stdout == "nothing to do\n"


def test_a_refusal_keeps_no_other_waiting_and_is_told_with_its_remedy(
    run: Run, api: Caller, bus: FlaskClient, letters: list[str]
) -> None:
    push_malformed(bus)
    malformed = ids(api)[0]
    done = run("dead-letters", "replay", malformed, letters[0])
    assert done.exit_code == 1
    assert done.stdout == f"{letters[0]}: sent again\n"
    assert "it holds no event that could be sent again" in done.stderr
    assert "then discard this letter" in done.stderr
    told_machines = json.loads(run("dead-letters", "replay", malformed, letters[1], "--json").stdout)
    assert [(one["id"], one["problem"] and one["problem"]["status"]) for one in told_machines] == [
        (malformed, 409),
        (letters[1], None),
    ]


def test_discarded_ones_are_gone(run: Run, api: Caller, letters: list[str]) -> None:
    assert run("dead-letters", "discard", *letters).exit_code == 0
    assert ids(api) == []


@pytest.mark.parametrize(
    "words", [("replay",), ("replay", "x", "--all"), ("replay", "x", "--type", "dataset.updated"), ("discard",)]
)
def test_what_is_meant_must_be_said(run: Run, words: tuple[str, ...]) -> None:
    assert run("dead-letters", *words).exit_code == 2


def test_an_id_that_is_not_there_is_refused(run: Run) -> None:
    done = run("dead-letters", "show", "../datasets")
    assert done.exit_code == 1
    assert "404" in done.stderr


def test_what_others_have_written_does_not_steer_the_terminal(
    run: Run, api: Caller, deps: Deps, bus: FlaskClient
) -> None:
    hostile = "[red]\x1b[2J\r\u202e\ud800"
    push(bus, replace(told(deps, hostile), type="dataset.deleted", source=hostile))
    (id,) = ids(api)
    for words in (("list",), ("show", id)):
        shown = run("dead-letters", *words)
        assert shown.exit_code == 0
        assert "[red]\\x1b[2J\\r\\u202e\\ud800" in shown.stdout.replace("\\\\", "\\")
        assert "\x1b" not in shown.stdout
