"""Who may do what: three roles, for all datasets or for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

ALL = "*"


class Role(IntEnum):
    """Each may do what the ones before it may."""

    VIEWER = 1
    EDITOR = 2
    ADMIN = 3

    @classmethod
    def named(cls, name: str) -> Role:
        """Raises KeyError."""
        return cls[name.upper()]


@dataclass(frozen=True)
class Access:
    """`grants`: person (an email address in small letters, or '*@example.org' for a whole domain) to dataset id ('*'
    for all) to role. `open` lets everybody do everything: on loopback, where there is no login."""

    grants: Mapping[str, Mapping[str, Role]] = field(default_factory=dict)
    open: bool = False

    def allows(self, person: str, role: Role, dataset_id: str | None) -> bool:
        """Whether `person` has `role` or a higher one for that dataset; None stands for all datasets at once."""
        found = self._roles(person)
        best = max(found.get(ALL, 0), found.get(dataset_id, 0) if dataset_id else 0)
        return self.open or best >= role

    def knows(self, person: str, role: Role) -> bool:
        """Whether `person` has `role` or a higher one for any dataset."""
        return self.open or any(granted >= role for granted in self._roles(person).values())

    def datasets_of(self, person: str) -> frozenset[str] | None:
        """The only datasets that `person` may see; None for all of them."""
        found = self._roles(person)
        return None if self.open or ALL in found else frozenset(found)

    def _roles(self, person: str) -> Mapping[str, Role]:
        """The person's own grants and the domain's, the higher one where both speak."""
        _, at, name = person.rpartition("@")
        domain = self.grants.get(f"*@{name}", {}) if at else {}
        own = self.grants.get(person, {})
        lowest = dict.fromkeys({*own, *domain}, Role.VIEWER)
        return {key: max(own.get(key, role), domain.get(key, role)) for key, role in lowest.items()}


OPEN = Access(open=True)
