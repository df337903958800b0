"""Marshmallow fields that take exactly their JSON type: no '10' for 10, no 1 for true."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Generic, TypeVar

from marshmallow import fields

from config_api.faults import fault

T = TypeVar("T")


class Exact(fields.Field[T], Generic[T]):
    """A field whose value `read` takes as it stands in the JSON, or refuses with a fault."""

    def read(self, value: Any) -> T:
        raise NotImplementedError

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> T:
        return self.read(value)


class Text(Exact[str]):
    """A string of at most `longest` characters; `blank` says whether it may be empty."""

    def __init__(self, longest: int, *, blank: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.longest, self.blank = longest, blank

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise fault("wrong_type", "must be a string", "Put it in quotes.")
        if not self.blank and not value.strip():
            raise fault("blank", "must not be empty", "Give at least one visible character.")
        if len(value) > self.longest:
            raise fault("too_long", f"at most {self.longest} characters, these are {len(value)}", "Shorten it.")
        return value


class Choice(Exact[Any]):
    """One of a few values, of the same JSON type."""

    def __init__(self, choices: Collection[Any], **options: Any) -> None:
        super().__init__(**options)
        self.choices = tuple(choices)

    def read(self, value: Any) -> Any:
        for choice in self.choices:
            if type(value) is type(choice) and value == choice:
                return choice
        allowed = ", ".join(str(choice) for choice in self.choices)
        raise fault("not_allowed", f"must be one of {allowed}", f"Use one of {allowed}.")


class Whole(Exact[int]):
    """An integer within bounds."""

    def __init__(self, low: int, high: int, **options: Any) -> None:
        super().__init__(**options)
        self.low, self.high = low, high

    def read(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise fault("wrong_type", "must be an integer", f"Use a whole number from {self.low} to {self.high}.")
        if not self.low <= value <= self.high:
            message = f"must be between {self.low} and {self.high}, this is {value}"
            raise fault("out_of_range", message, f"Use a whole number from {self.low} to {self.high}.")
        return value


class Digits(Whole):
    """An integer as a query string writes it."""

    def read(self, value: Any) -> int:
        digits = value.removeprefix("-") if isinstance(value, str) else ""
        plain = digits.isascii() and digits.isdecimal() and len(digits) < 10
        return super().read(int(value) if plain else value)


class Number(Exact[float]):
    """A number above `above` (or equal to it, with `inclusive`) and at most `high`."""

    def __init__(self, above: float, high: float, *, inclusive: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.above, self.high, self.inclusive = above, high, inclusive

    def read(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise fault("wrong_type", "must be a number", "Write it as a JSON number, without quotes.")
        number = float(value)
        if number > self.high or number < self.above or (number == self.above and not self.inclusive):
            lowest = "at least" if self.inclusive else "more than"
            message = f"must be {lowest} {self.above:g} and at most {self.high:g}"
            raise fault("out_of_range", message, "Use a number between the two.")
        return number


class Flag(Exact[bool]):
    """true or false."""

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise fault("wrong_type", "must be true or false", "Write true or false, without quotes.")
        return value


class Anything(Exact[Any]):
    """A value that a later check judges."""

    def read(self, value: Any) -> Any:
        return value


class Items(fields.List[Any]):
    """A JSON array of at most `longest` items."""

    def __init__(self, item: fields.Field[Any], longest: int, **options: Any) -> None:
        super().__init__(item, **options)
        self.longest = longest

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> list[Any]:
        if not isinstance(value, list):
            raise fault("wrong_type", "must be an array", "Put the items in square brackets.")
        if len(value) > self.longest:
            raise fault("too_many", f"at most {self.longest} items, these are {len(value)}", "Leave some out.")
        return super()._deserialize(value, *rest, **options)
