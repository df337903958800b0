"""A quick test or a full training: settings, stages, and the state machine that every writer goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from towerlab.domain.compute import HERE, Compute
from towerlab.domain.times import seconds_between

STAGES = ("ExampleGen", "StatisticsGen", "SchemaGen", "Transform", "Trainer")
SAMPLE_PERCENTS = (5, 10, 25, 100)
EPOCHS = (1, 2, 3)
FULL_EPOCHS = (10, 50)  # of a full training, at least and at most
BATCH_SIZES = (2048, 4096, 8192)
MAX_REPLICATES = 5
ENOUGH_STEPS = 12  # optimizer steps; with fewer a result says more about the start than about the config
SPLITS = ("auto", "time", "last", "random")
OPTIMIZERS = ("adagrad", "adam")


@dataclass(frozen=True)
class Advanced:
    """Trainer and protocol settings that the dialog folds away; the defaults are measured ones."""

    split: str = "auto"
    output_dim: int = 32
    hidden_layers: tuple[int, ...] = ()
    optimizer: str = "adagrad"
    learning_rate: float = 0.1
    warmup_steps: int = 20
    logq: bool = True
    prior: bool = True
    oov_dropout: float = 0.1
    exclude_seen: bool = False


@dataclass(frozen=True)
class TestSettings:
    data_sample_percent: int = 10
    epochs: int = 2
    batch_size: int = 4096
    seed: int = 0
    replicates: int = 1
    advanced: Advanced = Advanced()


class Phase(StrEnum):
    PENDING = "pending"
    SUBMITTING = "submitting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    HANDED_OVER = "handed_over"  # to another domain: nothing more is heard of it here


FINAL = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED, Phase.TIMED_OUT, Phase.HANDED_OVER})

_SHOWN_AS = {
    Phase.SUBMITTING: "pending",
    Phase.CANCELLING: "running",
    Phase.TIMED_OUT: "failed",
    Phase.HANDED_OVER: "completed",
}


def shown_status(phase: Phase) -> str:
    """The API's five words for the nine phases."""
    return _SHOWN_AS.get(phase, phase.value)


@dataclass(frozen=True)
class Stage:
    """One pipeline stage. `status`: pending, running, completed, cached, failed or cancelled. Times RFC 3339 UTC. What
    it took of the machine is known once it has ended, where the pipeline tells."""

    name: str
    status: str = "pending"
    started_at: str | None = None
    ended_at: str | None = None
    seconds: float | None = None
    progress: float | None = None
    detail: str = ""
    peak_memory_mb: float | None = None
    cpu_seconds: float | None = None


@dataclass(frozen=True)
class TestError:
    stage: str
    message: str
    log_tail: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class QuickTest:
    """Points at one config version; moves only by `advance`. `deadline` is when it counts as dead (RFC 3339 UTC).
    `roles` maps role to column as the job was planned with, `template` is the id of the compiled pipeline that it was
    made of; both empty until it is submitted. `estimated_seconds` is what was expected when it was asked for; `code`
    has the SHA-256 of each generated file that the job was given. `compute` is what it was planned to run on, HERE
    until then."""

    kind: ClassVar[str] = "quick_test"
    id: str
    config_id: str
    dataset_id: str
    version: int
    config_hash: str
    snapshot_id: str
    settings: TestSettings
    created_at: str
    deadline: str
    requested_by: str
    correlation_id: str = ""
    phase: Phase = Phase.PENDING
    job_id: str = ""
    stages: tuple[Stage, ...] = tuple(Stage(name) for name in STAGES)
    started_at: str | None = None
    completed_at: str | None = None
    error: TestError | None = None
    rerun: bool = False
    exploration_id: str = ""  # the one that has asked for it
    roles: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    estimated_seconds: float | None = None
    code: Mapping[str, str] = field(default_factory=dict)
    compute: Compute = HERE
    schema: int = 1

    @property
    def final(self) -> bool:
        return self.phase in FINAL

    @property
    def seconds(self) -> float:
        """From the start of its first stage to its end: before, it may have waited for other tests. 0 while it runs."""
        begun = next((stage.started_at for stage in self.stages if stage.started_at), self.started_at)
        return seconds_between(begun, self.completed_at) or 0.0

    @property
    def current_stage(self) -> str:
        """The running stage, else the next one to run, '' when there is none; of a failed test where it failed."""
        if self.final:
            return self.error.stage if self.error else ""
        return next((s.name for s in self.stages if s.status in ("running", "pending")), "")

    @property
    def progress(self) -> float:
        """0-1; every stage counts alike, a running one by its own progress."""
        if self.phase in (Phase.COMPLETED, Phase.HANDED_OVER):
            return 1.0
        done = sum(1.0 if s.status in ("completed", "cached") else (s.progress or 0.0) for s in self.stages)
        return done / len(self.stages)


@dataclass(frozen=True)
class FullTraining(QuickTest):
    """The same pipeline on all of the data, for more epochs and for good: what it makes is kept. It is a record of its
    own kind, so whoever asks for quick tests does not find it."""

    kind: ClassVar[str] = "full_training"


