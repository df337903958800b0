"""What the columns of a purchase table probably are, and whether what a person says of them can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from towerlab.domain import role_names
from towerlab.domain.columns import (
    FIXED_ROLES,
    ROLE_PREFIXES,
    Availability,
    ColumnProfile,
    ColumnRole,
    ColumnType,
)
from towerlab.domain.errors import Problem, pointer
from towerlab.domain.role_names import words

_TIMES = frozenset({ColumnType.TIMESTAMP, ColumnType.DATE})
_NUMBERS = frozenset({ColumnType.INTEGER, ColumnType.FLOAT})
_KEYS = frozenset({ColumnType.STRING, ColumnType.INTEGER})
TYPES_OF_ROLE: Mapping[str, frozenset[ColumnType]] = {
    "customer_id": _KEYS,
    "product_id": _KEYS,
    "transaction_date": _TIMES,
    "revenue": _NUMBERS,
    "quantity": _NUMBERS,
    "category": _KEYS,
    "subcategory": _KEYS,
}
_WHEN_KNOWN = {
    "revenue": Availability.AFTER_REQUEST,
    "quantity": Availability.AFTER_REQUEST,
    "transaction_date": Availability.AT_REQUEST,
}
_WHY = {
    "customer_id": "says who bought",
    "product_id": "says what was bought",
    "transaction_date": "says when it was bought",
    "revenue": "is what the purchase brought in, known only after it",
    "quantity": "is how many were bought, known only after the purchase",
    "category": "groups the products",
    "subcategory": "groups the products more finely",
}


def guess_mapping(profiles: Sequence[ColumnProfile]) -> Mapping[str, ColumnRole]:
    """A role for every column that looks like one, by name and type; each of the fixed roles at most once."""
    chosen = {column: role for role in FIXED_ROLES if (column := _best_for(role, profiles)) is not None}
    if "transaction_date" not in chosen.values() and (only := _only_time(profiles, chosen)) is not None:
        chosen[only] = "transaction_date"
    return {profile.name: _guess(profile, chosen.get(profile.name)) for profile in profiles}


def availability_of(role: str | None) -> Availability:
    """When a column of that role is known, as long as nobody says otherwise."""
    return _WHEN_KNOWN.get(role or "", Availability.BEFORE_REQUEST)


def mapping_faults(roles: Mapping[str, str | None], columns: Mapping[str, ColumnType]) -> list[Problem]:
    """What is wrong with the columns' roles: a column that is not there, an unknown role, a fixed role given twice, a
    role that does not fit the column's type."""
    given = Counter(role for role in roles.values() if role in FIXED_ROLES)
    return [fault for name, role in roles.items() for fault in _faults(name, role or "", columns, given[role or ""])]


def _best_for(role: str, profiles: Iterable[ColumnProfile]) -> str | None:
    """The column with the likeliest name for `role`; of equals the first."""
    names = role_names.FIXED[role]
    fitting = [p for p in profiles if p.type in TYPES_OF_ROLE[role] and words(p.name) in names]
    return min(fitting, key=lambda p: names.index(words(p.name))).name if fitting else None


def _only_time(profiles: Sequence[ColumnProfile], chosen: Mapping[str, str]) -> str | None:
    times = [p.name for p in profiles if p.type in _TIMES and p.name not in chosen and not _is_later(words(p.name))]
    return times[0] if len(times) == 1 else None


def _guess(profile: ColumnProfile, fixed: str | None) -> ColumnRole:
    if fixed is not None:
        return ColumnRole(fixed, availability_of(fixed), f"The column {profile.name} {_WHY[fixed]}.")
    name = words(profile.name)
    if name in role_names.ORDER_KEYS:
        reason = f"{profile.name} numbers the orders: it exists only once there is one."
        return ColumnRole(None, Availability.AFTER_REQUEST, reason)
    if _is_later(name):
        reason = f"{profile.name} seems to be known only once the purchase is made."
        return ColumnRole(None, Availability.AFTER_REQUEST, reason)
    return _property(profile, name)


def _property(profile: ColumnProfile, name: str) -> ColumnRole:
    before = Availability.BEFORE_REQUEST
    if (rest := _property_of(name, role_names.CUSTOMER_PREFIXES, role_names.CUSTOMER_WORDS)) is not None:
        return ColumnRole(f"customer_{rest}", before, f"{profile.name} describes the customer.")
    if (rest := _property_of(name, role_names.PRODUCT_PREFIXES, role_names.PRODUCT_WORDS)) is not None:
        return ColumnRole(f"product_{rest}", before, f"{profile.name} describes the product.")
    return ColumnRole(None, before, _no_role(profile, name))


def _no_role(profile: ColumnProfile, name: str) -> str:
    role = next((role for role, names in role_names.FIXED.items() if name in names), None)
    if role is not None and profile.type not in TYPES_OF_ROLE[role]:
        wanted = " or ".join(sorted(TYPES_OF_ROLE[role]))
        return f"By its name {profile.name} is {role}, but it is {profile.type} where {wanted} is needed."
    if role is not None:
        return f"By its name {profile.name} could be {role}, but another column is that already."
    if profile.type in _TIMES:
        return f"{profile.name} is a time, but not clearly the one of the purchase."
    return f"The name {profile.name} does not tell what it is."


def _property_of(name: str, prefixes: Sequence[str], known: frozenset[str]) -> str | None:
    """The last part of the role's name; none for a second key of the same thing ('customer_id' beside 'user_id')."""
    rest = next((name.removeprefix(prefix) for prefix in prefixes if name.startswith(prefix)), None)
    if rest is None:
        return name if name in known else None
    return rest if rest and rest != "id" else None


def _is_later(name: str) -> bool:
    return bool(role_names.AFTER_WORDS & set(name.split("_")))


def _faults(name: str, role: str, columns: Mapping[str, ColumnType], times_given: int) -> Iterator[Problem]:
    at = pointer(name, "role")
    if name not in columns:
        yield Problem(pointer(name), "unknown_column", f"this dataset has no column {name!r}", "Take it out.")
    elif role and not is_role(role):
        known = ", ".join([*FIXED_ROLES, *(f"{prefix}..." for prefix in ROLE_PREFIXES)])
        yield Problem(at, "unknown_role", f"{role!r} is no role", f"Choose one of {known}, or none.")
    elif times_given > 1:
        yield Problem(at, "role_given_twice", f"{times_given} columns are {role}", "Leave it with one of them.")
    elif role in TYPES_OF_ROLE and columns[name] not in TYPES_OF_ROLE[role]:
        wanted = " or ".join(sorted(TYPES_OF_ROLE[role]))
        message = f"{name} is {columns[name]}, and {role} must be {wanted}"
        yield Problem(at, "role_type", message, "Choose another column, or change its type where the data comes from.")


def is_role(role: str) -> bool:
    """Whether a column may have that role."""
    return role in FIXED_ROLES or any(role.startswith(prefix) and len(role) > len(prefix) for prefix in ROLE_PREFIXES)
