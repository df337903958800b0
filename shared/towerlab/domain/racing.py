"""What an exploration does next, from what is known: tests to start, changes to combine, or its end. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil

from towerlab.domain.contestants import Contestant
from towerlab.domain.exploration import CELLS, Exploration, Status

MOST_COMBINED = 4  # of the changes that have helped, the best ones
ROUNDING = 1e-9

# the expected cost of a contestant's test at a rung, in the budget's unit; of a confirmation when the last is True
Price = Callable[[Contestant, int, bool], float]


@dataclass(frozen=True)
class Start:
    """A test of a contestant, with what it is expected to cost."""

    config_hash: str
    rung: int
    confirms: bool
    expected: float


@dataclass(frozen=True)
class End:
    """`best` is the hash of the best contestant at the highest `rung` that one has reached, '' where none was tested;
    `confirmed` when it and the start were tested again. `why` is what led to it, '' for a confirmation that speaks for
    itself."""

    why: str
    best: str = ""
    rung: int = 0
    confirmed: bool = False


@dataclass(frozen=True)
class Decision:
    """All empty: wait for the tests that are on their way."""

    starts: tuple[Start, ...] = ()
    combine: tuple[tuple[str, ...], ...] = ()
    end: End | None = None


WAIT = Decision()


def decide(race: Exploration, price: Price, at_once: int) -> Decision:
    """The same for the same arguments. Never starts what the budget cannot pay for by the expected costs, with what a
    confirmation takes put aside from the beginning."""
    if race.status is not Status.RUNNING:
        return WAIT
    field = _Field(race, price, at_once)
    if race.kind == CELLS:
        return field.fill()
    if race.confirming:
        return field.confirm()
    if race.start.out:
        why = f"The config that it starts from cannot be tested: {race.start.out}."
        return WAIT if race.open_trials else Decision(end=End(why))
    return field.take_up() or field.first_round() or field.combine() or field.go_on() or field.confirm()


@dataclass(frozen=True)
class _Field:
    race: Exploration
    price: Price
    at_once: int

    def fill(self) -> Decision:
        """Cells, in their order."""
        wanted = [(one, 0) for one in self.race.contestants if not one.out and one.at(0) is None]
        decision = self._next(wanted, reserve=0.0)
        if decision is not None:
            return decision
        why = f"The budget does not pay for {_cells(len(wanted))} more." if wanted else "All of its cells are filled."
        return Decision(end=End(why))

    def take_up(self) -> Decision | None:
        """What was stopped goes on first, so that it is decided from the same results as if nobody had stopped it."""
        wanted = [
            (one, rung)
            for one in self.race.everyone
            for rung in range(len(self.race.ladder))
            if one.was_stopped_at(rung) and not one.out and one.at(rung) is None
        ]
        return self._next(wanted, self._reserve([one for one, _ in wanted])) if wanted else None

    def first_round(self) -> Decision | None:
        """Rung by rung; None once it has ended, or cannot be paid for any further. Afterwards too, nothing is decided
        before all that was decided together has ended: which of it ends first must not matter."""
        field = list(self.race.contestants[: self.race.entrants])
        for rung in range(len(self.race.ladder)):
            if not field:
                break
            wanted = [(one, rung) for one in (self.race.start, *field) if not one.out and one.at(rung) is None]
            if wanted or self.race.open_trials:
                return self._next(wanted, self._reserve([one for one, _ in wanted]))
            field = [one for one in field if self._goes_on(one, rung)]
        return WAIT if self.race.open_trials else None

    def combine(self) -> Decision | None:
        """Changes that have each helped, together: those first that have added the most, one by one."""
        gains = self._gains()
        alone = [one for one in self.race.contestants if one.config_hash in gains and not one.made_of]
        best = sorted(alone, key=lambda one: (-gains[one.config_hash], one.config_hash))[:MOST_COMBINED]
        groups = [group for size in range(2, len(best) + 1) for group in combinations(best, size) if _apart(group)]
        groups.sort(key=lambda group: (-sum(gains[one.config_hash] for one in group), len(group)))
        new = [tuple(one.config_hash for one in group) for group in groups]
        new = [group for group in new if group not in self.race.combined]
        return Decision(combine=tuple(new)) if new else None

    def go_on(self) -> Decision | None:
        """Combinations at the highest rung, then the proposals that the first round had no room for."""
        rest = self.race.contestants[self.race.entrants :]
        gains = self._gains()
        together = sorted(
            (one for one in rest if one.made_of),
            key=lambda one: -sum(gains.get(part, 0.0) for part in one.made_of),
        )
        wanted = [(one, self.race.top) for one in together if not one.out and one.at(self.race.top) is None]
        wanted += [(one, rung) for one in rest if not one.made_of and (rung := self._due(one)) is not None]
        start = self.race.start
        heights = [rung for _, rung in wanted[:1]] or ([self.race.top] if self._tested(self.race.top) else [])
        missing = [(start, rung) for rung in heights if start.at(rung) is None]
        wanted = [*missing, *wanted][: self.at_once]
        return self._next(wanted, self._reserve([one for one, _ in wanted]))

    def confirm(self) -> Decision:
        """The best and the start once more, with fresh seeds: the best of many owes a part of its lead to luck."""
        rung = self._reached()
        if rung is None:
            return Decision(end=End("The budget did not pay for a test of the start and of a proposal."))
        best = max(self._tested(rung), key=lambda one: (one.recall(rung) or 0.0, one.config_hash))
        if rung < self.race.top:
            return Decision(end=End("No proposal was good enough on fewer customers to go on.", best.config_hash, rung))
        if (best.recall(rung) or 0.0) <= (self.race.start.recall(rung) or 0.0):
            why = f"None of {len(self._tested(rung))} was above the start."
            return Decision(end=End(why, best.config_hash, rung))
        return self._confirmed(best)

    def _confirmed(self, best: Contestant) -> Decision:
        pair, top = (self.race.start, best), self.race.top
        if any(one.out for one in pair):
            why = " ".join(f"{one.name} could not be tested again: {one.out}." for one in pair if one.out)
            return WAIT if self.race.open_trials else Decision(end=End(why, best.config_hash, top))
        wanted = [(one, top) for one in pair if one.at(top, confirms=True) is None]
        decision = self._next(wanted, reserve=0.0, confirms=True)
        if decision is not None:
            return decision
        why = "The budget was used up before it could be confirmed." if wanted else ""
        return Decision(end=End(why, best.config_hash, top, confirmed=not wanted))

    def _next(
        self, wanted: Sequence[tuple[Contestant, int]], reserve: float, confirms: bool = False
    ) -> Decision | None:
        """As many of them as there is room and money for, in their order. None when nothing is on its way and nothing
        can be started. What is on its way may cost less than expected, so it is waited for."""
        left = self.race.budget.amount - self.race.spent - reserve
        left -= sum(trial.expected for trial in self.race.open_trials)
        starts: list[Start] = []
        for one, rung in wanted[: max(self.at_once - len(self.race.open_trials), 0)]:
            expected = self.price(one, rung, confirms)
            if expected > left + ROUNDING:
                break
            left -= expected
            starts.append(Start(one.config_hash, rung, confirms, expected))
        if starts:
            return Decision(tuple(starts))
        return WAIT if self.race.open_trials else None

    def _reserve(self, wanted: Iterable[Contestant]) -> float:
        """Of what the confirmation will take: the start, and the dearest that may win."""
        may_win = [*self._tested(self.race.top), *(one for one in wanted if one != self.race.start)]
        dearest = max((self.price(one, self.race.top, True) for one in may_win), default=0.0)
        return self.price(self.race.start, self.race.top, True) + dearest

    def _goes_on(self, one: Contestant, rung: int) -> bool:
        """Whether it is in the better half of all that were tested at the rung, and not told worse than the start."""
        recall, start = one.recall(rung), self.race.start.recall(rung)
        if recall is None or start is None or one.out:
            return False
        others = sorted((r for other in self.race.contestants if (r := other.recall(rung)) is not None), reverse=True)
        half = others[ceil(len(others) / 2) - 1]
        return recall >= half and recall >= start - self.race.ladder[rung].smallest_difference

    def _due(self, one: Contestant) -> int | None:
        """The rung at which it is to be tested next; None when it goes no further."""
        if one.out or one.at(self.race.top) is not None:
            return None
        for rung in range(len(self.race.ladder)):
            if one.at(rung) is None:
                return rung
            if not self._goes_on(one, rung):
                return None
        return None

    def _gains(self) -> dict[str, float]:
        """Of those that were above the start at the highest rung."""
        start = self.race.start.recall(self.race.top)
        if start is None:
            return {}
        tested = ((one.config_hash, one.recall(self.race.top)) for one in self.race.contestants)
        return {hash: recall - start for hash, recall in tested if recall is not None and recall > start}

    def _tested(self, rung: int) -> list[Contestant]:
        return [one for one in self.race.contestants if one.recall(rung) is not None]

    def _reached(self) -> int | None:
        """The highest rung at which the start and another one were tested."""
        rungs = range(self.race.top, -1, -1)
        found = (rung for rung in rungs if self.race.start.recall(rung) is not None and self._tested(rung))
        return next(found, None)


def _apart(group: Sequence[Contestant]) -> bool:
    """Whether no two of them change the same."""
    return len(frozenset[tuple[str, str]]().union(*(one.places for one in group))) == sum(
        len(one.places) for one in group
    )


def _cells(count: int) -> str:
    return f"{count} cell" if count == 1 else f"{count} cells"