RUN_BY_PIPELINE: tuple[type[QuickTest], ...] = (QuickTest, FullTraining)


# Facts: what may be learned of a test, by whom it is observed. All times are RFC 3339 UTC.


@dataclass(frozen=True)
class Submitting:
    """The orchestrator is about to hand the job over; recorded before, so that a crash in between is seen."""

    job_id: str
    roles: Mapping[str, str] = field(default_factory=dict)
    template: str = ""
    code: Mapping[str, str] = field(default_factory=dict)
    compute: Compute = HERE


@dataclass(frozen=True)
class Submitted:
    """The job is on record. It may be learned after a cancel was asked for: the test stays cancelling."""

    job_id: str
    at: str


@dataclass(frozen=True)
class StagesObserved:
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class CancelRequested:
    at: str


@dataclass(frozen=True)
class Completed:
    stages: tuple[Stage, ...]
    at: str


@dataclass(frozen=True)
class Failed:
    error: TestError
    at: str
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True)
class Cancelled:
    at: str
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True)
class DeadlinePassed:
    at: str


Fact = Submitting | Submitted | StagesObserved | CancelRequested | Completed | Failed | Cancelled | DeadlinePassed

_RANK = {"pending": 0, "running": 1, "completed": 2, "cached": 2, "failed": 2, "cancelled": 2}


def advance(test: QuickTest, fact: Fact) -> QuickTest:
    """The test after `fact`. Facts may be late, doubled or out of order; a finished test absorbs them all.

    What the job did wins over what was asked of it: a job that ended well before a cancel reached it completes.
    """
    if test.final:
        return test
    match fact:
        case Submitting():
            return _planned(_moved(test, Phase.SUBMITTING), fact)
        case Submitted(job_id, at):
            started = test.started_at or at
            return replace(_moved(test, Phase.RUNNING), job_id=test.job_id or job_id, started_at=started)
        case StagesObserved(stages):
            return replace(test, stages=_merged(test.stages, stages))
        case CancelRequested():
            return _moved(test, Phase.CANCELLING)
        case Completed(stages, at):
            ended = _ended(test, Phase.COMPLETED, at, stages)
            return replace(ended, started_at=test.started_at or at)
        case Failed(error, at, stages):
            return replace(_ended(test, Phase.FAILED, at, stages), error=error)
        case Cancelled(at, stages):
            return _ended(test, Phase.CANCELLED, at, stages)
        case DeadlinePassed(at):
            return _timed_out(test, at) if _instant(at) >= _instant(test.deadline) else test


_FORWARD = (Phase.PENDING, Phase.SUBMITTING, Phase.RUNNING, Phase.CANCELLING)
_LEFT_RUNNING = {Phase.FAILED: "failed", Phase.TIMED_OUT: "failed", Phase.CANCELLED: "cancelled"}


def _planned(test: QuickTest, plan: Submitting) -> QuickTest:
    """What was planned first stays: the job may have been submitted with it."""
    return replace(
        test,
        job_id=test.job_id or plan.job_id,
        roles=test.roles or plan.roles,
        template=test.template or plan.template,
        code=test.code or plan.code,
        compute=test.compute if test.job_id else plan.compute,
    )


def _moved(test: QuickTest, phase: Phase) -> QuickTest:
    """An open test only moves forward: a late Submitting never takes back Submitted, nor that a cancel."""
    return replace(test, phase=max(test.phase, phase, key=_FORWARD.index))


def _ended(test: QuickTest, phase: Phase, at: str, stages: tuple[Stage, ...]) -> QuickTest:
    """In its final phase; no stage of it is left running."""
    merged = _merged(test.stages, stages)
    left = _LEFT_RUNNING.get(phase, "completed")
    settled = tuple(replace(s, status=left, progress=None) if s.status == "running" else s for s in merged)
    return replace(test, phase=phase, stages=settled, completed_at=at)


def _timed_out(test: QuickTest, at: str) -> QuickTest:
    error = TestError(
        stage=test.current_stage,
        message=f"it had not ended by its deadline, {test.deadline}",
        remedy="Start it again; if it happens twice, look at the log of the stage it stopped in.",
    )
    return replace(_ended(test, Phase.TIMED_OUT, at, ()), error=error)


def _instant(at: str) -> datetime:
    return datetime.fromisoformat(at)


def _merged(known: tuple[Stage, ...], observed: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Stage by stage the later of the two observations: a stage never goes back."""
    by_name = {stage.name: stage for stage in observed}
    return tuple(_later(stage, by_name.get(stage.name, stage)) for stage in known)


def _later(known: Stage, observed: Stage) -> Stage:
    """Ended beats running beats pending; of two that run the further one; what ended stays as it ended."""
    rank, seen = _RANK[known.status], _RANK[observed.status]
    if rank != seen:
        return observed if seen > rank else known
    further = known.status == "pending" or (
        known.status == "running" and (observed.progress or 0.0) >= (known.progress or 0.0)
    )
    return observed if further else known
