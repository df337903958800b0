"""What every transform states about itself, and what the rest of the product derives from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from towerlab.domain.columns import ColumnType
from towerlab.domain.outputs import Output
from towerlab.transforms.expr import Expr
from towerlab.transforms.fitted import Fitted
from towerlab.transforms.seen import Caution, Seen

if TYPE_CHECKING:  # numpy is loaded when a reference is asked for, not by every service at its start
    from towerlab.transforms.arrays import Array

P = TypeVar("P")


@dataclass(frozen=True)
class FeatureType:
    """One value of a feature's `type`: the columns it takes and how their raw values are read: by `reader` in the
    graph, by `reference` here, where they are what stands in an example (None for missing)."""

    key: str
    label: str
    applies_to: frozenset[ColumnType]
    reader: Callable[..., Any]
    reference: Callable[[Sequence[Any]], Array]


@dataclass(frozen=True)
class Source:
    """The column that a transform reads: `slug` names the column, `key` its input on this side."""

    column: str
    slug: str
    key: str


@dataclass(frozen=True)
class Emitted:
    """One expression per output; `fitted` are shared analyses by name, made once before both towers."""

    outputs: Mapping[str, Expr]
    fitted: Mapping[str, Expr] = field(default_factory=dict)


def param(
    default: Any,
    label: str,
    *,
    low: int | None = None,
    high: int | None = None,
    choices: tuple[Any, ...] | None = None,
    suggestions: tuple[Any, ...] = (),
    under: str | None = None,
    help: str = "",
) -> Any:
    """A parameter. `choices` are all that is allowed, `suggestions` what a form offers, `under` its JSON object;
    `low` and `high` bound a number, or the length of a text."""
    metadata = {"label": label, "low": low, "high": high, "choices": choices, "suggestions": suggestions}
    return field(default=default, metadata={**metadata, "under": under, "help": help})


@dataclass(frozen=True)
class Param:
    """A parameter as forms, checks and documentation see it. `path` is its place inside the feature's JSON."""

    name: str
    path: tuple[str, ...]
    type: type
    default: Any
    label: str
    low: int | None
    high: int | None
    choices: tuple[Any, ...] | None
    suggestions: tuple[Any, ...]
    help: str


class Transform(Generic[P]):
    """Base of Prepare and Produce. `at` is the place of its parameters in a feature's JSON, `rank` its order there."""

    key: ClassVar[str]
    label: ClassVar[str]
    feature_types: ClassVar[tuple[FeatureType, ...]]
    at: ClassVar[tuple[str, ...]] = ()
    rank: ClassVar[int] = 0
    Params: type[P]
    examples: ClassVar[tuple[Any, ...]] = ()

    def active(self, p: P) -> bool:
        """Whether these parameters make the transform do anything."""
        return bool(getattr(p, "enabled", True))

    def refusals(self, column_type: ColumnType, p: P) -> list[tuple[str, str, str]]:
        """(parameter, why, remedy) of each parameter that makes no sense on a column of this type."""
        del column_type, p
        return []

    def cautions(self, p: P, seen: Seen) -> list[Caution]:
        """What these parameters make of such values that a person should know of before any training."""
        del p, seen
        return []

    @classmethod
    def params(cls) -> tuple[Param, ...]:
        return tuple(_param(cls.at, entry) for entry in fields(cls.Params))  # type: ignore[arg-type]


class Prepare(Transform[P]):
    """Expression to expression, before everything that produces."""

    def prepare(self, p: P, x: Expr) -> Expr:
        raise NotImplementedError

    def reference(self, p: P, x: Array) -> Array:
        """What the expression gives, computed here."""
        raise NotImplementedError


class Produce(Transform[P]):
    """Outputs, and one expression for each."""

    suffix: ClassVar[str] = ""
    operand: ClassVar[str | None] = None  # how a cross takes it: by its raw 'text', by its 'ids', or not at all

    def name(self, column: str) -> str:
        return column + self.suffix

    def outputs(self, source: Source, p: P) -> tuple[Output, ...]:
        """The outputs, named after `source.key`."""
        raise NotImplementedError

    def emit(self, source: Source, p: P, x: Expr) -> Emitted:
        """How the outputs are computed from `x`, which the feature type's reader gave."""
        raise NotImplementedError

    def fit(self, source: Source, p: P, x: Array, rows: Array | None = None) -> Fitted:
        """What the analyses of `emit` should find in these values, exactly; `rows` says how many rows have each of
        them, one when it is not given."""
        del source, p, x, rows
        return Fitted()

    def reference(self, source: Source, p: P, fitted: Fitted, x: Array) -> Mapping[str, Array]:
        """What the outputs are, by name, given what was fitted: ids and buckets exactly, numbers as float32."""
        raise NotImplementedError


def _param(at: tuple[str, ...], entry: Field[Any]) -> Param:
    assert entry.default is not MISSING, "every parameter has a default"
    facts = dict(entry.metadata)
    under = facts.pop("under")
    path = (*at, under, entry.name) if under else (*at, entry.name)
    return Param(name=entry.name, path=path, type=type(entry.default), default=entry.default, **facts)
