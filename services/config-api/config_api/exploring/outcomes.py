"""How an exploration ended: the best contestant against the start, on the same customers, and in a sentence."""

from __future__ import annotations

from towerlab.domain.contestants import Contestant
from towerlab.domain.exploration import Exploration, Outcome
from towerlab.domain.racing import End
from towerlab.domain.results import Result
from towerlab.domain.scores import Score, score_of
from towerlab.domain.verdict import BETTER
from towerlab.runtime import records
from towerlab.runtime.wiring import Deps

from config_api import boards
from config_api.exploring.ground import JUDGED_BY
from config_api.pairing import Side, pairs
from config_api.representations.boards import measured


def outcome_of(deps: Deps, race: Exploration, end: End) -> tuple[Outcome | None, str]:
    """The figures and the sentence. Raises Transient."""
    best = next((one for one in race.contestants if one.config_hash == end.best), None)
    if best is None:
        return None, end.why
    among = sum(one.recall(end.rung) is not None for one in race.contestants)
    side = _side(deps, race, best, end, among)
    found = side.by_k[JUDGED_BY] if side.by_k else None
    if found is None:
        return Outcome(best.config_hash, among=among), f"{end.why} {best.name} cannot be compared: {side.reason}."
    outcome = Outcome(
        best.config_hash, found.verdict, found.difference, found.interval, found.seeds_known, among, end.confirmed
    )
    return outcome, _sentence(race, best, outcome, measured(found, JUDGED_BY), end.why)


def _side(deps: Deps, race: Exploration, best: Contestant, end: End, among: int) -> Side:
    board = boards.board(deps.documents, race.dataset_id)
    pair = tuple(_score(deps, one, end) for one in (best, race.start))
    (side,) = pairs(deps.artifacts, [(pair[0], pair[1])], board.seed_variance, among)
    return side


def _score(deps: Deps, one: Contestant, end: End) -> Score:
    trial = one.at(end.rung, end.confirmed)
    assert trial is not None, "an end names what was tested"
    return score_of(records.get(deps.documents, Result, trial.test_id).value)


def _sentence(race: Exploration, best: Contestant, outcome: Outcome, figures: str, why: str) -> str:
    chosen = f"the interval allows for its being the best of {outcome.among}" if outcome.among > 1 else "one was tried"
    if outcome.confirmed and outcome.verdict == BETTER:
        return f"{best.name} beats {race.start.name}: {figures}; {chosen}."
    said = f" {why}" if why else ""
    return f"None was found that beats {race.start.name} for sure.{said} The nearest, {best.name}: {figures}; {chosen}."
